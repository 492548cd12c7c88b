//! Functions on Go's durations.

use crate::go::go_quote;
use crate::go::strconv::{atoi_clamped, parse_float, shortest_g};
use crate::go::time::duration::{format, in_units, parse, round, truncate};
use crate::go::time::{HOUR, MINUTE, SECOND};
use crate::template::durations::DurationObject;
use crate::template::times::{TimeObject, now};
use crate::template::types::{ANY, GoKind};
use crate::template::{Context, Failure, Flow, Function, IntKind, Value};

/// The functions on durations. Those that only helm 4 has are last.
pub(crate) static FUNCTIONS: &[Function] = &[
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
    Function::new("durationSeconds", &[&ANY], Flow::Union, "a duration in seconds; 0 if invalid", |_, args| {
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
        Value::GoObject(object) => {
            if let Some(duration) = value.as_object::<DurationObject>() {
                return Ok(duration.nanos);
            }
            match (object.ty().kind, object.json()) {
                // A month or a weekday, which are numbers in Go.
                (GoKind::Int, Some(Value::Int(seconds, ..))) => whole_seconds(seconds),
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

/// An invalid text is a zero duration.
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
        // sprig quirk: an int or a float is a zero duration.
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
            Some(object) => now(ctx).since(&object.time),
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
