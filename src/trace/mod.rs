//! Text that knows its origins.
//!
//! An [`Origin`] is where a piece of data was set. A [`Str`] is text with a mostly empty list of [`Span`]s that map its bytes
//! to origins; a [`Buf`] builds one from pieces of others. Without tracing there are no spans, and no cost.

mod buf;
mod marks;
mod origin;
mod str;

pub(crate) use buf::Buf;
pub(crate) use marks::Marks;
pub(crate) use origin::{FlagPart, Layer, Origin, OriginData, Origins, Setting};
pub(crate) use str::go_text;
pub(crate) use str::{Span, Str};
