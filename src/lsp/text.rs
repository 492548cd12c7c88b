//! [`Text`]: a text with its lines, and positions in it as editors count them.

use gen_lsp_types::{Position, PositionEncodingKind, Range as Span};
use std::ops::Range;
use std::sync::Arc;

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16, which every client understands.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

/// A text with its lines, which end with `\n`, `\r\n` or `\r`.
#[derive(Debug, Clone)]
pub(super) struct Text {
    bytes: Arc<[u8]>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Encoding {
    /// The encoding that a client prefers among those that it offers, UTF-8 first: our own positions are bytes.
    pub(super) fn among(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offers = |kind: &PositionEncodingKind| offered.is_some_and(|offered| offered.contains(kind));
        match () {
            () if offers(&PositionEncodingKind::UTF8) => Self::Utf8,
            () if offers(&PositionEncodingKind::UTF16) || !offers(&PositionEncodingKind::UTF32) => Self::Utf16,
            () => Self::Utf32,
        }
    }

    /// Its name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

impl Text {
    /// A text; bytes that are not UTF-8 are read as [`String::from_utf8_lossy`] does.
    pub(super) fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes: Arc<[u8]> = bytes.into();
        let breaks = memchr::memchr2_iter(b'\n', b'\r', &bytes);
        let is_end = |&at: &usize| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
        let starts = std::iter::once(0).chain(breaks.filter(is_end).map(|at| at + 1)).collect();
        Self { bytes, starts }
    }

    /// The bytes, which are shared.
    pub(super) fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The position of a byte; one within a line break, or past the end, is that of the end of its line.
    pub(super) fn position(&self, at: usize, encoding: Encoding) -> Position {
        let at = at.min(self.bytes.len());
        let line = self.starts.partition_point(|&start| start <= at).saturating_sub(1);
        let content = self.content(line);
        let before = self.bytes.get(content.start..at.min(content.end)).unwrap_or_default();
        let chunks = before.utf8_chunks();
        let units = |text: &str| text.chars().map(|c| encoding.units(c)).sum::<usize>();
        let character: usize = chunks
            .map(|chunk| {
                let odd = usize::from(!chunk.invalid().is_empty());
                units(chunk.valid()) + odd * encoding.units(char::REPLACEMENT_CHARACTER)
            })
            .sum();
        Position { line: line as u32, character: character as u32 }
    }

    /// The positions of a range of bytes.
    pub(super) fn span(&self, range: &Range<usize>, encoding: Encoding) -> Span {
        Span { start: self.position(range.start, encoding), end: self.position(range.end, encoding) }
    }

    /// The byte at a position; one past the end of a line is the end of that line, as the protocol says.
    pub(super) fn byte(&self, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return self.bytes.len();
        }
        let content = self.content(line);
        let mut at = content.start;
        let mut left = position.character as usize;
        for chunk in self.bytes.get(content).unwrap_or_default().utf8_chunks() {
            for c in chunk.valid().chars() {
                let units = encoding.units(c);
                if units > left {
                    return at;
                }
                (at, left) = (at + c.len_utf8(), left - units);
            }
            if !chunk.invalid().is_empty() {
                let units = encoding.units(char::REPLACEMENT_CHARACTER);
                if units > left {
                    return at;
                }
                (at, left) = (at + chunk.invalid().len(), left - units);
            }
        }
        at
    }

    /// The bytes of a range of positions; a range that ends before it begins is empty.
    pub(super) fn bytes_of(&self, span: &Span, encoding: Encoding) -> Range<usize> {
        let start = self.byte(span.start, encoding);
        start..self.byte(span.end, encoding).max(start)
    }

    /// The text with a range replaced.
    pub(super) fn with(&self, range: Range<usize>, text: &str) -> Self {
        let before = self.bytes.get(..range.start).unwrap_or_default();
        let after = self.bytes.get(range.end..).unwrap_or_default();
        Self::new([before, text.as_bytes(), after].concat())
    }

    /// The bytes of a line, from 0, without its line break.
    fn content(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or(self.bytes.len());
        let Some(&next) = self.starts.get(line + 1) else { return start..self.bytes.len() };
        let line = &self.bytes[start..next];
        let end =
            line.strip_suffix(b"\n").map_or(&line[..line.len() - 1], |line| line.strip_suffix(b"\r").unwrap_or(line));
        start..start + end.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Text};
    use gen_lsp_types::{Position, PositionEncodingKind as Kind};

    #[test]
    fn columns_are_those_of_the_encoding() {
        let text = Text::new("a: é😀x\r\nb\rc\n".as_bytes());
        let at = "a: é😀".len();
        let place = |line, character| Position { line, character };
        for (encoding, column) in [(Encoding::Utf8, 9), (Encoding::Utf16, 6), (Encoding::Utf32, 5)] {
            assert_eq!(text.position(at, encoding), place(0, column));
            assert_eq!(text.byte(place(0, column), encoding), at);
            // Past the end of the line, and in its line break.
            assert_eq!(text.byte(place(0, 99), encoding), at + 1);
            assert_eq!(text.position(at + 2, encoding), place(0, column + 1));
        }
        // In the middle of a character of two units.
        assert_eq!(text.byte(place(0, 5), Encoding::Utf16), "a: é".len());
        let after = "a: é😀x\r\n".len();
        assert_eq!(text.position(after, Encoding::Utf16), place(1, 0));
        assert_eq!(text.position(after + 2, Encoding::Utf16), place(2, 0));
        assert_eq!(text.position(99, Encoding::Utf16), place(3, 0));
        assert_eq!(text.byte(place(7, 0), Encoding::Utf16), text.bytes().len());
        let odd = Text::new(&b"a\xff\xffb"[..]);
        assert_eq!(odd.position(3, Encoding::Utf16), place(0, 3));
        assert_eq!(odd.byte(place(0, 3), Encoding::Utf16), 3);
    }

    #[test]
    fn utf_8_is_preferred_and_utf_16_the_default() {
        let among = |offered: &[Kind]| Encoding::among(Some(offered));
        assert_eq!(among(&[Kind::UTF16, Kind::UTF8]), Encoding::Utf8);
        assert_eq!(among(&[Kind::UTF32, Kind::UTF16]), Encoding::Utf16);
        assert_eq!(among(&[Kind::UTF32]), Encoding::Utf32);
        assert_eq!(among(&[]), Encoding::Utf16);
        assert_eq!(Encoding::among(None), Encoding::Utf16);
    }
}
