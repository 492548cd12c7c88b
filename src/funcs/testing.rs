//! Helpers for tests of function tables: calling a function by name, and printing its result.

use crate::limits::Limits;
use crate::template::types::GoKind;
use crate::template::{Context, Env, Failure, Function, Map, Value};

/// Calls a function of a table with bound arguments, in a seeded environment.
pub(super) fn call(table: &[Function], name: &str, args: &[Value]) -> Result<Value, Failure> {
    let (mut env, limits) = (Env::seeded(1), Limits::default());
    call_in(&mut Context::new(&mut env, &limits, None), table, name, args)
}

/// Calls a function of a table in a context.
pub(super) fn call_in(ctx: &mut Context<'_>, table: &[Function], name: &str, args: &[Value]) -> Result<Value, Failure> {
    let function = table.iter().find(|function| function.name == name).expect("a function of the table");
    (function.call)(ctx, args)
}

/// A string.
pub(super) fn text(text: &str) -> Value {
    Value::str(text)
}

/// A number of a values file.
pub(super) fn float(number: f64) -> Value {
    Value::float(number)
}

/// A map.
pub(super) fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect::<Map>())
}

/// A map that contains itself.
pub(super) fn ring() -> Value {
    let map = Map::new();
    map.insert("a", map.clone().into());
    Value::Map(map)
}

/// Runs a closure on a stack for the deepest allowed input.
pub(super) fn deep(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}

/// A result as Go source: `[]interface {}{"a", 1, nil}`; a failure is prefixed with `!`.
pub(super) fn show(result: Result<Value, Failure>) -> String {
    match result {
        Ok(value) => go_syntax(&value),
        Err(failure) => format!("!{failure}"),
    }
}

fn go_syntax(value: &Value) -> String {
    let members = |members: Vec<String>| format!("{}{{{}}}", value.ty().name, members.join(", "));
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Bool(truth, _) => truth.to_string(),
        Value::Int(number, ..) => number.to_string(),
        Value::Float(number, _) => format!("{number:?}"),
        Value::Str(text) | Value::Bytes(text) => format!("{text:?}"),
        Value::List(list) if list.is_nil() => format!("{}(nil)", list.ty().name),
        Value::List(list) => members(list.iter().map(go_syntax).collect()),
        Value::Map(map) if map.is_nil() => format!("{}(nil)", map.ty().name),
        Value::Map(map) => {
            members(map.borrow().iter().map(|(key, value)| format!("{key:?}: {}", go_syntax(value))).collect())
        }
        Value::GoObject(object) => match object.ty().kind {
            GoKind::Struct => members(object.fields().iter().map(|(_, value)| go_syntax(value)).collect()),
            _ => format!("{object:?}"),
        },
    }
}
