//! Go's text handling: classes of characters, quoted strings, numbers, times, errors.
//!
//! It is visible everywhere in helm's messages and templates.

mod printable;
mod quote;
pub mod strconv;
mod system;
pub mod time;
pub mod unicode;

pub use printable::{is_printable, is_printable_in};
pub use quote::{can_backquote, decode_rune, go_quote, push_quoted, quote, quote_rune, quote_rune_in, rune_count};
pub use system::system_error;
