//! Types of scalars: go-yaml v2's flavour of YAML 1.1.
//!
//! | text | meaning |
//! |---|---|
//! | `~ null Null NULL`, nothing | null |
//! | `y yes true on`, `n no false off`, in small, capital or with a capital first letter | a bool |
//! | `12 +1 -1 1_000 0x1F 0o17 017 0b101` | an integer |
//! | `1.5 .5 1e3 .inf -.inf .nan` | a float |
//! | all else, dates and `1:30` among it | a string |

use super::error::Error;
use super::timestamp::is_timestamp;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;

/// A tag, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    None,
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    Binary,
    Merge,
    /// Any other; the scalar is a string.
    Other,
}

impl Tag {
    /// The tag of a full name, `tag:yaml.org,2002:int`.
    pub(super) fn new(name: &[u8]) -> Self {
        match name.strip_prefix(b"tag:yaml.org,2002:") {
            Some(b"null") => Self::Null,
            Some(b"bool") => Self::Bool,
            Some(b"int") => Self::Int,
            Some(b"float") => Self::Float,
            Some(b"str") => Self::Str,
            Some(b"timestamp") => Self::Timestamp,
            Some(b"binary") => Self::Binary,
            Some(b"merge") => Self::Merge,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None | Self::Other => "",
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Str => "!!str",
            Self::Timestamp => "!!timestamp",
            Self::Binary => "!!binary",
            Self::Merge => "!!merge",
        }
    }
}

/// A resolved scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Cow<'t, [u8]>),
}

/// Resolves a scalar; `plain` means without quotes and without tag.
pub(super) fn resolve(text: &[u8], tag: Tag, plain: bool) -> Result<Scalar<'_>, Error> {
    let is_string = match tag {
        Tag::None => !plain,
        Tag::Str | Tag::Merge | Tag::Other => true,
        Tag::Binary => return binary(text),
        _ => false,
    };
    if is_string {
        return Ok(Scalar::Str(Cow::Borrowed(text)));
    }
    let scalar = untagged(text);
    if tag == Tag::None {
        return Ok(scalar);
    }
    let found = match scalar {
        Scalar::Null => Tag::Null,
        Scalar::Bool(_) => Tag::Bool,
        // A timestamp is always a string unless it has this tag.
        _ if tag == Tag::Timestamp && is_timestamp(text) => return Ok(Scalar::Str(Cow::Borrowed(text))),
        Scalar::Int(_) | Scalar::Uint(_) => Tag::Int,
        Scalar::Float(_) => Tag::Float,
        Scalar::Str(_) => Tag::Str,
    };
    match scalar {
        _ if found == tag => Ok(scalar),
        Scalar::Int(number) if tag == Tag::Float => Ok(Scalar::Float(number as f64)),
        _ => {
            let text = String::from_utf8_lossy(text);
            let message = format!("cannot decode {} `{text}` as a {}", found.name(), tag.name());
            Err(Error::without_line(message))
        }
    }
}

fn binary(text: &[u8]) -> Result<Scalar<'_>, Error> {
    // Go skips line breaks and ignores the bits after the last byte.
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let digits: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'\n' && byte != b'\r').collect();
    match GeneralPurpose::new(&STANDARD, config).decode(digits) {
        Ok(bytes) => Ok(Scalar::Str(Cow::Owned(bytes))),
        Err(_) => Err(Error::without_line("!!binary value contains invalid base64 data".to_owned())),
    }
}

fn untagged(text: &[u8]) -> Scalar<'_> {
    let number = match text.first() {
        None => Some(Scalar::Null),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(b'.') => match text {
            b".nan" | b".NaN" | b".NAN" => Some(Scalar::Float(f64::NAN)),
            b".inf" | b".Inf" | b".INF" => Some(Scalar::Float(f64::INFINITY)),
            _ => float_after_point(text).map(Scalar::Float),
        },
        Some(b'+' | b'-' | b'0'..=b'9') => match text {
            b"+.inf" | b"+.Inf" | b"+.INF" => Some(Scalar::Float(f64::INFINITY)),
            b"-.inf" | b"-.Inf" | b"-.INF" => Some(Scalar::Float(f64::NEG_INFINITY)),
            _ => number(text),
        },
        Some(_) => None,
    };
    number.unwrap_or(Scalar::Str(Cow::Borrowed(text)))
}

fn word(text: &[u8]) -> Option<Scalar<'static>> {
    Some(match text {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" => Scalar::Bool(true),
        b"true" | b"True" | b"TRUE" => Scalar::Bool(true),
        b"on" | b"On" | b"ON" => Scalar::Bool(true),
        b"n" | b"N" | b"no" | b"No" | b"NO" => Scalar::Bool(false),
        b"false" | b"False" | b"FALSE" => Scalar::Bool(false),
        b"off" | b"Off" | b"OFF" => Scalar::Bool(false),
        b"~" | b"null" | b"Null" | b"NULL" => Scalar::Null,
        _ => return None,
    })
}

/// A number that begins with a digit or a sign; underscores are ignored.
fn number(text: &[u8]) -> Option<Scalar<'static>> {
    // Most texts that begin with a digit are names, versions or addresses: stop at the first character that no number has.
    if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-' | b'.')) {
        return None;
    }
    let plain: Cow<'_, [u8]> = if text.contains(&b'_') {
        text.iter().copied().filter(|&byte| byte != b'_').collect()
    } else {
        Cow::Borrowed(text)
    };
    let plain = std::str::from_utf8(&plain).ok()?;
    if let Some(integer) = integer(plain, None) {
        return Some(integer);
    }
    if is_float(plain.as_bytes()) {
        return finite(plain).map(Scalar::Float);
    }
    // Go quirk: after `0b` there may be another sign.
    if let Some(digits) = plain.strip_prefix("0b") {
        return integer(digits, Some(2));
    }
    let digits = plain.strip_prefix("-0b")?;
    match integer(&format!("-{digits}"), Some(2)) {
        Some(Scalar::Int(number)) => Some(Scalar::Int(number)),
        _ => None,
    }
}

/// Go's `ParseInt`, then `ParseUint`; without a base, the prefix of the text selects it.
fn integer(text: &str, base: Option<u32>) -> Option<Scalar<'static>> {
    let (is_signed, is_negative, digits) = match text.as_bytes().first()? {
        b'+' => (true, false, &text[1..]),
        b'-' => (true, true, &text[1..]),
        _ => (false, false, text),
    };
    let (base, digits) = match (base, digits.as_bytes()) {
        (Some(base), _) => (base, digits),
        (None, [b'0', b'x' | b'X', _, ..]) => (16, &digits[2..]),
        (None, [b'0', b'o' | b'O', _, ..]) => (8, &digits[2..]),
        (None, [b'0', b'b' | b'B', _, ..]) => (2, &digits[2..]),
        (None, [b'0', _, ..]) => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(if is_negative { -value } else { value })),
        Err(_) if is_negative && value == 1 << 63 => Some(Scalar::Int(i64::MIN)),
        Err(_) if !is_signed => Some(Scalar::Uint(value)),
        Err(_) => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    let whole = digits(text);
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if whole + count == 0 {
            return false;
        }
        rest = &fraction[count..];
    } else if whole == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let sign = usize::from(matches!(exponent.first(), Some(b'+' | b'-')));
            let exponent = &exponent[sign..];
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

/// A text that begins with a point, as Go's `ParseFloat` reads it: underscores are allowed between digits.
fn float_after_point(text: &[u8]) -> Option<f64> {
    let separates = |at: usize| {
        let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        is_digit(at - 1) && is_digit(at + 1)
    };
    if !text.iter().enumerate().all(|(at, &byte)| byte != b'_' || separates(at)) {
        return None;
    }
    let plain: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'_').collect();
    if !is_float(&plain) {
        return None;
    }
    finite(std::str::from_utf8(&plain).ok()?)
}

/// A decimal; an out-of-range text is not a number.
fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_resolve_as_in_go_yaml_v2() {
        let string = |text: &'static str| Scalar::Str(Cow::Borrowed(text.as_bytes()));
        let cases: &[(&'static str, Scalar<'static>)] = &[
            ("", Scalar::Null),
            ("y", Scalar::Bool(true)),
            ("OFF", Scalar::Bool(false)),
            ("0777", Scalar::Int(511)),
            ("0o17", Scalar::Int(15)),
            ("08", Scalar::Float(8.0)),
            ("1_000", Scalar::Int(1000)),
            ("-0x1F", Scalar::Int(-31)),
            ("0b-11", Scalar::Int(-3)),
            ("18446744073709551615", Scalar::Uint(u64::MAX)),
            ("18446744073709551616", Scalar::Float(18446744073709551616.0)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("1e3", Scalar::Float(1000.0)),
            ("1.", Scalar::Float(1.0)),
            ("+.5", Scalar::Float(0.5)),
        ];
        for (text, scalar) in cases {
            assert_eq!(resolve(text.as_bytes(), Tag::None, true).as_ref(), Ok(scalar), "{text}");
        }
        for text in ["1:30", "0x", "nULL", "1e400", "2001-01-01", "1.2.3", "+", "-", ".", "<<", "._5", "1e", "--1"] {
            assert_eq!(resolve(text.as_bytes(), Tag::None, true), Ok(string(text)), "{text}");
        }
    }
}
