//! Constants of templates: strings, characters, numbers.

use super::ast::{Number, Pos};
use super::print::{decode_rune, go_quote};
use super::strconv::{parse_float, parse_int, parse_uint};

/// The text of a quoted or back-quoted string; `None` when it is not one.
///
/// Source: Go `strconv.Unquote`.
pub(super) fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = quoted.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if quote != last {
        return None;
    }
    if quote == b'`' {
        // Go drops carriage returns from raw strings.
        return Some(inner.iter().copied().filter(|&byte| byte != b'\r').collect());
    }
    let mut text = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (c, used) = unquote_char(rest, quote)?;
        match c {
            Unquoted::Byte(byte) => text.push(byte),
            Unquoted::Char(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &rest[used..];
    }
    Some(text)
}

enum Unquoted {
    Byte(u8),
    Char(char),
}

/// The first character of the inside of a quoted text, and how many bytes stand for it.
///
/// Source: Go `strconv.UnquoteChar`.
fn unquote_char(text: &[u8], quote: u8) -> Option<(Unquoted, usize)> {
    let first = *text.first()?;
    if first == quote || first == b'\n' {
        return None;
    }
    if first >= 0x80 {
        let (c, width) = decode_rune(text);
        // A byte that is not UTF-8 stays as it is.
        return Some(if width == 1 { (Unquoted::Byte(first), 1) } else { (Unquoted::Char(c), width) });
    }
    if first != b'\\' {
        return Some((Unquoted::Char(first as char), 1));
    }
    let escape = *text.get(1)?;
    let plain = |c: char| Some((Unquoted::Char(c), 2));
    let hex = |digits: usize| {
        let digits = text.get(2..2 + digits)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?, 16).ok()
    };
    match escape {
        b'a' => plain('\x07'),
        b'b' => plain('\x08'),
        b'f' => plain('\x0C'),
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'v' => plain('\x0B'),
        b'\\' => plain('\\'),
        b'\'' | b'"' if escape == quote => plain(escape as char),
        b'x' => Some((Unquoted::Byte(hex(2)? as u8), 4)),
        b'u' => Some((Unquoted::Char(char::from_u32(hex(4)?)?), 6)),
        b'U' => Some((Unquoted::Char(char::from_u32(hex(8)?)?), 10)),
        b'0'..=b'7' => {
            let digits = std::str::from_utf8(text.get(1..4)?).ok()?;
            let byte = u32::from_str_radix(digits, 8).ok().filter(|&byte| byte <= 255)?;
            Some((Unquoted::Byte(byte as u8), 4))
        }
        _ => None,
    }
}

/// A number, with everything that it can be.
///
/// Source: Go `text/template/parse`, `newNumber`.
pub(super) fn number(pos: Pos, text: &str, is_char: bool, is_complex: bool) -> Result<Number, String> {
    let mut number = Number { pos, text: text.to_owned(), int: None, uint: None, float: None, complex: None };
    if is_char {
        let inner = &text.as_bytes()[1..];
        let (c, used) = unquote_char(inner, b'\'').ok_or("invalid syntax")?;
        if &inner[used..] != b"'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = match c {
            Unquoted::Byte(byte) if byte >= 0x80 && !text.contains('\\') => 0xFFFD,
            Unquoted::Byte(byte) => u32::from(byte),
            Unquoted::Char(c) => c as u32,
        };
        number.int = Some(i64::from(code));
        number.uint = Some(u64::from(code));
        number.float = Some(f64::from(code));
        return Ok(number);
    }
    let float = |text: &str| parse_float(text.as_bytes()).ok();
    if is_complex {
        let split = text.rfind(['+', '-']).filter(|&at| at > 0);
        let parts = split.and_then(|at| Some((float(&text[..at])?, float(text[at..].strip_suffix('i')?)?)));
        let Some((real, imaginary)) = parts else { return Err(format!("bad number syntax: {}", go_quote(text.as_bytes()))) };
        number.complex = Some((real, imaginary));
        simplify(&mut number, real, imaginary);
        return Ok(number);
    }
    if let Some(imaginary) = text.strip_suffix('i').and_then(float) {
        number.complex = Some((0.0, imaginary));
        simplify(&mut number, 0.0, imaginary);
        return Ok(number);
    }
    number.uint = parse_uint(text.as_bytes(), 0).ok();
    number.int = parse_int(text.as_bytes(), 0).ok();
    if number.int == Some(0) {
        // For -0, which is no unsigned number.
        number.uint = number.uint.or(Some(0));
    }
    match (number.int, number.uint) {
        (Some(int), _) => number.float = Some(int as f64),
        (None, Some(uint)) => number.float = Some(uint as f64),
        (None, None) => {
            let Some(value) = float(text) else { return Err(format!("illegal number syntax: {}", go_quote(text.as_bytes()))) };
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", go_quote(text.as_bytes())));
            }
            number.float = Some(value);
            whole(&mut number, value);
        }
    }
    Ok(number)
}

/// A complex number without an imaginary part is also a real one.
fn simplify(number: &mut Number, real: f64, imaginary: f64) {
    if imaginary == 0.0 {
        number.float = Some(real);
        whole(number, real);
    }
}

/// A floating-point number that is whole is also an integer.
fn whole(number: &mut Number, value: f64) {
    let int = value as i64;
    if int as f64 == value && value.abs() < 9.223_372_036_854_775e18 {
        number.int = Some(int);
    }
    if value >= 0.0 && (value as u64) as f64 == value && value < 1.844_674_407_370_955e19 {
        number.uint = Some(value as u64);
    }
}
