//! Go's `time`: points in time and their zones, durations, layouts.

pub(crate) mod duration;
mod instant;
pub(crate) mod layout;

pub(crate) use instant::{Time, Zone};

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of a minute.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Nanoseconds of an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// The quoting in errors of this package: everything except printable ASCII, byte by byte.
pub(crate) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=0x7F => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// Parses digits; `None` if the number exceeds 2^63.
fn leading_integer(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (at, byte) in text.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return Some((number, &text[at..]));
        }
        number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0')).filter(|number| *number <= 1 << 63)?;
    }
    Some((number, &[]))
}
