//! Splits a template file into text, actions and comments.

use super::lex::{Kind, Lexer};
use std::ops::Range;

/// A part of a template's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilePart {
    /// Literal text.
    Text,
    /// `{{ … }}`
    Action,
    /// `{{/* … */}}`
    Comment,
}

/// The parts of a template file in order, without trimmed text; ends at an error.
pub(crate) fn parts(input: &[u8]) -> Vec<(FilePart, Range<usize>)> {
    let mut lexer = Lexer::new(input);
    let mut found = Vec::new();
    let (mut from, mut action) = (0, None);
    loop {
        let token = lexer.next_token();
        let range = token.start as usize..token.end as usize;
        if action.is_none() {
            comments(input, from..range.start, &mut found);
        }
        match token.kind {
            Kind::Error | Kind::Eof => break,
            Kind::Text => found.push((FilePart::Text, range.clone())),
            Kind::LeftDelim => action = Some(range.start),
            Kind::RightDelim => found.extend(action.take().map(|start| (FilePart::Action, start..range.end))),
            _ => {}
        }
        from = range.end;
    }
    found
}

/// Adds the comments in a range that the lexer skipped.
fn comments(input: &[u8], range: Range<usize>, found: &mut Vec<(FilePart, Range<usize>)>) {
    use memchr::memmem::find;
    let mut at = range.start;
    while let Some(gap) = input.get(at..range.end) {
        let Some(open) = find(gap, b"{{") else { break };
        let Some(close) = find(&gap[open..], b"*/").map(|length| open + length) else { break };
        let Some(end) = find(&gap[close..], b"}}").map(|length| close + length + 2) else { break };
        found.push((FilePart::Comment, at + open..at + end));
        at += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let text = "a {{/* b }} */}}{{- /* c */ -}}  d{{ \"{{/* e */}}\" }}f {{- /* g */}}";
        let found: Vec<(FilePart, &str)> =
            parts(text.as_bytes()).into_iter().map(|(part, range)| (part, &text[range])).collect();
        assert_eq!(
            found,
            [
                (FilePart::Text, "a "),
                (FilePart::Comment, "{{/* b }} */}}"),
                (FilePart::Comment, "{{- /* c */ -}}"),
                (FilePart::Text, "d"),
                (FilePart::Action, "{{ \"{{/* e */}}\" }}"),
                (FilePart::Text, "f"),
                (FilePart::Comment, "{{- /* g */}}"),
            ]
        );
        assert_eq!(parts(b"a{{ b"), [(FilePart::Text, 0..1)]);
    }
}
