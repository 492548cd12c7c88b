//! A stack that is deep enough for whatever the limits allow.

use std::io;
use std::thread::Builder;

/// Charts nest to bounds that are counted, not measured ([`Limits`](crate::limits::Limits)): the deepest YAML and the deepest
/// template calls they allow fit. Pages that are not touched cost nothing.
const STACK_BYTES: usize = 1 << 30;

/// Makes threads whose stack holds the deepest input that the limits allow.
pub fn builder() -> Builder {
    Builder::new().stack_size(STACK_BYTES)
}

/// Runs a closure on a thread with such a stack, and waits for it. A panic of the closure goes on in the caller.
///
/// # Errors
/// When the system has no room for another thread.
pub fn on_large<T: Send>(run: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = builder().spawn_scoped(scope, run)?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
