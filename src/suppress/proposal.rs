//! [`proposed`]: the comment that would accept a finding, for an editor that inserts it.

use super::comment::Comment;
use crate::source::{File, Place};

/// Written in place of the reason, which only a person knows.
const REASON: &str = "TODO: why this is accepted";

/// The comment above the line of a place that accepts findings of a rule there, and the byte where it is inserted. `None` if a
/// comment cannot be there, as within a text of several lines.
pub(crate) fn proposed(rule: &str, place: &Place, in_template: bool) -> Option<(u32, String)> {
    let file = &place.file;
    let line = place.line();
    let (at, text) = (file.start_of_line(line)?, file.line(line)?);
    let indent: String = text.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let end = if file.line_bytes(line)?.ends_with(b"\r\n") { "\r\n" } else { "\n" };
    // The dash removes the line from the output.
    let comment = match in_template {
        true => format!("{indent}{{{{- /* airtight: ignore[{rule}] {REASON} */}}}}{end}"),
        false => format!("{indent}# airtight: ignore[{rule}] {REASON}{end}"),
    };
    let (before, after) = file.bytes().split_at_checked(at as usize)?;
    let with = File::new(file.name(), [before, comment.as_bytes(), after].concat());
    let applies = |found: &Comment| {
        found.place.line() == line && found.rules == [rule] && found.reason == REASON && found.covers(line + 1)
    };
    Comment::all(&with, in_template).iter().any(applies).then_some((at, comment))
}

#[cfg(test)]
mod tests {
    use super::proposed;
    use crate::source::{File, Place};

    #[test]
    fn a_comment_is_proposed_only_where_it_is_one() {
        let shown = |text: &str, at: &str, in_template: bool| {
            let start = text.find(at).expect("it is there") as u32;
            let place = Place { file: File::new("x.yaml", text), start, end: start + 1 };
            proposed("a-rule", &place, in_template).map(|(at, comment)| (at, comment.trim_end_matches('\n').to_owned()))
        };
        let of_values = "# airtight: ignore[a-rule] TODO: why this is accepted";
        assert_eq!(shown("a:\n  b: 1\n", "b:", false), Some((3, format!("  {of_values}"))));
        assert_eq!(shown("a: 1", "a:", false), Some((0, of_values.to_owned())));
        assert_eq!(shown("a: 1\r\n", "a:", false), Some((0, format!("{of_values}\r"))));
        assert_eq!(shown("a: |\n  b\n  c\n", "c", false), None);
        assert_eq!(shown("a: 'b\n  c'\n", "c", false), None);
        let of_template = "{{- /* airtight: ignore[a-rule] TODO: why this is accepted */}}";
        assert_eq!(shown("a:\n  b: {{ .x }}\n", "b:", true), Some((3, format!("  {of_template}"))));
    }
}
