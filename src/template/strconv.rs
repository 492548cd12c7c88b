//! Go's `strconv`: numbers out of text and into it.

use super::print::go_quote;
use std::io::Write as _;

/// Why a text is not a number, as Go's `strconv` sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumError<T> {
    /// Not written like a number.
    Syntax,
    /// Too large; the nearest number that fits.
    Range(T),
}

impl<T> NumError<T> {
    /// Go's message: `strconv.ParseInt: parsing "x": invalid syntax`. `function` is `ParseInt`, `Atoi` …
    pub fn message(&self, function: &str, input: &[u8]) -> String {
        let reason = match self {
            Self::Syntax => "invalid syntax",
            Self::Range(_) => "value out of range",
        };
        format!("strconv.{function}: parsing {}: {reason}", go_quote(input))
    }
}

/// A signed number in a base; base 0 reads it as Go source does: `0x1F`, `0b1`, `0o7`, `017`, `1_000`.
///
/// Source: Go `strconv.ParseInt` with 64 bits.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, NumError<i64>> {
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

/// A number without a sign in a base; base 0 as in [`parse_int`].
///
/// Source: Go `strconv.ParseUint` with 64 bits.
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumError<u64>> {
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
            // Go stops at the overflow: what follows is not looked at.
            return Err(NumError::Range(u64::MAX));
        }
    }
    if underscores && !underscores_fit(text) {
        return Err(NumError::Syntax);
    }
    number.ok_or(NumError::Range(u64::MAX))
}

/// Base 10, clamped to what fits; 0 for what is no number. What `i, _ := strconv.Atoi(s)` leaves in `i`.
pub fn atoi_clamped(text: &[u8]) -> i64 {
    match parse_int(text, 10) {
        Ok(number) | Err(NumError::Range(number)) => number,
        Err(NumError::Syntax) => 0,
    }
}

/// A floating-point number: decimal, hexadecimal with `p` exponent, `inf`, `nan`; underscores as in Go source.
///
/// Source: Go `strconv.ParseFloat` with 64 bits.
pub fn parse_float(text: &[u8]) -> Result<f64, NumError<f64>> {
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
        // The mantissa as 1.… with 63 bits after the point, the last bit standing for everything behind it.
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
        // Adding the kept bits to the exponent's carries into it when rounding filled all of them.
        let bits = if exponent >= -1022 { ((exponent + 1022) as u64) << 52 } else { 0 };
        f64::from_bits(bits + kept)
    }
}

/// Whether underscores stand only between digits, or between a base prefix and a digit.
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

/// A short text on the stack: a number.
#[derive(Debug, Clone, Copy)]
pub struct ShortText {
    bytes: [u8; 32],
    start: u8,
    end: u8,
}

impl ShortText {
    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
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

/// A number without a sign in base 10.
pub fn format_uint(mut number: u64) -> ShortText {
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
pub fn format_int(number: i64) -> ShortText {
    let mut text = format_uint(number.unsigned_abs());
    if number < 0 {
        text.start -= 1;
        text.bytes[usize::from(text.start)] = b'-';
    }
    text
}

/// The shortest text that reads back as the number, as `%v` prints it: `1.5`, `1e+06`, `1e-05`, `+Inf`, `NaN`.
///
/// Source: Go `strconv.FormatFloat(number, 'g', -1, 64)`, which takes an exponent from a million on and below 1e-4.
pub fn shortest_g(number: f64) -> ShortText {
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
pub struct Digits {
    bytes: [u8; 24],
    len: usize,
    /// Where the point stands, counted from before the first digit.
    pub point: i32,
}

impl Digits {
    /// The fewest digits that read back as the number, without zeros at the end; `0` for zero.
    pub fn shortest(number: f64) -> Self {
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
        digits.break_tie(number);
        digits
    }

    /// Halfway between two shortest texts, Rust takes the larger one and Go the one with an even last digit:
    /// 715181537735664.25 is `715181537735664.2`.
    fn break_tie(&mut self, number: f64) {
        if self.len < 15 || self.bytes[self.len - 1] % 2 == 0 {
            return;
        }
        let mut place = [0_u8; 32];
        let mut rest = &mut place[..];
        let _ = write!(rest, "{number:.precision$e}", precision = self.len - 1);
        let end = place.iter().position(|&byte| byte == 0).unwrap_or(place.len());
        let reads_back = str::from_utf8(&place[..end]).is_ok_and(|text| text.parse() == Ok(number));
        if reads_back {
            let mantissa = place.iter().take_while(|&&byte| byte != b'e').filter(|byte| byte.is_ascii_digit());
            for (digit, &exact) in self.bytes.iter_mut().zip(mantissa) {
                *digit = exact;
            }
        }
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// More digits than any number has after the point; beyond there are only zeros.
const MOST_DIGITS: usize = 1100;

/// A number by one of Go's formats `e E f g G b x X`; without a precision, with as many digits as it takes.
///
/// Source: Go `strconv.FormatFloat` with 64 bits.
pub fn format_float(number: f64, format: u8, precision: Option<usize>) -> Vec<u8> {
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
    let Some(precision) = precision else {
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
        return;
    };
    let _ = write!(text, "{size:.0$}", precision.min(MOST_DIGITS));
    text.resize(text.len() + precision.saturating_sub(MOST_DIGITS), b'0');
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
    // Go quirk: a whole number that is written with all of its digits counts these instead of the precision.
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
        let exponent = exponent_text(format - b'g' + b'e', exponent);
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
pub fn ldexp(a: f64, exponent: i32) -> f64 {
    // Only the last of the steps can lose bits, as long as `a` is near 1.
    let first = exponent.clamp(-1000, 1000);
    let second = (exponent - first).clamp(-1000, 1000);
    a * power_of_two(first) * power_of_two(second)
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_go_reads_them() {
        let cases: &[(&str, u32, Result<i64, NumError<i64>>)] = &[
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
        ];
        for (number, want) in cases {
            assert_eq!(String::from_utf8_lossy(shortest_g(*number).as_bytes()), *want);
            assert_eq!(String::from_utf8_lossy(&format_float(*number, b'g', None)), *want);
        }
        let cases: &[(f64, u8, Option<usize>, &str)] = &[
            (1234.5, b'e', Some(6), "1.234500e+03"),
            (2.5, b'f', Some(0), "2"),
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
