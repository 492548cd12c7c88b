//! Go's text handling: classes of characters, quoted strings, numbers, times, errors.
//!
//! It is visible everywhere in helm's messages and templates.

mod printable;
mod quote;
pub(crate) mod strconv;
mod system;
pub(crate) mod time;
pub(crate) mod unicode;
pub(crate) mod url;

pub(crate) use printable::{is_printable, is_printable_in};
pub(crate) use quote::{
    can_backquote, decode_rune, go_quote, push_quoted, quote, quote_rune, quote_rune_in, rune_count,
};
pub(crate) use system::system_error;
