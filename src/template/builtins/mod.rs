//! Go's builtin functions: `eq`, `index`, `len`, `printf`, `html`…
//!
//! `slice` is missing on purpose: sprig's takes its place. `and`, `or` and `call` have rows for their names and
//! signatures; the engine runs them itself, since the first two look at no more operands than they need and the last
//! names its operand as it is written.

mod compare;
mod escape;
mod index;

pub use index::len_of_nothing;

use super::context::Context;
use super::error::Failure;
use super::function::{Flow, Function};
use super::print;
use super::types::{ANY, STRING};
use super::value::Value;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function::new("and", &[&ANY], Flow::Exact, "the first operand that is not true, or the last", and).variadic(&ANY),
    Function::new("call", &[&ANY], Flow::None, "calls a function that is stored as a value", call).variadic(&ANY),
    Function::new("eq", &[&ANY], Flow::None, "whether the first equals any of the others", compare::eq).variadic(&ANY),
    Function::new("ge", &[&ANY, &ANY], Flow::None, "whether the first is greater or equal", compare::ge),
    Function::new("gt", &[&ANY, &ANY], Flow::None, "whether the first is greater", compare::gt),
    Function::new("html", &[], Flow::Exact, "text escaped for HTML", escape::html).variadic(&ANY),
    Function::new("index", &[&ANY], Flow::Exact, "the element of nested maps and lists", index::index).variadic(&ANY),
    Function::new("js", &[], Flow::Exact, "text escaped for JavaScript strings", escape::js).variadic(&ANY),
    Function::new("le", &[&ANY, &ANY], Flow::None, "whether the first is less or equal", compare::le),
    Function::new("len", &[&ANY], Flow::None, "number of bytes, elements or keys", index::len),
    Function::new("lt", &[&ANY, &ANY], Flow::None, "whether the first is less", compare::lt),
    Function::new("ne", &[&ANY, &ANY], Flow::None, "whether two values differ", compare::ne),
    Function::new("not", &[&ANY], Flow::None, "whether the operand is not true", not),
    Function::new("or", &[&ANY], Flow::Exact, "the first operand that is true, or the last", or).variadic(&ANY),
    Function::new("print", &[], Flow::Exact, "the arguments as text, spaced between non-strings", print).variadic(&ANY),
    Function::new("printf", &[&STRING], Flow::Exact, "the arguments by a format", printf).variadic(&ANY),
    Function::new("println", &[], Flow::Exact, "the arguments as a line of text", println).variadic(&ANY),
    Function::new("urlquery", &[], Flow::Exact, "text escaped for the query of a URL", escape::urlquery).variadic(&ANY),
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

/// No value of a chart is a function. Go's message for others has the operand's source text, which only the engine
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
