//! Go's builtin functions: `eq`, `index`, `len`, `printf`, `html`…
//!
//! `slice` is missing on purpose: sprig's replaces it. `and`, `or` and `call` have rows for their names and
//! signatures; the engine runs them itself, because the first two evaluate no more operands than needed and the last
//! reports its operand as written.

mod compare;
mod escape;
pub(super) mod index;

use super::context::Context;
use super::error::Failure;
use super::function::{Flow, Function, Look, Spread};
use super::print;
use super::types::{ANY, STRING};
use super::value::Value;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("and", &[&ANY], Flow::Exact, "the first operand that is not true, or the last", and)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("call", &[&ANY], Flow::None, "calls a function that is stored as a value", call).variadic(&ANY),
    Function::new("eq", &[&ANY], Flow::None, "whether the first equals any of the others", compare::eq).variadic(&ANY),
    Function::new("ge", &[&ANY, &ANY], Flow::None, "whether the first is greater or equal", compare::ge),
    Function::new("gt", &[&ANY, &ANY], Flow::None, "whether the first is greater", compare::gt),
    Function::new("html", &[], Flow::Exact, "text escaped for HTML", escape::html)
        .costs(4, 110)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("index", &[&ANY], Flow::Exact, "the element of nested maps and lists", index::index)
        .spreads(Spread::Member)
        .looks(Look::Some)
        .variadic(&ANY),
    Function::new("js", &[], Flow::Exact, "text escaped for JavaScript strings", escape::js)
        .costs(4, 130)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("le", &[&ANY, &ANY], Flow::None, "whether the first is less or equal", compare::le),
    Function::new("len", &[&ANY], Flow::None, "number of bytes, elements or keys", index::len)
        .spreads(Spread::Size)
        .looks(Look::Members),
    Function::new("lt", &[&ANY, &ANY], Flow::None, "whether the first is less", compare::lt),
    Function::new("ne", &[&ANY, &ANY], Flow::None, "whether two values differ", compare::ne),
    Function::new("not", &[&ANY], Flow::None, "whether the operand is not true", not)
        .spreads(Spread::Size)
        .looks(Look::Nothing),
    Function::new("or", &[&ANY], Flow::Exact, "the first operand that is true, or the last", or)
        .looks(Look::Nothing)
        .variadic(&ANY),
    Function::new("print", &[], Flow::Exact, "the arguments as text, spaced between non-strings", print)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("printf", &[&STRING], Flow::Exact, "the arguments by a format", printf)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("println", &[], Flow::Exact, "the arguments as a line of text", println)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("urlquery", &[], Flow::Exact, "text escaped for the query of a URL", escape::urlquery)
        .costs(4, 100)
        .spreads(Spread::Full)
        .variadic(&ANY),
];

fn and(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(args.iter().find(|arg| !arg.truth()).or(args.last()).cloned().unwrap_or_default())
}

fn or(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(args.iter().find(|arg| arg.truth()).or(args.last()).cloned().unwrap_or_default())
}

fn not(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::bool(!args[0].truth()))
}

/// No value of a chart is a function. Go's message for other values contains the operand's source text, which only the engine
/// knows: `non-function .Values.s of type string`.
fn call(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match &args[0] {
        Value::Nil => Err("call of nil".into()),
        value => Err(format!("non-function of type {}", value.ty().name).into()),
    }
}

fn print(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    print::sprint(ctx, args).map(Value::Str)
}

fn println(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    print::sprintln(ctx, args).map(Value::Str)
}

fn printf(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let Value::Str(format) = &args[0] else { return Ok(Value::Nil) };
    print::sprintf(ctx, format, &args[1..]).map(Value::Str)
}

#[cfg(test)]
mod tests {
    use super::super::types::{LIST, STRING_MAP};
    use super::*;
    use crate::limits::Limits;
    use crate::template::{Env, List, Map};

    fn call(name: &str, args: &[Value]) -> String {
        let (mut env, limits) = (Env::default(), Limits::default());
        let mut ctx = Context::new(&mut env, &limits, None);
        let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
        match (function.call)(&mut ctx, args) {
            Ok(value) => print::strval(&value).unwrap().to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn comparisons() {
        let (one, text, list) = (Value::int(1), Value::str("a"), Value::list(vec![Value::int(1)]));
        let map = Value::Map([("a".into(), Value::int(1))].into_iter().collect());
        let nothing = Value::Map(Map::nil(&STRING_MAP));
        let nan = Value::float(f64::NAN);
        let mixed = "non-comparable types [%!s(int=1)]: []interface {}, map[string]interface {}: map[a:1]";
        let cases: &[(&str, &[&Value], &str)] = &[
            ("eq", &[&one], "missing argument for comparison"),
            ("eq", &[&one, &text], "incompatible types for comparison: int and string"),
            ("eq", &[&text, &text, &one], "true"),
            ("eq", &[&one, &Value::Nil], "false"),
            ("eq", &[&nothing, &Value::Nil], "true"),
            ("ne", &[&list, &list], "non-comparable type [%!s(int=1)]: []interface {}"),
            ("eq", &[&list, &map], mixed),
            ("lt", &[&Value::Nil, &one], "invalid type for comparison"),
            ("lt", &[&list, &one], "invalid type for comparison"),
            ("le", &[&one, &Value::float(1.0)], "incompatible types for comparison: int and float64"),
            ("gt", &[&nan, &nan], "true"),
        ];
        for (name, args, want) in cases {
            let args: Vec<_> = args.iter().map(|&arg| arg.clone()).collect();
            assert_eq!(call(name, &args), *want, "{name} {args:?}");
        }
    }

    #[test]
    fn elements_and_escapes() {
        let list = Value::List(List::new(&LIST, vec![Value::Nil, Value::str("é")]));
        let cases: &[(&str, &[Value], &str)] = &[
            ("index", &[list.clone(), Value::int(1), Value::int(0)], "195"),
            ("index", &[list.clone(), Value::int(0), Value::int(0)], "index of nil pointer"),
            ("index", &[list.clone(), Value::int(2)], "reflect: slice index out of range"),
            ("index", &[list.clone(), Value::int(3)], "index out of range: 3"),
            ("index", &[list.clone(), Value::float(1.0)], "cannot index slice/array with type float64"),
            ("index", &[Value::Map(Map::new()), Value::int(1)], "value has type int; should be string"),
            ("index", &[Value::Nil], "index of untyped nil"),
            ("len", &[Value::str("é")], "2"),
            ("len", &[Value::int(5)], "len of type int"),
            ("len", &[Value::Nil], "len of nil pointer"),
            ("html", &[Value::int(1), Value::str("<\0"), Value::Nil], "1&lt;\u{fffd}&lt;no value&gt;"),
            ("js", &[Value::str("'<=\n\u{2028}é\u{7f}")], "\\'\\u003C\\u003D\\u000A\\u2028é\u{7f}"),
            ("urlquery", &[Value::str("a b/é~")], "a+b%2F%C3%A9~"),
        ];
        for (name, args, want) in cases {
            assert_eq!(call(name, args), *want, "{name} {args:?}");
        }
    }
}
