//! The public interface: a chart, a renderer and a linter, built on the internal modules.

mod chart;
mod error;
mod linter;
mod rendered;
mod renderer;

pub use chart::{Chart, ChartSource};
pub use linter::{Finding, Linter, Report};
pub use rendered::{Manifest, Origin, OriginKind, Rendered};
pub use renderer::Renderer;

use crate::error::{Error, ErrorKind};
use crate::stack;

/// Runs a closure on a stack that no chart can overflow.
fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, Error> {
    stack::on_large(run).map_err(|error| Error::new(ErrorKind::Resources, format!("cannot start a thread: {error}")))
}
