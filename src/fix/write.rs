//! Writes values as YAML text in block or flow style; keys and scalars keep their types when read back.

use crate::yaml::is_plain;
use serde_json::Value;

/// The preferred quotes of a string that needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// None.
    None,
    /// `'…'`, if possible.
    Single,
    /// `"…"`
    Double,
}

/// A value on one line.
pub(super) fn inline(value: &Value, quotes: Quotes, in_flow: bool) -> String {
    match value {
        Value::String(text) => string(text, quotes, in_flow),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(item, Quotes::None, true)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| entry(key, value, true)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// `key: value` on one line.
pub(super) fn entry(key: &str, value: &Value, in_flow: bool) -> String {
    format!("{}: {}", string(key, Quotes::None, in_flow), inline(value, Quotes::None, in_flow))
}

fn string(text: &str, quotes: Quotes, in_flow: bool) -> String {
    let is_plain = || is_plain(text) && !(in_flow && text.contains([',', '[', ']', '{', '}', '?']));
    let fits_one_line = || text.chars().all(|c| c == ' ' || !c.is_control() && is_printable(c));
    match quotes {
        Quotes::None if is_plain() => text.to_owned(),
        Quotes::Single if fits_one_line() => format!("'{}'", text.replace('\'', "''")),
        _ => double(text),
    }
}

fn is_printable(c: char) -> bool {
    !matches!(c, '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn double(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || !is_printable(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Lines of a block: `key: value`, and the lines below it.
pub(super) fn entry_lines(key: &str, value: &Value, indent: usize, width: usize, lines: &mut Vec<String>) {
    let head = format!("{:indent$}{}:", "", string(key, Quotes::None, false));
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            lines.push(head);
            for (key, value) in entries {
                entry_lines(key, value, indent + width, width, lines);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            lines.push(head);
            for item in items {
                item_lines(item, indent + width, width, lines);
            }
        }
        value => lines.push(format!("{head} {}", inline(value, Quotes::None, false))),
    }
}

/// Lines of a block: `- value`.
pub(super) fn item_lines(value: &Value, indent: usize, width: usize, lines: &mut Vec<String>) {
    let first = lines.len();
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                entry_lines(key, value, indent + 2, width, lines);
            }
            // The first key is on the line of the dash.
            if let Some(line) = lines.get_mut(first) {
                line.replace_range(indent..indent + 1, "-");
            }
        }
        value => lines.push(format!("{:indent$}- {}", "", inline(value, Quotes::None, false))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_stay_strings() {
        let show = |text: &str| inline(&json!(text), Quotes::None, false);
        for text in ["mirror.internal:5000/a", "1.2.3", "v1", "a b", "sha256:ab", "it's"] {
            assert_eq!(show(text), text);
        }
        for text in ["3.10", "on", "1e3", "null", "", "0x10", "2001-01-01", "y", "a: b", "a #b", "{{x}}", "<<", "~"] {
            assert_eq!(show(text), format!("\"{text}\""));
        }
        assert_eq!(show("a\nb\u{1}\u{85}\"\\"), r#""a\nb\u0001\u0085\"\\""#);
        assert_eq!(inline(&json!("it's on"), Quotes::Single, false), "'it''s on'");
        assert_eq!(inline(&json!("a\tb"), Quotes::Single, false), "\"a\\tb\"");
        let value = json!({"a": ["x,y", 1, true, null, 1.5], "on": {}});
        assert_eq!(inline(&value, Quotes::None, false), "{a: [\"x,y\", 1, true, null, 1.5], \"on\": {}}");
    }

    #[test]
    fn blocks() {
        let value = json!({"b": {"c": 1}, "d": [{"e": "x", "f": [1]}, "y"], "g": []});
        let mut lines = Vec::new();
        entry_lines("a", &value, 0, 2, &mut lines);
        let text = "a:\n  b:\n    c: 1\n  d:\n    - e: x\n      f:\n        - 1\n    - \"y\"\n  g: []";
        assert_eq!(lines.join("\n"), text);
    }
}
