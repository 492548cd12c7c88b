//! From values to TOML.

use super::time;
use super::{escape, is_bare};
use crate::go::strconv::{format_int, format_uint};
use crate::helm::HelmVersion;
use crate::template::float::toml_float;
use crate::template::times::TimeObject;
use crate::template::types::GoKind;
use crate::template::{Context, Failure, GoObject, IntKind, Value};
use crate::trace::{Buf, Origin, Str};

/// Why a value cannot be written as TOML.
pub(crate) enum Error {
    /// The encoder's message.
    Toml(String),
    /// A panic or a limit.
    Failure(Failure),
}

/// The nesting limit of maps and lists; helm crashes on a map that contains itself.
const MAX_DEPTH: usize = 10_000;

/// Encodes a value; each scalar keeps its origins.
///
/// Source: BurntSushi/toml 1.6.0, `Encoder.Encode`.
pub(crate) fn encode(ctx: &mut Context<'_>, value: &Value) -> Result<Str, Error> {
    if value.is_nil() {
        let words = "reflect: call of reflect.Value.Type on zero Value".to_owned();
        return Err(Error::Failure(Failure::Text(words)));
    }
    let mut writer = Writer {
        out: Buf::new(),
        keys: Vec::new(),
        depth: 0,
        exponents: ctx.env.helm == HelmVersion::V4,
        max_bytes: ctx.limits.string_bytes.min(ctx.memory_left()),
        steps: 0,
        max_steps: ctx.steps_left(),
    };
    let result = writer.item(value);
    ctx.charge(3 * writer.steps + writer.out.len() as u64 / 8).map_err(Error::Failure)?;
    match result {
        Ok(()) => {}
        Err(Stop::Words(words)) => return Err(Error::Toml(words)),
        Err(Stop::TooLong) => return Err(Error::Failure(ctx.too_long())),
        Err(Stop::TooDeep) => {
            let what = format!("more than {MAX_DEPTH} nested maps and lists, or a map that contains itself");
            return Err(Error::Failure(Failure::limit(what)));
        }
    }
    ctx.allow_string(writer.out.longest()).map_err(Error::Failure)?;
    Ok(writer.out.into_str())
}

enum Stop {
    Words(String),
    TooLong,
    TooDeep,
}

/// The TOML form of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Nothing is written.
    Nil,
    /// A table.
    Table,
    /// A list of tables, `[[a]]`.
    Tables,
    /// Anything that fits after `key = `.
    Inline,
}

struct Writer {
    out: Buf,
    /// The keys of the current table.
    keys: Vec<Str>,
    depth: usize,
    exponents: bool,
    max_bytes: usize,
    steps: u64,
    max_steps: u64,
}

/// The TOML form of an object: its entries in order, or another value.
enum Shape {
    Entries(Vec<(Str, Value)>),
    Text(Str),
    Bare(Str),
    Other(Value),
    Unsupported,
}

fn shape(object: &dyn GoObject) -> Shape {
    if let Some(object) = object.as_any().downcast_ref::<TimeObject>() {
        return Shape::Bare(Str::with_origin(time::write(&object.time), object.origin));
    }
    let ty = object.ty();
    if ty.kind == GoKind::Complex128 {
        return Shape::Unsupported;
    }
    match (ty.name, object.json()) {
        ("time.Time" | "*time.Time", Some(Value::Str(text))) => Shape::Bare(text),
        ("time.Duration", _) => {
            Shape::Text(Str::with_origin(object.text().unwrap_or_default().into_owned(), object.origin()))
        }
        (_, Some(Value::Str(text))) => Shape::Text(text),
        (_, Some(Value::Int(number, kind, origin))) => Shape::Other(Value::Int(number, kind, origin)),
        (_, json) if matches!(ty.kind, GoKind::Struct | GoKind::Ptr) => {
            let fields = object.fields().into_iter();
            let exported: Vec<_> = fields.filter(|(name, _)| name.starts_with(char::is_uppercase)).collect();
            match json {
                Some(value) if exported.is_empty() => Shape::Other(value),
                _ => Shape::Entries(exported.into_iter().map(|(name, value)| (Str::new(name), value)).collect()),
            }
        }
        (_, Some(value)) => Shape::Other(value),
        (_, None) => Shape::Unsupported,
    }
}

impl Writer {
    fn class(&mut self, value: &Value) -> Result<Class, Stop> {
        self.class_at(value, 0)
    }

    fn class_at(&mut self, value: &Value, depth: usize) -> Result<Class, Stop> {
        self.steps += 1;
        // Lists that share members have more members than bytes.
        if depth > MAX_DEPTH || self.steps > self.max_steps {
            return Err(Stop::TooDeep);
        }
        Ok(match value {
            Value::Nil => Class::Nil,
            Value::Map(map) if map.is_nil() => Class::Nil,
            Value::List(list) if list.is_nil() => Class::Nil,
            Value::Map(_) => Class::Table,
            Value::List(list) => {
                let mut tables = !list.is_empty();
                for item in list.iter() {
                    match self.class_at(item, depth + 1)? {
                        Class::Nil => return Err(Stop::Words("toml: cannot encode array with nil element".to_owned())),
                        Class::Table => {}
                        _ => tables = false,
                    }
                }
                if tables { Class::Tables } else { Class::Inline }
            }
            Value::GoObject(object) => match shape(&**object) {
                Shape::Entries(_) => Class::Table,
                Shape::Text(_) | Shape::Bare(_) => Class::Inline,
                Shape::Other(value) => self.class_at(&value, depth + 1)?,
                Shape::Unsupported => {
                    return Err(Stop::Words(format!("unsupported type: {}", object.ty().kind.name())));
                }
            },
            _ => Class::Inline,
        })
    }

    /// A value under the current key, or at the top.
    fn item(&mut self, value: &Value) -> Result<(), Stop> {
        if let Value::GoObject(object) = value {
            match shape(&**object) {
                Shape::Other(value) => return self.item(&value),
                Shape::Unsupported => {
                    let kind = object.ty().kind.name();
                    return Err(Stop::Words(format!("unsupported type for key '{}': {kind}", self.path())));
                }
                _ => {}
            }
        }
        match self.class(value)? {
            Class::Nil if matches!(value, Value::List(_)) => self.line(value),
            Class::Nil => Ok(()),
            Class::Inline => self.line(value),
            Class::Table => {
                if self.keys.len() == 1 {
                    // An empty line between tables at the top.
                    self.new_line();
                }
                if !self.keys.is_empty() {
                    self.header("[", "]");
                }
                self.table(value)
            }
            Class::Tables => {
                if self.keys.is_empty() {
                    return Err(Stop::Words("toml: top-level values must be Go maps or structs".to_owned()));
                }
                for item in value.as_list().into_iter().flat_map(|list| list.iter()) {
                    self.new_line();
                    self.header("[[", "]]");
                    self.table(item)?;
                }
                Ok(())
            }
        }
    }

    fn table(&mut self, value: &Value) -> Result<(), Stop> {
        self.enter()?;
        let (plain, tables) = self.parts(value)?;
        for (key, value) in plain.iter().chain(&tables) {
            if self.class(value)? != Class::Nil {
                self.keys.push(key.clone());
                self.item(value)?;
                self.keys.pop();
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// `key = value`; only the value at the top level.
    fn line(&mut self, value: &Value) -> Result<(), Stop> {
        let Some(key) = self.keys.last().cloned() else { return self.inline(value) };
        self.indent();
        self.key(&key);
        self.out.push_text(" = ");
        self.inline(value)?;
        self.new_line();
        Ok(())
    }

    fn inline(&mut self, value: &Value) -> Result<(), Stop> {
        if self.out.longest() > self.max_bytes {
            return Err(Stop::TooLong);
        }
        match value {
            Value::Nil => {}
            Value::Bool(truth, origin) => self.word(if *truth { b"true" } else { b"false" }, *origin),
            Value::Int(number, IntKind::Uint64, origin) => self.word(format_uint(*number as u64).as_bytes(), *origin),
            Value::Int(number, _, origin) => self.word(format_int(*number).as_bytes(), *origin),
            Value::Float(number, origin) => self.word(&toml_float(*number, self.exponents), *origin),
            Value::Str(text) => self.quoted(text),
            Value::Bytes(bytes) => {
                self.out.push_text("[");
                for (index, byte) in bytes.as_bytes().iter().enumerate() {
                    self.comma(index == 0);
                    self.word(format_uint(u64::from(*byte)).as_bytes(), bytes.origin());
                }
                self.out.push_text("]");
            }
            Value::List(list) => {
                self.enter()?;
                self.out.push_text("[");
                for (index, item) in list.iter().enumerate() {
                    self.comma(index == 0);
                    self.inline(item)?;
                }
                self.out.push_text("]");
                self.depth -= 1;
            }
            Value::Map(_) => self.inline_table(value)?,
            Value::GoObject(object) => match shape(&**object) {
                Shape::Entries(_) => self.inline_table(value)?,
                Shape::Text(text) => self.quoted(&text),
                Shape::Bare(text) => self.out.push(&text),
                Shape::Other(value) => self.inline(&value)?,
                Shape::Unsupported => {
                    return Err(Stop::Words(format!("unexpected type: {}", object.ty().name)));
                }
            },
        }
        Ok(())
    }

    fn inline_table(&mut self, value: &Value) -> Result<(), Stop> {
        self.enter()?;
        self.out.push_text("{");
        let (plain, tables) = self.parts(value)?;
        let last = (plain.len() + tables.len()).saturating_sub(1);
        for (index, (key, value)) in plain.iter().chain(&tables).enumerate() {
            // BurntSushi quirk: a nil at the end leaves the comma before it.
            if self.class(value)? != Class::Nil {
                self.key(key);
                self.out.push_text(" = ");
                self.inline(value)?;
                if index != last {
                    self.out.push_text(", ");
                }
            }
        }
        self.out.push_text("}");
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.out.longest() > self.max_bytes {
            return Err(Stop::TooLong);
        }
        if self.depth > MAX_DEPTH { Err(Stop::TooDeep) } else { Ok(()) }
    }

    fn comma(&mut self, first: bool) {
        if !first {
            self.out.push_text(", ");
        }
    }

    /// A line break, unless nothing was written yet.
    fn new_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push_text("\n");
        }
    }

    fn indent(&mut self) {
        for _ in 1..self.keys.len() {
            self.out.push_text("  ");
        }
    }

    fn header(&mut self, open: &str, close: &str) {
        self.indent();
        self.out.push_text(open);
        for (index, key) in self.keys.clone().iter().enumerate() {
            if index > 0 {
                self.out.push_text(".");
            }
            self.key(key);
        }
        self.out.push_text(close);
        self.new_line();
    }

    fn path(&self) -> String {
        let parts: Vec<String> = self.keys.iter().map(|key| crate::toml::decode::quoted_key(key.as_bytes())).collect();
        parts.join(".")
    }

    fn key(&mut self, key: &Str) {
        if is_bare(key.as_bytes()) { self.out.push(key) } else { self.quoted(key) }
    }

    fn word(&mut self, text: &[u8], origin: Origin) {
        self.out.push_from(text, origin, 0);
    }

    fn quoted(&mut self, text: &Str) {
        self.out.push_text("\"");
        let mut start = 0;
        for (at, &byte) in text.as_bytes().iter().enumerate() {
            if let Some(escaped) = escape(byte) {
                self.out.push_slice(text, start..at);
                self.out.push_instead(escaped.as_bytes(), text, at..at + 1);
                start = at + 1;
            }
        }
        self.out.push_slice(text, start..text.len());
        self.out.push_text("\"");
    }

    /// The entries of a table: those written after their keys, and those that are separate tables.
    fn parts(&mut self, value: &Value) -> Result<(Entries, Entries), Stop> {
        let entries = match value {
            Value::Map(map) => map.entries(),
            Value::GoObject(object) => match shape(&**object) {
                Shape::Entries(entries) => entries,
                Shape::Other(value) => return self.parts(&value),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let (mut plain, mut tables) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            match self.class(&value)? {
                Class::Table | Class::Tables => tables.push((key, value)),
                _ => plain.push((key, value)),
            }
        }
        Ok((plain, tables))
    }
}

type Entries = Vec<(Str, Value)>;
