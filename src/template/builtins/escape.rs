//! `html`, `js`, `urlquery`.

use super::super::context::Context;
use super::super::error::Failure;
use super::super::print;
use super::super::types::GoKind;
use super::super::value::Value;
use crate::go::{decode_rune, is_printable_in};
use crate::trace::{Buf, Str};

pub(super) fn html(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    escape(ctx, args, |rest| {
        let text = match rest[0] {
            b'"' => "&#34;",
            b'\'' => "&#39;",
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            0 => "\u{fffd}",
            _ => return None,
        };
        Some((text.to_owned(), 1))
    })
}

pub(super) fn js(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let helm = ctx.env.helm;
    escape(ctx, args, |rest| {
        let (character, size) = decode_rune(rest);
        let text = match character {
            '\\' | '\'' | '"' => format!("\\{character}"),
            '<' | '>' | '&' | '=' => format!("\\u{:04X}", character as u32),
            _ if character < ' ' || !character.is_ascii() && !is_printable_in(character, helm) => {
                format!("\\u{:04X}", character as u32)
            }
            _ => return None,
        };
        Some((text, size))
    })
}

pub(super) fn urlquery(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    escape(ctx, args, |rest| match rest[0] {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => None,
        b' ' => Some(("+".to_owned(), 1)),
        byte => Some((format!("%{byte:02X}"), 1)),
    })
}

/// Prints the arguments and applies `replace` at each position: the replacement text, and the number of bytes that it replaces.
fn escape(
    ctx: &mut Context<'_>,
    args: &[Value],
    replace: impl Fn(&[u8]) -> Option<(String, usize)>,
) -> Result<Value, Failure> {
    let text = evaluate(ctx, args)?;
    let bytes = text.as_bytes();
    let mut out = Buf::with_capacity(bytes.len());
    let (mut at, mut plain) = (0, 0);
    while at < bytes.len() {
        let Some((instead, size)) = replace(&bytes[at..]) else {
            at += 1;
            continue;
        };
        out.push_slice(&text, plain..at);
        out.push_instead(instead.as_bytes(), &text, at..at + size);
        at += size;
        plain = at;
    }
    out.push_slice(&text, plain..bytes.len());
    ctx.allow_string(out.len())?;
    Ok(Value::Str(out.into_str()))
}

/// The arguments as one text: a single string unchanged, otherwise as `print` does after dereferencing pointers.
///
/// Source: Go `text/template`, `evalArgs`.
fn evaluate(ctx: &mut Context<'_>, args: &[Value]) -> Result<Str, Failure> {
    if let [Value::Str(text)] = args {
        return Ok(text.clone());
    }
    let mut printable = Vec::with_capacity(args.len());
    for arg in args {
        printable.push(match arg {
            Value::Nil => Value::str("<no value>"),
            Value::GoObject(object) if object.ty().kind == GoKind::Ptr && object.text().is_none() => {
                let mut out = Buf::new();
                print::print_value(arg, &mut out)?;
                Value::Str(out.into_str())
            }
            _ => arg.clone(),
        });
    }
    print::sprint(ctx, &printable)
}
