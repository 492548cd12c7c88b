//! Go's way with text: characters and their classes, quoted strings, numbers, times, errors.
//!
//! Helm's messages and templates show it everywhere, whatever reads or prints them.

mod printable;
mod quote;
pub mod strconv;
mod system;
pub mod time;
pub mod unicode;

pub use printable::{is_printable, is_printable_in};
pub use quote::{can_backquote, decode_rune, go_quote, push_quoted, quote, quote_rune, quote_rune_in, rune_count};
pub use system::system_error;
