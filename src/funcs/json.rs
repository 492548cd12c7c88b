//! `toJson`, `fromJson` and related functions.

use super::args::string;
use crate::helm::HelmVersion;
use crate::json::{self, Decoded, Error, JsonStyle};
use crate::template::types::{self, ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, List, Map, Spread, Value};
use crate::trace::Str;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("toJson", &[&ANY], Flow::Exact, "the value as JSON; nothing if it cannot be written", to_json)
        .costs(10, 16)
        .spreads(Spread::Full),
    Function::new("mustToJson", &[&ANY], Flow::Exact, "the value as JSON, or an error", must_to_json)
        .costs(10, 16)
        .spreads(Spread::Full),
    Function::new("toPrettyJson", &[&ANY], Flow::Exact, "the value as indented JSON", to_pretty_json)
        .costs(10, 16)
        .spreads(Spread::Full),
    Function::new(
        "mustToPrettyJson",
        &[&ANY],
        Flow::Exact,
        "the value as indented JSON, or an error",
        must_to_pretty_json,
    )
    .costs(10, 16)
    .spreads(Spread::Full),
    Function::new("toRawJson", &[&ANY], Flow::Exact, "the value as JSON with `<`, `>`, `&` as they are", to_raw_json)
        .costs(10, 16)
        .spreads(Spread::Full),
    Function::new("mustToRawJson", &[&ANY], Flow::Exact, "the same as toRawJson", to_raw_json)
        .costs(10, 16)
        .spreads(Spread::Full),
    Function::new("fromJson", &[&STRING], Flow::Exact, "the map in a JSON text; `Error` has the error", from_json)
        .costs(8, 64)
        .spreads(Spread::Holds),
    Function::new(
        "fromJsonArray",
        &[&STRING],
        Flow::Exact,
        "the list in a JSON text, or a list of one error",
        from_json_array,
    )
    .costs(8, 64)
    .spreads(Spread::Holds),
    Function::new("mustFromJson", &[&STRING], Flow::Exact, "the value in a JSON text, or an error", must_from_json)
        .costs(8, 64)
        .spreads(Spread::Holds),
];

fn encode(ctx: &mut Context<'_>, value: &Value, html: bool, pretty: bool) -> Result<Value, Failure> {
    let escape_bad_bytes = ctx.env.helm == HelmVersion::V3;
    let style = JsonStyle { html, pretty, escape_bad_bytes, max_bytes: ctx.limits.string_bytes.min(ctx.memory_left()) };
    match json::encode(value, &style) {
        Ok(text) => {
            ctx.allow_string(text.len())?;
            // Each element is at least a comma and a digit.
            ctx.charge(text.len() as u64 / 8)?;
            Ok(Value::Str(text))
        }
        Err(Error::Unsupported(words)) => Err(Failure::Text(words)),
        Err(Error::TooLong) => Err(ctx.too_long()),
    }
}

/// Helm quirk: on any error, the result is the empty string.
fn or_nothing(result: Result<Value, Failure>) -> Result<Value, Failure> {
    match result {
        Err(Failure::Text(_)) => Ok(Value::str("")),
        result => result,
    }
}

fn to_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    or_nothing(encode(ctx, &args[0], true, false))
}

fn must_to_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    encode(ctx, &args[0], true, false)
}

fn to_pretty_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    or_nothing(encode(ctx, &args[0], true, true))
}

fn must_to_pretty_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    encode(ctx, &args[0], true, true)
}

fn to_raw_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    encode(ctx, &args[0], false, false)
}

/// The memory of the values in a text, estimated from its characters.
fn room_of(text: &[u8]) -> usize {
    let containers = memchr::memchr2_iter(b'[', b'{', text).count();
    let (members, quotes) = (memchr::memchr_iter(b',', text).count(), memchr::memchr_iter(b'"', text).count());
    text.len() + containers * 160 + members * 48 + quotes * 56
}

fn decode(ctx: &mut Context<'_>, text: &Str) -> Result<Result<Decoded, String>, Failure> {
    ctx.charge(text.len() as u64 / 16)?;
    ctx.allow_memory(room_of(text.as_bytes()))?;
    Ok(json::decode(text, ctx.env.helm))
}

fn from_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let (map, error) = match decode(ctx, string(args, 0)?)? {
        Ok(Decoded { value: Value::Map(map), error }) => (map, error),
        // Go quirk: null makes the map nil.
        Ok(Decoded { value: Value::Nil, .. }) => (Map::nil(&types::MAP), None),
        Ok(Decoded { value, .. }) => (Map::new(), Some(json::mismatch(json::kind(&value), types::MAP.name))),
        Err(error) => (Map::new(), Some(error)),
    };
    if let Some(error) = error {
        map.insert("Error", Value::from(error));
    }
    Ok(Value::Map(map))
}

fn from_json_array(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let error = match decode(ctx, string(args, 0)?)? {
        Ok(Decoded { value: Value::List(list), error: None }) => return Ok(Value::List(list)),
        Ok(Decoded { value: Value::List(_), error: Some(error) }) => error,
        Ok(Decoded { value: Value::Nil, .. }) => return Ok(Value::List(List::nil(&types::LIST))),
        Ok(Decoded { value, .. }) => json::mismatch(json::kind(&value), types::LIST.name),
        Err(error) => error,
    };
    Ok(Value::list(vec![Value::from(error)]))
}

fn must_from_json(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match decode(ctx, string(args, 0)?)? {
        Ok(Decoded { value, error: None }) => Ok(value),
        Ok(Decoded { error: Some(error), .. }) | Err(error) => Err(Failure::Text(error)),
    }
}
