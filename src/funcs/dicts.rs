//! Dicts: Go's maps with string keys, shared and mutable.

use super::flow::is_empty;
use crate::template::print::strval;
use crate::template::types::{ANY, Kind, MAP, STRING};
use crate::template::{Context, Failure, Flow, Function, List, Map, Value};
use crate::trace::Str;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function::new("dict", &[], Flow::Exact, "a map of the keys and values given in turn", dict).variadic(&ANY),
    Function::new("get", &[&MAP, &STRING], Flow::Exact, "the value of a key, empty when there is none", get),
    Function::new("set", &[&MAP, &STRING, &ANY], Flow::Exact, "sets a key in the map itself", set),
    Function::new("unset", &[&MAP, &STRING], Flow::Exact, "removes a key from the map itself", unset),
    Function::new("hasKey", &[&MAP, &STRING], Flow::None, "whether there is such a key", has_key),
    Function::new("keys", &[], Flow::Exact, "the keys of all maps (helm: in random order)", keys).variadic(&MAP),
    Function::new("values", &[&MAP], Flow::Exact, "the values (helm: in random order)", values),
    Function::new("pluck", &[&STRING], Flow::Exact, "the values of one key in several maps", pluck).variadic(&MAP),
    Function::new("pick", &[&MAP], Flow::Exact, "a map of some of the keys", pick).variadic(&STRING),
    Function::new("omit", &[&MAP], Flow::Exact, "a map without some of the keys", omit).variadic(&STRING),
    Function::new("dig", &[], Flow::Exact, "the value at a path of keys, or a default", dig).variadic(&ANY),
    Function::new("merge", &[&MAP], Flow::Exact, "adds what the first lacks, to the first itself", merge)
        .variadic(&MAP),
    Function::new("mustMerge", &[&MAP], Flow::Exact, "the same as merge", merge).variadic(&MAP),
    Function::new("mergeOverwrite", &[&MAP], Flow::Exact, "overwrites the first, itself", merge_overwrite)
        .variadic(&MAP),
    Function::new("mustMergeOverwrite", &[&MAP], Flow::Exact, "the same as mergeOverwrite", merge_overwrite)
        .variadic(&MAP),
    Function::new("deepCopy", &[&ANY], Flow::Exact, "a copy that shares nothing", deep_copy),
    Function::new("mustDeepCopy", &[&ANY], Flow::Exact, "a copy that shares nothing", deep_copy),
];

type Result<T = Value> = std::result::Result<T, Failure>;

/// Maps in maps; a map can contain itself.
const MAX_DEPTH: u32 = 10_000;

fn map(args: &[Value], index: usize) -> Result<&Map> {
    args.get(index).and_then(Value::as_map).ok_or_else(|| Failure::from("expected a map"))
}

fn key(args: &[Value], index: usize) -> Result<&Str> {
    args.get(index).and_then(Value::as_str).ok_or_else(|| Failure::from("expected a string"))
}

fn dict(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.charge(args.len() as u64)?;
    let map = Map::new();
    for pair in args.chunks(2) {
        map.insert(strval(&pair[0])?, pair.get(1).cloned().unwrap_or_else(|| Value::str("")));
    }
    Ok(map.into())
}

fn get(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(map(args, 0)?.get(key(args, 1)?.as_bytes()).unwrap_or_else(|| Value::str("")))
}

fn set(_: &mut Context<'_>, args: &[Value]) -> Result {
    let map = map(args, 0)?;
    if map.is_nil() {
        return Err(Failure::from("assignment to entry in nil map"));
    }
    map.insert(key(args, 1)?.clone(), args.get(2).cloned().unwrap_or_default());
    Ok(args[0].clone())
}

fn unset(_: &mut Context<'_>, args: &[Value]) -> Result {
    map(args, 0)?.remove(key(args, 1)?.as_bytes());
    Ok(args[0].clone())
}

fn has_key(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(map(args, 0)?.contains_key(key(args, 1)?.as_bytes()).into())
}

fn keys(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut keys = Vec::new();
    for index in 0..args.len() {
        keys.extend(map(args, index)?.borrow().keys().cloned());
    }
    ctx.charge(keys.len() as u64)?;
    Ok(Value::strings(keys))
}

fn values(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let values: Vec<Value> = map(args, 0)?.borrow().values().cloned().collect();
    ctx.charge(values.len() as u64)?;
    Ok(Value::list(values))
}

fn pluck(_: &mut Context<'_>, args: &[Value]) -> Result {
    let key = key(args, 0)?;
    let mut found = Vec::new();
    for index in 1..args.len() {
        found.extend(map(args, index)?.get(key.as_bytes()));
    }
    Ok(Value::list(found))
}

fn pick(_: &mut Context<'_>, args: &[Value]) -> Result {
    let (from, picked) = (map(args, 0)?, Map::new());
    for index in 1..args.len() {
        let name = key(args, index)?;
        if let Some((name, value)) = from.borrow().get_key_value(name.as_bytes()) {
            picked.insert(name.clone(), value.clone());
        }
    }
    Ok(picked.into())
}

fn omit(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let rest = map(args, 0)?.copy_as(&MAP);
    ctx.charge(rest.len() as u64)?;
    for index in 1..args.len() {
        rest.remove(key(args, index)?.as_bytes());
    }
    Ok(rest.into())
}

fn dig(_: &mut Context<'_>, args: &[Value]) -> Result {
    let [path @ .., default, from] = args else {
        return Err(Failure::from("dig needs at least three arguments"));
    };
    if path.is_empty() {
        return Err(Failure::from("dig needs at least three arguments"));
    }
    // Go's type assertion wants exactly this type: `.Values` is of another.
    let exactly = |value: &Value| match value {
        Value::Map(map) if *map.ty() == MAP => Ok(map.clone()),
        Value::Nil => Err(Failure::from("interface conversion: interface {} is nil, not map[string]interface {}")),
        other => Err(Failure::Text(format!(
            "interface conversion: interface {{}} is {}, not map[string]interface {{}}",
            other.ty().name
        ))),
    };
    let mut names = Vec::new();
    for name in path {
        match name {
            Value::Str(name) => names.push(name),
            Value::Nil => return Err(Failure::from("interface conversion: interface {} is nil, not string")),
            other => {
                let ty = other.ty().name;
                return Err(Failure::Text(format!("interface conversion: interface {{}} is {ty}, not string")));
            }
        }
    }
    let mut from = exactly(from)?;
    for (index, name) in names.iter().enumerate() {
        let Some(value) = from.get(name.as_bytes()) else { return Ok(default.clone()) };
        if index + 1 == names.len() {
            return Ok(value);
        }
        from = exactly(&value)?;
    }
    Ok(default.clone())
}

fn merge(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    merge_all(ctx, args, false)
}

fn merge_overwrite(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    merge_all(ctx, args, true)
}

fn merge_all(ctx: &mut Context<'_>, args: &[Value], overwrite: bool) -> Result {
    let into = map(args, 0)?;
    // mergo quirk: what is merged into nothing is a map of its own.
    let into = if into.is_nil() { &Map::new() } else { into };
    for index in 1..args.len() {
        let from = map(args, index)?;
        merge_maps(ctx, into, from, overwrite, 0)?;
    }
    Ok(Value::Map(into.clone()))
}

/// Source: dario.cat/mergo, `Merge`, with and without `WithOverride`, over maps as templates have them.
fn merge_maps(ctx: &mut Context<'_>, into: &Map, from: &Map, overwrite: bool, depth: u32) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Failure::limit(format!("maps nest deeper than {MAX_DEPTH}")));
    }
    if into.ptr_eq(from) {
        return Ok(());
    }
    ctx.charge(from.len() as u64)?;
    for (name, value) in from.entries() {
        let present = into.get(name.as_bytes());
        match (&present, &value) {
            (Some(Value::Map(old)), Value::Map(new)) => {
                // mergo quirk: an empty map overwrites nothing, and one that is empty is filled in place.
                merge_maps(ctx, old, new, overwrite, depth + 1)?;
            }
            _ if overwrite => {
                into.insert(name, value);
            }
            // A nil makes no entry.
            (None, Value::Nil) => {}
            (None, _) => into.insert(name, value),
            (Some(old), new) if is_empty(old) && !is_empty(new) => into.insert(name, value),
            (Some(_), _) => {}
        }
    }
    Ok(())
}

fn deep_copy(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    if args[0].is_nil() {
        return Err(Failure::from("reflect: call of reflect.Value.Type on zero Value"));
    }
    copy(ctx, &args[0], 0)
}

fn copy(ctx: &mut Context<'_>, value: &Value, depth: u32) -> Result {
    if depth > MAX_DEPTH {
        return Err(Failure::limit(format!("values nest deeper than {MAX_DEPTH}")));
    }
    Ok(match value {
        Value::Map(map) if map.is_nil() => value.clone(),
        Value::Map(map) => {
            ctx.charge(map.len() as u64)?;
            let copied = Map::of(map.ty(), Default::default());
            for (name, member) in map.entries() {
                copied.insert(name, copy(ctx, &member, depth + 1)?);
            }
            copied.set_origin(map.origin());
            copied.into()
        }
        Value::List(list) if list.ty().elem.is_some_and(|elem| elem.kind == Kind::Interface) && !list.is_nil() => {
            ctx.charge(list.len() as u64)?;
            let mut items = Vec::with_capacity(list.len());
            for item in list.iter() {
                items.push(copy(ctx, item, depth + 1)?);
            }
            List::with_origin(list.ty(), items, list.origin()).into()
        }
        other => other.clone(),
    })
}
