//! Charts that are fetched: the flags of all commands that take a chart.

#[cfg(feature = "registry")]
mod flags;
#[cfg(not(feature = "registry"))]
mod without;

#[cfg(feature = "registry")]
pub(crate) use flags::{FetchFlags, SourceFlags};
#[cfg(not(feature = "registry"))]
pub(crate) use without::FetchFlags;
