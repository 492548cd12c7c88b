//! Conversion of anything to a number, as sprig does it: what cannot be parsed is 0, never an error.
//!
//! Source: spf13/cast 1.7.0, `ToInt64`, `ToFloat64`.

use crate::go::strconv::{parse_float, parse_int};
use crate::template::Value;
use crate::template::types::GoKind;

/// A value as an integer: floats are truncated, strings are parsed as Go source (`0x1F`, `010` is 8), anything else is 0.
pub(crate) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(number, _, _) => *number,
        Value::Float(number, _) => truncate(*number),
        Value::Bool(truth, _) => i64::from(*truth),
        Value::Str(text) => parse_int(without_zero_decimals(text.as_bytes()), 0).unwrap_or(0),
        Value::GoObject(_) => calendar_number(value).unwrap_or(0),
        _ => 0,
    }
}

/// A value as a floating-point number: strings are parsed by Go's `ParseFloat`, anything else is 0.
pub(crate) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Int(number, crate::template::IntKind::Uint64, _) => *number as u64 as f64,
        Value::Int(number, _, _) => *number as f64,
        Value::Float(number, _) => *number,
        Value::Bool(truth, _) => f64::from(u8::from(*truth)),
        Value::Str(text) => parse_float(text.as_bytes()).unwrap_or(0.0),
        Value::GoObject(_) => calendar_number(value).map_or(0.0, |number| number as f64),
        _ => 0.0,
    }
}

/// Go on amd64: a number out of range becomes the smallest number.
fn truncate(number: f64) -> i64 {
    // 2^63, the first number out of range; comparisons with `NaN` are false.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// Of all named number types, only months and weekdays are converted.
fn calendar_number(value: &Value) -> Option<i64> {
    let Value::GoObject(object) = value else { return None };
    match (object.ty().kind, object.json()) {
        (GoKind::Int, Some(Value::Int(number, _, _))) => Some(number),
        _ => None,
    }
}

/// `1.000` is read as `1`; `1.` and `1.5` are unchanged and not integers.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let mut zero = false;
    for (at, byte) in text.iter().enumerate().rev() {
        match byte {
            b'.' if zero => return &text[..at],
            b'.' => {}
            b'0' => zero = true,
            _ => break,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_cast_reads() {
        let cases: &[(&str, i64, f64)] = &[
            ("5", 5, 5.0),
            ("5.0", 5, 5.0),
            ("5.7", 0, 5.7),
            ("5.", 0, 5.0),
            ("10.", 0, 10.0),
            (".0", 0, 0.0),
            ("010", 8, 10.0),
            ("08", 0, 8.0),
            ("0x1F", 31, 0.0),
            ("1e3", 0, 1000.0),
            ("1_000.00", 1000, 1000.0),
            (" 5", 0, 0.0),
            ("9223372036854775808", 0, 9_223_372_036_854_775_808.0),
            ("1e400", 0, 0.0),
        ];
        for (text, int, float) in cases {
            assert_eq!(to_int64(&Value::str(*text)), *int, "{text}");
            assert_eq!(to_float64(&Value::str(*text)), *float, "{text}");
        }
        let floats = [(1.9, 1), (-1.9, -1), (1e20, i64::MIN), (-1e20, i64::MIN), (f64::NAN, i64::MIN)];
        for (float, int) in floats {
            assert_eq!(to_int64(&Value::float(float)), int);
        }
    }
}
