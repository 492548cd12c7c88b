//! Paths with `/`, by Go's `path`; `path/filepath` of the `os…` functions does the same on Linux.

use crate::template::types::STRING;
use crate::template::{Context, Failure, Flow, Function, Value};
use crate::trace::{Buf, Str};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("base", &[&STRING], Flow::Exact, "the last element of a path", base).costs(3, 48),
    Function::new("dir", &[&STRING], Flow::Exact, "all but the last element of a path", dir).costs(3, 48),
    Function::new("clean", &[&STRING], Flow::Exact, "the shortest path to the same place", clean).costs(3, 48),
    Function::new("ext", &[&STRING], Flow::Exact, "the extension with its dot", ext).costs(3, 48),
    Function::new("isAbs", &[&STRING], Flow::None, "whether a path begins with a slash", is_abs),
    Function::new("osBase", &[&STRING], Flow::Exact, "the same as base", base).costs(3, 48),
    Function::new("osDir", &[&STRING], Flow::Exact, "the same as dir", dir).costs(3, 48),
    Function::new("osClean", &[&STRING], Flow::Exact, "the same as clean", clean).costs(3, 48),
    Function::new("osExt", &[&STRING], Flow::Exact, "the same as ext", ext).costs(3, 48),
    Function::new("osIsAbs", &[&STRING], Flow::None, "the same as isAbs", is_abs),
];

type Result<T = Value> = std::result::Result<T, Failure>;

fn path(args: &[Value]) -> Result<&Str> {
    args.first().and_then(Value::as_str).ok_or_else(|| Failure::from("expected a string"))
}

/// Source: Go `path.Base`.
fn base(_: &mut Context<'_>, args: &[Value]) -> Result {
    let path = path(args)?;
    if path.is_empty() {
        return Ok(Value::str("."));
    }
    let end = path.as_bytes().iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    if end == 0 {
        return Ok(Value::str("/"));
    }
    Ok(path.slice(after_last_slash(&path.as_bytes()[..end])..end).into())
}

/// Source: Go `path.Dir`.
fn dir(_: &mut Context<'_>, args: &[Value]) -> Result {
    let path = path(args)?;
    Ok(cleaned(&path.slice(0..after_last_slash(path.as_bytes()))).into())
}

fn clean(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(cleaned(path(args)?).into())
}

/// Source: Go `path.Ext`.
fn ext(_: &mut Context<'_>, args: &[Value]) -> Result {
    let path = path(args)?;
    let from = after_last_slash(path.as_bytes());
    let dot = path.as_bytes()[from..].iter().rposition(|&byte| byte == b'.');
    Ok(path.slice(dot.map_or(path.len(), |dot| from + dot)..path.len()).into())
}

fn is_abs(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(path(args)?.as_bytes().starts_with(b"/").into())
}

fn after_last_slash(path: &[u8]) -> usize {
    path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)
}

/// The path without `.`, without `..` where it can be resolved, and without redundant slashes.
///
/// Source: Go `path.Clean`.
fn cleaned(path: &Str) -> Str {
    let bytes = path.as_bytes();
    let rooted = bytes.starts_with(b"/");
    // Ranges of the remaining elements; the first `up` are `..`.
    let mut kept: Vec<std::ops::Range<usize>> = Vec::new();
    let mut up = 0;
    let mut start = 0;
    for element in bytes.split(|&byte| byte == b'/') {
        let range = start..start + element.len();
        start = range.end + 1;
        match element {
            b"" | b"." => {}
            b".." if kept.len() > up => {
                kept.pop();
            }
            b".." if rooted => {}
            b".." => {
                kept.push(range);
                up += 1;
            }
            _ => kept.push(range),
        }
    }
    let mut out = Buf::with_capacity(bytes.len());
    if rooted {
        out.push_slice(path, 0..1);
    }
    for (index, range) in kept.iter().enumerate() {
        if index > 0 {
            // The slash before the element, which every element except the first of the text has.
            out.push_slice(path, range.start - 1..range.start);
        }
        out.push_slice(path, range.clone());
    }
    if out.is_empty() {
        out.push_text(".");
    }
    out.into_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, text};
    use crate::source::File;
    use crate::trace::{OriginData, Origins};

    #[test]
    fn paths_are_gos() {
        // path, base, dir, clean, ext
        let cases = [
            ("/a/b/c.tar.gz", "c.tar.gz", "/a/b", "/a/b/c.tar.gz", ".gz"),
            ("a/../b//c/", "c", "b/c", "b/c", ""),
            ("", ".", ".", ".", ""),
            ("/", "/", "/", "/", ""),
            ("//", "/", "/", "/", ""),
            ("..", "..", ".", "..", "."),
            ("../../a", "a", "../..", "../../a", ""),
            ("a/../..", "..", ".", "..", "."),
            ("./.x", ".x", ".", ".x", ".x"),
            ("/../a", "a", "/", "/a", ""),
            ("a.b/c", "c", "a.b", "a.b/c", ""),
            ("a/./b/..", "..", "a/b", "a", "."),
        ];
        for (path, base, dir, clean, ext) in cases {
            for (name, expected) in [("base", base), ("osDir", dir), ("clean", clean), ("osExt", ext)] {
                let result = call(FUNCTIONS, name, &[text(path)]).unwrap();
                assert_eq!(result.as_str().unwrap().to_string(), expected, "{name} {path:?}");
            }
        }
    }

    #[test]
    fn elements_keep_their_origins() {
        let mut origins = Origins::new();
        let origin = origins.add(OriginData::File(File::new("x", "")));
        let path = Value::Str(Str::with_origin("a/./b", origin));
        let Value::Str(clean) = call(FUNCTIONS, "clean", &[path]).unwrap() else { panic!("a string") };
        let at: Vec<(u32, u32, u32)> = clean.spans().iter().map(|span| (span.start, span.end, span.at)).collect();
        assert_eq!(at, [(0, 1, 0), (1, 3, 3)]);
    }
}
