//! Shared by all families: reading arguments, and limiting the size of results.
//!
//! The engine has checked types before the call; these errors mean that a table declares another type than its function reads.

use crate::template::{Context, Failure, Map, Value};
use crate::trace::{Buf, Str};

/// An argument that is a string.
pub(super) fn string(args: &[Value], index: usize) -> Result<&Str, Failure> {
    args.get(index).and_then(Value::as_str).ok_or_else(|| Failure::from("expected a string"))
}

/// An argument that is an `int`.
pub(super) fn int(args: &[Value], index: usize) -> Result<i64, Failure> {
    match args.get(index) {
        Some(Value::Int(number, _, _)) => Ok(*number),
        _ => Err(Failure::from("expected an int")),
    }
}

/// An argument that is a map.
pub(super) fn map(args: &[Value], index: usize) -> Result<&Map, Failure> {
    args.get(index).and_then(Value::as_map).ok_or_else(|| Failure::from("expected a map"))
}

/// Checks the length of a string that is still growing; only a finished one is charged for.
pub(super) fn bounded(ctx: &mut Context<'_>, out: &Buf) -> Result<(), Failure> {
    if out.longest() > ctx.limits.string_bytes {
        return ctx.allow_string(out.longest());
    }
    if out.size() > LITTLE { ctx.allow_memory(out.size()) } else { Ok(()) }
}

/// Bytes that are not checked.
const LITTLE: usize = 64 << 10;

/// The size of a result that is built piece by piece, before it is a counted value.
#[derive(Debug, Default)]
pub(super) struct Growing {
    bytes: usize,
    allowed: usize,
}

impl Growing {
    /// Checks now and then that this many more bytes fit.
    pub(super) fn by(&mut self, ctx: &mut Context<'_>, bytes: usize) -> Result<(), Failure> {
        self.bytes += bytes;
        if self.bytes > self.allowed {
            self.allowed = self.bytes + LITTLE;
            ctx.allow_memory(self.allowed)?;
        }
        Ok(())
    }
}
