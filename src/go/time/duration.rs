//! Durations in nanoseconds: parsing, printing and rounding.

use super::{HOUR, MINUTE, SECOND, leading_integer, quote};

/// A duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s`.
///
/// Source: Go `time.Duration`, `String`.
pub(crate) fn format(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let (unit, name) = match size {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (SECOND.unsigned_abs(), "s"),
    };
    let (whole, part) = (size / unit, size % unit);
    let part = if part == 0 {
        String::new()
    } else {
        let digits = unit.ilog10() as usize;
        format!(".{}", format!("{part:0digits$}").trim_end_matches('0'))
    };
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        _ if name != "s" => format!("{sign}{whole}{part}{name}"),
        (0, 0, seconds) => format!("{sign}{seconds}{part}s"),
        (0, minutes, seconds) => format!("{sign}{minutes}m{seconds}{part}s"),
        (hours, minutes, seconds) => format!("{sign}{hours}h{minutes}m{seconds}{part}s"),
    }
}

/// Parses a duration in Go's syntax: signed decimals with units, `1h15m30.918s`.
///
/// Source: Go `time.ParseDuration`.
///
/// # Errors
/// Go's text: `time: invalid duration "x"`.
pub(crate) fn parse(text: &[u8]) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    // Up to 2^63: the smallest duration is one more than the largest, negated.
    const MOST: u64 = 1 << 63;
    let mut total = 0u64;
    while !rest.is_empty() {
        let (whole, after) = leading_integer(rest).ok_or_else(invalid)?;
        let digits_before = after.len() < rest.len();
        let mut fraction = (0, 1.0);
        let mut digits_after = false;
        rest = after;
        if let Some(after) = rest.strip_prefix(b".") {
            let (number, scale, next) = leading_fraction(after);
            (fraction, digits_after, rest) = ((number, scale), next.len() < after.len(), next);
        }
        if !digits_before && !digits_after {
            return Err(invalid());
        }
        let end = rest.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        let unit: u64 = match name {
            b"" => return Err(format!("time: missing unit in duration {}", quote(text))),
            b"ns" => 1,
            // The micro sign and the Greek letter.
            b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => 1_000,
            b"ms" => 1_000_000,
            b"s" => SECOND.unsigned_abs(),
            b"m" => MINUTE.unsigned_abs(),
            b"h" => HOUR.unsigned_abs(),
            _ => return Err(format!("time: unknown unit {} in duration {}", quote(name), quote(text))),
        };
        if whole > MOST / unit {
            return Err(invalid());
        }
        let (number, scale) = fraction;
        // In floating point, as in Go: fractions of an hour are exact to the nanosecond.
        let part = (number as f64 * (unit as f64 / scale)) as u64;
        total = (whole * unit).checked_add(part).filter(|sum| *sum <= MOST).ok_or_else(invalid)?.wrapping_add(total);
        if total > MOST {
            return Err(invalid());
        }
    }
    if negative {
        return Ok(0i64.wrapping_sub_unsigned(total));
    }
    i64::try_from(total).map_err(|_| invalid())
}

/// The multiple of `unit` nearest to a duration, halves away from zero; unchanged if `unit` is not positive.
///
/// Source: Go `time.Duration`, `Round`.
pub(crate) fn round(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return nanos;
    }
    let rest = (nanos % unit).abs();
    let down = nanos - nanos % unit;
    if rest < unit - rest { down } else { down.saturating_add(if nanos < 0 { -unit } else { unit }) }
}

/// The next multiple of `unit` towards zero; unchanged if `unit` is not positive. Source: Go `time.Duration`, `Truncate`.
pub(crate) fn truncate(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 { nanos } else { nanos - nanos % unit }
}

/// A duration in a unit. Source: Go `time.Duration`, `Hours` and its like.
pub(crate) fn in_units(nanos: i64, unit: i64) -> f64 {
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

/// Parses the digits of a fraction as a number and its divisor; digits that do not fit are dropped.
fn leading_fraction(text: &[u8]) -> (u64, f64, &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (mut number, mut scale) = (0u64, 1.0);
    for byte in &text[..end] {
        let next = number.checked_mul(10).and_then(|number| number.checked_add(u64::from(byte - b'0')));
        let Some(next) = next.filter(|next| number <= i64::MAX as u64 / 10 && *next <= 1 << 63) else { break };
        (number, scale) = (next, scale * 10.0);
    }
    (number, scale, &text[end..])
}

#[cfg(test)]
mod tests {
    use super::{format, parse, round};

    #[test]
    fn prints_as_go_does() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (480_000_000_001, "8m0.000000001s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(format(nanos), text);
            assert_eq!(parse(text.as_bytes()), Ok(nanos));
        }
    }

    #[test]
    fn reads_as_go_does() {
        for (text, nanos) in [
            ("1h30m", 5_400_000_000_000),
            ("-.5s", -500_000_000),
            ("+5.s", 5_000_000_000),
            ("1m1m", 120_000_000_000),
            ("0.100000000000000000000h", 360_000_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("39h9m14.425s", 140_954_425_000_000),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(nanos), "{text}");
        }
        for (text, error) in [
            ("", r#"time: invalid duration """#),
            ("3", r#"time: missing unit in duration "3""#),
            (".s", r#"time: invalid duration ".s""#),
            ("1e3s", r#"time: unknown unit "e" in duration "1e3s""#),
            ("1é", r#"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
            ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn rounds_halves_away_from_zero() {
        for (nanos, unit, result) in [(15, 10, 20), (14, 10, 10), (-15, 10, -20), (7, 0, 7), (i64::MAX, 10, i64::MAX)] {
            assert_eq!(round(nanos, unit), result);
        }
    }
}
