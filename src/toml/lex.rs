//! [`Scanner`]: the characters of a TOML text, its strings, and its errors.

use super::time::Zones;
use crate::go::{go_quote, quote_rune};
use crate::template::Failure;
use crate::trace::{Buf, Str};

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Fault {
    /// The text is not TOML.
    Text {
        /// BurntSushi's message.
        message: String,
        /// The line in the message.
        line: usize,
    },
    /// A limit of ours.
    Limit(Failure),
}

/// A TOML text with a position.
pub(super) struct Scanner<'a> {
    pub(super) source: &'a Str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Whether lines are counted as in helm 3's library.
    pub(super) old: bool,
    pub(super) zones: Zones,
}

pub(super) fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t')
}

pub(super) fn is_line_break(char: char) -> bool {
    matches!(char, '\n' | '\r')
}

impl<'a> Scanner<'a> {
    /// The next character; `None` at the end.
    ///
    /// # Errors
    /// Bytes that are not UTF-8, or control characters.
    pub(super) fn peek(&self) -> Result<Option<char>, Fault> {
        let Some(&byte) = self.bytes.get(self.at) else { return Ok(None) };
        let char = match byte {
            b'\t' | b'\n' | b' '..=b'~' => return Ok(Some(byte as char)),
            b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => return Ok(Some('\r')),
            0x80.. => {
                let head = &self.bytes[self.at..self.bytes.len().min(self.at + 4)];
                head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next())
            }
            _ => return Err(self.fault(format!("TOML files cannot contain control characters: '0x{byte:02x}'"))),
        };
        match char {
            Some(char) => Ok(Some(char)),
            None => Err(self.fault(format!("invalid UTF-8 byte: 0x{byte:02x}"))),
        }
    }

    /// Consumes the next character.
    pub(super) fn next(&mut self) -> Result<Option<char>, Fault> {
        let char = self.peek()?;
        self.at += char.map_or(0, char::len_utf8);
        Ok(char)
    }

    /// Consumes the next character if it is this one.
    pub(super) fn accept(&mut self, wanted: char) -> Result<bool, Fault> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        Ok(found)
    }

    /// Consumes characters while they match.
    pub(super) fn skip(&mut self, fits: impl Fn(char) -> bool) -> Result<(), Fault> {
        while let Some(char) = self.peek()?.filter(|&char| fits(char)) {
            self.at += char.len_utf8();
        }
        Ok(())
    }

    /// The line of a position, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.bytes[..at.min(self.bytes.len())].iter().filter(|&&byte| byte == b'\n').count()
    }

    /// An error at the current position.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::Text { message: message.into(), line: self.line(self.at) }
    }

    /// An error on the previous line.
    pub(super) fn fault_before(&self, message: impl Into<String>) -> Fault {
        Fault::Text { message: message.into(), line: self.line(self.at).saturating_sub(1) }
    }

    /// An error about the last consumed character; `None` is the end of the text.
    pub(super) fn fault_about(&self, char: Option<char>, message: impl Into<String>) -> Fault {
        if char.is_some() {
            return self.fault(message);
        }
        let line = self.line(self.at);
        let after_break = self.at > 0 && self.bytes[self.at - 1] == b'\n';
        let line = if self.old || after_break { line.saturating_sub(1) } else { line };
        Fault::Text { message: message.into(), line }
    }

    /// A character in Go's `%q` form; the end of the text is NUL.
    pub(super) fn quote(char: Option<char>) -> String {
        quote_rune(char.unwrap_or('\0'), false)
    }

    /// Skips a comment, up to its line break.
    pub(super) fn comment(&mut self) -> Result<(), Fault> {
        self.skip(|char| !is_line_break(char))
    }

    /// Reads a single-line string, after its opening quote.
    pub(super) fn string(&mut self, quote: char) -> Result<Str, Fault> {
        let start = self.at;
        loop {
            match self.next()? {
                None => return Err(self.fault_about(None, format!("unexpected EOF; expected {}", quotes(quote, 1)))),
                Some(char) if is_line_break(char) => {
                    return Err(self.fault_before("strings cannot contain newlines"));
                }
                Some('\\') if quote == '"' => self.escape(start)?,
                Some(char) if char == quote => break,
                Some(_) => {}
            }
        }
        self.content(start, self.at - 1, quote == '"', false)
    }

    /// Reads a multi-line string, after its three opening quotes.
    pub(super) fn long_string(&mut self, quote: char) -> Result<Str, Fault> {
        let start = self.at;
        loop {
            match self.next()? {
                None => return Err(self.fault_about(None, format!("unexpected EOF; expected {}", quotes(quote, 3)))),
                Some('\\') if quote == '"' => {
                    if self.peek()?.is_some_and(is_line_break) {
                        self.next()?;
                    } else {
                        self.escape(start)?;
                    }
                }
                Some(char) if char == quote && self.accept(quote)? => {
                    if !self.accept(quote)? {
                        // Two quotes: the second may begin the closing ones.
                        self.at -= 1;
                        continue;
                    }
                    if self.peek()? != Some(quote) {
                        break;
                    }
                    // Up to two quotes may precede the closing three.
                    let read = &self.bytes[start..self.at];
                    let five = [quote as u8; 5];
                    let escaped = quote == '"' && read.ends_with(b"\\\"\"\"\"\"");
                    if read.ends_with(&five) && !escaped {
                        return Err(self.fault(format!("unexpected {}", quotes(quote, 6))));
                    }
                    self.at -= 2;
                }
                Some(_) => {}
            }
        }
        let mut first = start;
        if self.bytes[first..].starts_with(b"\n") {
            first += 1;
        } else if self.bytes[first..].starts_with(b"\r\n") {
            first += 2;
        }
        self.content(first.min(self.at - 3), self.at - 3, quote == '"', true)
    }

    /// Checks an escape sequence after its backslash, in a string that begins at `start`.
    fn escape(&mut self, start: usize) -> Result<(), Fault> {
        let char = self.next()?;
        let (digits, words, letter) = match char {
            Some('e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\') => return Ok(()),
            Some('x') => (2, "two", 'x'),
            Some('u') => (4, "four", 'u'),
            Some('U') => (8, "eight", 'U'),
            None => return Err(self.fault_before("invalid escape in string '\\\0'")),
            Some(char) => return Err(self.fault(format!("invalid escape in string '\\{char}'"))),
        };
        for _ in 0..digits {
            let char = self.next()?;
            if !char.is_some_and(|char| char.is_ascii_hexdigit()) {
                let read = go_quote(&self.bytes[start..self.at]);
                let message = format!("expected {words} hexadecimal digits after '\\{letter}', but got {read} instead");
                return Err(self.fault_about(char, message));
            }
        }
        Ok(())
    }

    /// The string in a range of the text, with escapes replaced.
    fn content(&self, start: usize, end: usize, escapes: bool, long: bool) -> Result<Str, Fault> {
        let text = &self.bytes[start..end];
        if !escapes || !text.contains(&b'\\') {
            return Ok(self.source.slice(start..end));
        }
        let mut out = Buf::with_capacity(text.len());
        let mut at = start;
        while let Some(found) = self.bytes[at..end].iter().position(|&byte| byte == b'\\') {
            out.push_slice(self.source, at..at + found);
            at += found;
            let spaces = self.bytes[at + 1..end].iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            if long && self.bytes[at + 1..at + 1 + spaces].contains(&b'\n') {
                // A backslash at the end of a line removes the white space up to the next word.
                at += 1 + spaces;
                continue;
            }
            let (width, char) = match self.bytes[at + 1] {
                b'b' => (2, '\u{8}'),
                b't' => (2, '\t'),
                b'n' => (2, '\n'),
                b'f' => (2, '\u{c}'),
                b'r' => (2, '\r'),
                b'e' => (2, '\u{1b}'),
                b'x' => (4, self.code(at, 2)?),
                b'u' => (6, self.code(at, 4)?),
                b'U' => (10, self.code(at, 8)?),
                blank @ (b' ' | b'\t') => {
                    return Err(self.fault(format!("invalid escape: '\\{}'", blank as char)));
                }
                char => (2, char as char),
            };
            out.push_instead(char.encode_utf8(&mut [0; 4]).as_bytes(), self.source, at..at + width);
            at += width;
        }
        out.push_slice(self.source, at..end);
        Ok(out.into_str())
    }

    /// The character of an escape sequence at `at` with a number of digits.
    fn code(&self, at: usize, digits: usize) -> Result<char, Fault> {
        let text = str::from_utf8(&self.bytes[at + 2..at + 2 + digits]).unwrap_or_default();
        u32::from_str_radix(text, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| self.fault(format!("Escaped character '\\u{text}' is not valid UTF-8.")))
    }
}

/// A number of quotes, quoted with the other kind of quote.
fn quotes(quote: char, count: usize) -> String {
    let outer = if quote == '"' { '\'' } else { '"' };
    let inner: String = std::iter::repeat_n(quote, count).collect();
    format!("{outer}{inner}{outer}")
}
