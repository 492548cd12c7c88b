//! Maps a byte of a multi-line scalar's value to its position in the file.

use crate::source::{File, Piece};
use std::ops::Range;

/// The byte range of the word in a file at a byte of a scalar's value; `None` if the scalar is on one line. `scalar` is its
/// range with its quotes or its `|`; `at` is an offset in its value.
pub(crate) fn within(file: &File, scalar: Range<usize>, at: usize) -> Option<Range<usize>> {
    let text = file.bytes();
    let raw = text.get(scalar.clone())?;
    let end = raw.trim_ascii_end().len();
    // The break of a block is in its first line: only a long text of one line is looked through in vain.
    memchr::memchr2(b'\n', b'\r', &raw[..end])?;
    let pieces = file.pieces(scalar.clone(), || pieces_of(text, scalar));
    let (value, from, length) = *pieces.get(pieces.partition_point(|(value, ..)| *value <= at).checked_sub(1)?)?;
    let start = from + (at - value).min(length);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/:@%+{}$".contains(byte);
    let word = text[start..from + length].iter().take_while(|byte| is_word(byte)).count();
    Some(start..start + word)
}

fn pieces_of(text: &[u8], scalar: Range<usize>) -> Vec<Piece> {
    let mut pieces = Pieces { text, found: Vec::new(), length: 0 };
    match text[scalar.start] {
        b'|' | b'>' => block(&mut pieces, &scalar),
        b'"' => flow(&mut pieces, scalar.start + 1..scalar.end.saturating_sub(1), Style::Double),
        b'\'' => flow(&mut pieces, scalar.start + 1..scalar.end.saturating_sub(1), Style::Single),
        _ => flow(&mut pieces, scalar, Style::Plain),
    }
    pieces.found
}

/// What of the text is the value, piece by piece.
struct Pieces<'t> {
    text: &'t [u8],
    found: Vec<Piece>,
    /// Of the value so far.
    length: usize,
}

impl Pieces<'_> {
    fn add(&mut self, range: Range<usize>) {
        self.found.push((self.length, range.start, range.len()));
        self.length += range.len();
    }

    /// The lines from a byte on, without their breaks, by range.
    fn lines(&self, mut from: usize, end: usize) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        while from <= end {
            let rest = &self.text[from..end];
            let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            lines.push(from..from + length);
            let is_pair = rest[length..].starts_with(b"\r\n");
            from += length + 1 + usize::from(is_pair);
        }
        lines
    }
}

/// `|` and `>`, as [`scan`](super::scan) reads them.
fn block(pieces: &mut Pieces<'_>, scalar: &Range<usize>) {
    let text = pieces.text;
    let is_literal = text[scalar.start] == b'|';
    let mut lines = pieces.lines(scalar.start, scalar.end).into_iter();
    let Some(header) = lines.next() else { return };
    let spaces = |line: &Range<usize>| text[line.clone()].iter().take_while(|&&byte| byte == b' ').count();
    let increment = text[header.clone()].iter().skip(1).take(2).find(|byte| byte.is_ascii_digit());
    let lines: Vec<Range<usize>> = lines.collect();
    let indent = match increment {
        Some(digit) => parent_indent(text, scalar.start) + usize::from(digit - b'0'),
        None => {
            let first = lines.iter().find(|line| spaces(line) < line.len());
            first.map(&spaces).unwrap_or_default()
        }
    };
    let (mut breaks, mut begun, mut was_blank) = (0, false, false);
    for line in lines {
        if spaces(&line).min(indent) < indent || line.len() <= indent {
            if spaces(&line) < line.len() {
                break;
            }
            breaks += 1;
            continue;
        }
        let line = line.start + indent..line.end;
        let is_blank = matches!(text[line.start], b' ' | b'\t');
        // The break after the previous line, and one for each empty line between.
        pieces.length += match begun {
            false => breaks,
            true if is_literal || was_blank || is_blank => 1 + breaks,
            true => breaks.max(1),
        };
        pieces.add(line);
        (breaks, begun, was_blank) = (0, true, is_blank);
    }
}

/// The base indentation of a block scalar: that of the key before it, or of the last dash.
fn parent_indent(text: &[u8], sign: usize) -> usize {
    let start = text[..sign].iter().rposition(|&byte| byte == b'\n' || byte == b'\r').map_or(0, |at| at + 1);
    let line = &text[start..sign];
    let blank = |from: usize| line[from..].iter().take_while(|&&byte| byte == b' ').count();
    let mut depth = blank(0);
    while line.get(depth) == Some(&b'-') && matches!(line.get(depth + 1), Some(b' ')) {
        let next = depth + 1 + blank(depth + 1);
        // The scalar itself follows the last dash, perhaps with an anchor or a tag.
        if matches!(line.get(next), None | Some(b'&' | b'!')) && !line[next..].contains(&b':') {
            break;
        }
        depth = next;
    }
    depth
}

/// Scalar styles that are folded at line ends.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
}

fn flow(pieces: &mut Pieces<'_>, range: Range<usize>, style: Style) {
    let text = pieces.text;
    let lines = pieces.lines(range.start, range.end);
    let last = lines.len().saturating_sub(1);
    let (mut breaks, mut is_joined) = (0, false);
    for (number, mut line) in lines.into_iter().enumerate() {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        if number > 0 {
            line.start += text[line.clone()].iter().take_while(|byte| blank(byte)).count();
        }
        let mut continues = false;
        if number < last {
            line.end -= text[line.clone()].iter().rev().take_while(|byte| blank(byte)).count();
            continues = style == Style::Double && is_escaped(&text[line.clone()]);
            line.end -= usize::from(continues);
        }
        if line.is_empty() && number > 0 && number < last && !continues {
            breaks += 1;
            continue;
        }
        if number > 0 && !is_joined {
            pieces.length += breaks.max(1);
        } else {
            pieces.length += breaks;
        }
        breaks = 0;
        written(pieces, line, style);
        is_joined = continues;
    }
}

/// Whether a line ends with an unescaped backslash.
fn is_escaped(line: &[u8]) -> bool {
    line.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// A line, split at escapes.
fn written(pieces: &mut Pieces<'_>, line: Range<usize>, style: Style) {
    let text = pieces.text;
    let (mut from, mut at) = (line.start, line.start);
    while at < line.end {
        let (skip, gives) = match (style, text[at]) {
            (Style::Single, b'\'') => (2, 1),
            (Style::Double, b'\\') => escape(&text[at..line.end]),
            _ => {
                at += 1;
                continue;
            }
        };
        pieces.add(from..at);
        pieces.length += gives;
        at = (at + skip).min(line.end);
        from = at;
    }
    pieces.add(from..line.end);
}

/// The length of an escape, and the number of bytes that it represents.
fn escape(text: &[u8]) -> (usize, usize) {
    let digits = match text.get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        Some(b'_' | b'N') => return (2, 2),
        Some(b'L' | b'P') => return (2, 3),
        _ => return (2, 1),
    };
    let number = text.get(2..2 + digits).and_then(|digits| std::str::from_utf8(digits).ok());
    let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    (2 + digits, number.and_then(char::from_u32).map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::yaml::{Data, Node, read};

    fn scalars<'n>(node: &'n Node, found: &mut Vec<&'n Node>) {
        match &node.data {
            Data::Map(members) => members.iter().for_each(|(_, node)| scalars(node, found)),
            Data::Seq(items) => items.iter().for_each(|item| scalars(item, found)),
            Data::Str(_) => found.push(node),
            _ => {}
        }
    }

    #[test]
    fn words_of_scalars_are_where_they_are_written() {
        let text = "\
a: |
  one two
    three

  four
b: |-

  one
  two
c: >
  one
  two

  three
    four
  five

    six
  seven
d: >2+
    one
   two
  three

e:
- |
  one
- &x |1-
   one
  two
- - |2
     one
    two
- k: !!str |2
     one
    two
f: \"one
  two\\x41 three \\
  four \\\"five\\\"

  six\"
g: 'one

  t''wo
  three'
h: one two
  three

  four
i: |
\u{20}
   one
  # two
";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let file = File::new("a.yaml", text.as_bytes());
            let node = read(text.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
            let mut all = Vec::new();
            scalars(&node, &mut all);
            assert_eq!(all.len(), 12);
            let mut words = 0;
            for node in all {
                let Data::Str(value) = &node.data else { continue };
                let value = value.to_text();
                for word in value.split(|c: char| !c.is_ascii_lowercase()).filter(|word| !word.is_empty()) {
                    let at = word.as_ptr() as usize - value.as_ptr() as usize;
                    let place = within(&file, node.start as usize..node.end as usize, at);
                    let place = place.unwrap_or_else(|| panic!("{word} of {value:?}"));
                    assert!(text[place.clone()].starts_with(word), "{word} of {value:?} at {:?}", &text[place]);
                    words += 1;
                }
            }
            assert_eq!(words, 38);
        }
        assert_eq!(within(&File::new("a.yaml", b"a: one\n"), 3..6, 1), None);
        assert_eq!(within(&File::new("a.yaml", b"a: \"one\"\n"), 3..8, 1), None);
    }
}
