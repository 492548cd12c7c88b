//! The comments of a template: its own, `{{/* … */}}`, and the YAML comments in its literal text.
//!
//! The output of a template is YAML only after rendering. Its literal text is read line by line: actions count as blanks, and
//! quotes and block scalars are tracked from line to line.

use crate::template::parts::{FilePart, parts};
use std::ops::Range;

/// The comments in a template file, in order.
pub(super) fn comments(input: &[u8]) -> Vec<Range<usize>> {
    let parts = parts(input);
    // Only the literal text is left, with its lines unchanged.
    let mut text: Vec<u8> = input.iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }).collect();
    let mut found = Vec::new();
    for (part, range) in parts {
        match part {
            FilePart::Text => text[range.clone()].copy_from_slice(&input[range]),
            FilePart::Comment => found.push(range),
            FilePart::Action => {}
        }
    }
    let mut reader = Reader::default();
    let mut at = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let end = line.len() - usize::from(line.ends_with(b"\n"));
        if let Some(start) = reader.comment(&line[..end]) {
            found.push(at + start..at + end);
        }
        at += line.len();
    }
    found.sort_by_key(|range| range.start);
    found
}

/// What earlier lines have opened.
#[derive(Default)]
struct Reader {
    /// The depth of the key whose block scalar is open.
    block: Option<usize>,
    /// The open quote.
    quote: Option<u8>,
}

impl Reader {
    /// Where the comment of a line begins.
    fn comment(&mut self, line: &[u8]) -> Option<usize> {
        let depth = line.iter().take_while(|&&byte| byte == b' ').count();
        let is_blank = line.trim_ascii().is_empty();
        if let Some(of_key) = self.block {
            if is_blank || depth > of_key {
                return None;
            }
            self.block = None;
        }
        let mut begins = true;
        let mut at = 0;
        while let Some(&byte) = line.get(at) {
            match (self.quote, byte) {
                (Some(b'"'), b'\\') => at += 1,
                (Some(b'\''), b'\'') if line.get(at + 1) == Some(&b'\'') => at += 1,
                (Some(quote), _) if quote == byte => (self.quote, begins) = (None, false),
                (Some(_), _) => {}
                (None, b'#') if at == 0 || matches!(line[at - 1], b' ' | b'\t') => {
                    self.header(&line[..at]);
                    return Some(at);
                }
                (None, b'"' | b'\'') if begins => self.quote = Some(byte),
                (None, b' ' | b'\t') => {}
                (None, b'[' | b'{' | b',' | b':' | b'-') => begins = true,
                (None, _) => begins = false,
            }
            at += 1;
        }
        self.header(line);
        None
    }

    /// Records the block scalar that a line begins: `key: |-`, `- >`.
    fn header(&mut self, line: &[u8]) {
        let text = line.trim_ascii_end();
        let sign =
            text.len() - text.iter().rev().take_while(|&&byte| matches!(byte, b'-' | b'+' | b'0'..=b'9')).count();
        let Some(before) =
            text.get(..sign).and_then(|head| head.strip_suffix(b"|").or_else(|| head.strip_suffix(b">")))
        else {
            return;
        };
        if self.quote.is_some() || !matches!(before.last(), None | Some(b' ' | b'\t')) {
            return;
        }
        let before = before.trim_ascii_end();
        if !matches!(before.last(), None | Some(b':' | b'-')) {
            return;
        }
        // The depth of `- - key: |` is that of the key; of `- |`, that of its last dash.
        let mut depth = before.iter().take_while(|&&byte| byte == b' ').count();
        while before.get(depth) == Some(&b'-') && before.get(depth + 1) == Some(&b' ') {
            depth += 1 + before[depth + 1..].iter().take_while(|&&byte| byte == b' ').count();
        }
        self.block = Some(depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_templates_are_told_from_text() {
        let text = "\
# one
{{/* two */}}
a: {{ .x }} # three
b: \"{{ .x }} # no\"
c: 'it''s # no' # four
d: it's # five
e: |
  # no
  {{ .x }}
{{ .y }}
  # no
f: x#no
- g: >- # six
    # no
  h: {{ \"# no {{/* no */}}\" }}
  # seven
- |
  # no
i: {{- /* eight */}}
j: \"
  # no
  \"
# nine
";
        let found = comments(text.as_bytes());
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        let wanted = [
            "# one",
            "{{/* two */}}",
            "# three",
            "# four",
            "# five",
            "# six",
            "# seven",
            "{{- /* eight */}}",
            "# nine",
        ];
        assert_eq!(found, wanted);
    }
}
