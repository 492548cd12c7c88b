//! Scalars in all four styles. Their text is borrowed if it appears unchanged in the source.

use super::chars::is_ordinary;
use super::error::Error;
use super::scan::{Kind, Mark, Scanner};
use std::borrow::Cow;

/// A value that is borrowed from the text until it must change.
struct Value<'a> {
    text: &'a [u8],
    /// The part built before `from`; empty and unused while `changed` is false.
    done: Vec<u8>,
    changed: bool,
    /// The start of the range that is not yet in `done`.
    from: usize,
}

impl<'a> Value<'a> {
    fn new(text: &'a [u8], from: usize) -> Self {
        Self { text, done: Vec::new(), changed: false, from }
    }

    /// Takes the text up to a position, and continues at another.
    fn cut(&mut self, to: usize, next: usize) {
        self.done.extend_from_slice(self.text.get(self.from..to).unwrap_or_default());
        self.changed = true;
        self.from = next;
    }

    fn finish(mut self, to: usize) -> Cow<'a, [u8]> {
        if self.changed {
            self.cut(to, to);
            Cow::Owned(self.done)
        } else {
            Cow::Borrowed(self.text.get(self.from..to).unwrap_or_default())
        }
    }
}

/// Line breaks within a scalar: one becomes a space, several become one fewer; the special ones of Unicode are kept.
#[derive(Default)]
struct Fold {
    /// A line ended, and the next content has not been reached.
    begun: bool,
    first: &'static [u8],
    more: Vec<u8>,
}

impl Fold {
    fn add(&mut self, line_break: &'static [u8]) {
        if self.begun {
            self.more.extend_from_slice(line_break);
        } else {
            self.first = line_break;
            self.begun = true;
        }
    }

    fn write(&mut self, to: &mut Vec<u8>) {
        if self.first == b"\n" {
            if self.more.is_empty() {
                to.push(b' ');
            }
        } else {
            to.extend_from_slice(self.first);
        }
        to.append(&mut self.more);
        self.first = b"";
        self.begun = false;
    }
}

impl<'a> Scanner<'a> {
    /// A plain scalar, and its end.
    pub(super) fn plain_scalar(&mut self) -> Result<(Kind<'a>, Mark), Error> {
        let indent = self.indent + 1;
        let mut end = self.mark();
        let mut value = Value::new(self.text, self.pos);
        let mut fold = Fold::default();
        loop {
            self.need(4)?;
            if self.at_document_indicator() || self.peek_byte(0) == b'#' {
                break;
            }
            let start = self.pos;
            loop {
                if !fold.begun {
                    self.pos += self.near().iter().take_while(|&&byte| is_ordinary(byte)).count();
                }
                let byte = self.peek_byte(0);
                if self.is_blankz(0)
                    || (byte == b':' && self.is_blankz(1))
                    || (self.flow_level > 0 && matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}'))
                {
                    break;
                }
                if fold.begun {
                    value.cut(end.at as usize, self.pos);
                    fold.write(&mut value.done);
                }
                self.skip();
                self.need(2)?;
            }
            if self.pos > start {
                end = self.mark();
            }
            if !(matches!(self.peek_byte(0), b' ' | b'\t') || self.is_break(0)) {
                break;
            }
            loop {
                self.need(1)?;
                let byte = self.peek_byte(0);
                if matches!(byte, b' ' | b'\t') {
                    if fold.begun && byte == b'\t' && (self.column() as isize) < indent {
                        return Err(self.error("found a tab character that violates indentation"));
                    }
                    self.pos += 1;
                } else if self.is_break(0) {
                    self.need(2)?;
                    fold.add(self.skip_break());
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && (self.column() as isize) < indent {
                break;
            }
        }
        if fold.begun {
            self.simple_key_allowed = true;
        }
        Ok((Kind::Scalar { text: value.finish(end.at as usize), plain: true }, end))
    }

    /// A scalar in single or double quotes.
    pub(super) fn quoted_scalar(&mut self, quote: u8) -> Result<Cow<'a, [u8]>, Error> {
        let is_double = quote == b'"';
        self.pos += 1;
        let mut value = Value::new(self.text, self.pos);
        let mut fold = Fold::default();
        loop {
            self.need(4)?;
            if self.at_document_indicator() {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.peek_byte(0) == 0 {
                return Err(self.error("found unexpected end of stream"));
            }
            loop {
                self.pos += self.near().iter().take_while(|&&byte| is_ordinary(byte)).count();
                let byte = self.peek_byte(0);
                if self.is_blankz(0) || (byte == quote && (is_double || self.peek_byte(1) != quote)) {
                    break;
                } else if byte == quote {
                    value.cut(self.pos + 1, self.pos + 2);
                    self.pos += 2;
                } else if is_double && byte == b'\\' {
                    value.cut(self.pos, self.pos);
                    if self.is_break(1) {
                        self.need(3)?;
                        self.pos += 1;
                        self.skip_break();
                        value.from = self.pos;
                        fold.begun = true;
                        break;
                    }
                    self.escape(&mut value.done)?;
                    value.from = self.pos;
                } else {
                    self.skip();
                }
                self.need(2)?;
            }
            self.need(1)?;
            if self.peek_byte(0) == quote {
                break;
            }
            let end = self.pos;
            loop {
                if matches!(self.peek_byte(0), b' ' | b'\t') {
                    self.pos += 1;
                } else if self.is_break(0) {
                    self.need(2)?;
                    fold.add(self.skip_break());
                } else {
                    break;
                }
                self.need(1)?;
            }
            if fold.begun {
                value.cut(end, self.pos);
                fold.write(&mut value.done);
            }
        }
        let end = self.pos;
        self.pos += 1;
        Ok(value.finish(end))
    }

    /// An escape in double quotes.
    fn escape(&mut self, to: &mut Vec<u8>) -> Result<(), Error> {
        let digits = match self.peek_byte(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            byte => {
                let text: &[u8] = match byte {
                    b'0' => b"\0",
                    b'a' => b"\x07",
                    b'b' => b"\x08",
                    b't' | b'\t' => b"\t",
                    b'n' => b"\n",
                    b'v' => b"\x0B",
                    b'f' => b"\x0C",
                    b'r' => b"\r",
                    b'e' => b"\x1B",
                    b' ' => b" ",
                    b'"' => b"\"",
                    b'\'' => b"'",
                    b'\\' => b"\\",
                    b'N' => "\u{85}".as_bytes(),
                    b'_' => "\u{A0}".as_bytes(),
                    b'L' => "\u{2028}".as_bytes(),
                    b'P' => "\u{2029}".as_bytes(),
                    _ => return Err(self.error("found unknown escape character")),
                };
                to.extend_from_slice(text);
                self.pos += 2;
                return Ok(());
            }
        };
        self.pos += 2;
        self.need(digits)?;
        let mut value = 0;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.peek_byte(ahead)).to_digit(16) else {
                // Go quirk: the word is misspelt.
                return Err(self.error("did not find expected hexdecimal number"));
            };
            value = value << 4 | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return Err(self.error("found invalid Unicode character escape code"));
        };
        to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        self.pos += digits;
        Ok(())
    }

    /// A `|` or `>` scalar, and the end of its last non-empty line.
    pub(super) fn block_scalar(&mut self, is_literal: bool) -> Result<(Kind<'a>, Mark), Error> {
        self.pos += 1;
        let (mut chomping, mut increment) = (None, 0);
        for _ in 0..2 {
            self.need(1)?;
            match self.peek_byte(0) {
                sign @ (b'+' | b'-') if chomping.is_none() => chomping = Some(sign),
                b'0' if increment == 0 => {
                    return Err(self.error("found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = isize::from(digit - b'0'),
                _ => break,
            }
            self.pos += 1;
        }
        let mut end = self.mark();
        self.end_line()?;

        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let mut text = Vec::new();
        let mut fold = Fold::default();
        let mut leading_blank = false;
        self.block_breaks(&mut indent, &mut fold.more)?;
        self.need(1)?;
        while self.column() as isize == indent && self.peek_byte(0) != 0 {
            let blank = matches!(self.peek_byte(0), b' ' | b'\t');
            // Lines that begin with white space are not folded.
            if is_literal || leading_blank || blank {
                text.extend_from_slice(fold.first);
                text.append(&mut fold.more);
            } else {
                fold.write(&mut text);
            }
            leading_blank = blank;
            let start = self.pos;
            self.skip_line()?;
            text.extend_from_slice(self.text.get(start..self.pos).unwrap_or_default());
            end = self.mark();
            self.need(2)?;
            fold.first = self.skip_break();
            self.block_breaks(&mut indent, &mut fold.more)?;
        }
        if chomping != Some(b'-') {
            text.extend_from_slice(fold.first);
        }
        if chomping == Some(b'+') {
            text.append(&mut fold.more);
        }
        Ok((Kind::Scalar { text: Cow::Owned(text), plain: false }, end))
    }

    /// Skips the indentation and empty lines of a block scalar; determines the indentation if it is not known.
    fn block_breaks(&mut self, indent: &mut isize, breaks: &mut Vec<u8>) -> Result<(), Error> {
        let mut deepest = 0;
        loop {
            self.need(1)?;
            while (*indent == 0 || (self.column() as isize) < *indent) && self.peek_byte(0) == b' ' {
                self.pos += 1;
                self.need(1)?;
            }
            let column = self.column() as isize;
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.peek_byte(0) == b'\t' {
                return Err(self.error("found a tab character where an indentation space is expected"));
            }
            if !self.is_break(0) {
                break;
            }
            self.need(2)?;
            breaks.extend_from_slice(self.skip_break());
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
