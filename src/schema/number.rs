//! Numbers of schemas: parsed, compared and printed as in helm's validator.

use serde_json::Number;

/// A number from its JSON text; out of range, it becomes the largest `float64`.
pub(super) fn parse(written: &str) -> Number {
    if let Ok(number) = written.parse::<Number>() {
        return number;
    }
    let largest = if written.starts_with('-') { f64::MIN } else { f64::MAX };
    Number::from_f64(largest).unwrap_or_else(|| 0.into())
}

/// Whether one number is an exact multiple of another by their decimal digits.
///
/// `0.3` is a multiple of `0.1`, although dividing the binary numbers leaves a remainder.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    let ((digits, exponent), (unit, unit_exponent)) = match (decimal(number), decimal(of)) {
        (Some(number), Some(of)) if of.0 != 0 => (number, of),
        _ => return false,
    };
    if digits == 0 {
        return true;
    }
    let shift = exponent - unit_exponent;
    if shift >= 0 {
        let mut rest = digits % unit;
        for _ in 0..shift {
            rest = rest * 10 % unit;
        }
        return rest == 0;
    }
    let unit = u32::try_from(-shift).ok().and_then(|shift| 10u128.checked_pow(shift)?.checked_mul(unit));
    unit.is_some_and(|unit| digits % unit == 0)
}

/// The digits of a number and the exponent of the last digit; the sign is ignored.
fn decimal(number: &Number) -> Option<(u128, i32)> {
    let text = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), ..) => number.to_string(),
        (_, Some(number), _) => number.to_string(),
        (.., Some(number)) => format!("{number:e}"),
        _ => return None,
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let digits = digits.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, exponent - fraction.len() as i32))
}

/// A count in English: `1,500`.
pub(super) fn english_count(count: usize) -> String {
    grouped(&count.to_string())
}

/// A number in English: `1,234.5`, `1.5×10¹⁰`.
///
/// Source: golang.org/x/text/message, `%v` of a `float64`.
pub(super) fn english(number: &Number) -> String {
    let number = number.as_f64().unwrap_or_default();
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let scientific = format!("{:e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let minus = if exponent < 0 { "⁻" } else { "" };
        let raised = |digit: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10).unwrap_or(0) as usize);
        let exponent: String = format!("{:02}", exponent.unsigned_abs()).chars().filter_map(raised).collect();
        return format!("{sign}{digits}×10{minus}{exponent}");
    }
    let plain = number.abs().to_string();
    match plain.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", grouped(whole)),
        None => format!("{sign}{}", grouped(&plain)),
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{english, english_count, is_multiple, parse};

    #[test]
    fn prints_english() {
        for (number, expected) in [
            ("0", "0"),
            ("5.0", "5"),
            ("-1234", "-1,234"),
            ("999999.5", "999,999.5"),
            ("1000000", "1×10⁰⁶"),
            ("1234567.5", "1.2345675×10⁰⁶"),
            ("-0.000012345", "-1.2345×10⁻⁰⁵"),
            ("0.0001", "0.0001"),
            ("1.5e10", "1.5×10¹⁰"),
        ] {
            assert_eq!(english(&parse(number)), expected);
        }
        assert_eq!((english_count(1_500_000), english_count(12)), ("1,500,000".to_owned(), "12".to_owned()));
    }

    #[test]
    fn multiples_are_exact() {
        for (number, of, expected) in [
            ("0.3", "0.1", true),
            ("1", "0.1", true),
            ("0.35", "0.1", false),
            ("1e21", "7", false),
            ("1e21", "8", true),
            ("12345678901234567890", "0.7", true),
            ("5", "1e3", false),
            ("0", "3", true),
            ("-6", "3", true),
            ("1e-300", "1e300", false),
        ] {
            let number = parse(number).as_f64().and_then(serde_json::Number::from_f64).unwrap();
            assert_eq!(is_multiple(&number, &parse(of)), expected, "{number} of {of}");
        }
    }
}
