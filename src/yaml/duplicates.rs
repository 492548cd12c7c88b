//! Duplicate keys in a map.

use super::parse::{Content, Id, Tree, parse};
use super::scan::Scanner;
use super::text::Text;
use crate::limits::Limits;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// A key that occurs twice in one map, with different values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// The key.
    pub(crate) key: String,
    /// Its first occurrence.
    pub(crate) first: Range<u32>,
    /// Its second occurrence: helm uses this value.
    pub(crate) again: Range<u32>,
}

/// The duplicate keys with different values in the first document of a text, in order. go-yaml v2, which helm uses, takes the
/// last; other parsers reject the document.
pub(crate) fn duplicates(text: &[u8], limits: &Limits) -> Vec<Duplicate> {
    if text.len() > limits.yaml_bytes || !may_hold(text) {
        return Vec::new();
    }
    let text = Text::new(text);
    let Ok(Some((tree, root))) = parse(Scanner::new(&text, limits)) else { return Vec::new() };
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        match &tree.get(id).content {
            Content::Seq(first) => open.extend(std::iter::successors(*first, |&id| tree.get(id).next)),
            Content::Map(first) => {
                let parts: Vec<_> = std::iter::successors(*first, |&id| tree.get(id).next).collect();
                let mut seen: HashMap<&[u8], (Range<u32>, Id), RandomState> = HashMap::default();
                for pair in parts.chunks_exact(2) {
                    let (key, value) = (tree.get(pair[0]), pair[1]);
                    open.push(value);
                    let Content::Scalar { text, .. } = &key.content else { continue };
                    if super::keys::is_merge(&tree, pair[0]) {
                        continue;
                    }
                    let again = key.start..key.end;
                    let before = seen.insert(text.as_ref(), (again.clone(), value));
                    if let Some((first, other)) = before
                        && shape(&tree, other) != shape(&tree, value)
                    {
                        found.push(Duplicate { key: String::from_utf8_lossy(text).into_owned(), first, again });
                    }
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|duplicate| duplicate.again.start);
    found
}

/// Whether the text may contain a duplicate key: checks the lines without parsing them, because hardly any document has one.
/// May return true wrongly; a key written in two ways, `a` and `"a"`, is not detected.
fn may_hold(text: &[u8]) -> bool {
    // The keys of the open block maps, each with its column.
    let mut open: Vec<(usize, HashSet<&[u8], RandomState>)> = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii_end();
        let mut column = line.iter().take_while(|&&byte| byte == b' ').count();
        let mut rest = &line[column..];
        // Each item of a list begins a new map.
        while let [b'-', b' ', after @ ..] = rest {
            let blank = after.iter().take_while(|&&byte| byte == b' ').count();
            open.retain(|(of, _)| *of <= column);
            column += 2 + blank;
            rest = &after[blank..];
        }
        let Some(colon) = rest.windows(2).position(|pair| pair == b": ").or(rest.strip_suffix(b":").map(<[u8]>::len))
        else {
            continue;
        };
        // A flow map, or rare syntax: `? key`, tabs.
        if rest[colon..].windows(2).any(|pair| pair[0] == b'{' && pair[1] != b'}') || matches!(rest[0], b'?' | b'\t') {
            return true;
        }
        open.retain(|(of, _)| *of <= column);
        match open.last_mut().filter(|(of, _)| *of == column) {
            Some((_, keys)) => {
                if !keys.insert(&rest[..colon]) {
                    return true;
                }
            }
            None => open.push((column, HashSet::from_iter([&rest[..colon]]))),
        }
    }
    false
}

/// A comparable form of a node: its scalars in order, with marks for lists and maps.
fn shape(tree: &Tree<'_>, id: Id) -> String {
    let mut shape = String::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let first = match &tree.get(id).content {
            Content::Scalar { text, plain, .. } => {
                shape.push_str(&format!("{plain}{:?},", String::from_utf8_lossy(text)));
                continue;
            }
            // An alias with the same name is the same node, or near enough.
            Content::Alias { name, .. } => {
                shape.push_str(&format!("*{name:?},"));
                continue;
            }
            Content::Seq(first) => {
                shape.push('[');
                first
            }
            Content::Map(first) => {
                shape.push('{');
                first
            }
        };
        open.extend(std::iter::successors(*first, |&id| tree.get(id).next));
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_with_different_values_are_told() {
        let keys = |text: &str| -> Vec<String> {
            duplicates(text.as_bytes(), &Limits::default()).into_iter().map(|duplicate| duplicate.key).collect()
        };
        assert_eq!(keys("a: 1\nb: {c: 1, c: 2}\na: 2\n"), ["c", "a"]);
        assert_eq!(keys("a: {b: [1]}\na:\n  b:\n    - 1\n"), Vec::<String>::new());
        assert_eq!(keys("x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n"), Vec::<String>::new());
        assert_eq!(keys("- a: 1\n- a: 2\n"), Vec::<String>::new());
    }
}
