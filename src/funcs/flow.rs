//! Control flow: defaults, choices, failure.

use crate::template::types::{ANY, BOOL, STRING};
use crate::template::{Context, Failure, Flow, Function, Look, Spread, Value};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("default", &[&ANY], Flow::Exact, "the second, or the first when that is empty", default)
        .spreads(Spread::Choice)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("empty", &[&ANY], Flow::None, "whether a value is nil, false, 0 or has no length", empty)
        .spreads(Spread::Size)
        .looks(Look::Nothing),
    Function::new("coalesce", &[], Flow::Exact, "the first that is not empty", coalesce)
        .spreads(Spread::Choice)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("all", &[], Flow::None, "whether none is empty", all)
        .spreads(Spread::Size)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("any", &[], Flow::None, "whether one is not empty", any)
        .spreads(Spread::Size)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("ternary", &[&ANY, &ANY, &BOOL], Flow::Exact, "the first if true, else the second", ternary)
        .spreads(Spread::Choice)
        .looks(Look::Nothing),
    Function::new("fail", &[&STRING], Flow::None, "stops with a message", fail),
    Function::new("required", &[&STRING, &ANY], Flow::Exact, "the value, or a failure when it is missing", required)
        .spreads(Spread::Choice)
        .looks(Look::Nothing),
];

type Result = std::result::Result<Value, Failure>;

/// Whether sprig treats a value as empty.
///
/// sprig quirk: `false` and 0 count as empty. Source: sprig `empty`.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.truth()
}

fn default(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(match args.get(1) {
        Some(given) if !is_empty(given) => given.clone(),
        _ => args.first().cloned().unwrap_or_default(),
    })
}

fn empty(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(args.first().is_none_or(is_empty).into())
}

fn coalesce(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(args.iter().find(|value| !is_empty(value)).cloned().unwrap_or_default())
}

fn all(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok((!args.iter().any(is_empty)).into())
}

fn any(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok((!args.iter().all(is_empty)).into())
}

fn ternary(_: &mut Context<'_>, args: &[Value]) -> Result {
    let second = matches!(args.get(2), Some(Value::Bool(false, _)));
    Ok(args.get(usize::from(second)).cloned().unwrap_or_default())
}

fn fail(_: &mut Context<'_>, args: &[Value]) -> Result {
    Err(user_failure(args))
}

/// The failure whose message is the first argument.
fn user_failure(args: &[Value]) -> Failure {
    Failure::User(args.first().and_then(Value::as_str).map(ToString::to_string).unwrap_or_default())
}

fn required(_: &mut Context<'_>, args: &[Value]) -> Result {
    let missing = match args.get(1) {
        None | Some(Value::Nil) => true,
        Some(Value::Str(text)) => text.is_empty(),
        Some(_) => false,
    };
    if missing { Err(user_failure(args)) } else { Ok(args[1].clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, float, map, show, text};

    #[test]
    fn choices_are_sprigs() {
        let (empty_list, no) = (|| Value::list(vec![]), || Value::bool(false));
        let cases: Vec<(&str, Vec<Value>, &str)> = vec![
            ("default", vec![text("d"), text("")], r#""d""#),
            ("default", vec![text("d"), no()], r#""d""#),
            ("default", vec![text("d"), float(0.0)], r#""d""#),
            ("default", vec![text("d"), text("x"), text("")], r#""x""#),
            ("default", vec![text("d")], r#""d""#),
            ("empty", vec![map(&[])], "true"),
            ("empty", vec![Value::list(vec![Value::int(0)])], "false"),
            ("coalesce", vec![empty_list(), no(), Value::int(5)], "5"),
            ("coalesce", vec![Value::int(0)], "nil"),
            ("all", vec![], "true"),
            ("all", vec![Value::int(1), Value::int(0)], "false"),
            ("any", vec![], "false"),
            ("any", vec![Value::int(0), Value::int(1)], "true"),
            ("ternary", vec![Value::int(1), empty_list(), no()], "[]interface {}{}"),
            ("ternary", vec![Value::int(1), empty_list(), Value::bool(true)], "1"),
            ("fail", vec![text("no")], "!no"),
            ("required", vec![text("no"), text("")], "!no"),
            ("required", vec![text("no"), Value::Nil], "!no"),
            ("required", vec![text("no"), Value::int(0)], "0"),
            ("required", vec![text("no"), empty_list()], "[]interface {}{}"),
        ];
        for (name, args, expected) in cases {
            let result = call(FUNCTIONS, name, &args);
            assert!(matches!(result, Ok(_) | Err(Failure::User(_))), "{name} {args:?}");
            assert_eq!(show(result), expected, "{name} {args:?}");
        }
    }
}
