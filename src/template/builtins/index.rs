//! `index`, `len`.

use super::super::context::Context;
use super::super::error::Failure;
use super::super::types::{GoKind, Type};
use super::super::value::{IntKind, List, Map, Value};
use crate::trace::{Origin, Str};

/// `index x 1 "key"`: `x[1]["key"]`.
///
/// Source: Go `text/template`, `index`.
pub(super) fn index(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let mut item = args[0].clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    ctx.charge(args.len() as u64)?;
    for key in &args[1..] {
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::Str(text) => byte_at(text, key, "string")?,
            Value::Bytes(text) => byte_at(text, key, "slice")?,
            Value::List(list) => list[place(key, list.len(), "slice")?].clone(),
            Value::Map(map) => {
                if let Value::Str(key) = key {
                    ctx.look_at(map, key.as_bytes());
                }
                map_item(map, key)?
            }
            _ => {
                let name = item.ty().name;
                // Pointers are dereferenced.
                let name = if item.kind() == GoKind::Ptr { name.trim_start_matches('*') } else { name };
                return Err(format!("can't index item of type {name}").into());
            }
        };
    }
    Ok(item)
}

fn byte_at(text: &Str, key: &Value, kind: &str) -> Result<Value, Failure> {
    let at = place(key, text.len(), kind)?;
    let origin = text.spans().iter().find(|span| (span.start..span.end).contains(&(at as u32)));
    let origin = origin.map_or(Origin::NONE, |span| span.origin);
    Ok(Value::Int(i64::from(text.as_bytes()[at]), IntKind::Uint8, origin))
}

/// Checks an index against a number of elements.
fn place(key: &Value, length: usize, kind: &str) -> Result<usize, Failure> {
    let number = match key {
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        Value::Int(number, _, _) => *number,
        Value::GoObject(object) => match (object.ty().kind, object.json()) {
            (GoKind::Int | GoKind::Int64, Some(Value::Int(number, _, _))) => number,
            _ => return Err(format!("cannot index slice/array with type {}", key.ty().name).into()),
        },
        _ => return Err(format!("cannot index slice/array with type {}", key.ty().name).into()),
    };
    match usize::try_from(number) {
        Ok(at) if at < length => Ok(at),
        // Go quirk: the index right after the last element passes the first check and panics in the second.
        Ok(at) if at == length => Err(format!("reflect: {kind} index out of range").into()),
        _ => Err(format!("index out of range: {number}").into()),
    }
}

fn map_item(map: &Map, key: &Value) -> Result<Value, Failure> {
    match key {
        Value::Str(key) => Ok(map.get(key.as_bytes()).unwrap_or_else(|| zero(map.ty().elem))),
        Value::Nil => Err("value is nil; should be of type string".into()),
        _ => Err(format!("value has type {}; should be string", key.ty().name).into()),
    }
}

/// The zero value of a map's elements, for a missing key.
fn zero(elem: Option<&'static Type>) -> Value {
    let Some(elem) = elem else { return Value::Nil };
    match elem.kind {
        GoKind::String => Value::str(""),
        GoKind::Bool => Value::bool(false),
        GoKind::Int => Value::int(0),
        GoKind::Int64 => Value::int64(0),
        GoKind::Float64 => Value::float(0.0),
        GoKind::Map => Value::Map(Map::nil(elem)),
        GoKind::Slice => Value::List(List::nil(elem)),
        _ => Value::Nil,
    }
}

/// Source: Go `text/template`, `length`.
pub(super) fn len(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let length = match &args[0] {
        Value::Nil => return Err(len_of_nothing(false)),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        value => {
            let name = value.ty().name;
            let name = if value.kind() == GoKind::Ptr { name.trim_start_matches('*') } else { name };
            return Err(format!("len of type {name}").into());
        }
    };
    Ok(Value::int(length as i64))
}

/// `len` of nil: a nil found in a map is a nil pointer, while a literal `nil`, a nil variable and a piped nil (`untyped`) make
/// it panic. Only the engine can distinguish these.
pub(crate) fn len_of_nothing(untyped: bool) -> Failure {
    if untyped { "reflect: call of reflect.Value.Type on zero Value".into() } else { "len of nil pointer".into() }
}
