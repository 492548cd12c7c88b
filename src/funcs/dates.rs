//! The dates family. The clock and the local zone are those of the render's environment.

use crate::go::time::{Time, Zone, duration, layout};
use crate::template::times;
use crate::template::times::{TIME, TimeObject, now};
use crate::template::types::{ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, IntKind, Spread, Value};
use crate::trace::Str;

/// The functions of this family; those on durations are in [`crate::template::durations`].
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("now", &[], Flow::None, "the current time", |ctx, _| {
        let mut time = now(ctx);
        time.monotonic = Some(0);
        Ok(Value::object(TimeObject { time, origin: ctx.clock_origin() }))
    })
    .not_hermetic(),
    Function::new("date", &[&STRING, &ANY], Flow::Union, "a time, Unix seconds or now by a layout", |ctx, args| {
        in_zone(ctx, text(args, 0), args.get(1), b"Local")
    })
    .costs(40, 180)
    .spreads(Spread::Full)
    .not_hermetic(),
    Function::new("htmlDate", &[&ANY], Flow::Union, "the date of a time, 2006-01-02", |ctx, args| {
        in_zone(ctx, HTML_DATE, args.first(), b"Local")
    })
    .costs(34, 180)
    .spreads(Spread::Full)
    .not_hermetic(),
    Function::new("dateInZone", &[&STRING, &ANY, &STRING], Flow::Union, "date in a time zone", date_in_zone)
        .costs(34, 180)
        .spreads(Spread::Full)
        .not_hermetic(),
    Function::new("date_in_zone", &[&STRING, &ANY, &STRING], Flow::Union, "the same as dateInZone", date_in_zone)
        .costs(34, 180)
        .spreads(Spread::Full)
        .not_hermetic(),
    Function::new("htmlDateInZone", &[&ANY, &STRING], Flow::Union, "htmlDate in a time zone", |ctx, args| {
        in_zone(ctx, HTML_DATE, args.first(), text(args, 1))
    })
    .costs(34, 180)
    .spreads(Spread::Full)
    .not_hermetic(),
    Function::new("toDate", &[&STRING, &STRING], Flow::Exact, "a text read by a layout, or the year 1", |ctx, args| {
        let time = read(ctx, args).unwrap_or_else(|_| Time::zero());
        Ok(Value::object(TimeObject { time, origin: ctx.union(&args[1..]) }))
    })
    .costs(34, 180),
    Function::new(
        "mustToDate",
        &[&STRING, &STRING],
        Flow::Exact,
        "a text read by a layout, or an error",
        |ctx, args| {
            let time = read(ctx, args)?;
            Ok(Value::object(TimeObject { time, origin: ctx.union(&args[1..]) }))
        },
    )
    .costs(34, 180),
    Function::new(
        "dateModify",
        &[&STRING, &TIME],
        Flow::Exact,
        "a time moved by a duration, if it is one",
        date_modify,
    )
    .costs(12, 100),
    Function::new("date_modify", &[&STRING, &TIME], Flow::Exact, "the same as dateModify", date_modify).costs(12, 100),
    Function::new("mustDateModify", &[&STRING, &TIME], Flow::Exact, "a time moved by a duration", must_date_modify)
        .costs(12, 100),
    Function::new("must_date_modify", &[&STRING, &TIME], Flow::Exact, "the same as mustDateModify", must_date_modify)
        .costs(12, 100),
    Function::new("ago", &[&ANY], Flow::Union, "how long ago a time or Unix seconds were", |ctx, args| {
        // sprig quirk: unlike `date`, this does not read an int32.
        let time = args.first().filter(|value| !matches!(value, Value::Int(_, IntKind::Int32, _)));
        let time = moment(ctx, time);
        Ok(times::ago(ctx, &time).into())
    })
    .costs(12, 100)
    .spreads(Spread::Full)
    .not_hermetic(),
    Function::new("unixEpoch", &[&TIME], Flow::Union, "a time in seconds since 1970, as text", |_, args| {
        let time = args.first().and_then(|value| value.as_object::<TimeObject>());
        Ok(time.map_or(0, |object| object.time.unix()).to_string().into())
    })
    .spreads(Spread::Full),
];

const HTML_DATE: &[u8] = b"2006-01-02";

/// The time of a value: itself, Unix seconds, or now for anything else.
fn moment(ctx: &Context<'_>, value: Option<&Value>) -> Time {
    match value {
        Some(Value::Int(seconds, IntKind::Int | IntKind::Int32 | IntKind::Int64, _)) => {
            Time::from_unix(*seconds, Zone::local(&ctx.env.time_zone))
        }
        Some(value) => match value.as_object::<TimeObject>() {
            Some(object) => object.time.clone(),
            None => now(ctx),
        },
        None => now(ctx),
    }
}

fn in_zone(ctx: &mut Context<'_>, layout: &[u8], value: Option<&Value>, zone: &[u8]) -> Result<Value, Failure> {
    let time = moment(ctx, value);
    let zone =
        std::str::from_utf8(zone).ok().and_then(|name| Zone::load(name, &ctx.env.time_zone)).unwrap_or(Zone::Utc);
    ctx.allow_string(layout.len())?;
    Ok(Value::str(layout::format(&time.with_zone(zone), layout)))
}

fn date_in_zone(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    in_zone(ctx, text(args, 0), args.get(1), text(args, 2))
}

fn read(ctx: &Context<'_>, args: &[Value]) -> Result<Time, String> {
    layout::parse(text(args, 0), text(args, 1), &Zone::local(&ctx.env.time_zone))
}

fn date_modify(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match duration::parse(text(args, 0)) {
        Ok(_) => must_date_modify(ctx, args),
        Err(_) => Ok(args.get(1).cloned().unwrap_or_default()),
    }
}

fn must_date_modify(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let duration = duration::parse(text(args, 0))?;
    let time = args.get(1).and_then(|value| value.as_object::<TimeObject>()).ok_or("not a time")?;
    let (time, origin) = (time.time.add(duration), ctx.union(args));
    Ok(Value::object(TimeObject { time, origin }))
}

fn text(args: &[Value], index: usize) -> &[u8] {
    args.get(index).and_then(Value::as_str).map_or(&b""[..], Str::as_bytes)
}
