//! The time object of templates: `time.Time` with its methods, and the small types around it.

use crate::go::time::layout::{self, MONTHS, RFC3339_NANO, WEEKDAYS};
use crate::go::time::{SECOND, Time, Zone, duration, quote};
use crate::template::durations::{DURATION, DurationObject};
use crate::template::types::{GoKind, INT, STRING, Type};
use crate::template::{Context, Failure, Flow, Function, GoObject, IntKind, List, Value};
use crate::trace::{Origin, Str};
use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

/// `time.Time`
pub(crate) static TIME: Type = Type {
    name: "time.Time",
    kind: GoKind::Struct,
    elem: None,
    methods: &[
        Function::new("Add", &[&DURATION], Flow::Exact, "the time a duration later", |_, args| {
            changed(args, |time| time.add(duration(args, 1)))
        }),
        Function::new("AddDate", &[&INT, &INT, &INT], Flow::Exact, "years, months and days later", |_, args| {
            changed(args, |time| {
                let civil = time.civil();
                let date = [(civil.year, 1), (civil.month, 2), (civil.day, 3)]
                    .map(|(own, index)| own.wrapping_add(integer(args, index)));
                let clock = [civil.hour, civil.minute, civil.second, i64::from(time.subsecond())];
                Time::from_civil(date, clock, time.zone.clone())
            })
        }),
        Function::new("After", &[&TIME], Flow::None, "whether it is after another time", |_, args| {
            Ok((moment(args, 0)? > moment(args, 1)?).into())
        }),
        Function::new("Before", &[&TIME], Flow::None, "whether it is before another time", |_, args| {
            Ok((moment(args, 0)? < moment(args, 1)?).into())
        }),
        Function::new("Compare", &[&TIME], Flow::None, "-1, 0 or 1 against another time", |_, args| {
            Ok(Value::int(moment(args, 0)?.cmp(&moment(args, 1)?) as i64))
        }),
        Function::new("Day", &[], Flow::Union, "the day of the month", |_, args| {
            Ok(Value::int(time(args, 0)?.civil().day))
        }),
        Function::new("Equal", &[&TIME], Flow::None, "whether it is the same moment", |_, args| {
            Ok((moment(args, 0)? == moment(args, 1)?).into())
        }),
        Function::new("Format", &[&STRING], Flow::Union, "the time by a layout", |ctx, args| {
            let layout = args.get(1).and_then(Value::as_str).map_or(&b""[..], Str::as_bytes);
            // A token produces at most a few times its own length.
            ctx.allow_string(layout.len())?;
            Ok(Value::str(layout::format(time(args, 0)?, layout)))
        }),
        Function::new("GoString", &[], Flow::Union, "the time as Go source", |_, args| {
            Ok(go_string(time(args, 0)?).into())
        }),
        Function::new("Hour", &[], Flow::Union, "the hour of the day", |_, args| {
            Ok(Value::int(time(args, 0)?.civil().hour))
        }),
        Function::new("In", &[&LOCATION], Flow::Exact, "the same moment in a zone", |_, args| {
            let Some(location) = args.get(1).and_then(|value| value.as_object::<LocationObject>()) else {
                return Err("time: missing Location in call to Time.In".into());
            };
            changed(args, |time| time.with_zone(location.0.clone()))
        }),
        Function::new("IsDST", &[], Flow::None, "whether clocks show summer time", |_, args| {
            let time = time(args, 0)?;
            Ok(time.zone.is_dst(time.unix()).into())
        }),
        Function::new("IsZero", &[], Flow::None, "whether it is Go's zero time", |_, args| {
            Ok((moment(args, 0)? == Time::zero().moment()).into())
        }),
        Function::new("Local", &[], Flow::Exact, "the same moment in the zone of the machine", |ctx, args| {
            let local = Zone::local(&ctx.env.time_zone);
            changed(args, |time| time.with_zone(local))
        }),
        Function::new("Location", &[], Flow::None, "the zone", |_, args| {
            Ok(Value::object(LocationObject(time(args, 0)?.zone.clone())))
        }),
        Function::new("MarshalJSON", &[], Flow::Union, "the bytes of the quoted RFC 3339 text", |_, args| {
            let text = rfc3339(time(args, 0)?).map_err(|error| format!("Time.MarshalJSON: {error}"))?;
            Ok(Value::Bytes(Str::new(format!("\"{text}\""))))
        }),
        Function::new("MarshalText", &[], Flow::Union, "the bytes of the RFC 3339 text", |_, args| {
            let text = rfc3339(time(args, 0)?).map_err(|error| format!("Time.MarshalText: {error}"))?;
            Ok(Value::Bytes(Str::new(text)))
        }),
        Function::new("Minute", &[], Flow::Union, "the minute of the hour", |_, args| {
            Ok(Value::int(time(args, 0)?.civil().minute))
        }),
        Function::new("Month", &[], Flow::Union, "the month", |_, args| {
            let origin = args.first().map_or(Origin::NONE, Value::origin);
            Ok(Value::object(Named { number: time(args, 0)?.civil().month, ty: &MONTH, origin }))
        }),
        Function::new("Nanosecond", &[], Flow::Union, "nanoseconds within the second", |_, args| {
            Ok(Value::int(time(args, 0)?.subsecond().into()))
        }),
        Function::new("Round", &[&DURATION], Flow::Exact, "the nearest multiple of a duration", |_, args| {
            changed(args, |time| time.round(duration(args, 1)))
        }),
        Function::new("Second", &[], Flow::Union, "the second of the minute", |_, args| {
            Ok(Value::int(time(args, 0)?.civil().second))
        }),
        Function::new("String", &[], Flow::Union, "2006-01-02 15:04:05 +0000 UTC", |_, args| {
            Ok(text(time(args, 0)?).into())
        }),
        Function::new("Sub", &[&TIME], Flow::Exact, "how long after another time it is", |ctx, args| {
            let nanos = time(args, 0)?.since(time(args, 1)?);
            Ok(Value::object(DurationObject { nanos, origin: ctx.union(args) }))
        }),
        Function::new("Truncate", &[&DURATION], Flow::Exact, "the last multiple of a duration", |_, args| {
            changed(args, |time| time.truncate(duration(args, 1)))
        }),
        Function::new("UTC", &[], Flow::Exact, "the same moment in UTC", |_, args| {
            changed(args, |time| time.with_zone(Zone::Utc))
        }),
        Function::new("Unix", &[], Flow::Union, "seconds since 1970", |_, args| {
            Ok(Value::int64(time(args, 0)?.unix()))
        }),
        Function::new("UnixMicro", &[], Flow::Union, "microseconds since 1970", |_, args| {
            let time = time(args, 0)?;
            Ok(Value::int64(time.unix().wrapping_mul(1_000_000).wrapping_add(i64::from(time.subsecond() / 1_000))))
        }),
        Function::new("UnixMilli", &[], Flow::Union, "milliseconds since 1970", |_, args| {
            let time = time(args, 0)?;
            Ok(Value::int64(time.unix().wrapping_mul(1_000).wrapping_add(i64::from(time.subsecond() / 1_000_000))))
        }),
        Function::new("UnixNano", &[], Flow::Union, "nanoseconds since 1970", |_, args| {
            Ok(Value::int64(time(args, 0)?.unix_nanos()))
        }),
        Function::new("Weekday", &[], Flow::Union, "the day of the week", |_, args| {
            let origin = args.first().map_or(Origin::NONE, Value::origin);
            Ok(Value::object(Named { number: time(args, 0)?.civil().weekday, ty: &WEEKDAY, origin }))
        }),
        Function::new("Year", &[], Flow::Union, "the year", |_, args| Ok(Value::int(time(args, 0)?.civil().year))),
        Function::new("YearDay", &[], Flow::Union, "the day of the year", |_, args| {
            Ok(Value::int(time(args, 0)?.civil().year_day))
        }),
    ],
};

/// `time.Month`
pub(crate) static MONTH: Type = Type { name: "time.Month", kind: GoKind::Int, elem: None, methods: &[NAME] };
/// `time.Weekday`
pub(crate) static WEEKDAY: Type = Type { name: "time.Weekday", kind: GoKind::Int, elem: None, methods: &[NAME] };
/// `*time.Location`
pub(crate) static LOCATION: Type = Type {
    name: "*time.Location",
    kind: GoKind::Ptr,
    elem: None,
    methods: &[Function::new("String", &[], Flow::None, "the name of the zone", |_, args| {
        let location = args.first().and_then(|value| value.as_object::<LocationObject>());
        Ok(location.map_or("UTC", |location| location.0.name()).into())
    })],
};

const NAME: Function = Function::new("String", &[], Flow::Union, "the English name", |_, args| {
    let named = args.first().and_then(|value| value.as_object::<Named>());
    Ok(named.map_or("", Named::name).into())
});

/// A time in a template.
#[derive(Debug, Clone)]
pub(crate) struct TimeObject {
    /// The time.
    pub time: Time,
    /// The origin of its data.
    pub origin: Origin,
}

/// The current time in the local zone.
pub(crate) fn now(ctx: &Context<'_>) -> Time {
    Time::from_nanos(ctx.now(), Zone::local(&ctx.env.time_zone))
}

impl GoObject for TimeObject {
    fn ty(&self) -> &'static Type {
        &TIME
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let wall = Value::Int(self.time.subsecond().into(), IntKind::Uint64, Origin::NONE);
        // Go quirk: the zone of UTC is nil.
        let zone = match &self.time.zone {
            Zone::Utc => Value::object(NilPointer(&LOCATION)),
            other => Value::object(LocationObject(other.clone())),
        };
        vec![("wall", wall), ("ext", Value::int64(self.time.absolute())), ("loc", zone)]
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(text(&self.time).into())
    }
    fn go_text(&self) -> Option<String> {
        Some(go_string(&self.time))
    }
    fn json(&self) -> Option<Value> {
        Some(match rfc3339(&self.time) {
            Ok(text) => Value::Str(Str::with_origin(text, self.origin)),
            // JSON rejects such a time, as it does this.
            Err(_) => Value::float(f64::NAN),
        })
    }
    fn origin(&self) -> Origin {
        self.origin
    }
    fn equals(&self, other: &dyn GoObject) -> bool {
        let Some(other) = other.as_any().downcast_ref::<Self>() else { return false };
        if self.time.monotonic.is_some() || other.time.monotonic.is_some() {
            // No two calls of `now` return the same time, even with a fixed clock.
            return std::ptr::eq(self, other);
        }
        self.time.moment() == other.time.moment() && self.time.zone.is_same(&other.time.zone)
    }
}

/// A month or a weekday.
#[derive(Debug, Clone, Copy)]
struct Named {
    number: i64,
    ty: &'static Type,
    origin: Origin,
}

impl Named {
    fn name(&self) -> &'static str {
        let (names, first): (&[&str], i64) = if *self.ty == MONTH { (&MONTHS, 1) } else { (&WEEKDAYS, 0) };
        usize::try_from(self.number - first).ok().and_then(|index| names.get(index)).copied().unwrap_or("")
    }
}

impl GoObject for Named {
    fn ty(&self) -> &'static Type {
        self.ty
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.name().into())
    }
    fn json(&self) -> Option<Value> {
        Some(Value::Int(self.number, IntKind::Int, self.origin))
    }
    fn origin(&self) -> Origin {
        self.origin
    }
    fn equals(&self, other: &dyn GoObject) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.ty == other.ty && self.number == other.number)
    }
}

/// The result of `.Location`.
#[derive(Debug, Clone)]
struct LocationObject(Zone);

impl GoObject for LocationObject {
    fn ty(&self) -> &'static Type {
        &LOCATION
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let fixed = match &self.0 {
            Zone::Fixed(name, offset) => Some(FixedZone { ty: &ZONE, name: name.clone(), offset: *offset }),
            _ => None,
        };
        let (start, end) = if fixed.is_some() { (i64::MIN, i64::MAX) } else { (0, 0) };
        let list = |ty, item: Option<Value>| match item {
            Some(item) => List::new(ty, vec![item]).into(),
            None => Value::List(List::nil(ty)),
        };
        vec![
            ("name", self.0.name().into()),
            ("zone", list(&ZONES, fixed.clone().map(Value::object))),
            ("tx", list(&CHANGES, fixed.as_ref().map(|_| Value::object(NoChange)))),
            ("extend", "".into()),
            ("cacheStart", Value::int64(start)),
            ("cacheEnd", Value::int64(end)),
            (
                "cacheZone",
                match fixed {
                    Some(fixed) => Value::object(FixedZone { ty: &ZONE_POINTER, ..fixed }),
                    None => Value::object(NilPointer(&ZONE_POINTER)),
                },
            ),
        ]
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.0.name().into())
    }
    fn copied(&self) -> Option<Value> {
        // sprig quirk: only exported fields are copied, and it has none.
        Some(Value::object(Self(Zone::Blank)))
    }
}

static ZONE: Type = Type::new("time.zone", GoKind::Struct, None);
static ZONE_POINTER: Type = Type::new("*time.zone", GoKind::Ptr, None);
static ZONES: Type = Type::new("[]time.zone", GoKind::Slice, Some(&ZONE));
static CHANGE: Type = Type::new("time.zoneTrans", GoKind::Struct, None);
static CHANGES: Type = Type::new("[]time.zoneTrans", GoKind::Slice, Some(&CHANGE));

/// The only entry of a fixed zone, or a pointer to it.
#[derive(Debug, Clone)]
struct FixedZone {
    ty: &'static Type,
    name: Rc<str>,
    offset: i32,
}

impl GoObject for FixedZone {
    fn ty(&self) -> &'static Type {
        self.ty
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("name", (&*self.name).into()), ("offset", Value::int(self.offset.into())), ("isDST", false.into())]
    }
}

/// The beginning of time in a fixed zone.
#[derive(Debug)]
struct NoChange;

impl GoObject for NoChange {
    fn ty(&self) -> &'static Type {
        &CHANGE
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let index = Value::Int(0, IntKind::Uint8, Origin::NONE);
        vec![("when", Value::int64(i64::MIN)), ("index", index), ("isstd", false.into()), ("isutc", false.into())]
    }
}

/// A nil pointer in a field.
#[derive(Debug)]
struct NilPointer(&'static Type);

impl GoObject for NilPointer {
    fn ty(&self) -> &'static Type {
        self.0
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn is_nil(&self) -> bool {
        true
    }
}

/// Source: Go `time.Time`, `String`.
fn text(time: &Time) -> String {
    let mut text = printed(time, b"2006-01-02 15:04:05.999999999 -0700 MST");
    if let Some(nanos) = time.monotonic {
        let (sign, size, second) = (if nanos < 0 { '-' } else { '+' }, nanos.unsigned_abs(), SECOND.unsigned_abs());
        text.push_str(&format!(" m={sign}{}.{:09}", size / second, size % second));
    }
    text
}

/// Source: Go `time.Time`, `MarshalText`.
fn rfc3339(time: &Time) -> Result<String, String> {
    if !(0..=9999).contains(&time.civil().year) {
        return Err("year outside of range [0,9999]".to_owned());
    }
    if time.offset().1.abs() >= 24 * 3600 {
        return Err("timezone hour outside of range [0,23]".to_owned());
    }
    Ok(printed(time, RFC3339_NANO))
}

/// Source: Go `time.Time`, `GoString`.
fn go_string(time: &Time) -> String {
    let civil = time.civil();
    let month = usize::try_from(civil.month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("");
    let zone = match &time.zone {
        Zone::Utc => "time.UTC".to_owned(),
        Zone::Local(_) => "time.Local".to_owned(),
        other => format!("time.Location({})", quote(other.name().as_bytes())),
    };
    format!(
        "time.Date({}, time.{month}, {}, {}, {}, {}, {}, {zone})",
        civil.year,
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        time.subsecond()
    )
}

fn printed(time: &Time, layout: &[u8]) -> String {
    String::from_utf8_lossy(&layout::format(time, layout)).into_owned()
}

fn time(args: &[Value], index: usize) -> Result<&Time, Failure> {
    let object = args.get(index).and_then(|value| value.as_object::<TimeObject>());
    object.map(|object| &object.time).ok_or_else(|| "not a time".into())
}

fn moment(args: &[Value], index: usize) -> Result<(i64, u32), Failure> {
    time(args, index).map(Time::moment)
}

fn changed(args: &[Value], change: impl FnOnce(&Time) -> Time) -> Result<Value, Failure> {
    let origin = args.first().map_or(Origin::NONE, Value::origin);
    Ok(Value::object(TimeObject { time: change(time(args, 0)?), origin }))
}

fn integer(args: &[Value], index: usize) -> i64 {
    match args.get(index) {
        Some(Value::Int(number, ..)) => *number,
        _ => 0,
    }
}

/// A duration, which is a plain number as a constant.
fn duration(args: &[Value], index: usize) -> i64 {
    match args.get(index).and_then(|value| value.as_object::<DurationObject>()) {
        Some(duration) => duration.nanos,
        None => integer(args, index),
    }
}

/// How long ago a time was, to the second, as Go prints it.
pub(crate) fn ago(ctx: &Context<'_>, time: &Time) -> String {
    duration::format(duration::round(now(ctx).since(time), SECOND))
}
