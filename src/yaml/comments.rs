//! Finds the comments of a text.

use super::scan::{Kind, Scanner};
use super::text::Text;
use crate::limits::Limits;
use std::ops::Range;

/// The comments of a text in order, each from its `#` to the end of its line; in a text that cannot be parsed, at most
/// those before the error.
///
/// `#` in a quoted scalar, a block scalar or a word does not begin a comment.
pub(crate) fn comments(text: &[u8], limits: &Limits) -> Vec<Range<usize>> {
    let decoded = Text::new(text);
    let mut scanner = Scanner::new(&decoded, limits);
    let mut found = Vec::new();
    let mut from = decoded.start;
    while let Ok(token) = scanner.next() {
        let (start, end) = (token.start.at as usize, token.end.at as usize);
        between(text, from..start, &mut found);
        // A comment may follow the indicator of a block scalar.
        if matches!(token.kind, Kind::Scalar { plain: false, .. }) && matches!(text.get(start), Some(b'|' | b'>')) {
            let line = memchr::memchr2(b'\n', b'\r', &text[start..]).map_or(text.len(), |length| start + length);
            between(text, start..line.min(end.max(start)), &mut found);
        }
        from = from.max(end);
        if matches!(token.kind, Kind::StreamEnd) {
            between(text, from..text.len(), &mut found);
            break;
        }
    }
    found
}

/// Adds the comments of a range between tokens.
fn between(text: &[u8], range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = range.start;
    while let Some(gap) = text.get(at..range.end) {
        let Some(hash) = memchr::memchr(b'#', gap) else { break };
        let start = at + hash;
        let end = memchr::memchr2(b'\n', b'\r', &text[start..]).map_or(text.len(), |length| start + length);
        found.push(start..end);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_are_comments() {
        let text = "\
# one
a: b#c # two
d: \"# no\"
e: '# no
  # no'
f: |
  # no
  text
# three
g: > # four
  # no

h: [1, # five
  2]
j: plain
  # six
---
# seven
k: 1";
        let found = comments(text.as_bytes(), &Limits::default());
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["# one", "# two", "# three", "# four", "# five", "# six", "# seven"]);
        assert!(comments(b"", &Limits::default()).is_empty());
    }
}
