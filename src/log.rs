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

/// A value in quotes if its end would be ambiguous otherwise.
fn value(text: &str) -> String {
    let plain = |c: char| !matches!(c, ' ' | '=' | '"') && (c == '\u{7f}' || !c.is_whitespace() && is_printable(c));
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { go_quote(text.as_bytes()) }
}
