//! Helm's log lines, as its logger writes them on stderr.

use crate::go::{go_quote, is_printable};
use std::fmt::Write as _;

/// One line: `level=WARN msg="this chart is deprecated"`, with `key=value` for each attribute.
///
/// Source: Go `log/slog`, the text handler without a time.
pub(crate) fn line(level: &str, message: &str, attributes: &[(&str, &str)]) -> String {
    let mut line = format!("level={level} msg={}", value(message));
    for (key, text) in attributes {
        let _ = write!(line, " {key}={}", value(text));
    }
    line
}

/// A value in quotes if its end would be ambiguous otherwise, or if it is not plain text. DEL is plain, U+FFFD is not.
fn value(text: &str) -> String {
    let plain = |c: char| match c {
        ' ' | '=' | '"' | '\u{fffd}' => false,
        '\u{7f}' => true,
        c => !c.is_whitespace() && is_printable(c),
    };
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { go_quote(text.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_as_slog_does() {
        let cases = [
            ("db", "db"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("a\\b", "a\\b"),
            ("a\u{7f}", "a\u{7f}"),
            ("a\u{fffd}", "\"a\u{fffd}\""),
            ("a\u{a0}b", "\"a\\u00a0b\""),
            ("a\tb", "\"a\\tb\""),
            ("é", "é"),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text), expected, "{text:?}");
        }
    }
}
