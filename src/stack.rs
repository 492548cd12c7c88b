//! A stack that is large enough for everything that the limits allow.

use std::io;
use std::thread::Builder;

/// Nesting is limited by counts, not by the stack ([`Limits`](crate::limits::Limits)): the deepest YAML and template calls
/// that they allow must fit. Untouched pages cost nothing.
const STACK_BYTES: usize = 1 << 30;

/// Builds threads whose stack is large enough for the deepest input that the limits allow.
pub(crate) fn builder() -> Builder {
    Builder::new().stack_size(STACK_BYTES)
}

/// Runs a closure on such a thread, and waits for it. A panic in the closure is resumed in the caller.
///
/// # Errors
/// The system cannot create another thread.
pub(crate) fn on_large<T: Send>(run: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = builder().spawn_scoped(scope, run)?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
