//! [`Splice`]: replaces pieces of a text, with helpers for its lines.

use super::Refusal;
use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A text with pieces to replace.
#[derive(Debug)]
pub(super) struct Splice<'t> {
    pub(super) text: &'t [u8],
    pieces: Vec<Piece>,
}

/// A piece of a text, and its replacement.
#[derive(Debug)]
struct Piece {
    range: Range<usize>,
    by: Vec<u8>,
    /// Whole lines that are removed: two such pieces may meet at a line break.
    is_lines: bool,
}

impl<'t> Splice<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, pieces: Vec::new() }
    }

    /// Replaces a piece.
    pub(super) fn replace(&mut self, range: Range<usize>, by: impl AsRef<[u8]>) {
        self.pieces.push(Piece { range, by: by.as_ref().to_vec(), is_lines: false });
    }

    /// The new text.
    ///
    /// # Errors
    /// Pieces overlap.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Refusal> {
        self.pieces.sort_by_key(|piece| (piece.range.start, piece.range.end));
        let mut out = Vec::with_capacity(self.text.len());
        let (mut at, mut is_behind_lines) = (0, false);
        for Piece { range, by, is_lines } in &self.pieces {
            let start = if *is_lines && is_behind_lines { range.start.max(at) } else { range.start };
            out.extend_from_slice(self.text.get(at..start).ok_or(Refusal::Layout)?);
            // The removed last line includes the line break before it, which belongs to another removed line.
            if start > range.start && range.end == self.text.len() && out.ends_with(b"\n") {
                out.pop();
                out.pop_if(|last| *last == b'\r');
            }
            out.extend_from_slice(by);
            (at, is_behind_lines) = (range.end.max(start), *is_lines);
        }
        out.extend_from_slice(self.text.get(at..).ok_or(Refusal::Layout)?);
        Ok(out)
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'t [u8] {
        self.text.get(range).unwrap_or_default()
    }

    /// The start of the line of a byte, after a byte order mark.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let before = self.slice(0..at);
        match memchr::memrchr(b'\n', before) {
            Some(end) => end + 1,
            None if self.text.starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len().min(at),
            None => 0,
        }
    }

    /// The end of the line of a byte: its line feed, or the end of the text.
    pub(super) fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', self.slice(at..self.text.len())).map_or(self.text.len(), |end| at + end)
    }

    /// The start of the next line.
    pub(super) fn next_line(&self, at: usize) -> usize {
        (self.line_end(at) + 1).min(self.text.len())
    }

    /// Whether only blanks precede a byte in its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        is_blank(self.slice(self.line_start(at)..at))
    }

    /// Whether only blanks and a comment follow in the line.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        let rest = self.slice(at..self.line_end(at));
        let words = rest.trim_ascii_start();
        words.is_empty() || words[0] == b'#' && (words.len() < rest.len() || self.begins_line(at))
    }

    /// The line break of the text.
    pub(super) fn line_break(&self) -> &'static str {
        match memchr::memchr(b'\n', self.text) {
            Some(at) if at > 0 && self.text[at - 1] == b'\r' => "\r\n",
            _ => "\n",
        }
    }

    /// The column of a byte.
    pub(super) fn column(&self, at: usize) -> usize {
        String::from_utf8_lossy(self.slice(self.line_start(at)..at)).chars().count()
    }

    /// Removes whole lines, from the line of one byte to the line of another.
    pub(super) fn remove_lines(&mut self, first: usize, last: usize) {
        let (mut start, end) = (self.line_start(first), self.next_line(last));
        // The new last line has no line break either.
        if self.line_end(last) == self.text.len() {
            let before = self.slice(0..start);
            let kept = before.strip_suffix(b"\n").map(|kept| kept.strip_suffix(b"\r").unwrap_or(kept));
            start = kept.map_or(start, <[u8]>::len);
        }
        self.pieces.push(Piece { range: start..end, by: Vec::new(), is_lines: true });
    }

    /// Inserts lines at the beginning of a line, or at the end of the text.
    pub(super) fn insert_lines(&mut self, at: usize, lines: &[String]) {
        let line_break = self.line_break();
        let text = lines.join(line_break);
        let before = self.slice(0..at);
        let is_open = !before.is_empty() && before != BYTE_ORDER_MARK && !before.ends_with(b"\n");
        let text = if is_open { format!("{line_break}{text}") } else { format!("{text}{line_break}") };
        self.replace(at..at, text);
    }
}

/// Whether there are only spaces and tabs.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// The first byte of a kind outside comments.
pub(super) fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut is_comment = false;
    let mut before = b' ';
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => is_comment = false,
            b'#' if before.is_ascii_whitespace() => is_comment = true,
            _ if !is_comment && byte == wanted => return Some(at),
            _ => {}
        }
        before = byte;
    }
    None
}

/// Whether a comment begins between two nodes.
pub(super) fn has_comment(bytes: &[u8]) -> bool {
    bytes.contains(&b'#')
}
