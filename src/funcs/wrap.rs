//! Word-based functions: wrapping lines, initials, and text without spaces.
//!
//! goutils quirk: all of these work on single bytes.

use super::args::{bounded, int, string};
use crate::template::{Context, Failure, Value};
use crate::trace::{Buf, Str};

type Result = std::result::Result<Value, Failure>;

pub(super) fn wrap(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let (width, text) = (int(args, 0)?, string(args, 1)?);
    wrapped(ctx, text, width, &Str::new("\n"), false)
}

pub(super) fn wrap_with(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let (width, separator, text) = (int(args, 0)?, string(args, 1)?, string(args, 2)?);
    if separator.is_empty() {
        return wrapped(ctx, text, width, &Str::new("\n"), true);
    }
    wrapped(ctx, text, width, separator, true)
}

/// Wraps lines at spaces to at most `width` bytes, except for long words, if those are not broken.
///
/// Source: goutils `WrapCustom`.
fn wrapped(ctx: &mut Context<'_>, text: &Str, width: i64, separator: &Str, break_words: bool) -> Result {
    let bytes = text.as_bytes();
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Buf::with_capacity(bytes.len());
    let mut start = 0;
    while bytes.len() - start > width {
        if bytes[start] == b' ' {
            start += 1;
            continue;
        }
        let space_before = bytes[start..=start + width].iter().rposition(|&byte| byte == b' ');
        let space = match space_before {
            Some(space) => Some(start + space),
            None if break_words => None,
            None => {
                let after = &bytes[start + width..];
                let Some(space) = after.iter().position(|&byte| byte == b' ') else { break };
                Some(start + width + space)
            }
        };
        let (end, next) = space.map_or((start + width, start + width), |space| (space, space + 1));
        out.push_slice(text, start..end);
        out.push(separator);
        bounded(ctx, &out)?;
        start = next;
    }
    out.push_slice(text, start..bytes.len());
    ctx.allow_string(out.len())?;
    Ok(out.into_str().into())
}

/// A byte as the character with that number.
fn latin(byte: u8) -> char {
    char::from(byte)
}

/// Source: goutils `DeleteWhiteSpace`.
pub(super) fn nospace(_: &mut Context<'_>, args: &[Value]) -> Result {
    let text = string(args, 0)?;
    if !text.as_bytes().iter().any(|&byte| latin(byte).is_whitespace()) {
        return Ok(text.clone().into());
    }
    Ok(picked(text, |character| !character.is_whitespace()).into())
}

/// Source: goutils `Initials`.
pub(super) fn initials(_: &mut Context<'_>, args: &[Value]) -> Result {
    let mut at_start = true;
    let first = |character: char| {
        let space = character.is_whitespace();
        std::mem::replace(&mut at_start, space) && !space
    };
    Ok(picked(string(args, 0)?, first).into())
}

/// The selected bytes, each written as a character.
fn picked(text: &Str, mut wanted: impl FnMut(char) -> bool) -> Str {
    let mut out = Buf::with_capacity(text.len());
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        let character = latin(byte);
        if wanted(character) {
            out.push_instead(character.encode_utf8(&mut [0; 4]).as_bytes(), text, at..at + 1);
        }
    }
    out.into_str()
}
