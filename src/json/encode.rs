//! From values to JSON text.

use crate::go::strconv::{format_int, format_uint, shortest_g};
use crate::template::float::json_float;
use crate::template::types::GoKind;
use crate::template::{IntKind, Map, Value};
use crate::trace::{Buf, Origin, Str};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::HashSet;

/// How to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonStyle {
    /// Write `<`, `>` and `&` as `\u003c` …
    pub html: bool,
    /// One line for each element, indented by two spaces a level.
    pub pretty: bool,
    /// Write bytes that are not UTF-8 as `\ufffd`, as Go did before 1.25, instead of as the character itself.
    pub escape_bad_bytes: bool,
    /// The maximum length of the text.
    pub max_bytes: usize,
}

/// Why a value cannot be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// Go's message: `json: unsupported value: NaN`.
    Unsupported(String),
    /// It exceeds [`JsonStyle::max_bytes`].
    TooLong,
}

/// The depth of collections and objects from which Go looks for cycles, and the depth that it rejects.
const LOOKS_FOR_CYCLES: usize = 1000;
const MAX_DEPTH: usize = 10_000;

/// Encodes a value; each scalar keeps its origins.
///
/// Source: Go 1.27 `encoding/json`, `Marshal`.
pub(crate) fn encode(value: &Value, style: &JsonStyle) -> Result<Str, Error> {
    let mut writer = Writer { out: Buf::new(), style, depth: 0, open: HashSet::new() };
    writer.value(value)?;
    Ok(writer.out.into_str())
}

struct Writer<'a> {
    out: Buf,
    style: &'a JsonStyle,
    depth: usize,
    /// Maps being written, once the depth is suspicious.
    open: HashSet<usize>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        if self.out.longest() > self.style.max_bytes {
            return Err(Error::TooLong);
        }
        match value {
            Value::Nil => self.out.push_text("null"),
            Value::Bool(truth, origin) => self.word(if *truth { b"true" } else { b"false" }, *origin),
            Value::Int(number, IntKind::Uint64, origin) => self.word(format_uint(*number as u64).as_bytes(), *origin),
            Value::Int(number, _, origin) => self.word(format_int(*number).as_bytes(), *origin),
            Value::Float(number, origin) if number.is_finite() => self.word(&json_float(*number), *origin),
            Value::Float(number, _) => {
                return Err(Error::Unsupported(format!(
                    "json: unsupported value: {}",
                    String::from_utf8_lossy(shortest_g(*number).as_bytes())
                )));
            }
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) => {
                self.out.push_text("\"");
                self.out.push_from(BASE64.encode(bytes.as_bytes()).as_bytes(), bytes.origin(), 0);
                self.out.push_text("\"");
            }
            Value::List(list) if list.is_nil() => self.out.push_text("null"),
            Value::List(list) => {
                self.begin(b'[')?;
                for (index, item) in list.iter().enumerate() {
                    self.next(index == 0);
                    self.value(item)?;
                }
                self.end(b']', list.is_empty());
            }
            Value::Map(map) if map.is_nil() => self.out.push_text("null"),
            Value::Map(map) => {
                let guarded = self.depth >= LOOKS_FOR_CYCLES;
                if guarded && !self.open.insert(map.identity()) {
                    let text = format!("json: unsupported value: encountered a cycle via {}", map.ty().name);
                    return Err(Error::Unsupported(text));
                }
                self.map(map)?;
                if guarded {
                    self.open.remove(&map.identity());
                }
            }
            Value::GoObject(object) => match object.json() {
                // A complex number is written as a boolean.
                Some(value) if object.ty().kind != GoKind::Complex128 => return self.value(&value),
                None if object.ty().name == "time.Time" => {
                    let reason = "error calling MarshalJSON for type *time.Time: year outside of range [0,9999]";
                    return Err(Error::Unsupported(format!("json: {reason}")));
                }
                None if matches!(object.ty().kind, GoKind::Struct | GoKind::Ptr) => {
                    let fields = object.json_fields();
                    self.begin(b'{')?;
                    for (index, (name, value)) in fields.iter().enumerate() {
                        self.next(index == 0);
                        self.key(&Str::new(*name));
                        self.value(value)?;
                    }
                    self.end(b'}', fields.is_empty());
                }
                _ => {
                    return Err(Error::Unsupported(format!("json: unsupported type: {}", object.ty().name)));
                }
            },
        }
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<(), Error> {
        let entries = map.borrow();
        self.begin(b'{')?;
        for (index, (key, value)) in entries.iter().enumerate() {
            self.next(index == 0);
            self.key(key);
            self.value(value)?;
        }
        self.end(b'}', entries.is_empty());
        Ok(())
    }

    fn begin(&mut self, bracket: u8) -> Result<(), Error> {
        self.out.push_bytes(&[bracket]);
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Unsupported("exceeded max depth".to_owned()));
        }
        Ok(())
    }

    /// The text before an element.
    fn next(&mut self, first: bool) {
        if !first {
            self.out.push_text(",");
        }
        self.line();
    }

    fn end(&mut self, bracket: u8, empty: bool) {
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push_bytes(&[bracket]);
    }

    fn line(&mut self) {
        if self.style.pretty {
            self.out.push_text("\n");
            for _ in 0..self.depth {
                self.out.push_text("  ");
            }
        }
    }

    fn key(&mut self, key: &Str) {
        self.string(key);
        self.out.push_text(if self.style.pretty { ": " } else { ":" });
    }

    fn word(&mut self, text: &[u8], origin: Origin) {
        self.out.push_from(text, origin, 0);
    }

    fn string(&mut self, text: &Str) {
        self.out.push_text("\"");
        let bytes = text.as_bytes();
        let mut start = 0;
        let mut at = 0;
        while at < bytes.len() {
            let (width, escape): (usize, &[u8]) = match bytes[at] {
                b'"' => (1, b"\\\""),
                b'\\' => (1, b"\\\\"),
                b'\n' => (1, b"\\n"),
                b'\r' => (1, b"\\r"),
                b'\t' => (1, b"\\t"),
                8 => (1, b"\\b"),
                12 => (1, b"\\f"),
                b'<' if self.style.html => (1, b"\\u003c"),
                b'>' if self.style.html => (1, b"\\u003e"),
                b'&' if self.style.html => (1, b"\\u0026"),
                control @ 0..0x20 => {
                    self.out.push_slice(text, start..at);
                    self.out.push_instead(format!("\\u{control:04x}").as_bytes(), text, at..at + 1);
                    at += 1;
                    start = at;
                    continue;
                }
                0x20..0x80 => {
                    at += 1;
                    continue;
                }
                _ => match char_width(&bytes[at..]) {
                    0 if self.style.escape_bad_bytes => (1, b"\\ufffd"),
                    0 => (1, "\u{FFFD}".as_bytes()),
                    3 if bytes[at..].starts_with("\u{2028}".as_bytes()) => (3, b"\\u2028"),
                    3 if bytes[at..].starts_with("\u{2029}".as_bytes()) => (3, b"\\u2029"),
                    width => {
                        at += width;
                        continue;
                    }
                },
            };
            self.out.push_slice(text, start..at);
            self.out.push_instead(escape, text, at..at + width);
            at += width;
            start = at;
        }
        self.out.push_slice(text, start..bytes.len());
        self.out.push_text("\"");
    }
}

/// The length of the character at the beginning of bytes; 0 if it is not UTF-8.
fn char_width(bytes: &[u8]) -> usize {
    let width = match bytes[0] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return 0,
    };
    bytes.get(..width).map_or(0, |char| if std::str::from_utf8(char).is_ok() { width } else { 0 })
}
