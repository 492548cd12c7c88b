//! The fast path for reading a document: from lines to a [`Node`], without tokens and without a tree.
//!
//! It handles the usual content of manifests, block maps and block lists of scalars, and gives up (`None`) on everything
//! else: anchors, tags, directives, flow collections that are not empty, keys that are not strings, tabs, and errors.
//! The slow path (`scan`, `parse` and `compose`) then reads the text from its start, so that no error is worded
//! here. Both make the same node from the same text, including positions.

use super::chars::{is_break, is_ordinary};
use super::error::Error;
use super::map::{ELEMENT, ENTRY, Map, TEXT};
use super::node::{Data, Entry, Node};
use super::resolve::{Scalar, Tag, resolve};
use super::scan::{Kind, Mark, Scanner};
use super::text::Text;
use crate::limits::Limits;
use crate::trace::Str;
use std::borrow::Cow;
use std::collections::HashMap;

/// The nesting depth; deeper documents use the slow path, which has the limit.
const DEPTH: u32 = 100;

/// The longest key in bytes; the slow path counts the characters.
const MAX_KEY: usize = 1000;

/// Reads a document that is simple enough; for `wanted`, see [`super::read_entries`].
///
/// Errors are of documents that take too much memory, because the slow path takes more.
pub(super) fn read(text: &Text<'_>, limits: &Limits, wanted: fn(&[u8]) -> bool) -> Option<Result<Node, Error>> {
    if text.start != 0 || text.pieces.is_some() || !has_simple_breaks(&text.bytes) {
        return None;
    }
    let mut reader = Reader {
        text: &text.bytes,
        scanner: Scanner::new(text, limits),
        at: 0,
        line: 0,
        line_start: 0,
        column: None,
        depth: 0,
        max_depth: limits.yaml_depth.min(DEPTH),
        // The document itself is the first node.
        nodes_left: limits.yaml_nodes.checked_sub(1)?,
        bytes_left: limits.memory_bytes,
        is_too_large: false,
        keys: HashMap::default(),
        wanted,
        skims: false,
    };
    reader.next_content(true)?;
    reader.column?;
    let Some(root) = reader.collection(false) else {
        return reader.is_too_large.then(|| Err(Error::too_large(limits.memory_bytes)));
    };
    // Nothing may follow.
    reader.column.is_none().then_some(Ok(root))
}

/// Whether all lines end with line feeds only.
fn has_simple_breaks(text: &[u8]) -> bool {
    memchr::memchr3_iter(b'\r', 0xC2, 0xE2, text).all(|at| !is_break(&text[at..]))
}

struct Reader<'a> {
    text: &'a [u8],
    /// Reads multi-line scalars.
    scanner: Scanner<'a>,
    at: usize,
    /// From 0.
    line: u32,
    line_start: usize,
    /// The column of the content at `at`; `None` at the end of the text.
    column: Option<usize>,
    depth: u32,
    max_depth: u32,
    nodes_left: u64,
    bytes_left: usize,
    /// Whether there were too few.
    is_too_large: bool,
    keys: HashMap<&'a [u8], Str, foldhash::fast::RandomState>,
    wanted: fn(&[u8]) -> bool,
    /// Inside an entry that is not wanted: its value is not kept.
    skims: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    /// Whether a space, a line feed or the end is there; tabs are not handled here.
    fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), None | Some(b' ' | b'\n'))
    }

    fn at_dash(&self) -> bool {
        self.peek(0) == Some(b'-') && self.is_blank(1)
    }

    fn skip_spaces(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.iter().position(|&byte| byte != b' ').unwrap_or(rest.len());
    }

    fn mark(&self) -> Mark {
        Mark { at: self.at as u32, line: self.line }
    }

    /// Goes to the next line with content, skipping what may follow a value: spaces, a comment. At the start of a line, the
    /// content may be in that line.
    fn next_content(&mut self, mut is_new_line: bool) -> Option<()> {
        loop {
            let behind = self.at;
            self.skip_spaces();
            match self.peek(0) {
                None => {
                    self.column = None;
                    return Some(());
                }
                Some(b'\n') => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    is_new_line = true;
                }
                Some(b'#') if is_new_line || self.at > behind => {
                    self.at = memchr::memchr(b'\n', &self.text[self.at..]).map_or(self.text.len(), |end| self.at + end);
                }
                Some(byte) if is_new_line => {
                    let column = self.at - self.line_start;
                    self.column = Some(column);
                    let is_marker = column == 0 && matches!(byte, b'-' | b'.') && self.peek(1) == self.peek(2);
                    return (!is_marker || self.peek(1) != Some(byte)).then_some(());
                }
                Some(_) => return None,
            }
        }
    }

    fn count(&mut self) -> Option<()> {
        self.nodes_left = self.nodes_left.checked_sub(1)?;
        Some(())
    }

    /// The list or map that begins here.
    fn collection(&mut self, shares_column: bool) -> Option<Node> {
        self.count()?;
        self.depth += 1;
        if self.depth > self.max_depth {
            return None;
        }
        let start = self.mark();
        let (data, end) = if self.at_dash() { self.sequence(shares_column)? } else { self.map()? };
        self.depth -= 1;
        Some(Node { data, start: start.at, end, line: start.line + 1 })
    }

    /// A list; as the value of a map entry it may have the same column as the map.
    fn sequence(&mut self, shares_column: bool) -> Option<(Data, u32)> {
        let column = self.column?;
        let mut items = Vec::new();
        loop {
            self.at += 1;
            let item = self.value(column, false)?;
            let end = item.end;
            if !self.skims {
                self.grow(ELEMENT)?;
                items.push(item);
            }
            match self.column {
                Some(next) if next == column && self.at_dash() => {}
                Some(next) if next > column || (next == column && !shares_column) => return None,
                _ => return Some((Data::Seq(items), end)),
            }
        }
    }

    fn map(&mut self) -> Option<(Data, u32)> {
        let column = self.column?;
        let mut map = Map::default();
        loop {
            self.count()?;
            let start = self.mark();
            let (key, key_end) = self.key()?;
            let skims = self.skims;
            self.skims |= self.depth == 1 && !(self.wanted)(key);
            let value = self.value(column, true)?;
            self.skims = skims;
            let end = value.end;
            if !skims {
                let key = self.keys.entry(key).or_insert_with(|| Str::new(key)).clone();
                self.grow(ENTRY)?;
                map.insert(Entry { key, start: start.at, end: key_end, line: start.line + 1 }, value);
            }
            match self.column {
                Some(next) if next == column => {}
                Some(next) if next > column => return None,
                _ => return Some((Data::Map(map.entries), end)),
            }
        }
    }

    /// A string key, its end, and its colon.
    fn key(&mut self) -> Option<(&'a [u8], u32)> {
        let start = self.at;
        let text = match self.peek(0)? {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            _ => {
                let text = self.plain()?;
                let is_string = matches!(resolve(text, Tag::None, true), Ok(Scalar::Str(_)));
                if !is_string || text == b"<<" {
                    return None;
                }
                text
            }
        };
        let end = self.at;
        if self.peek(0) != Some(b':') || !self.is_blank(1) || end - start > MAX_KEY {
            return None;
        }
        self.at += 1;
        Some((text, end as u32))
    }

    /// The value after the colon of a map entry, or after the dash of a list item, in a column; goes to the content that
    /// follows.
    fn value(&mut self, column: usize, in_map: bool) -> Option<Node> {
        let behind = self.mark();
        self.skip_spaces();
        let start = self.mark();
        let (data, end) = match self.peek(0) {
            None | Some(b'\n' | b'#') => {
                self.at = behind.at as usize;
                self.next_content(false)?;
                let shares_column = in_map && self.column == Some(column) && self.at_dash();
                if shares_column || self.column > Some(column) {
                    return self.collection(shares_column);
                }
                self.count()?;
                return Some(Node { data: Data::Null, start: behind.at, end: behind.at, line: behind.line + 1 });
            }
            Some(_) if !in_map && (self.at_dash() || self.at_key()) => {
                self.column = Some(self.at - self.line_start);
                return self.collection(false);
            }
            Some(b'[') if self.peek(1) == Some(b']') => self.empty(Data::Seq(Vec::new()))?,
            Some(b'{') if self.peek(1) == Some(b'}') => self.empty(Data::Map(Vec::new()))?,
            Some(style @ (b'|' | b'>')) => self.block_scalar(style == b'|', column)?,
            Some(quote @ (b'"' | b'\'')) => self.quoted_scalar(quote, column)?,
            Some(_) => self.plain_scalar(column)?,
        };
        self.count()?;
        // A scalar has nothing nested below it.
        (self.column <= Some(column)).then_some(Node { data, start: start.at, end, line: start.line + 1 })
    }

    fn at_key(&mut self) -> bool {
        let start = self.at;
        let is_key = self.key().is_some();
        self.at = start;
        is_key
    }

    fn empty(&mut self, data: Data) -> Option<(Data, u32)> {
        self.at += 2;
        let end = self.at as u32;
        self.next_content(false)?;
        (self.depth < self.max_depth).then_some((data, end))
    }

    fn plain_scalar(&mut self, column: usize) -> Option<(Data, u32)> {
        let start = self.mark();
        let mut text = Cow::Borrowed(self.plain()?);
        let mut end = self.at as u32;
        self.next_content(false)?;
        if self.column > Some(column) {
            // It continues in that line.
            text = self.scan(start, column, Scanner::plain_scalar)?;
            end = self.at as u32;
            self.next_content(false)?;
        }
        let data = match resolve(&text, Tag::None, true).ok()? {
            Scalar::Null => Data::Null,
            Scalar::Bool(value) => Data::Bool(value),
            Scalar::Int(value) => Data::Int(value),
            Scalar::Uint(value) => Data::Uint(value),
            Scalar::Float(value) if value.is_finite() => Data::Float(value),
            Scalar::Float(_) => return None,
            Scalar::Str(text) => self.string(&text)?,
        };
        Some((data, end))
    }

    fn quoted_scalar(&mut self, quote: u8, column: usize) -> Option<(Data, u32)> {
        let start = self.mark();
        let text = match self.quoted(quote) {
            Some(text) => Cow::Borrowed(text),
            None => self.scan(start, column, |scanner| {
                let text = scanner.quoted_scalar(quote)?;
                Ok((Kind::Scalar { text, plain: false }, scanner.mark()))
            })?,
        };
        let end = self.at as u32;
        self.next_content(false)?;
        Some((self.string(&text)?, end))
    }

    fn block_scalar(&mut self, is_literal: bool, column: usize) -> Option<(Data, u32)> {
        if self.skims
            && let Some(end) = self.skip_block(column)
        {
            self.next_content(true)?;
            return Some((Data::Null, end));
        }
        let text = self.scan(self.mark(), column, |scanner| scanner.block_scalar(is_literal))?;
        let end = self.at as u32;
        self.next_content(false)?;
        Some((self.string(&text)?, end))
    }

    fn string(&mut self, text: &[u8]) -> Option<Data> {
        if self.skims {
            return Some(Data::Null);
        }
        self.grow(TEXT + text.len())?;
        Some(Data::Str(Str::new(text)))
    }

    /// Counts memory for the document.
    fn grow(&mut self, bytes: usize) -> Option<()> {
        let left = self.bytes_left.checked_sub(bytes);
        self.is_too_large |= left.is_none();
        self.bytes_left = left?;
        Some(())
    }

    /// Lets the scanner read the scalar that begins at a position.
    fn scan(
        &mut self,
        start: Mark,
        column: usize,
        scalar: impl FnOnce(&mut Scanner<'a>) -> Result<(Kind<'a>, Mark), Error>,
    ) -> Option<Cow<'a, [u8]>> {
        let scanner = &mut self.scanner;
        // The scanner needs the first line only to know whether the scalar is at its start, which it never is.
        (scanner.pos, scanner.extra, scanner.line, scanner.line_start) = (start.at as usize, 0, start.line, 0);
        scanner.indent = column as isize;
        let (kind, end) = scalar(scanner).ok()?;
        (self.at, self.line) = (end.at as usize, end.line);
        match kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The part of a plain scalar in this line; stops after it.
    fn plain(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let begins = match self.peek(0)? {
            b'-' => !self.is_blank(1),
            b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => false,
            byte => is_ordinary(byte),
        };
        if !begins {
            return None;
        }
        loop {
            self.at += self.text[self.at..].iter().take_while(|&&byte| is_ordinary(byte)).count();
            match self.peek(0) {
                None | Some(b'\n') => break,
                Some(b' ') => {
                    let end = self.at;
                    self.skip_spaces();
                    if matches!(self.peek(0), None | Some(b'\n' | b'#')) {
                        self.at = end;
                        break;
                    }
                }
                Some(b':') if self.is_blank(1) && self.text[self.at - 1] == b' ' => return None,
                Some(b':') if self.is_blank(1) => break,
                Some(b'\t') => return None,
                Some(_) => self.at += 1,
            }
        }
        Some(&self.text[start..self.at])
    }

    /// A quoted scalar without escapes, on one line; stops after it.
    fn quoted(&mut self, quote: u8) -> Option<&'a [u8]> {
        let inside = &self.text[self.at + 1..];
        let length = memchr::memchr3(quote, b'\\', b'\n', inside)?;
        let is_doubled = quote == b'\'' && inside.get(length + 1) == Some(&quote);
        if inside[length] != quote || is_doubled {
            return None;
        }
        self.at += length + 2;
        Some(&inside[..length])
    }

    /// Skips a `|` or `>` scalar and returns its end; `None` if that needs more than the start of each line.
    fn skip_block(&mut self, column: usize) -> Option<u32> {
        let mut end = self.at + 1;
        if let Some(b'-' | b'+') = self.text.get(end) {
            end += 1;
        }
        if self.text.get(end) != Some(&b'\n') {
            return None;
        }
        let (mut start, mut lines) = (end + 1, 1);
        let mut indent = None;
        let mut deepest = column + 1;
        loop {
            let rest = self.text.get(start..).unwrap_or_default();
            let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
            let is_inside = match (rest.get(spaces), indent) {
                (None, Some(indent)) if spaces > indent => return None,
                (None, _) => break,
                (Some(b'\n'), None) => {
                    deepest = deepest.max(spaces);
                    false
                }
                (Some(b'\t'), None) => return None,
                (Some(_), None) if spaces < deepest => return None,
                (Some(_), None) => {
                    indent = Some(spaces);
                    true
                }
                (Some(_), Some(indent)) if spaces > indent => true,
                (Some(b'\n'), _) => false,
                (Some(_), Some(indent)) if spaces == indent => true,
                (Some(b'\t'), _) => return None,
                (Some(_), _) => break,
            };
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            if is_inside {
                end = start + length;
            }
            start += length + 1;
            lines += 1;
        }
        self.at = start.min(self.text.len());
        self.line += lines;
        self.line_start = self.at;
        Some(end as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::read_any;
    use super::*;

    /// Content that this path handles, and content that it does not.
    const SAMPLE: &str = r#"# head
apiVersion: v1
kind: "Kind"   # trailing
empty:
none:   # comment
metadata:
  name: 'it''s'
  esc: "a\tb \
    c"
  labels: {}
  a.b/c: x y  z#1
  "quoted key": ~
  long: one
    two

    three
  folded: >-
    one

     two
    three
list:
- a: 1
  b: -2.5
-
- - x
  - "y": []
- |
   text
    more

   end

more:
  - -c
  - k:
      - true
  # between

  - last: |+
      é
  

tail: on
"#;

    /// Both paths give the same result, or this one gives up.
    fn compare(text: &[u8]) -> bool {
        let limits = Limits::default();
        let decoded = Text::new(text);
        let mut is_read = false;
        for wanted in [(|_| true) as fn(&[u8]) -> bool, |key| key.first() == Some(&b'm')] {
            let Some(node) = read(&decoded, &limits, wanted) else { continue };
            is_read = true;
            assert_eq!(node, read_any(&decoded, &limits, wanted), "{}", String::from_utf8_lossy(text));
        }
        is_read
    }

    #[test]
    fn it_is_the_same_as_the_long_way() {
        assert!(compare(SAMPLE.as_bytes()));
        let pieces: &[&[u8]] = &[
            b"",
            b" ",
            b"  ",
            b"\n",
            b"\n\n",
            b"\t",
            b"-",
            b"- ",
            b":",
            b": ",
            b"#",
            b" #",
            b"'",
            b"\"",
            b"\\",
            b"|",
            b"|-\n",
            b">",
            b"[]",
            b"{}",
            b"[",
            b"]",
            b",",
            b"&a ",
            b"*a",
            b"!!str ",
            b"? ",
            b"0",
            b".inf",
            b"<<",
            b"---",
            b"...",
            b"\r",
            b"\xC2\x85",
            b"\xE2\x80\xA8",
            b"\xEF\xBB\xBF",
            b"~",
            b"y",
            b"\xC3\xA9",
            b"%",
            b"x: 1",
        ];
        let mut read = 0;
        for at in 0..=SAMPLE.len() {
            for piece in pieces {
                for left_out in 0..2 {
                    let after = SAMPLE.as_bytes().get(at + left_out..).unwrap_or_default();
                    let text = [&SAMPLE.as_bytes()[..at], piece, after].concat();
                    read += u32::from(compare(&text));
                }
                // And a text that ends there.
                read += u32::from(compare(&[&SAMPLE.as_bytes()[..at], piece].concat()));
            }
        }
        assert!(read > 10_000, "{read}");
    }

    #[test]
    fn limits_are_left_to_the_long_way() {
        let text = Text::new(b"a: [ ]\nb: {}\n");
        assert_eq!(read(&text, &Limits::default(), |_| true), None);
        let text = Text::new(b"a: []\nb: {}\n");
        let nodes = |yaml_nodes| Limits { yaml_nodes, ..Limits::default() };
        assert!(read(&text, &nodes(6), |_| true).is_some() && read_any(&text, &nodes(6), |_| true).is_ok());
        assert!(read(&text, &nodes(5), |_| true).is_none() && read_any(&text, &nodes(5), |_| true).is_err());
    }
}
