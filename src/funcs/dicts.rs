//! Dicts: Go's maps with string keys, shared and mutable.

use super::args::{Growing, map, string};
use crate::template::growth::Behind;
use crate::template::print::strval;
use crate::template::types::{ANY, GoKind, MAP, STRING, STRING_MAP};
use crate::template::{Context, Failure, Flow, Function, Look, Map, Spread, Value};
use crate::trace::Str;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("dict", &[], Flow::Exact, "a map of the keys and values given in turn", dict)
        .spreads(Spread::Holds)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("get", &[&MAP, &STRING], Flow::Exact, "the value of a key, empty when there is none", get)
        .spreads(Spread::Member)
        .looks(Look::Some),
    Function::new("set", &[&MAP, &STRING, &ANY], Flow::Exact, "sets a key in the map itself", set)
        .costs(8, 16)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("unset", &[&MAP, &STRING], Flow::Exact, "removes a key from the map itself", unset)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("hasKey", &[&MAP, &STRING], Flow::None, "whether there is such a key", has_key)
        .spreads(Spread::Member)
        .looks(Look::Some),
    Function::new("keys", &[], Flow::Exact, "the keys of all maps (helm: in random order)", keys)
        .spreads(Spread::Shuffled)
        .looks(Look::Members)
        .variadic(&MAP),
    Function::new("values", &[&MAP], Flow::Exact, "the values (helm: in random order)", values)
        .spreads(Spread::Shuffled)
        .looks(Look::Members),
    Function::new("pluck", &[&STRING], Flow::Exact, "the values of one key in several maps", pluck)
        .spreads(Spread::Member)
        .looks(Look::Some)
        .variadic(&MAP),
    Function::new("pick", &[&MAP], Flow::Exact, "a map of some of the keys", pick)
        .spreads(Spread::Member)
        .looks(Look::Some)
        .variadic(&STRING),
    Function::new("omit", &[&MAP], Flow::Exact, "a map without some of the keys", omit)
        .spreads(Spread::Member)
        .looks(Look::Nothing)
        .variadic(&STRING),
    Function::new("dig", &[], Flow::Exact, "the value at a path of keys, or a default", dig)
        .spreads(Spread::Member)
        .looks(Look::Some)
        .variadic(&ANY),
    Function::new("merge", &[&MAP], Flow::Exact, "adds what the first lacks to the first itself", merge)
        .spreads(Spread::Holds)
        .looks(Look::Some)
        .variadic(&MAP),
    Function::new("mustMerge", &[&MAP], Flow::Exact, "the same as merge", must_merge)
        .spreads(Spread::Holds)
        .looks(Look::Some)
        .variadic(&MAP),
    Function::new("mergeOverwrite", &[&MAP], Flow::Exact, "overwrites the first itself", merge_overwrite)
        .spreads(Spread::Holds)
        .looks(Look::Some)
        .variadic(&MAP),
    Function::new("mustMergeOverwrite", &[&MAP], Flow::Exact, "the same as mergeOverwrite", must_merge_overwrite)
        .spreads(Spread::Holds)
        .looks(Look::Some)
        .variadic(&MAP),
    Function::new("deepCopy", &[&ANY], Flow::Exact, "a copy that shares nothing", deep_copy)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("mustDeepCopy", &[&ANY], Flow::Exact, "the same as deepCopy", deep_copy)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
];

type Result<T = Value> = std::result::Result<T, Failure>;

/// The nesting limit; a map can contain itself.
const MAX_DEPTH: u32 = 10_000;

/// helm has no such limit and overflows its stack.
fn check_depth(depth: u32) -> Result<()> {
    if depth > MAX_DEPTH { Err(Failure::limit(format!("values nest deeper than {MAX_DEPTH}"))) } else { Ok(()) }
}

fn dict(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.charge(args.len() as u64)?;
    let map = Map::new();
    for pair in args.chunks(2) {
        map.insert(strval(&pair[0])?, pair.get(1).cloned().unwrap_or_else(|| Value::str("")));
    }
    Ok(map.into())
}

fn get(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.look_at(map(args, 0)?, string(args, 1)?.as_bytes());
    Ok(map(args, 0)?.get(string(args, 1)?.as_bytes()).unwrap_or_else(|| Value::str("")))
}

fn set(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let map = map(args, 0)?;
    if map.is_nil() {
        return Err(Failure::from("assignment to entry in nil map"));
    }
    ctx.charge(searching(map))?;
    ctx.note_change(map);
    map.insert(string(args, 1)?.clone(), args.get(2).cloned().unwrap_or_default());
    ctx.check_memory()?;
    Ok(args[0].clone())
}

/// The largest map that is likely to be in the processor's caches.
const CACHED: usize = 4096;

/// The cost of finding a key in a map, besides the cost of the call: it grows with the map.
fn searching(map: &Map) -> u64 {
    let levels = u64::from(map.count().max(1).ilog2());
    if map.count() > CACHED { 2 * levels } else { levels / 2 }
}

fn unset(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.note_change(map(args, 0)?);
    map(args, 0)?.remove(string(args, 1)?.as_bytes());
    Ok(args[0].clone())
}

fn has_key(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.look_at(map(args, 0)?, string(args, 1)?.as_bytes());
    Ok(map(args, 0)?.contains_key(string(args, 1)?.as_bytes()).into())
}

fn keys(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut keys = Vec::new();
    for index in 0..args.len() {
        let map = map(args, index)?;
        ctx.charge(map.len() as u64)?;
        ctx.allow_memory((keys.len() + map.len()) * size_of::<Value>())?;
        keys.extend(map.borrow().keys().cloned());
    }
    Ok(Value::strings(keys))
}

fn values(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let values: Vec<Value> = map(args, 0)?.borrow().values().cloned().collect();
    ctx.charge(values.len() as u64)?;
    Ok(Value::list(values))
}

fn pluck(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let key = string(args, 0)?;
    let mut found = Vec::new();
    for index in 1..args.len() {
        let map = map(args, index)?;
        ctx.look_at(map, key.as_bytes());
        found.extend(map.get(key.as_bytes()));
    }
    Ok(Value::list(found))
}

fn pick(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let (from, picked) = (map(args, 0)?, Map::new());
    for index in 1..args.len() {
        let name = string(args, index)?;
        ctx.look_at(from, name.as_bytes());
        if let Some((name, value)) = from.borrow().get_key_value(name.as_bytes()) {
            picked.insert(name.clone(), value.clone());
        }
    }
    Ok(picked.into())
}

fn omit(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let length = map(args, 0)?.len();
    ctx.charge(2 * length as u64)?;
    ctx.allow_memory(length * ENTRY)?;
    let rest = map(args, 0)?.copy_as(&MAP);
    for index in 1..args.len() {
        rest.remove(string(args, index)?.as_bytes());
    }
    Ok(rest.into())
}

fn dig(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let (path, default, from) = match args {
        [path @ .., default, from] if !path.is_empty() => (path, default, from),
        _ => return Err("dig needs at least three arguments".into()),
    };
    ctx.charge(path.len() as u64)?;
    let mut from = asserted_map(from)?;
    if let Some(other) = path.iter().find(|name| name.as_str().is_none()) {
        return Err(conversion(other, "string"));
    }
    for (index, name) in path.iter().filter_map(Value::as_str).enumerate() {
        ctx.look_at(&from, name.as_bytes());
        match from.get(name.as_bytes()) {
            None => break,
            Some(value) if index + 1 == path.len() => return Ok(value),
            Some(value) => from = asserted_map(&value)?,
        }
    }
    Ok(default.clone())
}

/// Go's type assertion requires exactly this type: `.Values` has another.
fn asserted_map(value: &Value) -> Result<Map> {
    match value {
        Value::Map(map) if *map.ty() == MAP => Ok(map.clone()),
        other => Err(conversion(other, MAP.name)),
    }
}

fn conversion(value: &Value, wanted: &str) -> Failure {
    let ty = if value.is_nil() { "nil" } else { value.ty().name };
    Failure::Text(format!("interface conversion: interface {{}} is {ty}, not {wanted}"))
}

fn merge(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    swallowed(merge_all(ctx, args, false))
}

fn must_merge(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    merge_all(ctx, args, false).map_err(MergeFailure::into_failure)
}

fn merge_overwrite(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    swallowed(merge_all(ctx, args, true))
}

fn must_merge_overwrite(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    merge_all(ctx, args, true).map_err(MergeFailure::into_failure)
}

/// Why a merge ends early.
enum MergeFailure {
    /// mergo's error that a pointer and the value to be merged into it have different types.
    Types,
    /// Anything else: Go's panics, our limits.
    Other(Failure),
}

impl MergeFailure {
    fn into_failure(self) -> Failure {
        match self {
            Self::Types => "src and dst must be of same type".into(),
            Self::Other(failure) => failure,
        }
    }
}

impl From<Failure> for MergeFailure {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// sprig quirk: where the `must…` functions report mergo's error, the others return an empty string.
fn swallowed(result: std::result::Result<Value, MergeFailure>) -> Result {
    match result {
        Err(MergeFailure::Types) => Ok(Value::str("")),
        other => other.map_err(MergeFailure::into_failure),
    }
}

fn merge_all(ctx: &mut Context<'_>, args: &[Value], overwrite: bool) -> std::result::Result<Value, MergeFailure> {
    let mut into = map(args, 0)?.clone();
    for index in 1..args.len() {
        let from = map(args, index)?;
        if into.is_nil() && !from.is_nil() {
            into = Map::new();
        }
        merge_maps(ctx, &into, from, overwrite, 0)?;
    }
    ctx.check_memory()?;
    Ok(into.into())
}

/// Source: dario.cat/mergo v1.0.2, `deepMerge`, with and without `WithOverride`, for maps as templates have them.
fn merge_maps(
    ctx: &mut Context<'_>,
    into: &Map,
    from: &Map,
    overwrite: bool,
    depth: u32,
) -> std::result::Result<(), MergeFailure> {
    check_depth(depth)?;
    // A nil map inside another is unchanged; so is a map merged into itself.
    if into.is_nil() || into.ptr_eq(from) {
        return Ok(());
    }
    ctx.note_change(into);
    // What is read of the result counts, not what is merged.
    let is_copied = into.watch_also(from);
    let entries = if is_copied { from.entries_to_copy() } else { from.entries() };
    ctx.charge(2 + (8 + searching(into)) * entries.len() as u64)?;
    for (name, value) in entries {
        if value.is_nil() {
            // mergo quirk: a nil adds an entry only when overwriting.
            if overwrite {
                ctx.look_at(from, name.as_bytes());
                put(into, from, name, value)?;
            }
            continue;
        }
        let present = if is_copied { into.peek(name.as_bytes()) } else { into.get(name.as_bytes()) };
        if let Some(old) = &present {
            merge_values(ctx, old, &value, overwrite, depth)?;
        }
        // Checked after the merge: an empty map may have been filled.
        let is_empty_now = |old: &Value| match old {
            Value::Map(old) if is_copied => old.count() == 0,
            old => is_empty(old),
        };
        let stays = match &present {
            None => false,
            Some(old) if is_empty_now(old) => false,
            Some(Value::Map(_)) if matches!(value, Value::Map(_)) => true,
            Some(_) => !overwrite,
        };
        // Existing values are not taken from here, and are not read.
        if !stays || matches!(value, Value::Map(_)) {
            ctx.look_at(from, name.as_bytes());
        }
        if !stays {
            put(into, from, name, value)?;
        }
    }
    Ok(())
}

/// Merges the values of two maps under the same key, in place, as far as mergo does: maps into maps.
fn merge_values(
    ctx: &mut Context<'_>,
    old: &Value,
    new: &Value,
    overwrite: bool,
    depth: u32,
) -> std::result::Result<(), MergeFailure> {
    let (Value::GoObject(object), GoKind::Map | GoKind::Struct) = (old, new.kind()) else {
        return match (old, new) {
            (Value::Map(old), Value::Map(new)) => merge_maps(ctx, old, new, overwrite, depth + 1),
            _ => Ok(()),
        };
    };
    match object.ty().kind {
        GoKind::Ptr if !overwrite && object.ty().name.strip_prefix('*') != Some(new.ty().name) => {
            Err(MergeFailure::Types)
        }
        // mergo quirk: for a struct with exported fields, it reads the fields of whatever is merged into it.
        GoKind::Struct
            if new.kind() == GoKind::Map
                && object.fields().iter().any(|(name, _)| name.starts_with(|first: char| first.is_uppercase())) =>
        {
            Err(MergeFailure::Other("reflect: call of reflect.Value.Field on map Value".into()))
        }
        _ => Ok(()),
    }
}

/// mergo's definition of an empty value. Source: `isEmptyValue`.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::GoObject(object) => match object.ty().kind {
            GoKind::Struct | GoKind::Ptr | GoKind::Complex128 => false,
            _ => !value.truth(),
        },
        other => !other.truth(),
    }
}

/// Sets an entry from another map; a map of strings accepts only strings.
fn put(into: &Map, from: &Map, name: Str, value: Value) -> std::result::Result<(), MergeFailure> {
    if *into.ty() == STRING_MAP && *from.ty() != STRING_MAP {
        return Err(MergeFailure::Other(
            "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string".into(),
        ));
    }
    into.insert(name, value);
    Ok(())
}

fn deep_copy(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    if args[0].is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    copy(ctx, &args[0], 0, &mut Growing::default())
}

/// Bytes of a map or a list besides its members, and of a map entry.
const CONTAINER: usize = 160;
const ENTRY: usize = 60;
/// Bytes of the free entries in the first node of a map.
const NODE: usize = 440;

/// Objects are immutable, so most can be shared.
fn copy(ctx: &mut Context<'_>, value: &Value, depth: u32, growing: &mut Growing) -> Result {
    check_depth(depth)?;
    Ok(match value {
        Value::Map(map) if !map.is_nil() => {
            let entries = map.entries_to_copy();
            ctx.charge(4 + 2 * entries.len() as u64)?;
            growing.by(ctx, CONTAINER + if entries.is_empty() { 0 } else { NODE } + entries.len() * ENTRY)?;
            let copied = Map::of(map.ty(), Default::default());
            for (name, member) in entries {
                copied.insert(name, copy(ctx, &member, depth + 1, growing)?);
            }
            copied.set_origin(map.origin());
            copied.watch_as(map);
            copied.into()
        }
        Value::List(list) if list.iter().any(holds_values) || matches!(list.behind(), Behind::Values(_)) => {
            ctx.charge(4 + list.len() as u64)?;
            growing.by(ctx, CONTAINER + size_of_val(&**list))?;
            let items: Result<Vec<Value>> = list.iter().map(|item| copy(ctx, item, depth + 1, growing)).collect();
            list.remade(items?, list.origin()).into()
        }
        Value::GoObject(object) => object.copied().unwrap_or_else(|| value.clone()),
        other => other.clone(),
    })
}

/// Whether a value is mutable, is copied to another, or contains such a value. No function changes a list, so lists of scalars
/// can be shared.
fn holds_values(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_) | Value::GoObject(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, call_in, deep, float, map, ring, show, text};
    use crate::limits::Limits;
    use crate::template::Env;
    use crate::template::types::Type;

    static VALUES: Type = Type::new("common.Values", GoKind::Map, Some(&ANY));

    #[test]
    fn dicts_behave_as_sprigs() {
        let one = || map(&[("a", Value::int(1))]);
        let nil_map = || Value::Map(Map::nil(&MAP));
        let deep = || map(&[("a", map(&[("b", Value::int(1)), ("n", Value::Nil)]))]);
        let cases: Vec<(&str, Vec<Value>, &str)> = vec![
            ("dict", vec![text("a"), Value::int(1), float(1e6)], r#"map[string]interface {}{"1e+06": "", "a": 1}"#),
            ("dict", vec![Value::Nil, Value::int(1)], r#"map[string]interface {}{"<nil>": 1}"#),
            ("get", vec![one(), text("b")], r#""""#),
            ("get", vec![nil_map(), text("b")], r#""""#),
            ("set", vec![nil_map(), text("b"), Value::Nil], "!assignment to entry in nil map"),
            ("set", vec![one(), text("b"), Value::Nil], r#"map[string]interface {}{"a": 1, "b": nil}"#),
            ("unset", vec![one(), text("a")], "map[string]interface {}{}"),
            ("hasKey", vec![one(), text("a")], "true"),
            ("keys", vec![map(&[("b", Value::Nil), ("a", Value::Nil)]), one()], r#"[]string{"a", "b", "a"}"#),
            ("keys", vec![], "[]string{}"),
            ("values", vec![nil_map()], "[]interface {}{}"),
            ("pluck", vec![text("a"), one(), nil_map(), map(&[("a", Value::Nil)])], "[]interface {}{1, nil}"),
            ("pick", vec![one(), text("a"), text("z")], r#"map[string]interface {}{"a": 1}"#),
            ("omit", vec![one(), text("a"), text("z")], "map[string]interface {}{}"),
            ("dig", vec![text("a"), text("b"), text("d"), deep()], "1"),
            ("dig", vec![text("a"), text("n"), text("d"), deep()], "nil"),
            ("dig", vec![text("x"), text("b"), text("d"), deep()], r#""d""#),
            ("dig", vec![text("a"), deep()], "!dig needs at least three arguments"),
            (
                "dig",
                vec![text("a"), text("b"), text("d"), one()],
                "!interface conversion: interface {} is int, not map[string]interface {}",
            ),
            (
                "dig",
                vec![Value::int(1), text("d"), Value::Nil],
                "!interface conversion: interface {} is nil, not map[string]interface {}",
            ),
            ("dig", vec![Value::int(1), text("d"), one()], "!interface conversion: interface {} is int, not string"),
            (
                "dig",
                vec![text("a"), text("d"), Value::Map(Map::of(&VALUES, Default::default()))],
                "!interface conversion: interface {} is common.Values, not map[string]interface {}",
            ),
            ("deepCopy", vec![Value::Nil], "!reflect: call of reflect.Value.Type on zero Value"),
            ("deepCopy", vec![deep()], r#"map[string]interface {}{"a": map[string]interface {}{"b": 1, "n": nil}}"#),
        ];
        for (name, args, expected) in cases {
            assert_eq!(show(call(FUNCTIONS, name, &args)), expected, "{name} {args:?}");
        }
    }

    #[test]
    fn merges_behave_as_mergos() {
        let a = |value: Value| map(&[("a", value)]);
        let list = |items: &[i64]| Value::list(items.iter().map(|&item| Value::int(item)).collect());
        let strings = || {
            let entries = [(Str::from("x"), text("1"))].into_iter().collect();
            Value::Map(Map::of(&STRING_MAP, entries))
        };
        // Of two values under the key a: what merge leaves there, and what mergeOverwrite leaves.
        type Case = (fn() -> Value, Value, &'static str, &'static str);
        let cases: Vec<Case> = vec![
            (|| Value::int(1), Value::int(2), "1", "2"),
            (|| Value::int(0), text(""), r#""""#, r#""""#),
            (|| Value::Nil, Value::int(1), "1", "1"),
            (|| Value::int(1), Value::Nil, "1", "nil"),
            (|| Value::int(1), text(""), "1", r#""""#),
            (|| Value::list(vec![Value::int(1)]), list(&[2]), "[]interface {}{1}", "[]interface {}{2}"),
            (|| Value::list(vec![Value::int(1)]), list(&[]), "[]interface {}{1}", "[]interface {}{}"),
            (|| map(&[]), Value::int(5), "5", "5"),
            (|| Value::int(5), map(&[]), "5", "map[string]interface {}{}"),
            (
                || map(&[("b", Value::int(1))]),
                map(&[]),
                r#"map[string]interface {}{"b": 1}"#,
                r#"map[string]interface {}{"b": 1}"#,
            ),
            (
                || map(&[]),
                map(&[("k", Value::Nil)]),
                r#"map[string]interface {}{"k": nil}"#,
                r#"map[string]interface {}{"k": nil}"#,
            ),
            (|| map(&[("b", Value::int(1))]), list(&[1]), r#"map[string]interface {}{"b": 1}"#, "[]interface {}{1}"),
        ];
        for (old, new, merged, overwritten) in cases {
            for (name, expected) in [("merge", merged), ("mustMergeOverwrite", overwritten)] {
                let result = call(FUNCTIONS, name, &[a(old()), a(new.clone())]).unwrap();
                assert_eq!(
                    show(Ok(result.as_map().unwrap().get(b"a").unwrap())),
                    expected,
                    "{name} {:?} {new:?}",
                    old()
                );
            }
        }
        let nil_map = || Value::Map(Map::nil(&MAP));
        let cases: Vec<(&str, Vec<Value>, &str)> = vec![
            (
                "merge",
                vec![map(&[]), map(&[("a", Value::Nil), ("b", text(""))])],
                r#"map[string]interface {}{"b": ""}"#,
            ),
            ("mergeOverwrite", vec![map(&[]), a(Value::Nil)], r#"map[string]interface {}{"a": nil}"#),
            ("merge", vec![nil_map(), nil_map()], "map[string]interface {}(nil)"),
            ("merge", vec![nil_map(), a(text("x"))], r#"map[string]interface {}{"a": "x"}"#),
            (
                "merge",
                vec![a(strings()), a(map(&[("z", text(""))]))],
                "!reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string",
            ),
            (
                "merge",
                vec![a(map(&[])), a(strings())],
                r#"map[string]interface {}{"a": map[string]interface {}{"x": "1"}}"#,
            ),
        ];
        for (name, args, expected) in cases {
            assert_eq!(show(call(FUNCTIONS, name, &args)), expected, "{name} {args:?}");
        }
    }

    #[test]
    fn a_merge_writes_into_the_map_it_was_given() {
        let (into, inner) = (Map::new(), Map::new());
        into.insert("x", inner.clone().into());
        let from = map(&[("x", map(&[("y", Value::int(1))]))]);
        call(FUNCTIONS, "merge", &[into.clone().into(), from]).unwrap();
        assert_eq!(show(Ok(inner.into())), r#"map[string]interface {}{"y": 1}"#);
    }

    #[test]
    fn maps_that_contain_themselves_end_at_a_limit() {
        deep(|| {
            let (mut env, limits) = (Env::seeded(1), Limits::default());
            let mut ctx = Context::new(&mut env, &limits, None);
            for (name, args) in [("deepCopy", vec![ring()]), ("merge", vec![ring(), ring()])] {
                let result = call_in(&mut ctx, FUNCTIONS, name, &args);
                assert!(matches!(result, Err(Failure::Limit(_))), "{name}: {result:?}");
            }
        });
    }
}
