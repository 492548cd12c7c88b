//! Go's durations: reading and printing them, the object that templates hold, and the functions that count with them.

use super::times::TimeObject;
use crate::go::go_quote;
use crate::go::strconv::{atoi_clamped, parse_float, shortest_g};
use crate::template::types::{ANY, Kind, Type};
use crate::template::{Context, Failure, Flow, Function, IntKind, Object, Value};
use crate::trace::Origin;
use std::any::Any;
use std::borrow::Cow;

/// The functions on durations. Those that only helm 4 has come last.
pub static FUNCTIONS: &[Function] = &[
    Function::new("duration", &[&ANY], Flow::Union, "seconds (a string or int64) as 1h30m0s", duration),
    Function::new(
        "durationRound",
        &[&ANY],
        Flow::Union,
        "the largest unit of a duration: 2h; for a time, of what passed since",
        duration_round,
    ),
    Function::new("mustToDuration", &[&ANY], Flow::Exact, "a duration, or a number of seconds as one", |ctx, args| {
        let nanos = read(args.first())?;
        Ok(Value::object(DurationObject { nanos, origin: ctx.union(args) }))
    })
    .since_helm_4(),
    Function::new("durationSeconds", &[&ANY], Flow::Union, "a duration in seconds; 0 for none", |_, args| {
        Ok(Value::float(in_units(lenient(args.first()), SECOND)))
    })
    .since_helm_4(),
    Function::new("durationMilliseconds", &[&ANY], Flow::Union, "a duration in whole milliseconds", |_, args| {
        Ok(Value::int64(lenient(args.first()) / 1_000_000))
    })
    .since_helm_4(),
    Function::new("durationMicroseconds", &[&ANY], Flow::Union, "a duration in whole microseconds", |_, args| {
        Ok(Value::int64(lenient(args.first()) / 1_000))
    })
    .since_helm_4(),
    Function::new("durationNanoseconds", &[&ANY], Flow::Union, "a duration in nanoseconds", |_, args| {
        Ok(Value::int64(lenient(args.first())))
    })
    .since_helm_4(),
    Function::new("durationMinutes", &[&ANY], Flow::Union, "a duration in minutes", |_, args| {
        Ok(Value::float(in_units(lenient(args.first()), MINUTE)))
    })
    .since_helm_4(),
    Function::new("durationHours", &[&ANY], Flow::Union, "a duration in hours", |_, args| {
        Ok(Value::float(in_units(lenient(args.first()), HOUR)))
    })
    .since_helm_4(),
    Function::new("durationDays", &[&ANY], Flow::Union, "a duration in days of 24 hours", |_, args| {
        Ok(Value::float(in_units(lenient(args.first()), HOUR) / 24.0))
    })
    .since_helm_4(),
    Function::new("durationWeeks", &[&ANY], Flow::Union, "a duration in weeks", |_, args| {
        Ok(Value::float(in_units(lenient(args.first()), HOUR) / 24.0 / 7.0))
    })
    .since_helm_4(),
    Function::new("durationRoundTo", &[&ANY, &ANY], Flow::Exact, "a duration to a multiple of another", |ctx, args| {
        to_multiple(ctx, args, round)
    })
    .since_helm_4(),
    Function::new(
        "durationTruncateTo",
        &[&ANY, &ANY],
        Flow::Exact,
        "a duration down to a multiple of another",
        |ctx, args| to_multiple(ctx, args, truncate),
    )
    .since_helm_4(),
];

/// `time.Duration`
pub static DURATION: Type = Type {
    name: "time.Duration",
    kind: Kind::Int64,
    elem: None,
    methods: &[
        Function::new("Abs", &[], Flow::Exact, "the duration without its sign", |_, args| {
            changed(args, |nanos| nanos.checked_abs().unwrap_or(i64::MAX))
        }),
        Function::new("Hours", &[], Flow::Union, "in hours", |_, args| {
            Ok(Value::float(in_units(nanos(args, 0), HOUR)))
        }),
        Function::new("Minutes", &[], Flow::Union, "in minutes", |_, args| {
            Ok(Value::float(in_units(nanos(args, 0), MINUTE)))
        }),
        Function::new("Seconds", &[], Flow::Union, "in seconds", |_, args| {
            Ok(Value::float(in_units(nanos(args, 0), SECOND)))
        }),
        Function::new("Milliseconds", &[], Flow::Union, "in whole milliseconds", |_, args| {
            Ok(Value::int64(nanos(args, 0) / 1_000_000))
        }),
        Function::new("Microseconds", &[], Flow::Union, "in whole microseconds", |_, args| {
            Ok(Value::int64(nanos(args, 0) / 1_000))
        }),
        Function::new("Nanoseconds", &[], Flow::Union, "in nanoseconds", |_, args| Ok(Value::int64(nanos(args, 0)))),
        Function::new("Round", &[&DURATION], Flow::Exact, "the nearest multiple of a duration", |_, args| {
            changed(args, |own| round(own, nanos(args, 1)))
        }),
        Function::new("Truncate", &[&DURATION], Flow::Exact, "the next multiple towards zero", |_, args| {
            changed(args, |own| truncate(own, nanos(args, 1)))
        }),
        Function::new("String", &[], Flow::Union, "1h30m0s", |_, args| Ok(format(nanos(args, 0)).into())),
    ],
};

/// Nanoseconds of a second, a minute, an hour.
pub(super) const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// A duration in a template.
#[derive(Debug, Clone, Copy)]
pub struct DurationObject {
    /// How long.
    pub nanos: i64,
    /// Where what it was made from was set.
    pub origin: Origin,
}

impl Object for DurationObject {
    fn ty(&self) -> &'static Type {
        &DURATION
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(format(self.nanos).into())
    }
    fn json(&self) -> Option<Value> {
        Some(Value::Int(self.nanos, IntKind::Int64, self.origin))
    }
    fn origin(&self) -> Origin {
        self.origin
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self.nanos == other.nanos)
    }
}

/// A duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s`.
///
/// Source: Go `time.Duration`, `String`.
pub fn format(nanos: i64) -> String {
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

/// Reads a duration as Go writes it: signed decimals with units, `1h15m30.918s`.
///
/// Source: Go `time.ParseDuration`.
///
/// # Errors
/// Go's text: `time: invalid duration "x"`.
pub fn parse(text: &[u8]) -> Result<i64, String> {
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
    // Up to 2^63: the smallest duration is one larger than the largest.
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
        // In floating point, as Go does it: fractions of an hour are exact to the nanosecond.
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

/// The multiple of `unit` nearest to a duration, the one further from zero of two; unchanged if `unit` is not positive.
///
/// Source: Go `time.Duration`, `Round`.
pub fn round(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return nanos;
    }
    let rest = (nanos % unit).abs();
    let down = nanos - nanos % unit;
    if rest < unit - rest { down } else { down.saturating_add(if nanos < 0 { -unit } else { unit }) }
}

fn truncate(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 { nanos } else { nanos - nanos % unit }
}

/// Go's quoting of the texts in errors of package `time`: everything but printable ASCII by its bytes.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=0x7F => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// Reads digits; `None` when the number is larger than 2^63.
pub(super) fn leading_integer(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (at, byte) in text.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return Some((number, &text[at..]));
        }
        number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0')).filter(|number| *number <= 1 << 63)?;
    }
    Some((number, &[]))
}

/// Reads the digits of a fraction as a number and what to divide it by; digits that do not fit are dropped.
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

/// A duration in a unit. Source: Go `time.Duration`, `Hours` and its like.
fn in_units(nanos: i64, unit: i64) -> f64 {
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

fn nanos(args: &[Value], index: usize) -> i64 {
    match args.get(index) {
        Some(Value::Int(number, _, _)) => *number,
        Some(value) => value.as_object::<DurationObject>().map_or(0, |duration| duration.nanos),
        None => 0,
    }
}

fn changed(args: &[Value], change: impl Fn(i64) -> i64) -> Result<Value, Failure> {
    let origin = args.first().map_or(Origin::NONE, Value::origin);
    Ok(Value::object(DurationObject { nanos: change(nanos(args, 0)), origin }))
}

/// Source: helm 4 `pkg/engine`, `asDuration`.
fn read(value: Option<&Value>) -> Result<i64, String> {
    let value = value.unwrap_or(&Value::Nil);
    match value {
        Value::Nil => Err("invalid duration".to_owned()),
        Value::Str(text) => {
            let trimmed = text.to_text();
            let trimmed = trimmed.trim();
            if trimmed.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(nanos) = parse(trimmed.as_bytes()) {
                return Ok(nanos);
            }
            match parse_float(trimmed.as_bytes()) {
                Ok(seconds) => from_seconds(seconds),
                Err(_) => Err(format!("could not parse duration {}", go_quote(text.as_bytes()))),
            }
        }
        Value::Float(seconds, _) => from_seconds(*seconds),
        Value::Int(seconds, IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64, _) => {
            let seconds = seconds.cast_unsigned();
            let nanos = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(SECOND));
            nanos.ok_or_else(|| format!("duration seconds overflow: {seconds}"))
        }
        Value::Int(seconds, ..) => whole_seconds(*seconds),
        Value::Object(object) => {
            if let Some(duration) = value.as_object::<DurationObject>() {
                return Ok(duration.nanos);
            }
            match (object.ty().kind, object.json()) {
                // A month or a day of the week, which are numbers to Go.
                (Kind::Int, Some(Value::Int(seconds, ..))) => whole_seconds(seconds),
                _ => Err(unsupported(value)),
            }
        }
        _ => Err(unsupported(value)),
    }
}

fn unsupported(value: &Value) -> String {
    format!("unsupported duration type {}", value.ty().name)
}

fn whole_seconds(seconds: i64) -> Result<i64, String> {
    seconds.checked_mul(SECOND).ok_or_else(|| format!("duration seconds overflow: {seconds}"))
}

fn from_seconds(seconds: f64) -> Result<i64, String> {
    let text = || String::from_utf8_lossy(shortest_g(seconds).as_bytes()).into_owned();
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", text()));
    }
    let nanos = seconds * SECOND as f64;
    // 2^63, the first number that does not fit.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&nanos) {
        Ok(nanos as i64)
    } else {
        Err(format!("duration seconds overflow: {}", text()))
    }
}

/// What cannot be read is no time at all.
fn lenient(value: Option<&Value>) -> i64 {
    read(value).unwrap_or(0)
}

fn to_multiple(ctx: &mut Context<'_>, args: &[Value], change: fn(i64, i64) -> i64) -> Result<Value, Failure> {
    let nanos = match (read(args.first()), read(args.get(1))) {
        (Ok(nanos), Ok(unit)) => change(nanos, unit),
        (Ok(nanos), Err(_)) => nanos,
        (Err(_), _) => 0,
    };
    Ok(Value::object(DurationObject { nanos, origin: ctx.union(args) }))
}

/// Source: sprig `duration`.
fn duration(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let seconds = match args.first() {
        Some(Value::Int(seconds, IntKind::Int64, _)) => *seconds,
        Some(Value::Str(text)) => atoi_clamped(text.as_bytes()),
        // sprig quirk: an int or a float is no time at all.
        _ => 0,
    };
    Ok(format(seconds.wrapping_mul(SECOND)).into())
}

/// Source: sprig `durationRound`.
fn duration_round(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let nanos = match args.first() {
        Some(Value::Str(text)) => parse(text.as_bytes()).unwrap_or(0),
        Some(Value::Int(nanos, IntKind::Int64, _)) => *nanos,
        Some(value) => match value.as_object::<TimeObject>() {
            Some(object) => super::dates::now(ctx).since(&object.time),
            None => 0,
        },
        None => 0,
    };
    let size = nanos.unsigned_abs();
    let hour = HOUR.unsigned_abs();
    let units = [
        (24 * 365 * hour, "y"),
        (24 * 30 * hour, "mo"),
        (24 * hour, "d"),
        (hour, "h"),
        (MINUTE.unsigned_abs(), "m"),
        (SECOND.unsigned_abs(), "s"),
    ];
    // sprig quirk: exactly one hour is 60 minutes.
    let largest = units.iter().find(|(unit, _)| size > *unit);
    Ok(largest.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit)).into())
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
