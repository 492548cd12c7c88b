//! [`runtime`]: what `registry/` and `cluster/` wait for the network with, on the thread that asks.

use crate::error::{Error, ErrorKind};
use std::io;
use tokio::runtime::{Builder, Runtime};

/// A runtime of one thread, the caller's own.
///
/// # Errors
/// [`ErrorKind::Resources`] if the system has no more files for it.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread().enable_all().build().map_err(|error| cannot_start(&error))
}

/// The error for a runtime, or its thread, that does not start.
pub(crate) fn cannot_start(error: &io::Error) -> Error {
    Error::new(ErrorKind::Resources, format!("cannot start: {error}"))
}
