//! Constants of the template language: quoted strings, characters, numbers.

use super::ast::{Constant, Pos};
use crate::go::strconv::{parse_float, parse_int, parse_uint};
use crate::go::{decode_rune, go_quote};
use crate::trace::Str;

const INVALID: &str = "invalid syntax";

/// The value of a quoted or raw string, including its quotes.
///
/// Go quirk: carriage returns in a raw string are dropped.
///
/// Source: Go `strconv.Unquote`.
pub(super) fn unquote(quoted: &[u8]) -> Result<Str, String> {
    let inner = match quoted {
        [b'`', inner @ .., b'`'] => {
            return Ok(Str::new(inner.iter().copied().filter(|&byte| byte != b'\r').collect::<Vec<_>>()));
        }
        [b'"', inner @ .., b'"'] => inner,
        _ => return Err(INVALID.to_owned()),
    };
    if !inner.contains(&b'\\') && std::str::from_utf8(inner).is_ok() {
        return Ok(Str::new(inner));
    }
    let mut text = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        let (code, size) = unquote_char(&inner[at..], b'"').ok_or(INVALID)?;
        at += size;
        match code {
            Code::Byte(byte) => text.push(byte),
            Code::Char(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(Str::new(text))
}

/// The value of a character or an escape.
enum Code {
    /// `\xff`, `\377`: a byte that need not be valid UTF-8.
    Byte(u8),
    Char(char),
}

/// The first character or escape between quotes, and its length.
///
/// Source: Go `strconv.UnquoteChar`.
fn unquote_char(text: &[u8], quote: u8) -> Option<(Code, usize)> {
    let letter = match text {
        [] => return None,
        [b'\\', letter, ..] => *letter,
        [b'\\'] => return None,
        [first, ..] if *first == quote => return None,
        _ => {
            let (character, size) = decode_rune(text);
            return Some((Code::Char(character), size));
        }
    };
    let number = |from: usize, digits: usize, radix: u32| -> Option<u32> {
        let digits = text.get(from..from + digits)?;
        digits.iter().try_fold(0_u32, |number, &digit| {
            number.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?)
        })
    };
    let byte = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if letter == quote => letter,
        b'x' => return Some((Code::Byte(number(2, 2, 16)? as u8), 4)),
        b'u' => return Some((Code::Char(char::from_u32(number(2, 4, 16)?)?), 6)),
        b'U' => return Some((Code::Char(char::from_u32(number(2, 8, 16)?)?), 10)),
        b'0'..=b'7' => return Some((Code::Byte(u8::try_from(number(1, 3, 8)?).ok()?), 4)),
        _ => return None,
    };
    Some((Code::Byte(byte), 2))
}

/// A character constant, including its quotes: an integer that is also every other kind of number.
pub(super) fn character(pos: Pos, quoted: &[u8]) -> Result<Constant, String> {
    let (code, size) = unquote_char(&quoted[1..], b'\'').ok_or(INVALID)?;
    if quoted[1 + size..] != *b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(quoted)));
    }
    let code = match code {
        Code::Byte(byte) => u32::from(byte),
        Code::Char(character) => character as u32,
    };
    let text = String::from_utf8_lossy(quoted).into_owned();
    let (int, uint, float) = (Some(code.into()), Some(code.into()), Some(code.into()));
    Ok(Constant { pos, text, int, uint, float, complex: None })
}

/// A number that is not a sum, as every kind of number that it can be.
///
/// Source: Go `text/template/parse`, `newNumber`.
pub(super) fn number(pos: Pos, bytes: &[u8]) -> Result<Constant, String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if let [real @ .., b'i'] = bytes
        && let Ok(imaginary) = parse_float(real)
    {
        return Ok(simplified(pos, text, (0.0, imaginary)));
    }
    let mut uint = parse_uint(bytes, 0).ok();
    let mut int = parse_int(bytes, 0).ok();
    if int == Some(0) {
        // `-0` and `+0`
        uint = Some(0);
    }
    let mut float = int.map(|int| int as f64).or(uint.map(|uint| uint as f64));
    if float.is_none() {
        let Ok(value) = parse_float(bytes) else { return Err(format!("illegal number syntax: {}", go_quote(bytes))) };
        if !bytes.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err(format!("integer overflow: {}", go_quote(bytes)));
        }
        float = Some(value);
        int = whole_int(value);
        uint = whole_uint(value);
    }
    Ok(Constant { pos, text, int, uint, float, complex: None })
}

/// A sum like `1+2i`.
pub(super) fn complex(pos: Pos, bytes: &[u8]) -> Result<Constant, String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (real, rest) = bytes.split_at(float_length(bytes));
    let imaginary = &rest[..rest.len().saturating_sub(1)];
    if !rest.starts_with(b"+") && !rest.starts_with(b"-") || imaginary.len() < 2 || float_length(rest) < imaginary.len()
    {
        return Err("syntax error scanning complex number".to_owned());
    }
    let float = |part: &[u8]| parse_float(part).map_err(|error| error.message("ParseFloat", part));
    Ok(simplified(pos, text, (float(real)?, float(imaginary)?)))
}

/// How much of a text Go's `fmt.Sscan` reads as a floating-point number.
fn float_length(text: &[u8]) -> usize {
    let mut at = 0;
    let mut accept = |valid: &[u8], run: bool| {
        let from = at;
        while text.get(at).is_some_and(|byte| valid.contains(byte)) {
            at += 1;
            if !run {
                break;
            }
        }
        at > from
    };
    accept(b"+-", false);
    let hex = accept(b"0", false) && accept(b"xX", false);
    let (digits, exponent): (&[u8], &[u8]) =
        if hex { (b"0123456789abcdefABCDEF_", b"pP") } else { (b"0123456789_", b"eEpP") };
    accept(digits, true);
    if accept(b".", false) {
        accept(digits, true);
    }
    if accept(exponent, false) {
        accept(b"+-", false);
        accept(b"0123456789_", true);
    }
    at
}

/// A complex number, also as other kinds if it has no imaginary part.
fn simplified(pos: Pos, text: String, complex: (f64, f64)) -> Constant {
    let float = (complex.1 == 0.0).then_some(complex.0);
    let (int, uint) = (float.and_then(whole_int), float.and_then(whole_uint));
    Constant { pos, text, int, uint, float, complex: Some(complex) }
}

fn whole_int(value: f64) -> Option<i64> {
    // 2^63 itself does not fit.
    let fits = value.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    fits.then_some(value as i64)
}

fn whole_uint(value: f64) -> Option<u64> {
    let fits = value.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&value);
    fits.then_some(value as u64)
}
