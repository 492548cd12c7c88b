//! Lists. No function changes its argument. Where a function panics, its `must…` returns an error with the same message.

use super::flow::is_empty;
use super::numbers::to_int64;
use super::reflect::deep_equal;
use crate::template::growth::{self, Behind};
use crate::template::types::{ANY, GoKind, INT, LIST, Type};
use crate::template::{Context, Failure, Flow, Function, IntKind, List, Look, Map, Spread, Value};
use crate::trace::Origin;
use std::borrow::Cow;
use std::collections::HashSet;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("list", &[], Flow::Exact, "a list of the arguments", list)
        .spreads(Spread::Holds)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("tuple", &[], Flow::Exact, "the same as list", list)
        .spreads(Spread::Holds)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("first", &[&ANY], Flow::Exact, "the first element", first)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("mustFirst", &[&ANY], Flow::Exact, "the same as first", first)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("last", &[&ANY], Flow::Exact, "the last element", last).spreads(Spread::Member).looks(Look::Nothing),
    Function::new("mustLast", &[&ANY], Flow::Exact, "the same as last", last)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("rest", &[&ANY], Flow::Exact, "all but the first element", rest)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("mustRest", &[&ANY], Flow::Exact, "the same as rest", rest)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("initial", &[&ANY], Flow::Exact, "all but the last element", initial)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("mustInitial", &[&ANY], Flow::Exact, "the same as initial", initial)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("append", &[&ANY, &ANY], Flow::Exact, "the list with one more at the end", append)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("mustAppend", &[&ANY, &ANY], Flow::Exact, "the same as append", append)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("push", &[&ANY, &ANY], Flow::Exact, "the same as append", append)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("mustPush", &[&ANY, &ANY], Flow::Exact, "the same as append", append)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("prepend", &[&ANY, &ANY], Flow::Exact, "the list with one more at the start", prepend)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("mustPrepend", &[&ANY, &ANY], Flow::Exact, "the same as prepend", prepend)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("concat", &[], Flow::Exact, "the lists one after another", concat)
        .spreads(Spread::Holds)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("reverse", &[&ANY], Flow::Exact, "the last element first", reverse)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("mustReverse", &[&ANY], Flow::Exact, "the same as reverse", reverse)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("uniq", &[&ANY], Flow::Exact, "the list without repetitions", uniq),
    Function::new("mustUniq", &[&ANY], Flow::Exact, "the same as uniq", uniq),
    Function::new("without", &[&ANY], Flow::Exact, "the list without the elements named", without).variadic(&ANY),
    Function::new("mustWithout", &[&ANY], Flow::Exact, "the same as without", without).variadic(&ANY),
    Function::new("has", &[&ANY, &ANY], Flow::None, "whether the second holds the first", has)
        .spreads(Spread::Unordered),
    Function::new("mustHas", &[&ANY, &ANY], Flow::None, "the same as has", has).spreads(Spread::Unordered),
    Function::new("compact", &[&ANY], Flow::Exact, "the list without empty elements", compact).looks(Look::Nothing),
    Function::new("mustCompact", &[&ANY], Flow::Exact, "the same as compact", compact).looks(Look::Nothing),
    Function::new("chunk", &[&INT, &ANY], Flow::Exact, "lists of n elements each", chunk)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("mustChunk", &[&INT, &ANY], Flow::Exact, "the same as chunk", chunk)
        .spreads(Spread::Member)
        .looks(Look::Nothing),
    Function::new("slice", &[&ANY], Flow::Exact, "the elements from one index to another", slice)
        .spreads(Spread::Member)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("mustSlice", &[&ANY], Flow::Exact, "the same as slice", slice)
        .spreads(Spread::Member)
        .looks(Look::Nothing)
        .variadic(&ANY),
];

/// `[][]interface {}`, the result of `chunk`.
pub(crate) static LISTS: Type = Type::new("[][]interface {}", GoKind::Slice, Some(&LIST));

/// Go's error when sprig asks nil for its type.
pub(super) const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";

type Result<T = Value> = std::result::Result<T, Failure>;

/// The elements of a slice, or sprig's error followed by the kind: `Cannot find first on type string`.
fn elements<'a>(ctx: &mut Context<'_>, value: &'a Value, complaint: &str) -> Result<Cow<'a, [Value]>> {
    if let Value::Bytes(bytes) = value {
        ctx.charge(bytes.len() as u64 / 4)?;
        ctx.allow_memory(bytes.len() * size_of::<Value>())?;
    }
    match value {
        Value::List(list) => Ok(Cow::Borrowed(list)),
        Value::Bytes(bytes) => Ok(Cow::Owned(bytes.as_bytes().iter().map(|&byte| Value::byte(byte)).collect())),
        Value::Nil => Err(NIL_DEREFERENCE.into()),
        other => Err(Failure::Text(format!("{complaint} {}", other.kind().name()))),
    }
}

/// The elements of an argument that will be copied; charges the copy.
fn copied<'a>(ctx: &mut Context<'_>, value: &'a Value, complaint: &str) -> Result<Cow<'a, [Value]>> {
    let items = elements(ctx, value, complaint)?;
    ctx.charge(items.len() as u64)?;
    ctx.allow_memory(size_of_val(&*items))?;
    Ok(items)
}

/// Bytes of a list within a list.
const CHUNK: usize = 200;

/// A list of a known length in Go: it has no spare capacity.
fn exactly(items: Vec<Value>) -> Value {
    List::with_behind(&LIST, items, Behind::Zeros(0)).into()
}

fn list(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.charge(args.len() as u64)?;
    Ok(exactly(args.to_vec()))
}

fn first(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(elements(ctx, &args[0], "Cannot find first on type")?.first().cloned().unwrap_or_default())
}

fn last(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(elements(ctx, &args[0], "Cannot find last on type")?.last().cloned().unwrap_or_default())
}

fn rest(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot find rest on type")?;
    // sprig quirk: for an empty list the result is a nil list, which is `null` in JSON.
    Ok(items.split_first().map_or_else(|| List::nil(&LIST).into(), |(_, rest)| exactly(rest.to_vec())))
}

fn initial(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot find initial on type")?;
    Ok(items.split_last().map_or_else(|| List::nil(&LIST).into(), |(_, initial)| exactly(initial.to_vec())))
}

fn append(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot push on type")?;
    let all = joined(&items, &args[1..2]);
    Ok(List::grown_from(&LIST, items.len(), all).into())
}

fn prepend(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot prepend on type")?;
    let all = joined(&args[1..2], &items);
    // sprig appends the whole list to a slice with the new element.
    let capacity = if items.is_empty() { 1 } else { growth::appended(1, all.len(), &ANY) };
    Ok(List::grown_from(&LIST, capacity, all).into())
}

fn joined(front: &[Value], back: &[Value]) -> Vec<Value> {
    let mut all = Vec::with_capacity(front.len() + back.len());
    all.extend_from_slice(front);
    all.extend_from_slice(back);
    all
}

fn concat(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut all = Vec::new();
    for list in args {
        match list {
            Value::List(_) | Value::Bytes(_) | Value::Nil => {
                let items = copied(ctx, list, "")?;
                ctx.allow_memory((all.len() + items.len()) * size_of::<Value>())?;
                all.extend_from_slice(&items);
            }
            other => return Err(Failure::Text(format!("Cannot concat type {} as list", other.kind().name()))),
        }
    }
    // sprig quirk: without arguments the result is a nil list.
    Ok(if all.is_empty() { List::nil(&LIST).into() } else { Value::list(all) })
}

fn reverse(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot find reverse on type")?;
    Ok(exactly(items.iter().rev().cloned().collect()))
}

/// Whether a list contains a value, compared as `reflect.DeepEqual` does.
fn holds(ctx: &mut Context<'_>, items: &[Value], wanted: &Value) -> Result<bool> {
    ctx.charge(items.len() as u64)?;
    for item in items {
        if deep_equal(ctx, item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot find uniq on type")?;
    // A string is only equal to a string, so in most lists not all pairs need to be compared.
    let mut strings: HashSet<&[u8]> = HashSet::new();
    let mut others: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for item in items.iter() {
        let new = match item {
            Value::Str(text) => strings.insert(text.as_bytes()),
            other => {
                let new = !holds(ctx, &others, other)?;
                if new {
                    others.push(other.clone());
                }
                new
            }
        };
        if new {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn without(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut kept = Vec::new();
    for item in copied(ctx, &args[0], "Cannot find without on type")?.iter() {
        if !holds(ctx, &args[1..], item)? {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn has(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    if args[1].is_nil() {
        return Ok(false.into());
    }
    let items = elements(ctx, &args[1], "Cannot find has on type")?;
    Ok(holds(ctx, &items, &args[0])?.into())
}

fn compact(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = copied(ctx, &args[0], "Cannot compact on type")?;
    Ok(Value::list(items.iter().filter(|item| !is_empty(item)).cloned().collect()))
}

/// sprig computes in floating point and lets Go's `make` panic; a negative size passes if the sums work out.
///
/// Source: sprig `mustChunk`.
fn chunk(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let Value::Int(size, ..) = args[0] else { return Err("expected an int".into()) };
    let items = copied(ctx, &args[1], "Cannot chunk type")?;
    let count = ((items.len() as f64 - 1.0) / size as f64).floor() + 1.0;
    // Go converts NaN, and numbers that are too large, to the smallest int.
    if !(0.0..=items.len() as f64 + 1.0).contains(&count) {
        return Err("runtime error: makeslice: len out of range".into());
    }
    // A size of zero makes empty lists, which are still lists.
    ctx.charge(4 * count as u64)?;
    ctx.allow_memory(count as usize * CHUNK)?;
    let mut left = &*items;
    let mut chunks = Vec::with_capacity(count as usize);
    for index in 1..=count as usize {
        let in_last = if size == 0 { 0 } else { items.len() as i64 % size };
        let wanted = if index == count as usize && in_last != 0 { in_last } else { size };
        let Ok(wanted) = usize::try_from(wanted) else {
            return Err("runtime error: makeslice: len out of range".into());
        };
        let (part, rest) = left.split_at(wanted.min(left.len()));
        chunks.push(exactly(part.to_vec()));
        left = rest;
    }
    Ok(List::with_behind(&LISTS, chunks, Behind::Zeros(0)).into())
}

fn slice(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let value = &args[0];
    let items = elements(ctx, value, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let (from, to) = (args.get(1).map_or(0, to_int64), args.get(2).map_or(items.len() as i64, to_int64));
    let out_of_bounds = || Failure::from("reflect.Value.Slice: slice index out of bounds");
    let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else { return Err(out_of_bounds()) };
    let Value::List(list) = value else {
        let Value::Bytes(bytes) = value else { return Err(out_of_bounds()) };
        return if from <= to && to <= bytes.len() {
            Ok(Value::Bytes(bytes.slice(from..to)))
        } else {
            Err(out_of_bounds())
        };
    };
    // Go quirk: a slice reaches into the spare capacity of the array.
    let room = match list.behind() {
        Behind::Grown => list.ty().elem.map_or(0, |element| growth::grown(items.len(), element) - items.len()),
        Behind::Zeros(room) => *room,
        Behind::Values(values) => values.len(),
    };
    if from > to || to > items.len() + room {
        return Err(out_of_bounds());
    }
    ctx.charge((items.len() + room) as u64)?;
    ctx.allow_memory((items.len() + room) * size_of::<Value>())?;
    let mut reach = items.into_owned();
    match list.behind() {
        Behind::Values(values) => reach.extend_from_slice(values),
        _ => reach.resize(reach.len() + room, list.ty().elem.map_or(Value::Nil, zero)),
    }
    let behind = reach.split_off(to);
    reach.drain(..from);
    Ok(List::with_behind(list.ty(), reach, Behind::Values(behind.into())).into())
}

/// The zero value of an element.
fn zero(element: &'static Type) -> Value {
    match element.kind {
        GoKind::String => Value::str(""),
        GoKind::Int => Value::Int(0, IntKind::Int, Origin::NONE),
        GoKind::Map => Value::Map(Map::nil(element)),
        GoKind::Slice => Value::List(List::nil(element)),
        _ => Value::Nil,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, float, map, show, text};

    #[test]
    fn lists_behave_as_sprigs() {
        let abc = || Value::list(vec![text("a"), text("b"), text("c")]);
        let numbers = |numbers: &[i64]| Value::list(numbers.iter().map(|&number| Value::int(number)).collect());
        let of = Value::list;
        let nil = || Value::Nil;
        let cases: Vec<(&str, Vec<Value>, &str)> = vec![
            ("list", vec![Value::int(1), text("a"), nil()], r#"[]interface {}{1, "a", nil}"#),
            ("first", vec![abc()], r#""a""#),
            ("first", vec![of(vec![])], "nil"),
            ("last", vec![abc()], r#""c""#),
            ("last", vec![text("abc")], "!Cannot find last on type string"),
            ("first", vec![nil()], "!runtime error: invalid memory address or nil pointer dereference"),
            ("rest", vec![of(vec![])], "[]interface {}(nil)"),
            ("rest", vec![abc()], r#"[]interface {}{"b", "c"}"#),
            ("initial", vec![of(vec![text("a")])], "[]interface {}{}"),
            ("append", vec![abc(), Value::int(1)], r#"[]interface {}{"a", "b", "c", 1}"#),
            ("mustPush", vec![Value::int(5), nil()], "!Cannot push on type int"),
            ("prepend", vec![abc(), nil()], r#"[]interface {}{nil, "a", "b", "c"}"#),
            ("concat", vec![], "[]interface {}(nil)"),
            ("concat", vec![abc(), numbers(&[1])], r#"[]interface {}{"a", "b", "c", 1}"#),
            ("concat", vec![text("a")], "!Cannot concat type string as list"),
            ("reverse", vec![abc()], r#"[]interface {}{"c", "b", "a"}"#),
            (
                "uniq",
                vec![of(vec![text("1"), Value::int(1), float(1.0), Value::int(1), text("1"), nil(), nil()])],
                r#"[]interface {}{"1", 1, 1.0, nil}"#,
            ),
            ("without", vec![numbers(&[1, 2, 3]), Value::int(2)], "[]interface {}{1, 3}"),
            ("has", vec![text("a"), nil()], "false"),
            ("has", vec![of(vec![text("x")]), of(vec![of(vec![text("x")])])], "true"),
            ("has", vec![Value::int(3), of(vec![float(3.0)])], "false"),
            ("has", vec![text("a"), map(&[])], "!Cannot find has on type map"),
            ("compact", vec![of(vec![text(""), Value::int(0), text("a"), of(vec![])])], r#"[]interface {}{"a"}"#),
            (
                "chunk",
                vec![Value::int(2), numbers(&[1, 2, 3])],
                "[][]interface {}{[]interface {}{1, 2}, []interface {}{3}}",
            ),
            ("chunk", vec![Value::int(2), of(vec![])], "[][]interface {}{}"),
            ("chunk", vec![Value::int(-1), numbers(&[1, 2])], "[][]interface {}{}"),
            ("chunk", vec![Value::int(-5), numbers(&[1])], "[][]interface {}{[]interface {}{1}}"),
            ("chunk", vec![Value::int(0), numbers(&[1])], "!runtime error: makeslice: len out of range"),
            ("chunk", vec![Value::int(0), of(vec![])], "!runtime error: makeslice: len out of range"),
            ("chunk", vec![Value::int(-2), of(vec![])], "!runtime error: makeslice: len out of range"),
            ("slice", vec![abc(), Value::int(1)], r#"[]interface {}{"b", "c"}"#),
            ("slice", vec![abc(), text("0x1"), float(2.9)], r#"[]interface {}{"b"}"#),
            ("slice", vec![abc(), Value::int(0), Value::int(4)], r#"[]interface {}{"a", "b", "c", nil}"#),
            ("slice", vec![abc(), Value::int(0), Value::int(5)], "!reflect.Value.Slice: slice index out of bounds"),
            ("slice", vec![of(vec![]), Value::int(5)], "nil"),
            ("slice", vec![text("abc")], "!list should be type of slice or array but string"),
        ];
        for (name, args, expected) in cases {
            assert_eq!(show(call(FUNCTIONS, name, &args)), expected, "{name} {args:?}");
        }
    }

    #[test]
    fn a_slice_of_a_slice_sees_the_array_behind_it() {
        let list = call(FUNCTIONS, "list", &[Value::int(1), Value::int(2), Value::int(3)]).unwrap();
        let short = call(FUNCTIONS, "slice", &[list.clone(), Value::int(0), Value::int(1)]).unwrap();
        let long = call(FUNCTIONS, "slice", &[short, Value::int(0), Value::int(3)]);
        assert_eq!(show(long), "[]interface {}{1, 2, 3}");
        let beyond = call(FUNCTIONS, "slice", &[list, Value::int(0), Value::int(4)]);
        assert_eq!(show(beyond), "!reflect.Value.Slice: slice index out of bounds");
    }
}
