//! From values to YAML.

use super::source::Source;
use crate::go::strconv::{format_int, format_uint, shortest_g};
use crate::go::time::layout;
use crate::helm::HelmVersion;
use crate::json;
use crate::template::float::yaml_float;
use crate::template::times::TimeObject;
use crate::template::types::GoKind;
use crate::template::{Context, Failure, GoObject, IntKind, Map, Value};
use crate::trace::{Origin, Str};
use crate::yaml::{self, Data, Dialect, Emitter, Node, order};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::HashSet;

/// The result of `toYaml`, or the error of `mustToYaml`.
///
/// Helm encodes the value as JSON, parses that as YAML and writes it again. The intermediate text matters only if it
/// cannot be read back unchanged: such values take the slow path, all others are written directly.
pub(super) fn to_yaml(ctx: &mut Context<'_>, value: &Value) -> Result<Str, Failure> {
    let mut writer = Writer::new(ctx, Dialect::V2);
    match writer.value(value) {
        Ok(()) => writer.finish(ctx),
        Err(Stop::Exotic) => through_json(ctx, value),
        Err(Stop::TooLong) => Err(ctx.too_long()),
        Err(Stop::TooMany) => Err(too_many(ctx)),
        Err(Stop::Text(text)) => Err(Failure::Text(text)),
    }
}

/// The result of `toYamlPretty`.
pub(super) fn to_yaml_pretty(ctx: &mut Context<'_>, value: &Value) -> Result<Str, Failure> {
    let mut writer = Writer::new(ctx, Dialect::V3);
    match writer.value(value) {
        Ok(()) => writer.finish(ctx),
        // Helm crashes on a map that contains itself; there is nothing to imitate.
        Err(Stop::Exotic) => {
            Err(Failure::limit(format!("more than {MAX_DEPTH} nested maps and lists, or a map that contains itself")))
        }
        Err(Stop::TooLong) => Err(ctx.too_long()),
        Err(Stop::TooMany) => Err(too_many(ctx)),
        Err(Stop::Text(text)) => Err(Failure::Text(text)),
    }
}

fn through_json(ctx: &mut Context<'_>, value: &Value) -> Result<Str, Failure> {
    let style = json::JsonStyle {
        html: true,
        pretty: false,
        escape_bad_bytes: ctx.env.helm == HelmVersion::V3,
        max_bytes: ctx.limits.string_bytes,
    };
    let text = match json::encode(value, &style) {
        Ok(text) => text,
        Err(json::Error::Unsupported(words)) => return Err(format!("error marshaling into JSON: {words}").into()),
        Err(json::Error::TooLong) => return Err(ctx.too_long()),
    };
    ctx.charge(text.len() as u64 / 2)?;
    let limits = super::limits_of(ctx);
    let node = yaml::read(text.as_bytes(), &limits).map_err(|error| super::failure(ctx, &error))?;
    let mut writer = Writer::new(ctx, Dialect::V2);
    writer.node(&node, &Source::new(&text), &text);
    writer.finish(ctx)
}

/// The failure of a value with more content than there are steps.
fn too_many(ctx: &mut Context<'_>) -> Failure {
    ctx.charge(u64::MAX).err().unwrap_or_else(|| Failure::limit("too many values"))
}

/// Levels that are written directly; the parser of the intermediate text would reject a few more.
const MAX_DEPTH: usize = 9_900;

/// The depth from which maps are checked for containing themselves.
const LOOKS_FOR_CYCLES: usize = 1_000;

/// Bytes of a key whose JSON text certainly fits: a YAML parser searches its colon within 1,024 characters.
const SHORT_KEY: usize = 1_000 / 6;

/// Why writing stopped.
enum Stop {
    /// It needs the path through JSON.
    Exotic,
    TooLong,
    /// More nodes than there are steps.
    TooMany,
    /// An error of helm's.
    Text(String),
}

struct Writer {
    emitter: Emitter,
    dialect: Dialect,
    depth: usize,
    /// Maps being written, once the depth is suspicious.
    open: HashSet<usize>,
    nodes: u64,
    /// The number of nodes for which there are steps.
    most_nodes: u64,
}

impl Writer {
    fn new(ctx: &Context<'_>, dialect: Dialect) -> Self {
        Self {
            emitter: Emitter::new(dialect, ctx.limits.string_bytes.min(ctx.memory_left())),
            dialect,
            depth: 0,
            open: HashSet::new(),
            nodes: 0,
            most_nodes: ctx.steps_left() / 3,
        }
    }

    fn finish(self, ctx: &mut Context<'_>) -> Result<Str, Failure> {
        if self.emitter.is_too_long() {
            return Err(ctx.too_long());
        }
        let mut text = self.emitter.finish();
        if text.as_bytes().ends_with(b"\n") {
            text.truncate(text.len() - 1);
        }
        // Short lines of a block cost more than their bytes.
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        ctx.charge(3 * self.nodes + (text.len() + 2 * lines) as u64 / 8)?;
        ctx.allow_string(text.len())?;
        Ok(text.into_str())
    }

    fn value(&mut self, value: &Value) -> Result<(), Stop> {
        let bridge = self.dialect == Dialect::V2;
        self.nodes += 1;
        if self.emitter.is_too_long() {
            return Err(Stop::TooLong);
        }
        if self.nodes > self.most_nodes {
            return Err(Stop::TooMany);
        }
        match value {
            Value::Nil => self.null(),
            Value::Bool(truth, origin) => self.emitter.atom(if *truth { b"true" } else { b"false" }, *origin),
            Value::Int(number, IntKind::Uint64, origin) => {
                self.emitter.atom(format_uint(*number as u64).as_bytes(), *origin);
            }
            Value::Int(number, _, origin) => self.emitter.atom(format_int(*number).as_bytes(), *origin),
            Value::Float(number, origin) => self.float(*number, *origin)?,
            Value::Str(text) => {
                if bridge && is_exotic(text.as_bytes()) {
                    return Err(Stop::Exotic);
                }
                self.emitter.string(text);
            }
            Value::Bytes(bytes) if bridge => {
                self.emitter.string(&Str::with_origin(BASE64.encode(bytes.as_bytes()), bytes.origin()));
            }
            Value::Bytes(bytes) => self.bytes(bytes)?,
            Value::List(list) if bridge && list.is_nil() => self.null(),
            Value::List(list) if list.is_empty() => self.emitter.empty_seq(),
            Value::List(list) => {
                self.enter()?;
                self.emitter.begin_seq();
                for item in list.iter() {
                    self.value(item)?;
                }
                self.leave();
            }
            Value::Map(map) if bridge && map.is_nil() => self.null(),
            Value::Map(map) => self.map(map)?,
            Value::GoObject(object) if bridge => self.json_object(&**object)?,
            Value::GoObject(object) => self.object(&**object)?,
        }
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<(), Stop> {
        let entries = map.borrow();
        if entries.is_empty() {
            self.emitter.empty_map();
            return Ok(());
        }
        // Deep maps that contain themselves grow by their indentation alone, faster than the depth limit stops it.
        let guarded = self.depth >= LOOKS_FOR_CYCLES;
        if guarded && !self.open.insert(map.identity()) {
            return Err(Stop::Exotic);
        }
        self.enter()?;
        self.emitter.begin_map();
        if order::is_sorted(entries.keys().map(Str::as_bytes), self.dialect) {
            for (key, value) in entries.iter() {
                self.entry(key, value)?;
            }
        } else {
            let mut sorted: Vec<(&Str, &Value)> = entries.iter().collect();
            order::sort(&mut sorted, |entry| entry.0.as_bytes(), self.dialect);
            for (key, value) in sorted {
                self.entry(key, value)?;
            }
        }
        self.leave();
        if guarded {
            self.open.remove(&map.identity());
        }
        Ok(())
    }

    fn entry(&mut self, key: &Str, value: &Value) -> Result<(), Stop> {
        if self.dialect == Dialect::V2 && (key.len() > SHORT_KEY || is_exotic(key.as_bytes())) {
            return Err(Stop::Exotic);
        }
        self.emitter.key(key);
        self.value(value)
    }

    fn float(&mut self, number: f64, origin: Origin) -> Result<(), Stop> {
        match self.dialect {
            Dialect::V2 if !number.is_finite() => return Err(Stop::Exotic),
            Dialect::V2 => self.emitter.atom(&yaml_float(number), origin),
            Dialect::V3 if number.is_nan() => self.emitter.atom(b".nan", origin),
            Dialect::V3 if number == f64::INFINITY => self.emitter.atom(b".inf", origin),
            Dialect::V3 if number == f64::NEG_INFINITY => self.emitter.atom(b"-.inf", origin),
            Dialect::V3 => self.emitter.atom(shortest_g(number).as_bytes(), origin),
        }
        Ok(())
    }

    /// An object as read from its JSON.
    fn json_object(&mut self, object: &dyn GoObject) -> Result<(), Stop> {
        match object.json() {
            Some(value) if object.ty().kind != GoKind::Complex128 => return self.value(&value),
            _ => {}
        }
        if !matches!(object.ty().kind, GoKind::Struct | GoKind::Ptr) || object.ty().name == "time.Time" {
            return Err(Stop::Exotic);
        }
        self.map(&object.json_fields().into_iter().map(|(name, value)| (Str::new(name), value)).collect())
    }

    /// An object as go-yaml v3 sees it.
    fn object(&mut self, object: &dyn GoObject) -> Result<(), Stop> {
        let ty = object.ty();
        if ty.kind == GoKind::Complex128 {
            return Err(Stop::Text(format!("cannot marshal type: {}", ty.name)));
        }
        let json = object.json();
        if let Some(time) = object.as_any().downcast_ref::<TimeObject>() {
            self.emitter.atom(&layout::format(&time.time, layout::RFC3339_NANO), time.origin);
            return Ok(());
        }
        match (ty.name, json) {
            ("time.Time" | "*time.Time", Some(Value::Str(text))) => self.emitter.atom(text.as_bytes(), text.origin()),
            ("time.Duration", _) => {
                let text = object.text().unwrap_or_default().into_owned();
                self.emitter.string(&Str::with_origin(text, object.origin()));
            }
            (_, Some(value @ (Value::Str(_) | Value::Int(..)))) => return self.value(&value),
            (_, json) => {
                let fields = object.fields();
                let mut fields = fields.iter().filter(|(name, _)| name.starts_with(char::is_uppercase)).peekable();
                if fields.peek().is_none() {
                    match json {
                        Some(value) => return self.value(&value),
                        None => self.emitter.empty_map(),
                    }
                    return Ok(());
                }
                self.enter()?;
                self.emitter.begin_map();
                for (name, value) in fields {
                    self.emitter.key(&Str::new(name.to_lowercase()));
                    self.value(value)?;
                }
                self.leave();
            }
        }
        Ok(())
    }

    /// go-yaml v3 has no bytes: a list of numbers.
    fn bytes(&mut self, bytes: &Str) -> Result<(), Stop> {
        if bytes.is_empty() {
            self.emitter.empty_seq();
            return Ok(());
        }
        self.emitter.begin_seq();
        for (at, byte) in bytes.as_bytes().iter().enumerate() {
            if self.emitter.is_too_long() {
                return Err(Stop::TooLong);
            }
            self.emitter.atom(format_uint(u64::from(*byte)).as_bytes(), bytes.origin_at(at, at + 1));
        }
        self.emitter.end();
        self.nodes += bytes.len() as u64;
        Ok(())
    }

    /// A tree parsed from the JSON text `json`.
    fn node(&mut self, node: &Node, source: &Source<'_>, json: &Str) {
        self.nodes += 1;
        let origin = || json.origin_at(node.start as usize, node.end as usize);
        match &node.data {
            Data::Null => self.null(),
            Data::Bool(truth) => self.emitter.atom(if *truth { b"true" } else { b"false" }, origin()),
            Data::Int(number) => self.emitter.atom(format_int(*number).as_bytes(), origin()),
            Data::Uint(number) => self.emitter.atom(format_uint(*number).as_bytes(), origin()),
            Data::Float(number) => self.emitter.atom(shortest_g(*number).as_bytes(), origin()),
            Data::Str(text) => self.emitter.string(&source.string_at(node.start, node.end, text)),
            Data::Seq(items) if items.is_empty() => self.emitter.empty_seq(),
            Data::Seq(items) => {
                self.emitter.begin_seq();
                for item in items {
                    self.node(item, source, json);
                }
                self.emitter.end();
            }
            Data::Map(entries) if entries.is_empty() => self.emitter.empty_map(),
            Data::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                order::sort(&mut sorted, |entry| entry.0.key.as_bytes(), Dialect::V2);
                self.emitter.begin_map();
                for (entry, value) in sorted {
                    self.emitter.key(&source.string_at(entry.start, entry.end, &entry.key));
                    self.node(value, source, json);
                }
                self.emitter.end();
            }
        }
    }

    fn null(&mut self) {
        self.emitter.atom(b"null", Origin::NONE);
    }

    fn enter(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Stop::Exotic) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.emitter.end();
    }
}

/// Whether a string may change on the path through JSON and YAML: not UTF-8, or with characters that a YAML parser rejects
/// (DEL, C1 controls, U+FFFE, U+FFFF) or reads as line breaks (U+0085).
fn is_exotic(text: &[u8]) -> bool {
    if text.is_ascii() {
        return text.contains(&0x7F);
    }
    std::str::from_utf8(text).is_err()
        || text.windows(3).any(|bytes| {
            bytes[0] == 0x7F
                || (bytes[0] == 0xC2 && bytes[1] < 0xA0)
                || (bytes[0] == 0xEF && bytes[1] == 0xBF && bytes[2] >= 0xBE)
        })
        || text.ends_with(&[0x7F])
        || matches!(text, [.., 0x7F, _] | [.., 0xC2, ..0xA0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::source::File;
    use crate::template::Env;
    use crate::trace::Origins;

    /// The parts of a text that have an origin.
    fn traced(text: &Str) -> Vec<&str> {
        text.spans()
            .iter()
            .map(|span| {
                std::str::from_utf8(text.as_bytes().get(span.start as usize..span.end as usize).unwrap()).unwrap()
            })
            .collect()
    }

    #[test]
    fn scalars_keep_their_origins() {
        let mut origins = Origins::new();
        let origin = origins.template_text(&File::new("values.yaml", ""), 0);
        let string = |text: &str| Value::Str(Str::with_origin(text, origin));
        let (mut env, limits) = (Env::seeded(1), Limits::default());
        let mut ctx = Context::new(&mut env, &limits, None);
        for (value, expected) in [
            (string("quay.io/x"), "quay.io/x"),
            (Value::Float(5.0, origin), "5"),
            (string("it's: x"), "it'|'s: x"),
            (string("a\tb"), "a\\t|b"),
            (string("one\ntwo"), "one\n|two"),
            // The long way, by way of JSON.
            (string("a\u{85}b"), "a b"),
            (
                string(&"word ".repeat(20)),
                "word word word word word word word word word word word word word word word word|word word word word ",
            ),
        ] {
            let map: Map = [(Str::from("k"), value)].into_iter().collect();
            let text = to_yaml(&mut ctx, &Value::Map(map)).unwrap();
            assert_eq!(traced(&text).join("|"), expected, "{text:?}");
        }
    }
}
