//! Go's `strconv`: parsing and formatting numbers.

mod format;
mod parse;

pub(crate) use format::{Digits, format_float, format_int, format_uint, ldexp, shortest_g, shortest_g32};
pub(crate) use parse::{NumError, atoi_clamped, parse_float, parse_int, parse_uint};
