//! Text that remembers where it came from.
//!
//! An [`Origin`] is where a piece of data was set. A [`Str`] is text with a mostly empty list of [`Span`]s that say
//! which of its bytes came from which origin; a [`Buf`] builds one out of pieces of others. Without origins there are
//! no spans, and none of this costs anything.

mod buf;
mod marks;
mod origin;
mod str;

pub use buf::Buf;
pub use marks::Marks;
pub use origin::{FlagPart, Key, Layer, Origin, OriginData, Origins, Setting, path_text};
pub(crate) use str::go_text;
pub use str::{Span, Str};
