//! Lists. None of these changes its argument; each `must…` reports what the other panics with, which reads the same.

use super::flow::is_empty;
use super::reflect::deep_equal;
use super::strings::int;
use crate::template::types::{ANY, INT, LIST, LISTS};
use crate::template::{Context, Failure, Flow, Function, IntKind, List, Value};
use crate::trace::Origin;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function::new("list", &[], Flow::Exact, "a list of the arguments", list).variadic(&ANY),
    Function::new("tuple", &[], Flow::Exact, "the same as list", list).variadic(&ANY),
    Function::new("first", &[&ANY], Flow::Exact, "the first element", first),
    Function::new("mustFirst", &[&ANY], Flow::Exact, "the first element", first),
    Function::new("last", &[&ANY], Flow::Exact, "the last element", last),
    Function::new("mustLast", &[&ANY], Flow::Exact, "the last element", last),
    Function::new("rest", &[&ANY], Flow::Exact, "all but the first", rest),
    Function::new("mustRest", &[&ANY], Flow::Exact, "all but the first", rest),
    Function::new("initial", &[&ANY], Flow::Exact, "all but the last", initial),
    Function::new("mustInitial", &[&ANY], Flow::Exact, "all but the last", initial),
    Function::new("append", &[&ANY, &ANY], Flow::Exact, "with one more at the end", append),
    Function::new("mustAppend", &[&ANY, &ANY], Flow::Exact, "with one more at the end", append),
    Function::new("push", &[&ANY, &ANY], Flow::Exact, "the same as append", append),
    Function::new("mustPush", &[&ANY, &ANY], Flow::Exact, "the same as append", append),
    Function::new("prepend", &[&ANY, &ANY], Flow::Exact, "with one more at the start", prepend),
    Function::new("mustPrepend", &[&ANY, &ANY], Flow::Exact, "with one more at the start", prepend),
    Function::new("concat", &[], Flow::Exact, "the lists one after another", concat).variadic(&ANY),
    Function::new("reverse", &[&ANY], Flow::Exact, "the last first", reverse),
    Function::new("mustReverse", &[&ANY], Flow::Exact, "the last first", reverse),
    Function::new("uniq", &[&ANY], Flow::Exact, "without repetitions", uniq),
    Function::new("mustUniq", &[&ANY], Flow::Exact, "without repetitions", uniq),
    Function::new("without", &[&ANY], Flow::Exact, "without the elements named", without).variadic(&ANY),
    Function::new("mustWithout", &[&ANY], Flow::Exact, "without the elements named", without).variadic(&ANY),
    Function::new("has", &[&ANY, &ANY], Flow::None, "whether the second holds the first", has),
    Function::new("mustHas", &[&ANY, &ANY], Flow::None, "whether the second holds the first", has),
    Function::new("compact", &[&ANY], Flow::Exact, "without empty elements", compact),
    Function::new("mustCompact", &[&ANY], Flow::Exact, "without empty elements", compact),
    Function::new("chunk", &[&INT, &ANY], Flow::Exact, "lists of n elements each", chunk),
    Function::new("mustChunk", &[&INT, &ANY], Flow::Exact, "lists of n elements each", chunk),
    Function::new("slice", &[&ANY], Flow::Exact, "the elements from one index to another", slice).variadic(&ANY),
    Function::new("mustSlice", &[&ANY], Flow::Exact, "the elements from one index to another", slice).variadic(&ANY),
];

type Result<T = Value> = std::result::Result<T, Failure>;

/// The elements of a slice, or sprig's complaint `Cannot first on type string`. nil is Go's panic.
fn elements(value: Option<&Value>, complaint: &str) -> Result<Vec<Value>> {
    match value {
        Some(Value::List(list)) => Ok(list.to_vec()),
        Some(Value::Bytes(bytes)) => Ok(bytes.as_bytes().iter().map(|&byte| Value::byte(byte)).collect()),
        None | Some(Value::Nil) => {
            Err(Failure::from("runtime error: invalid memory address or nil pointer dereference"))
        }
        // sprig names the kind.
        Some(other) => Err(Failure::Text(format!("{complaint} {}", other.kind().name()))),
    }
}

/// sprig's nil slice: what it returns without having made one.
fn nil_list() -> Value {
    List::nil(&LIST).into()
}

fn list(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    ctx.charge(args.len() as u64)?;
    Ok(Value::list(args.to_vec()))
}

fn first(_: &mut Context<'_>, args: &[Value]) -> Result {
    if let Some(Value::List(list)) = args.first() {
        return Ok(list.first().cloned().unwrap_or_default());
    }
    Ok(elements(args.first(), "Cannot find first on type")?.into_iter().next().unwrap_or_default())
}

fn last(_: &mut Context<'_>, args: &[Value]) -> Result {
    if let Some(Value::List(list)) = args.first() {
        return Ok(list.last().cloned().unwrap_or_default());
    }
    Ok(elements(args.first(), "Cannot find last on type")?.pop().unwrap_or_default())
}

fn rest(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = elements(args.first(), "Cannot find rest on type")?;
    ctx.charge(items.len() as u64)?;
    Ok(if items.is_empty() { nil_list() } else { Value::list(items[1..].to_vec()) })
}

fn initial(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut items = elements(args.first(), "Cannot find initial on type")?;
    ctx.charge(items.len() as u64)?;
    Ok(if items.pop().is_none() { nil_list() } else { Value::list(items) })
}

fn append(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut items = elements(args.first(), "Cannot push on type")?;
    ctx.charge(items.len() as u64)?;
    items.push(args[1].clone());
    Ok(Value::list(items))
}

fn prepend(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut items = elements(args.first(), "Cannot prepend on type")?;
    ctx.charge(items.len() as u64)?;
    items.insert(0, args[1].clone());
    Ok(Value::list(items))
}

fn concat(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut all = Vec::new();
    for list in args {
        if !matches!(list, Value::List(_) | Value::Bytes(_) | Value::Nil) {
            return Err(Failure::Text(format!("Cannot concat type {} as list", list.kind().name())));
        }
        all.append(&mut elements(Some(list), "")?);
    }
    ctx.charge(all.len() as u64)?;
    Ok(if all.is_empty() { nil_list() } else { Value::list(all) })
}

fn reverse(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut items = elements(args.first(), "Cannot find reverse on type")?;
    ctx.charge(items.len() as u64)?;
    items.reverse();
    Ok(Value::list(items))
}

/// Whether a list holds a value, compared as `reflect.DeepEqual` does.
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
    let mut kept: Vec<Value> = Vec::new();
    for item in elements(args.first(), "Cannot find uniq on type")? {
        if !holds(ctx, &kept, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn without(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut kept = Vec::new();
    for item in elements(args.first(), "Cannot find without on type")? {
        if !holds(ctx, &args[1..], &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn has(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let haystack = match args.get(1) {
        None | Some(Value::Nil) => return Ok(false.into()),
        Some(Value::List(list)) => list.clone(),
        other => List::new(&LIST, elements(other, "Cannot find has on type")?),
    };
    Ok(holds(ctx, &haystack, &args[0])?.into())
}

fn compact(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut items = elements(args.first(), "Cannot compact on type")?;
    ctx.charge(items.len() as u64)?;
    items.retain(|item| !is_empty(item));
    Ok(Value::list(items))
}

fn chunk(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let items = elements(args.get(1), "Cannot chunk type")?;
    ctx.charge(items.len() as u64)?;
    let size = int(args, 0)?;
    if size == 0 {
        return Err(Failure::from("runtime error: makeslice: len out of range"));
    }
    // sprig quirk: of a negative size there are no chunks.
    let size = usize::try_from(size).unwrap_or(0);
    let parts = if size == 0 { Vec::new() } else { items.chunks(size).map(<[Value]>::to_vec).collect() };
    Ok(List::new(&LISTS, parts.into_iter().map(Value::list).collect()).into())
}

fn slice(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let Some(value @ (Value::List(_) | Value::Bytes(_))) = args.first() else {
        let kind = args.first().map_or("invalid", |value| value.kind().name());
        return match args.first() {
            None | Some(Value::Nil) => {
                Err(Failure::from("runtime error: invalid memory address or nil pointer dereference"))
            }
            Some(_) => Err(Failure::Text(format!("list should be type of slice or array but {kind}"))),
        };
    };
    let items = elements(Some(value), "")?;
    ctx.charge(items.len() as u64)?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let index = |at: usize, otherwise: usize| match args.get(at) {
        Some(value) => super::numbers::to_int64(value),
        None => otherwise as i64,
    };
    let (from, to) = (index(1, 0), index(2, items.len()));
    let out_of_bounds = || Failure::from("reflect.Value.Slice: slice index out of bounds");
    let (Ok(start), Ok(end)) = (usize::try_from(from), usize::try_from(to)) else { return Err(out_of_bounds()) };
    if start > end || end > items.len() {
        return Err(out_of_bounds());
    }
    let part = items[start..end].to_vec();
    Ok(match value {
        Value::List(list) => List::new(list.ty(), part).into(),
        Value::Bytes(bytes) => Value::Bytes(bytes.slice(start..end)),
        _ => Value::list(part),
    })
}

/// A list of `int`s.
pub(super) fn ints(numbers: impl Iterator<Item = i64>) -> Value {
    let items = numbers.map(|number| Value::Int(number, IntKind::Int, Origin::NONE)).collect();
    List::new(&crate::template::types::INTS, items).into()
}
