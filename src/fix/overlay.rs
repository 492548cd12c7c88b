//! [`overlay`]: edits as a separate values file, to be passed after all others.

use super::write::{entry, entry_lines};
use super::{Edit, FixTarget, Refusal, ValueAction, tree};
use crate::values_path::{Key, ValuesPath};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A value of a values file that is passed after all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OverlayValue {
    /// Its path from the top of the values, without list elements.
    pub path: ValuesPath,
    /// The value; null removes the chart's default.
    pub value: Value,
}

/// The text of a values file that makes all edits of [`FixTarget::Overlay`]; empty if there are none.
///
/// # Errors
/// Helm merges maps, but a list replaces another, and null removes the chart's default: such a file can neither set an
/// element of a list nor remove a value.
pub(crate) fn overlay(edits: &[Edit]) -> Result<String, Refusal> {
    let mut values = Vec::new();
    for edit in edits.iter().filter(|edit| matches!(edit.target, FixTarget::Overlay)) {
        let (ValueAction::Set(value) | ValueAction::Add(value)) = &edit.action else { return Err(Refusal::Overlay) };
        values.push((&edit.path, value));
    }
    Ok(overlay_text(&overlay_of(values)?))
}

/// Values as the text of a values file in block style.
pub(crate) fn overlay_text(values: &Value) -> String {
    let mut lines = Vec::new();
    for (key, value) in values.as_object().into_iter().flatten() {
        entry_lines(key, value, 0, 2, &mut lines);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Values by their paths as one map; the last of the same path wins.
///
/// # Errors
/// See [`overlay`].
pub(crate) fn overlay_of<'v>(values: impl IntoIterator<Item = (&'v ValuesPath, &'v Value)>) -> Result<Value, Refusal> {
    let mut all = Value::Object(Map::new());
    for (path, value) in values {
        if path.iter().any(Key::is_index) {
            return Err(Refusal::Overlay);
        }
        match tree::get(&all, path) {
            Some(_) => tree::set(&mut all, path, value.clone())?,
            None => tree::add(&mut all, path, value.clone())?,
        }
    }
    Ok(all)
}

/// The lines of a values file in which each map or list that fits on its line is written in flow style:
/// `web: {image: {registry: mirror.internal}}`.
pub(crate) fn compact_lines(values: &Value, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in values.as_object().into_iter().flatten() {
        compact(key, value, 0, width, &mut lines);
    }
    lines
}

fn compact(key: &str, value: &Value, indent: usize, width: usize, lines: &mut Vec<String>) {
    let line = format!("{:indent$}{}", "", entry(key, value, false));
    if line.chars().count() <= width {
        return lines.push(line);
    }
    let Value::Object(entries) = value else { return entry_lines(key, value, indent, 2, lines) };
    // A map with an empty value ends with the colon of its key.
    let head = entry(key, &Value::Object(Map::new()), false);
    lines.push(format!("{:indent$}{}", "", head.strip_suffix(" {}").unwrap_or(&head)));
    for (key, value) in entries {
        compact(key, value, indent + 2, width, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::compact_lines;
    use serde_json::json;

    #[test]
    fn maps_that_fit_are_on_one_line() {
        let values =
            json!({"a": {"b": {"c": "x"}}, "on": {"e": {"f": "01234567"}, "g": {"h": {"i": "x", "j": "y: z"}}}});
        let wanted = [
            "a: {b: {c: x}}",
            "\"on\":",
            "  e: {f: \"01234567\"}",
            "  g:",
            "    h:",
            "      i: x",
            "      j: \"y: z\"",
        ];
        assert_eq!(compact_lines(&values, 20), wanted);
        assert_eq!(
            compact_lines(&json!({"a": {}, "b": [1, {"c": 2}], "d": [3, 4]}), 9),
            ["a: {}", "b:", "  - 1", "  - c: 2", "d: [3, 4]"]
        );
    }
}
