//! Go's `fmt`: how values print.
//!
//! Three entry points: [`print_value`] is the output of an action, [`sprint`], [`sprintln`] and [`sprintf`] are template
//! functions, [`strval`] is sprig's conversion to text. All of them keep the origins of strings and scalars.

mod number;
mod printer;
mod verbs;

use super::context::Context;
use super::error::Failure;
use super::types::GoKind;
use super::value::{GoObject, IntKind, Value};
use crate::go::strconv;
use crate::limits::Limits;
use crate::trace::{Buf, Str};
use printer::Printer;

/// Appends the output of a template action for a value: `5`, `text`, `map[a:1 b:[x y]]`; `<no value>` for nil.
///
/// # Errors
/// The text of a list or map exceeds the limits of [`strval`].
///
/// Source: Go `text/template`, `printValue`.
pub(crate) fn print_value(value: &Value, out: &mut Buf) -> Result<(), Failure> {
    match value {
        Value::Nil => out.push_text("<no value>"),
        Value::Str(_) | Value::Bool(..) | Value::Int(..) | Value::Float(..) => push_scalar(value, out),
        Value::GoObject(object) => return print_object(&**object, value, out),
        _ => return Printer::new(out, default_bytes()).arg(value, 'v'),
    }
    Ok(())
}

/// A pointer prints as its target; `String` is found on the value or on its address.
fn print_object(object: &dyn GoObject, value: &Value, out: &mut Buf) -> Result<(), Failure> {
    if let Some(text) = object.text().or_else(|| object.pointer_text()) {
        out.push_from(text.as_bytes(), value.origin(), 0);
        return Ok(());
    }
    let mut printer = Printer::new(out, default_bytes());
    match object.ty().kind {
        GoKind::Ptr => printer.structure(object, 'v', 0),
        _ => printer.arg(value, 'v'),
    }
}

/// Go's `print`: the arguments by `%v`, with a space between two neighbours if neither is a string.
///
/// Source: Go `fmt.Sprint`.
pub(crate) fn sprint(ctx: &mut Context<'_>, args: &[Value]) -> Result<Str, Failure> {
    finish(ctx, args, |printer, args| {
        for (index, arg) in args.iter().enumerate() {
            let strings = |value: &Value| value.kind() == GoKind::String;
            if index > 0 && !strings(arg) && !strings(&args[index - 1]) {
                printer.push(b" ")?;
            }
            printer.arg(arg, 'v')?;
        }
        Ok(())
    })
}

/// Go's `println`: the arguments by `%v`, separated by spaces, with a line break at the end.
///
/// Source: Go `fmt.Sprintln`.
pub(crate) fn sprintln(ctx: &mut Context<'_>, args: &[Value]) -> Result<Str, Failure> {
    finish(ctx, args, |printer, args| {
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                printer.push(b" ")?;
            }
            printer.arg(arg, 'v')?;
        }
        printer.push(b"\n")
    })
}

/// Go's `printf`. Mismatches print an error into the text: `%!d(string=hi)`, `%!s(MISSING)`.
///
/// Source: Go `fmt.Sprintf`.
pub(crate) fn sprintf(ctx: &mut Context<'_>, format: &Str, args: &[Value]) -> Result<Str, Failure> {
    finish(ctx, args, |printer, args| verbs::format(printer, format, args))
}

fn finish(
    ctx: &mut Context<'_>,
    args: &[Value],
    print: impl FnOnce(&mut Printer<'_>, &[Value]) -> Result<(), Failure>,
) -> Result<Str, Failure> {
    let mut out = Buf::new();
    print(&mut Printer::new(&mut out, ctx.limits.string_bytes).of_helm(ctx.env.helm), args)?;
    ctx.allow_string(out.len())?;
    ctx.charge(out.len() as u64 / 5)?;
    Ok(out.into_str())
}

/// Sprig's conversion to text for `quote`, `toString`, `join`…: a string or `[]byte` unchanged, a value with a `String` method
/// by that, anything else by `%v`; `<nil>` for nil.
///
/// # Errors
/// The value is nested deeper or prints longer than any chart needs, such as a map that contains itself.
///
/// Source: sprig `strval`.
pub(crate) fn strval(value: &Value) -> Result<Str, Failure> {
    match value {
        Value::Str(text) | Value::Bytes(text) => return Ok(text.clone()),
        Value::List(list) if list.is_nil_bytes() => return Ok(Str::new("")),
        _ => {}
    }
    let mut out = Buf::new();
    push_plain(value, &mut out)?;
    Ok(out.into_str())
}

/// Appends a value by `%v`, as `cat` and `squote` do: unlike an action, `<nil>` for nil and `&{…}` for a pointer.
///
/// # Errors
/// See [`strval`].
pub(crate) fn push_plain(value: &Value, out: &mut Buf) -> Result<(), Failure> {
    match value {
        Value::Str(_) | Value::Bool(..) | Value::Int(..) | Value::Float(..) => push_scalar(value, out),
        _ => return Printer::new(out, default_bytes()).arg(value, 'v'),
    }
    Ok(())
}

/// Appends a value by `%s`, as in Go's messages about values: `[a %!s(float64=1)]`.
pub(super) fn push_as_string(value: &Value, out: &mut Buf) -> Result<(), Failure> {
    Printer::new(out, default_bytes()).arg(value, 's')
}

/// The limit if no [`Context`] is available.
fn default_bytes() -> usize {
    Limits::default().string_bytes
}

/// Appends a scalar without flags; without an intermediate string.
fn push_scalar(value: &Value, out: &mut Buf) {
    match value {
        Value::Str(text) => out.push(text),
        Value::Bool(truth, origin) => out.push_from(if *truth { b"true" } else { b"false" }, *origin, 0),
        Value::Int(number, IntKind::Uint64, origin) => {
            out.push_from(strconv::format_uint(*number as u64).as_bytes(), *origin, 0);
        }
        Value::Int(number, _, origin) => out.push_from(strconv::format_int(*number).as_bytes(), *origin, 0),
        Value::Float(number, origin) => out.push_from(strconv::shortest_g(*number).as_bytes(), *origin, 0),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
