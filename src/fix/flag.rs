//! The argument of a `--set`-like flag with one of its values set or taken away.

use super::{Action, Refusal, document};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::trace::Key;
use crate::values::{Assignment, assignments, is_json};
use serde_json::Value;
use std::ops::Range;

/// The argument with a value of it set, or taken away with its key; an argument that has nothing left to say is empty.
pub(super) fn edit(
    flag: &str,
    argument: &str,
    path: &[Key],
    action: &Action,
    limits: &Limits,
) -> Result<String, Refusal> {
    if flag == "--set-json" && argument.trim_start().starts_with('{') {
        return within(argument, 0..argument.len(), path, action, limits);
    }
    let found = assignments(flag, argument).ok_or_else(|| Refusal::Unread(format!("{flag} {argument}")))?;
    let is_below = |one: &&Assignment| one.path.starts_with(path);
    match action {
        Action::Remove if found.iter().any(|one| is_below(&one)) => {
            let kept: String =
                found.iter().filter(|one| !is_below(one)).map(|one| &argument[one.range.clone()]).collect();
            // The comma was between two.
            let is_last = found.last().is_some_and(|last| is_below(&last));
            Ok(if is_last { kept.strip_suffix(',').map_or(kept.clone(), str::to_owned) } else { kept })
        }
        Action::Set(value) if found.iter().any(|one| one.path == path) => {
            let text = text(flag, value)?;
            let last = found.iter().rev().find(|one| one.path == path).ok_or(Refusal::Missing)?;
            Ok([&argument[..last.value.start], &text, &argument[last.value.end..]].concat())
        }
        _ => {
            // It is inside of a value.
            let inside = found.iter().rev().find(|one| path.starts_with(&one.path) && flag == "--set-json");
            let inside = inside.ok_or(Refusal::Missing)?;
            within(argument, inside.value.clone(), &path[inside.path.len()..], action, limits)
        }
    }
}

/// Edits a JSON object in an argument.
fn within(
    argument: &str,
    range: Range<usize>,
    path: &[Key],
    action: &Action,
    limits: &Limits,
) -> Result<String, Refusal> {
    // JSON is YAML in one line of braces.
    let after = document::edit(argument[range.clone()].as_bytes(), path, action, HelmVersion::V3, limits)?;
    let after = String::from_utf8(after).map_err(|_| Refusal::Differs)?;
    if !is_json(&after) {
        return Err(Refusal::Flag("what is added is not written as JSON".to_owned()));
    }
    Ok([&argument[..range.start], &after, &argument[range.end..]].concat())
}

/// A value as a flag reads it.
fn text(flag: &str, value: &Value) -> Result<String, Refusal> {
    let cannot = || Err(Refusal::Flag(format!("{flag} cannot set {value}")));
    match (flag, value) {
        ("--set-json", value) => Ok(value.to_string()),
        ("--set-literal", Value::String(text)) => Ok(text.clone()),
        ("--set-string", Value::String(text)) => Ok(escaped(text)),
        ("--set", Value::String(text)) if is_typed(text) => cannot(),
        ("--set", Value::String(text)) => Ok(escaped(text)),
        ("--set", Value::Null | Value::Bool(_)) => Ok(value.to_string()),
        ("--set", Value::Number(number)) if number.is_i64() => Ok(value.to_string()),
        _ => cannot(),
    }
}

/// Whether `--set` takes a text for something else than a string.
fn is_typed(text: &str) -> bool {
    let words = ["true", "false", "null"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text == "0"
        || text.parse::<i64>().is_ok() && !text.starts_with('0')
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        if matches!(c, ',' | '\\') || (at == 0 && c == '{') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::path_keys as path;
    use serde_json::json;

    #[test]
    fn arguments_are_edited() {
        let set = |value: Value| Action::Set(value);
        let cases = [
            ("--set", "a=1,b.c=2,d=3", "b.c", Action::Remove, Ok("a=1,d=3")),
            ("--set", "a=1,b.c=2", "b", Action::Remove, Ok("a=1")),
            ("--set", "a=1", "a", Action::Remove, Ok("")),
            ("--set", "a=1,a=2", "a", Action::Remove, Ok("")),
            ("--set", "a=1", "b", Action::Remove, Err("missing")),
            ("--set", "a=quay.io,b=1", "a", set(json!("x,y")), Ok("a=x\\,y,b=1")),
            ("--set", "l[0].image=a", "l[0].image", set(json!("b")), Ok("l[0].image=b")),
            ("--set", "a=1,a=2", "a", set(json!(3)), Ok("a=1,a=3")),
            ("--set", "a=1", "a", set(json!("3")), Err("flag")),
            ("--set", "a=x", "a", set(json!("{y}")), Ok("a=\\{y}")),
            ("--set", "a={x,y}", "a[1]", set(json!("z")), Err("missing")),
            ("--set-string", "a=1", "a", set(json!("3")), Ok("a=3")),
            ("--set-literal", "a=1,2", "a", set(json!("x,y")), Ok("a=x,y")),
            ("--set-file", "a=f.txt", "a", set(json!("x")), Err("flag")),
            ("--set-file", "a=f.txt", "a", Action::Remove, Ok("")),
            ("--set-json", "a={\"b\":\"c\",\"d\":1},e=2", "a.b", set(json!("x")), Ok("a={\"b\":\"x\",\"d\":1},e=2")),
            ("--set-json", "a={\"b\":\"c\",\"d\":1}", "a.b", Action::Remove, Ok("a={\"d\":1}")),
            ("--set-json", "{\"a\":{\"b\":\"c\"}, \"d\": 1}", "a.b", Action::Remove, Ok("{\"d\": 1}")),
            ("--set-json", "a=1", "a", set(json!(["x"])), Ok("a=[\"x\"]")),
        ];
        for (flag, argument, at, action, expected) in cases {
            let made = edit(flag, argument, &path(at), &action, &Limits::default());
            let made = made.as_deref().map_err(Refusal::name);
            assert_eq!(made, expected, "{flag} {argument} {at} {action:?}");
        }
    }
}
