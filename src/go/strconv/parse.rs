//! Parses numbers.

use crate::go::go_quote;
use std::io::Write as _;

/// Why a text is not a number, according to Go's `strconv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum NumError<T> {
    /// The syntax is invalid.
    Syntax,
    /// Out of range; with the nearest number in range.
    Range(T),
}

impl<T> NumError<T> {
    /// Go's message: `strconv.ParseInt: parsing "x": invalid syntax`. `function` is `ParseInt`, `Atoi` …
    pub(crate) fn message(&self, function: &str, input: &[u8]) -> String {
        let reason = match self {
            Self::Syntax => "invalid syntax",
            Self::Range(_) => "value out of range",
        };
        format!("strconv.{function}: parsing {}: {reason}", go_quote(input))
    }
}

/// A signed number in a base; base 0 reads Go syntax: `0x1F`, `0b1`, `0o7`, `017`, `1_000`.
///
/// Source: Go `strconv.ParseInt` with 64 bits.
pub(crate) fn parse_int(text: &[u8], base: u32) -> Result<i64, NumError<i64>> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let clamped = if negative { i64::MIN } else { i64::MAX };
    let magnitude = match parse_uint(digits, base) {
        Ok(magnitude) => magnitude,
        Err(NumError::Syntax) => return Err(NumError::Syntax),
        Err(NumError::Range(_)) => return Err(NumError::Range(clamped)),
    };
    let number = if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
    number.ok_or(NumError::Range(clamped))
}

/// An unsigned number in a base; base 0 as in [`parse_int`].
///
/// Source: Go `strconv.ParseUint` with 64 bits.
pub(crate) fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumError<u64>> {
    let (radix, digits) = match (base, text) {
        (0, [b'0', b'x' | b'X', rest @ ..]) if !rest.is_empty() => (16, rest),
        (0, [b'0', b'b' | b'B', rest @ ..]) if !rest.is_empty() => (2, rest),
        (0, [b'0', b'o' | b'O', rest @ ..]) if !rest.is_empty() => (8, rest),
        (0, [b'0', rest @ ..]) => (8, rest),
        (0, _) => (10, text),
        _ => (base, text),
    };
    if text.is_empty() {
        return Err(NumError::Syntax);
    }
    let mut number = Some(0_u64);
    let mut underscores = false;
    for &byte in digits {
        if byte == b'_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = char::from(byte).to_digit(36).filter(|&digit| digit < radix).ok_or(NumError::Syntax)?;
        number = number.and_then(|n| n.checked_mul(u64::from(radix))?.checked_add(u64::from(digit)));
        if number.is_none() {
            // Go stops at the overflow and ignores the rest.
            return Err(NumError::Range(u64::MAX));
        }
    }
    if underscores && !underscores_fit(text) {
        return Err(NumError::Syntax);
    }
    number.ok_or(NumError::Range(u64::MAX))
}

/// Base 10, clamped to the range; 0 if invalid. The value of `i` after `i, _ := strconv.Atoi(s)`.
pub(crate) fn atoi_clamped(text: &[u8]) -> i64 {
    match parse_int(text, 10) {
        Ok(number) | Err(NumError::Range(number)) => number,
        Err(NumError::Syntax) => 0,
    }
}

/// A floating-point number: decimal, hexadecimal with `p` exponent, `inf`, `nan`; underscores as in Go source.
///
/// Source: Go `strconv.ParseFloat` with 64 bits.
pub(crate) fn parse_float(text: &[u8]) -> Result<f64, NumError<f64>> {
    let (sign, unsigned) = match text {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        _ => (1.0, text),
    };
    if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    }
    let hex = unsigned.len() > 2 && unsigned[0] == b'0' && unsigned[1].eq_ignore_ascii_case(&b'x');
    let literal = Literal::read(if hex { &unsigned[2..] } else { unsigned }, hex).ok_or(NumError::Syntax)?;
    if literal.underscores && !underscores_fit(unsigned) {
        return Err(NumError::Syntax);
    }
    let magnitude = if hex { literal.hex_value() } else { literal.decimal_value() };
    if magnitude.is_infinite() { Err(NumError::Range(sign * magnitude)) } else { Ok(sign * magnitude) }
}

/// The parts of a floating-point literal.
struct Literal {
    /// Digits without underscores, with the point.
    mantissa: Vec<u8>,
    exponent: i32,
    underscores: bool,
}

impl Literal {
    fn read(text: &[u8], hex: bool) -> Option<Self> {
        let mut literal = Self { mantissa: Vec::with_capacity(text.len()), exponent: 0, underscores: false };
        let (mut point, mut digits, mut at) = (false, false, 0);
        while let Some(&byte) = text.get(at) {
            match byte {
                b'_' => {
                    literal.underscores = true;
                    at += 1;
                    continue;
                }
                b'.' if !point => point = true,
                b'0'..=b'9' => digits = true,
                b'a'..=b'f' | b'A'..=b'F' if hex => digits = true,
                _ => break,
            }
            literal.mantissa.push(byte);
            at += 1;
        }
        if !digits {
            return None;
        }
        let letter = if hex { b'p' } else { b'e' };
        match text.get(at) {
            // A hexadecimal mantissa needs an exponent.
            None if hex => return None,
            None => return Some(literal),
            Some(byte) if byte.to_ascii_lowercase() == letter => at += 1,
            Some(_) => return None,
        }
        let negative = text.get(at) == Some(&b'-');
        if matches!(text.get(at), Some(b'-' | b'+')) {
            at += 1;
        }
        if !text.get(at).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        for &byte in &text[at..] {
            match byte {
                b'_' => literal.underscores = true,
                b'0'..=b'9' if literal.exponent < 1_000_000 => {
                    literal.exponent = literal.exponent * 10 + i32::from(byte - b'0');
                }
                b'0'..=b'9' => {}
                _ => return None,
            }
        }
        if negative {
            literal.exponent = -literal.exponent;
        }
        Some(literal)
    }

    fn decimal_value(mut self) -> f64 {
        let _ = write!(self.mantissa, "e{}", self.exponent);
        std::str::from_utf8(&self.mantissa).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }

    /// The nearest number, ties to even.
    fn hex_value(&self) -> f64 {
        let (mut mantissa, mut rest, mut exponent, mut after_point) = (0_u64, false, self.exponent, false);
        for &byte in &self.mantissa {
            let Some(digit) = char::from(byte).to_digit(16) else {
                after_point = true;
                continue;
            };
            if mantissa >> 59 == 0 {
                mantissa = mantissa << 4 | u64::from(digit);
                exponent = exponent.saturating_sub(if after_point { 4 } else { 0 });
            } else {
                rest |= digit != 0;
                exponent = exponent.saturating_add(if after_point { 0 } else { 4 });
            }
        }
        if mantissa == 0 {
            return 0.0;
        }
        let shift = mantissa.leading_zeros();
        // The mantissa as 1.… with 63 bits after the point; the last bit represents everything after it.
        let mantissa = mantissa << shift | u64::from(rest);
        let exponent = i64::from(exponent) + 63 - i64::from(shift);
        let dropped = if exponent >= -1022 { 11 } else { 11 + (-1022 - exponent) };
        if exponent > 1023 {
            return f64::INFINITY;
        }
        if dropped > 64 {
            return 0.0;
        }
        let wide = u128::from(mantissa);
        let (kept, half, tail) = (wide >> dropped, 1_u128 << (dropped - 1), wide & ((1 << dropped) - 1));
        let up = tail > half || tail == half && kept & 1 == 1;
        let kept = (kept + u128::from(up)) as u64;
        // Adding the kept bits to those of the exponent carries into it if rounding overflowed.
        let bits = if exponent >= -1022 { ((exponent + 1022) as u64) << 52 } else { 0 };
        f64::from_bits(bits + kept)
    }
}

/// Whether underscores are only between digits, or between a base prefix and a digit.
fn underscores_fit(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let prefixed = text.len() >= 2 && text[0] == b'0' && matches!(text[1].to_ascii_lowercase(), b'b' | b'o' | b'x');
    let hex = prefixed && text[1].eq_ignore_ascii_case(&b'x');
    let is_digit = |byte: u8| byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
    // A prefix counts as a digit.
    let mut before = if prefixed { b'0' } else { b'.' };
    for &byte in &text[if prefixed { 2 } else { 0 }..] {
        match byte {
            b'_' if !is_digit(before) => return false,
            b'_' => {}
            _ if before == b'_' && !is_digit(byte) => return false,
            _ => {}
        }
        before = byte;
    }
    before != b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_go_reads_them() {
        type Case = (&'static str, u32, Result<i64, NumError<i64>>);
        let cases: &[Case] = &[
            ("", 0, Err(NumError::Syntax)),
            ("0", 0, Ok(0)),
            ("-0x1F", 0, Ok(-31)),
            ("0x", 0, Err(NumError::Syntax)),
            ("0_8", 0, Err(NumError::Syntax)),
            ("0_7", 0, Ok(7)),
            ("0x_1f", 0, Ok(31)),
            ("1__0", 0, Err(NumError::Syntax)),
            ("1_000", 0, Ok(1000)),
            ("1_000", 10, Err(NumError::Syntax)),
            ("9223372036854775808", 10, Err(NumError::Range(i64::MAX))),
            ("-9223372036854775808", 10, Ok(i64::MIN)),
            ("-9223372036854775809", 10, Err(NumError::Range(i64::MIN))),
            ("99999999999999999999x", 10, Err(NumError::Range(i64::MAX))),
            ("777", 8, Ok(511)),
        ];
        for (text, base, want) in cases {
            assert_eq!(parse_int(text.as_bytes(), *base), *want, "{text}");
        }
        let message = NumError::<i64>::Syntax.message("Atoi", b"a\"");
        assert_eq!(message, r#"strconv.Atoi: parsing "a\"": invalid syntax"#);
    }

    #[test]
    fn floats_as_go_reads_them() {
        let cases: &[(&str, Option<f64>)] = &[
            ("1.5", Some(1.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            (".", None),
            ("1e3", Some(1000.0)),
            ("1e", None),
            ("1e400", None),
            ("1e-400", Some(0.0)),
            ("+inf", Some(f64::INFINITY)),
            ("0x1p4", Some(16.0)),
            ("0x10", None),
            ("0x.8p1", Some(1.0)),
            ("0x1.fffffffffffff8p0", Some(2.0)),
            ("0x1.fffffffffffff7fffp0", Some(1.999_999_999_999_999_8)),
            ("0x1p-1074", Some(5e-324)),
            ("0x1p-1075", Some(0.0)),
            ("0x1.8p-1075", Some(5e-324)),
            ("0x0.fffffffffffff8p-1022", Some(f64::MIN_POSITIVE)),
            ("0x1p1024", None),
            ("0x00000000000000000000001p0", Some(1.0)),
            ("1_000.5", Some(1000.5)),
            ("_1", None),
            ("1 ", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_float(text.as_bytes()).ok(), *want, "{text}");
        }
        assert!(parse_float(b"NaN").unwrap().is_nan());
        assert_eq!(parse_float(b"+nan"), Err(NumError::Syntax));
    }
}
