//! Parses one JSON value at the front of a text, as `--set-json` does, with the position of each of its parts.
//!
//! Only success or failure matters, because helm does not print the reason.

use crate::trace::Str;
use crate::yaml::node::Entry;
use crate::yaml::{Data, Node};
use std::borrow::Cow;

/// The nesting limit of Go's `encoding/json`.
const DEPTH: u32 = 10_000;

/// Parses the value that begins at a byte of the text (after optional white space); returns it with its end. `None` if there is no
/// valid value.
pub(crate) fn read_value(text: &str, at: usize) -> Option<(Node, usize)> {
    let mut reader = Reader { text, at, line: 1, any_number: false };
    let node = reader.value(0)?;
    Some((node, reader.at))
}

/// The same for a schema, in which numbers have any size: helm's validator does not use floating point.
pub(crate) fn read_schema(text: &str) -> Option<(Node, usize)> {
    let mut reader = Reader { text, at: 0, line: 1, any_number: true };
    let node = reader.value(0)?;
    Some((node, reader.at))
}

/// Parses a text that is one JSON value; `None` if it is not.
pub(crate) fn read_all(text: &str) -> Option<Node> {
    let mut reader = Reader { text, at: 0, line: 1, any_number: false };
    let node = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(node)
}

/// Whether a text is one JSON value.
pub(crate) fn is_json(text: &str) -> bool {
    read_all(text).is_some()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// Whether a number may exceed `float64`; it is read as the largest one.
    any_number: bool,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: u32) -> Option<Node> {
        if depth > DEPTH {
            return None;
        }
        self.space();
        let (start, line) = (self.at as u32, self.line);
        let data = match self.peek()? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => Data::Str(Str::new(&*self.string()?)),
            b't' => self.word("true", Data::Bool(true))?,
            b'f' => self.word("false", Data::Bool(false))?,
            b'n' => self.word("null", Data::Null)?,
            _ => Data::Float(self.number()?),
        };
        Some(Node { data, start, end: self.at as u32, line })
    }

    fn word(&mut self, word: &str, data: Data) -> Option<Data> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            data
        })
    }

    fn object(&mut self, depth: u32) -> Option<Data> {
        self.take(b'{')?;
        let mut entries: Vec<(Entry, Node)> = Vec::new();
        self.space();
        if self.take(b'}').is_some() {
            return Some(Data::Map(entries));
        }
        loop {
            self.space();
            let (start, line) = (self.at as u32, self.line);
            let key = Str::new(&*self.string()?);
            let entry = Entry { key, start, end: self.at as u32, line };
            self.space();
            self.take(b':')?;
            entries.push((entry, self.value(depth + 1)?));
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                _ => break,
            }
        }
        self.take(b'}')?;
        Some(Data::Map(entries))
    }

    fn array(&mut self, depth: u32) -> Option<Data> {
        self.take(b'[')?;
        let mut items = Vec::new();
        self.space();
        if self.take(b']').is_some() {
            return Some(Data::Seq(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                _ => break,
            }
        }
        self.take(b']')?;
        Some(Data::Seq(items))
    }

    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let number: f64 = self.text[start..self.at].parse().ok()?;
        match number.is_finite() {
            false if self.any_number => Some(f64::MAX.copysign(number)),
            is_finite => is_finite.then_some(number),
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<Cow<'t, str>> {
        self.take(b'"')?;
        let mut string = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let length = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
            if rest.as_bytes()[..length].iter().any(|&byte| byte < 0x20) {
                return None;
            }
            string += &rest[..length];
            self.at += length + 1;
            if rest.as_bytes()[length] == b'"' {
                return Some(string);
            }
            string.to_mut().push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    let before = self.at;
                    self.at += 2;
                    let second = self.hex()?;
                    if (0xdc00..0xe000).contains(&second) {
                        return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
                    }
                    self.at = before;
                }
                // A lone surrogate, which Go writes as U+FFFD.
                char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
