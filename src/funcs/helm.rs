//! Helm's own functions that execute templates: `include` and `tpl`.

use crate::go::go_quote;
use crate::template::types::{ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, Look, Spread, Value};
use crate::trace::{Buf, Str};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("include", &[&STRING, &ANY], Flow::Exact, "text of a named template executed with data", include)
        .costs(15, 0)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("tpl", &[&STRING, &ANY], Flow::Exact, "text of a string executed as a template with data", tpl)
        .costs(12, 64)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
];

/// The output of a missing value.
pub(crate) const MARK: &[u8] = b"<no value>";

fn include(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let [Value::Str(name), data] = args else { return Err(Failure::from("include needs a name and data")) };
    let known = ctx.includes.get_mut(name);
    let running = known.as_ref().map_or(0, |running| **running);
    // Helm quirk: the count is for each name, so two templates can call each other twice as deep.
    if running > ctx.limits.include_depth {
        return Err(Failure::Text(format!(
            "rendering template has a nested reference name: {name}: unable to execute template"
        )));
    }
    match known {
        Some(running) => *running += 1,
        None => drop(ctx.includes.insert(name.clone(), 1)),
    }
    let result = ctx.execute(name.as_bytes(), data.clone());
    if let Some(running) = ctx.includes.get_mut(name) {
        *running -= 1;
    }
    match result {
        Ok(text) => Ok(Value::Str(text)),
        Err(error) => Err(Failure::Template { context: String::new(), error }),
    }
}

fn tpl(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let [Value::Str(text), data] = args else { return Err(Failure::from("tpl needs a text and data")) };
    ctx.charge(text.len() as u64 / 64)?;
    match ctx.execute_text(text, data.clone()) {
        Err(error) => {
            let context = format!("cannot parse template {}", go_quote(text.as_bytes()));
            Err(Failure::Template { context, error: Box::new(error) })
        }
        Ok(Err(error)) => {
            let context = format!("error during tpl function execution for {}", go_quote(text.as_bytes()));
            Err(Failure::Template { context, error })
        }
        Ok(Ok(text)) if ctx.keeps_no_value() => Ok(Value::Str(text)),
        Ok(Ok(text)) => Ok(Value::Str(without_no_value(&text))),
    }
}

/// Removes every `<no value>`, the output of a missing value.
///
/// Helm quirk: the mark is deleted from the finished text, even where a template wrote it literally
/// (`pkg/engine/engine.go`, `renderWithReferences`).
pub(crate) fn without_no_value(text: &Str) -> Str {
    remove_no_value(text, &mut |_| {})
}

/// The same, and reports the byte position of each mark.
pub(crate) fn remove_no_value(text: &Str, removed: &mut dyn FnMut(u32)) -> Str {
    let bytes = text.as_bytes();
    let mut out: Option<Buf> = None;
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        at += found;
        if bytes[at..].starts_with(MARK) {
            out.get_or_insert_with(|| Buf::with_capacity(bytes.len())).push_slice(text, kept..at);
            removed(at as u32);
            at += MARK.len();
            kept = at;
        } else {
            at += 1;
        }
    }
    match out {
        None => text.clone(),
        Some(mut out) => {
            out.push_slice(text, kept..bytes.len());
            out.into_str()
        }
    }
}
