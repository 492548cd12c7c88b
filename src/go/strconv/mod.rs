//! Go's `strconv`: numbers out of text and into it.

mod format;
mod parse;

pub use format::{Digits, ShortText, format_float, format_int, format_uint, ldexp, shortest_g, shortest_g32};
pub use parse::{NumError, atoi_clamped, parse_float, parse_int, parse_uint};
