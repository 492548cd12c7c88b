//! Reflection: the Go types of values, and deep equality.

use crate::template::types::{ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, List, Look, Map, Spread, Value};
use std::collections::HashSet;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("typeOf", &[&ANY], Flow::None, "the Go type", type_of).spreads(Spread::Kind).looks(Look::Nothing),
    Function::new("typeIs", &[&STRING, &ANY], Flow::None, "whether a value is of a type", type_is)
        .spreads(Spread::Kind)
        .looks(Look::Nothing),
    Function::new(
        "typeIsLike",
        &[&STRING, &ANY],
        Flow::None,
        "whether it is of a type or a pointer to it",
        type_is_like,
    )
    .spreads(Spread::Kind),
    Function::new("kindOf", &[&ANY], Flow::None, "the kind of the Go type", kind_of)
        .spreads(Spread::Kind)
        .looks(Look::Nothing),
    Function::new("kindIs", &[&STRING, &ANY], Flow::None, "whether a value is of a kind", kind_is)
        .spreads(Spread::Kind)
        .looks(Look::Nothing),
    Function::new("deepEqual", &[&ANY, &ANY], Flow::None, "whether two values are the same, types included", equal),
];

type Result<T = Value> = std::result::Result<T, Failure>;

/// The nesting limit for comparisons; a map can contain itself.
const MAX_DEPTH: u32 = 10_000;

fn name(args: &[Value]) -> Result<&[u8]> {
    args.first().and_then(Value::as_str).map(|name| name.as_bytes()).ok_or_else(|| Failure::from("expected a string"))
}

fn type_of(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(Value::str(args[0].ty().name))
}

fn type_is(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok((name(args)? == args[1].ty().name.as_bytes()).into())
}

fn type_is_like(_: &mut Context<'_>, args: &[Value]) -> Result {
    let (wanted, ty) = (name(args)?, args[1].ty().name);
    Ok((wanted == ty.as_bytes() || ty.strip_prefix('*').is_some_and(|ty| wanted == ty.as_bytes())).into())
}

fn kind_of(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(Value::str(args[0].kind().name()))
}

fn kind_is(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok((name(args)? == args[1].kind().name().as_bytes()).into())
}

fn equal(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(deep_equal(ctx, &args[0], &args[1])?.into())
}

/// Go's `reflect.DeepEqual`: the same types all the way down.
pub(super) fn deep_equal(ctx: &mut Context<'_>, a: &Value, b: &Value) -> Result<bool> {
    compare(ctx, a, b, 0, &mut HashSet::default())
}

/// Pairs of maps and lists that are being or were compared: Go takes them as equal when it reaches them again.
type Known = HashSet<(usize, usize), foldhash::fast::RandomState>;

fn compare(ctx: &mut Context<'_>, a: &Value, b: &Value, depth: u32, known: &mut Known) -> Result<bool> {
    if depth > MAX_DEPTH {
        return Err(Failure::limit(format!("values nest deeper than {MAX_DEPTH}")));
    }
    if a.ty() != b.ty() {
        return Ok(false);
    }
    match (a, b) {
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Bool(a, _), Value::Bool(b, _)) => Ok(a == b),
        (Value::Int(a, ..), Value::Int(b, ..)) => Ok(a == b),
        (Value::Float(a, _), Value::Float(b, _)) => Ok(a == b),
        (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => Ok(a == b),
        (Value::List(a), Value::List(b)) => lists(ctx, a, b, depth, known),
        (Value::Map(a), Value::Map(b)) => maps(ctx, a, b, depth, known),
        (Value::GoObject(a), Value::GoObject(b)) => Ok(std::rc::Rc::ptr_eq(a, b) || a.equals(&**b)),
        _ => Ok(false),
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

fn lists(ctx: &mut Context<'_>, a: &List, b: &List, depth: u32, known: &mut Known) -> Result<bool> {
    if a.ptr_eq(b) {
        return Ok(true);
    }
    if a.is_nil() != b.is_nil() || a.len() != b.len() {
        return Ok(false);
    }
    if !known.insert(pair(a.identity(), b.identity())) {
        return Ok(true);
    }
    ctx.charge(2 + a.len() as u64)?;
    for (a, b) in a.iter().zip(b.iter()) {
        if !compare(ctx, a, b, depth + 1, known)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(ctx: &mut Context<'_>, a: &Map, b: &Map, depth: u32, known: &mut Known) -> Result<bool> {
    if a.ptr_eq(b) {
        return Ok(true);
    }
    if a.is_nil() != b.is_nil() || a.len() != b.len() {
        return Ok(false);
    }
    if !known.insert(pair(a.identity(), b.identity())) {
        return Ok(true);
    }
    ctx.charge(2 + a.len() as u64)?;
    let (a, b) = (a.borrow(), b.borrow());
    for ((key_a, a), (key_b, b)) in a.iter().zip(b.iter()) {
        if key_a != key_b || !compare(ctx, a, b, depth + 1, known)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, float, map, ring, show, text};
    use crate::limits::Limits;
    use crate::template::Env;
    use crate::template::types::LIST;

    #[test]
    fn types_are_gos() {
        let cases: Vec<(&str, Vec<Value>, &str)> = vec![
            ("typeOf", vec![Value::Nil], r#""<nil>""#),
            ("typeOf", vec![Value::list(vec![])], r#""[]interface {}""#),
            ("typeOf", vec![float(5.0)], r#""float64""#),
            ("kindOf", vec![Value::Nil], r#""invalid""#),
            ("kindOf", vec![map(&[])], r#""map""#),
            ("typeIs", vec![text("int64"), Value::int64(1)], "true"),
            ("typeIs", vec![text("int"), Value::int64(1)], "false"),
            ("typeIsLike", vec![text("int"), Value::int(1)], "true"),
            ("kindIs", vec![text("slice"), Value::list(vec![])], "true"),
            ("deepEqual", vec![Value::int(1), float(1.0)], "false"),
            ("deepEqual", vec![Value::int(1), Value::int64(1)], "false"),
            ("deepEqual", vec![Value::Nil, Value::Nil], "true"),
            ("deepEqual", vec![Value::list(vec![]), Value::List(List::nil(&LIST))], "false"),
            ("deepEqual", vec![Value::list(vec![text("a")]), Value::strings(["a".into()])], "false"),
            ("deepEqual", vec![float(f64::NAN), float(f64::NAN)], "false"),
            ("deepEqual", vec![map(&[("a", Value::Nil)]), map(&[("a", Value::Nil)])], "true"),
            ("deepEqual", vec![map(&[("a", Value::Nil)]), map(&[("b", Value::Nil)])], "false"),
        ];
        for (name, args, expected) in cases {
            assert_eq!(show(call(FUNCTIONS, name, &args)), expected, "{name} {args:?}");
        }
    }

    #[test]
    fn what_was_compared_is_equal() {
        let (mut env, limits) = (Env::seeded(1), Limits { template_steps: 2_000, ..Limits::default() });
        let mut ctx = Context::new(&mut env, &limits, None);
        assert!(deep_equal(&mut ctx, &ring(), &ring()).unwrap());
        // Forty lists, each of which holds the one before twice.
        let doubled = |last: i64| (0..40).fold(Value::int(last), |value, _| Value::list(vec![value.clone(), value]));
        assert!(deep_equal(&mut ctx, &doubled(1), &doubled(1)).unwrap());
        assert!(!deep_equal(&mut ctx, &doubled(1), &doubled(2)).unwrap());
    }
}
