//! Formats numbers.

use std::fmt;
use std::io::Write as _;

/// A short text on the stack, for a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShortText {
    bytes: [u8; 32],
    start: u8,
    end: u8,
}

impl ShortText {
    /// The text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[usize::from(self.start)..usize::from(self.end)]
    }

    fn push(&mut self, text: &[u8]) {
        let (start, end) = (usize::from(self.end), usize::from(self.end) + text.len());
        if let Some(place) = self.bytes.get_mut(start..end) {
            place.copy_from_slice(text);
            self.end = end as u8;
        }
    }

    fn empty() -> Self {
        Self { bytes: [0; 32], start: 0, end: 0 }
    }
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

/// A number without a sign in base 10.
pub(crate) fn format_uint(mut number: u64) -> ShortText {
    let mut text = ShortText { bytes: [0; 32], start: 32, end: 32 };
    loop {
        text.start -= 1;
        text.bytes[usize::from(text.start)] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return text;
        }
    }
}

/// A number in base 10.
pub(crate) fn format_int(number: i64) -> ShortText {
    let mut text = format_uint(number.unsigned_abs());
    if number < 0 {
        text.start -= 1;
        text.bytes[usize::from(text.start)] = b'-';
    }
    text
}

/// The shortest text that reads back as the number, as `%v` prints it: `1.5`, `1e+06`, `1e-05`, `+Inf`, `NaN`.
///
/// Source: Go `strconv.FormatFloat(number, 'g', -1, 64)`, which uses an exponent from a million and below 1e-4.
pub(crate) fn shortest_g(number: f64) -> ShortText {
    let mut text = ShortText::empty();
    if !number.is_finite() {
        text.push(special(number).as_bytes());
        return text;
    }
    let digits = Digits::shortest(number.abs());
    if number.is_sign_negative() {
        text.push(b"-");
    }
    let exponent = digits.point - 1;
    let all = digits.as_bytes();
    if !(-4..6).contains(&exponent) && all != b"0" {
        text.push(&all[..1]);
        if all.len() > 1 {
            text.push(b".");
            text.push(&all[1..]);
        }
        let [e, sign, rest @ ..] = exponent_text(b'e', exponent);
        text.push(&[e, sign]);
        text.push(if rest[0] == b'0' { &rest[1..] } else { &rest });
    } else if exponent < 0 {
        text.push(b"0.");
        text.push(&b"0000"[..(-1 - exponent) as usize]);
        text.push(all);
    } else {
        let whole = (exponent + 1) as usize;
        if all.len() <= whole {
            text.push(all);
            text.push(&b"000000"[..whole - all.len()]);
        } else {
            text.push(&all[..whole]);
            text.push(b".");
            text.push(&all[whole..]);
        }
    }
    text
}

/// `e+123`: the last three are digits.
fn exponent_text(letter: u8, exponent: i32) -> [u8; 5] {
    let size = exponent.unsigned_abs();
    let digit = |n: u32| b'0' + (n % 10) as u8;
    [letter, if exponent < 0 { b'-' } else { b'+' }, digit(size / 100), digit(size / 10), digit(size)]
}

fn special(number: f64) -> &'static str {
    match number {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "+Inf",
        _ => "-Inf",
    }
}

/// The decimal digits of a positive number: `0.` and the digits, times ten to the power of `point`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digits {
    bytes: [u8; 24],
    len: usize,
    /// The position of the decimal point, relative to the first digit.
    pub point: i32,
}

impl Digits {
    /// The shortest digits that read back as the number, without trailing zeros; `0` for zero.
    pub(crate) fn shortest(number: f64) -> Self {
        let mut place = [0_u8; 32];
        let mut rest = &mut place[..];
        let _ = write!(rest, "{number:e}");
        let mut digits = Self { bytes: [b'0'; 24], len: 0, point: 1 };
        let (mut exponent, mut negative, mut in_exponent) = (0, false, false);
        for &byte in place.iter().take_while(|&&byte| byte != 0) {
            match byte {
                b'e' => in_exponent = true,
                b'-' => negative = true,
                b'0'..=b'9' if in_exponent => exponent = exponent * 10 + i32::from(byte - b'0'),
                b'0'..=b'9' => {
                    digits.bytes[digits.len] = byte;
                    digits.len += 1;
                }
                _ => {}
            }
        }
        digits.point += if negative { -exponent } else { exponent };
        digits.prefer_even(number);
        digits
    }

    /// Of two shortest texts that are equally near, Go chooses the one with an even last digit, Rust the larger one:
    /// 721376807779411.25 is `7.213768077794112e+14` in Go.
    fn prefer_even(&mut self, number: f64) {
        // With fewer digits there is never a second candidate.
        if self.len < 16 || self.bytes[self.len - 1].is_multiple_of(2) {
            return;
        }
        let mut lower = *self;
        lower.bytes[self.len - 1] -= 1;
        let mut place = [0_u8; 96];
        let mut rest = &mut place[..];
        // No number is this close to the middle without being exactly in it.
        let _ = write!(rest, "{number:.0$e}", self.len + 40);
        let mut exact = place.iter().filter(|byte| **byte != b'.');
        let middle = lower.as_bytes().iter().chain(b"5").chain(&[b'0'; 40]);
        if middle.zip(&mut exact).any(|(a, b)| a != b) {
            return;
        }
        let mut text = [0_u8; 40];
        let mut rest = &mut text[..];
        let _ = rest.write_all(lower.as_bytes());
        let _ = write!(rest, "e{}", self.point - self.len as i32);
        let length = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        if std::str::from_utf8(&text[..length]).is_ok_and(|text| text.parse() == Ok(number)) {
            *self = lower;
        }
    }

    /// The digits.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// More digits than any number has after the point; the rest is zeros.
const MOST_DIGITS: usize = 1100;

/// A number in one of Go's formats `e E f g G b x X`; without a precision, with as many digits as needed.
///
/// Source: Go `strconv.FormatFloat` with 64 bits.
pub(crate) fn format_float(number: f64, format: u8, precision: Option<usize>) -> Vec<u8> {
    if !number.is_finite() {
        return special(number).as_bytes().to_vec();
    }
    let mut text = Vec::with_capacity(32);
    if number.is_sign_negative() {
        text.push(b'-');
    }
    let size = number.abs();
    match format {
        b'e' | b'E' => exponent_form(&mut text, size, format, precision),
        b'g' | b'G' => general_form(&mut text, size, format, precision),
        b'b' => {
            let (mantissa, exponent) = parts(size);
            let _ = write!(text, "{mantissa}p{:+}", exponent - 52);
        }
        b'x' | b'X' => hex_form(&mut text, size, format, precision),
        _ => plain_form(&mut text, size, precision),
    }
    text
}

fn exponent_form(text: &mut Vec<u8>, size: f64, letter: u8, precision: Option<usize>) {
    let (digits, exponent) = match precision {
        None => {
            let digits = Digits::shortest(size);
            (digits.as_bytes().to_vec(), digits.point - 1)
        }
        Some(precision) => rounded(size, precision),
    };
    text.push(digits[0]);
    let wanted = precision.unwrap_or(digits.len() - 1);
    if wanted > 0 {
        text.push(b'.');
        text.extend_from_slice(&digits[1..]);
        text.resize(text.len() + (wanted + 1).saturating_sub(digits.len()), b'0');
    }
    let exponent = exponent_text(letter, exponent);
    text.extend_from_slice(&exponent[..2]);
    text.extend_from_slice(if exponent[2] == b'0' { &exponent[3..] } else { &exponent[2..] });
}

/// The digits (one and at most `precision` more) and the decimal exponent of the first.
fn rounded(size: f64, precision: usize) -> (Vec<u8>, i32) {
    let written = format!("{size:.0$e}", precision.min(MOST_DIGITS));
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    (mantissa.bytes().filter(u8::is_ascii_digit).collect(), exponent.parse().unwrap_or(0))
}

fn plain_form(text: &mut Vec<u8>, size: f64, precision: Option<usize>) {
    if let Some(precision) = precision {
        let _ = write!(text, "{size:.0$}", precision.min(MOST_DIGITS));
        text.resize(text.len() + precision.saturating_sub(MOST_DIGITS), b'0');
        return;
    }
    let digits = Digits::shortest(size);
    let all = digits.as_bytes();
    let whole = usize::try_from(digits.point).unwrap_or(0);
    if whole == 0 {
        text.extend_from_slice(b"0.");
        text.resize(text.len() + digits.point.unsigned_abs() as usize, b'0');
        text.extend_from_slice(all);
    } else if all.len() <= whole {
        text.extend_from_slice(all);
        text.resize(text.len() + whole - all.len(), b'0');
    } else {
        text.extend_from_slice(&all[..whole]);
        text.push(b'.');
        text.extend_from_slice(&all[whole..]);
    }
}

fn general_form(text: &mut Vec<u8>, size: f64, format: u8, precision: Option<usize>) {
    let (mut digits, exponent, limit) = match precision {
        None => {
            let digits = Digits::shortest(size);
            (digits.as_bytes().to_vec(), digits.point - 1, 6)
        }
        Some(precision) => {
            let precision = precision.max(1);
            let (digits, exponent) = rounded(size, precision - 1);
            (digits, exponent, precision)
        }
    };
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    // Go quirk: a whole number written with all of its digits uses their count instead of the precision.
    let limit = if precision.is_some() && limit > digits.len() && digits.len() as i32 > exponent {
        digits.len()
    } else {
        limit
    };
    if size != 0.0 && (exponent < -4 || exponent >= limit.min(i32::MAX as usize) as i32) {
        text.push(digits[0]);
        if digits.len() > 1 {
            text.push(b'.');
            text.extend_from_slice(&digits[1..]);
        }
        let exponent = exponent_text(format - (b'g' - b'e'), exponent);
        text.extend_from_slice(&exponent[..2]);
        text.extend_from_slice(if exponent[2] == b'0' { &exponent[3..] } else { &exponent[2..] });
    } else if exponent < 0 {
        text.extend_from_slice(b"0.");
        text.resize(text.len() + (-1 - exponent) as usize, b'0');
        text.extend_from_slice(&digits);
    } else {
        let whole = exponent as usize + 1;
        if digits.len() <= whole {
            digits.resize(whole, b'0');
        } else {
            digits.insert(whole, b'.');
        }
        text.extend_from_slice(&digits);
    }
}

/// Mantissa with 52 bits after the point, and exponent.
fn parts(size: f64) -> (u64, i32) {
    let bits = size.to_bits();
    let (exponent, mantissa) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    if exponent == 0 { (mantissa, -1022) } else { (mantissa | 1 << 52, exponent - 1023) }
}

fn hex_form(text: &mut Vec<u8>, size: f64, format: u8, precision: Option<usize>) {
    let (mut mantissa, mut exponent) = parts(size);
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = mantissa.leading_zeros() - 11;
        mantissa <<= shift;
        exponent -= shift as i32;
    }
    if let Some(precision) = precision.filter(|&precision| precision < 13) {
        let dropped = 52 - 4 * precision as u32;
        let (tail, half) = (mantissa & ((1 << dropped) - 1), 1 << (dropped - 1));
        mantissa >>= dropped;
        if tail > half || tail == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> 53 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let upper = format == b'X';
    text.extend_from_slice(if upper { b"0X" } else { b"0x" });
    text.push(b'0' + (mantissa >> 52) as u8);
    let mut fraction = format!("{:013x}", mantissa & ((1 << 52) - 1)).into_bytes();
    match precision {
        Some(precision) => fraction.resize(precision, b'0'),
        None => {
            while fraction.last() == Some(&b'0') {
                fraction.pop();
            }
        }
    }
    if upper {
        fraction.make_ascii_uppercase();
    }
    if !fraction.is_empty() {
        text.push(b'.');
        text.extend_from_slice(&fraction);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(text, "{}{sign}{:02}", if upper { 'P' } else { 'p' }, exponent.abs());
}

/// `a` times two to the power of `exponent`, rounded once.
pub(crate) fn ldexp(a: f64, exponent: i32) -> f64 {
    // Only the last step can lose bits, as long as `a` is near 1.
    let first = exponent.clamp(-1000, 1000);
    let second = (exponent - first).clamp(-1000, 1000);
    a * power_of_two(first) * power_of_two(second)
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Go's `%g` of the nearest 32-bit number: `1.1`, `1e+06`.
///
/// Source: Go `strconv.FormatFloat` with `'g'`, -1 and 32 bits.
pub(crate) fn shortest_g32(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..6 => number.to_string(),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_32_bits() {
        for (number, expected) in [
            (1.1, "1.1"),
            (1000.0, "1000"),
            (1e6, "1e+06"),
            (123456.789, "123456.79"),
            (1.234567e11, "1.234567e+11"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.0, "-0"),
            (1e300, "+Inf"),
            (1.123456789012, "1.1234568"),
        ] {
            assert_eq!(shortest_g32(number), expected);
        }
    }

    #[test]
    fn floats_as_go_writes_them() {
        let cases: &[(f64, &str)] = &[
            (0.0, "0"),
            (-0.0, "-0"),
            (5.0, "5"),
            (100_000.0, "100000"),
            (999_999.5, "999999.5"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (-f64::MIN_POSITIVE, "-2.2250738585072014e-308"),
            (-0.000_123_456_789_012_345_67, "-0.00012345678901234567"),
            (f64::INFINITY, "+Inf"),
            (2_885_507_231_117_645.0 / 4.0, "7.213768077794112e+14"),
            (2_885_507_231_117_647.0 / 4.0, "7.213768077794118e+14"),
            (721_376_807_779_411.5, "7.213768077794115e+14"),
        ];
        for (number, want) in cases {
            assert_eq!(String::from_utf8_lossy(shortest_g(*number).as_bytes()), *want);
            assert_eq!(String::from_utf8_lossy(&format_float(*number, b'g', None)), *want);
        }
        let cases: &[(f64, u8, Option<usize>, &str)] = &[
            (1234.5, b'e', Some(6), "1.234500e+03"),
            (2.5, b'f', Some(0), "2"),
            (0.0, b'f', None, "0"),
            (1e21, b'f', None, "1000000000000000000000"),
            (-1.25e-7, b'f', None, "-0.000000125"),
            (12.5, b'f', None, "12.5"),
            (1.005, b'f', Some(2), "1.00"),
            (123_456.0, b'g', Some(3), "1.23e+05"),
            (100_000.0, b'g', Some(10), "100000"),
            (1e20, b'G', None, "1E+20"),
            (1.5, b'x', None, "0x1.8p+00"),
            (-2.25, b'X', None, "-0X1.2P+01"),
            (1.999, b'x', Some(0), "0x1p+01"),
            (0.0, b'x', Some(2), "0x0.00p+00"),
            (1.5, b'b', None, "6755399441055744p-52"),
            (-0.0, b'b', None, "-0p-1074"),
        ];
        for (number, format, precision, want) in cases {
            assert_eq!(String::from_utf8_lossy(&format_float(*number, *format, *precision)), *want);
        }
        assert_eq!(format_float(1.0, b'f', Some(2000)).len(), 2002);
        assert_eq!(format_float(0.1, b'e', Some(2000)).len(), 2006);
    }
}
