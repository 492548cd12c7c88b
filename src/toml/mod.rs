//! TOML as BurntSushi/toml writes and reads it, with the origins of every part: what `toToml` and `fromToml` do.

mod decode;
mod encode;
mod lex;
mod number;
mod time;

pub(crate) use decode::decode;
pub(crate) use encode::{Error, encode};

/// Whether a key needs no quotes.
fn is_bare(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The escaped form of a byte in a quoted string; `None` if it is written unchanged.
fn escape(byte: u8) -> Option<String> {
    let short = match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        8 => "\\b",
        b'\t' => "\\t",
        b'\n' => "\\n",
        12 => "\\f",
        b'\r' => "\\r",
        0..0x20 | 0x7F => return Some(format!("\\u{byte:04x}")),
        _ => return None,
    };
    Some(short.to_owned())
}
