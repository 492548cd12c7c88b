//! `toToml`, `fromToml`: TOML as BurntSushi/toml writes and reads it.

mod decode;
mod encode;
mod lex;
mod number;
mod time;

use crate::template::types::{ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, Map, Value};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function::new("toToml", &[&ANY], Flow::Exact, "the value as TOML, or what is wrong with it", to_toml),
    Function::new("mustToToml", &[&ANY], Flow::Exact, "the value as TOML, or an error", must_to_toml),
    Function::new("fromToml", &[&STRING], Flow::Exact, "the map in a TOML text; `Error` says what is wrong", from_toml),
];

fn to_toml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match encode::encode(ctx, &args[0]) {
        Ok(text) => Ok(Value::Str(text)),
        Err(encode::Error::Toml(words)) => Ok(Value::from(words)),
        Err(encode::Error::Failure(failure)) => Err(failure),
    }
}

fn must_to_toml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match encode::encode(ctx, &args[0]) {
        Ok(text) => Ok(Value::Str(text)),
        Err(encode::Error::Toml(words)) => Err(Failure::Text(words)),
        Err(encode::Error::Failure(failure)) => Err(failure),
    }
}

fn from_toml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match decode::decode(ctx, super::string(&args[0]))? {
        Ok(map) => Ok(Value::Map(map)),
        Err(words) => {
            let map = Map::new();
            map.insert("Error", Value::from(words));
            Ok(Value::Map(map))
        }
    }
}

/// Whether a key needs no quotes.
fn is_bare(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What a byte of a quoted string is written as; `None` for one that is written as it is.
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
