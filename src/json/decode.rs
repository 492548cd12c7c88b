//! From JSON text to values.

use super::place::{place, token};
use crate::go::{decode_rune, go_quote, is_printable, quote_rune};
use crate::helm::HelmVersion;
use crate::template::types;
use crate::template::{List, Map, Value};
use crate::trace::{Buf, Origin, Str, go_text};

/// The content of a JSON text.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The value. Numbers are `float64`; those out of range are 0.
    pub value: Value,
    /// Go's error about the first number that is out of range.
    pub error: Option<String>,
}

/// Go's nesting limit.
const MAX_DEPTH: usize = 10_000;

/// Decodes a JSON text; strings and numbers have the origins of their text.
///
/// # Errors
/// Go's error about the first thing that is not JSON: `invalid character '}' looking for beginning of value`. The messages of
/// Go 1.27 differ from those in helm 3.
pub(crate) fn decode(text: &Str, helm: HelmVersion) -> Result<Decoded, String> {
    let old = helm == HelmVersion::V3;
    let mut reader = Reader { source: text, bytes: text.as_bytes(), at: 0, old, path: Vec::new(), error: None };
    reader.space();
    let value = reader.value()?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.unexpected("after top-level value"));
    }
    Ok(Decoded { value, error: reader.error })
}

/// Go's name for the kind of a value in a mismatch: `cannot unmarshal array into …`.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(..) => "bool",
        Value::Float(..) | Value::Int(..) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "null",
    }
}

struct Reader<'a> {
    source: &'a Str,
    bytes: &'a [u8],
    at: usize,
    /// Whether errors are worded as before Go's second JSON package.
    old: bool,
    path: Vec<Step>,
    error: Option<String>,
}

/// A step of a path.
enum Step {
    Name(Str),
    Index(usize),
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b't') => self.word("true").map(|origin| Value::Bool(true, origin)),
            Some(b'f') => self.word("false").map(|origin| Value::Bool(false, origin)),
            Some(b'n') => self.word("null").map(|_| Value::Nil),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        self.open()?;
        let map = Map::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(map));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.space();
            self.path.push(Step::Name(key.clone()));
            let value = self.value()?;
            self.path.pop();
            // Of duplicate members the last is used, with the position of its key.
            map.remove(key.as_bytes());
            map.insert(key, value);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
            self.space();
        }
        self.at += 1;
        Ok(Value::Map(map))
    }

    fn array(&mut self) -> Result<Value, String> {
        self.open()?;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(List::new(&types::LIST, items)));
        }
        loop {
            self.path.push(Step::Index(items.len()));
            items.push(self.value()?);
            self.path.pop();
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("after array element")),
            }
            self.space();
        }
        self.at += 1;
        Ok(Value::List(List::new(&types::LIST, items)))
    }

    fn open(&mut self) -> Result<(), String> {
        self.at += 1;
        if self.path.len() >= MAX_DEPTH { Err("exceeded max depth".to_owned()) } else { Ok(()) }
    }

    fn word(&mut self, word: &'static str) -> Result<Origin, String> {
        let start = self.at;
        for (index, expected) in word.bytes().enumerate() {
            if self.peek() != Some(expected) {
                let expected = expected as char;
                debug_assert!(index > 0);
                return Err(self.cut_off(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(self.origin(start))
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.bytes[start..self.at]);
        let mut number: f64 = text.parse().unwrap_or_default();
        if number.is_infinite() {
            if self.error.is_none() {
                self.error =
                    Some(format!("json: cannot unmarshal number {text} into {} of type float64", self.target()));
            }
            if self.old {
                return Ok(Value::Nil);
            }
            number = 0.0;
        }
        Ok(Value::Float(number, self.origin(start)))
    }

    fn digits(&mut self, old_words: &str) -> Result<(), String> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start {
            return Ok(());
        }
        Err(self.cut_off(if self.old { old_words } else { "in numeric literal" }))
    }

    fn string(&mut self) -> Result<Str, String> {
        self.at += 1;
        let start = self.at;
        let plain = |byte: &u8| *byte >= 0x20 && *byte < 0x80 && *byte != b'"' && *byte != b'\\';
        // Most strings have no escapes, and are a slice of the text.
        self.at += self.bytes[start..].iter().take_while(|byte| plain(byte)).count();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(self.source.slice(start..self.at - 1));
        }
        let mut out = Buf::new();
        let mut copied = start;
        loop {
            match self.peek() {
                None => return Err("unexpected end of JSON input".to_owned()),
                Some(b'"') => break,
                Some(0..0x20) => {
                    return Err(self.unexpected(if self.old { "in string literal" } else { "in string" }));
                }
                Some(b'\\') => {
                    out.push_slice(self.source, copied..self.at);
                    let escape = self.at;
                    let char = self.escape()?;
                    out.push_instead(char.encode_utf8(&mut [0; 4]).as_bytes(), self.source, escape..self.at);
                    copied = self.at;
                }
                Some(0x80..) => match utf8_width(&self.bytes[self.at..]) {
                    0 => {
                        out.push_slice(self.source, copied..self.at);
                        out.push_instead("\u{FFFD}".as_bytes(), self.source, self.at..self.at + 1);
                        self.at += 1;
                        copied = self.at;
                    }
                    width => self.at += width,
                },
                Some(_) => self.at += 1,
            }
        }
        out.push_slice(self.source, copied..self.at);
        self.at += 1;
        Ok(out.into_str())
    }

    /// Parses an escape sequence. Lone surrogates become U+FFFD.
    fn escape(&mut self) -> Result<char, String> {
        let start = self.at;
        self.at += 1;
        let char = match self.peek() {
            Some(b'u') => {
                let unit = self.unit(start)?;
                if !(0xD800..0xE000).contains(&unit) {
                    return Ok(char::from_u32(unit).unwrap_or('\u{FFFD}'));
                }
                if unit < 0xDC00 && self.bytes[self.at..].starts_with(b"\\u") {
                    let second = self.at;
                    self.at += 1;
                    let low = self.unit(second)?;
                    if (0xDC00..0xE000).contains(&low) {
                        let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                        return Ok(char::from_u32(code).unwrap_or('\u{FFFD}'));
                    }
                    self.at = second;
                }
                return Ok('\u{FFFD}');
            }
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(byte @ (b'"' | b'\\' | b'/')) => byte as char,
            None => return Err(self.cut_off("in string escape code")),
            Some(_) if self.old => return Err(self.unexpected("in string escape code")),
            Some(_) => return Err(bad_escape(&self.bytes[start..start + 2])),
        };
        self.at += 1;
        Ok(char)
    }

    /// Parses the `uXXXX` of an escape sequence that begins at `start`.
    fn unit(&mut self, start: usize) -> Result<u32, String> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            match self.peek().and_then(|byte| (byte as char).to_digit(16)) {
                Some(digit) => unit = unit * 16 + digit,
                None if self.old || self.at >= self.bytes.len() => {
                    return Err(self.cut_off("in \\u hexadecimal character escape"));
                }
                None => return Err(bad_escape(&self.bytes[start..self.bytes.len().min(start + 6)])),
            }
        }
        self.at += 1;
        Ok(unit)
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The error about the next character.
    fn unexpected(&self, place: &str) -> String {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return "unexpected end of JSON input".to_owned();
        }
        format!("invalid character {} {place}", quote_char(rest))
    }

    /// The error about the next character within a token.
    fn cut_off(&self, place: &str) -> String {
        if self.old && self.at >= self.bytes.len() {
            // Go quirk: the old scanner sees a space at the end of the text.
            return format!("invalid character ' ' {place}");
        }
        self.unexpected(place)
    }

    fn origin(&self, start: usize) -> Origin {
        let spans = self.source.spans();
        let next = spans.partition_point(|span| span.end as usize <= start);
        spans.get(next).filter(|span| (span.start as usize) < self.at).map_or(Origin::NONE, |span| span.origin)
    }

    /// Go 1.27's name for the target of a number: `Go value`, `Go struct field .a.b`, `.a.0`.
    fn target(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Name(name) => {
                    path.push_str(&format!(".{}", token(&go_text(name.as_bytes()))));
                }
                Step::Index(index) => path.push_str(&format!(".{index}")),
            }
        }
        if self.old { "Go value".to_owned() } else { place(&path) }
    }
}

fn bad_escape(sequence: &[u8]) -> String {
    let fits = |char: char| is_printable(char) && !char.is_whitespace() && !matches!(char, '`' | '\u{FFFD}');
    let quoted = match str::from_utf8(sequence) {
        Ok(text) if text.chars().all(fits) => format!("`{text}`"),
        _ => go_quote(sequence),
    };
    format!("invalid escape sequence {quoted} in string")
}

/// The first character of a text as a Go constant; a byte that is not UTF-8 as `'\xff'`.
fn quote_char(text: &[u8]) -> String {
    match decode_rune(text) {
        (char::REPLACEMENT_CHARACTER, 1) => format!("'\\x{:x}'", text[0]),
        (char, _) => quote_rune(char, false),
    }
}

fn utf8_width(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(4)];
    head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match decode(&Str::from(text), HelmVersion::V4) {
            Err(error) => error,
            Ok(decoded) => decoded.error.unwrap_or_default(),
        }
    }

    #[test]
    fn words_of_errors() {
        let end = "unexpected end of JSON input";
        for (text, expected) in [
            ("", end),
            ("{\"a\"", end),
            ("\"\\u12", end),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{,}", "invalid character ',' looking for beginning of object key string"),
            ("nan", "invalid character 'a' in literal null (expecting 'u')"),
            ("1.a", "invalid character 'a' in numeric literal"),
            ("01", "invalid character '1' after top-level value"),
            ("[1 2]", "invalid character '2' after array element"),
            ("'a'", "invalid character '\\'' looking for beginning of value"),
            ("\"\\q\"", "invalid escape sequence `\\q` in string"),
            ("\"\\é\"", "invalid escape sequence \"\\\\\\xc3\" in string"),
            ("\u{200b}", "invalid character '\\u200b' looking for beginning of value"),
            ("\"a\nb\"", "invalid character '\\n' in string"),
            ("[{\"x\":1e999}]", "json: cannot unmarshal number 1e999 into Go struct field .0.x of type float64"),
            ("[[1e400]]", "json: cannot unmarshal number 1e400 into .0.0 of type float64"),
            ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
    }
}
