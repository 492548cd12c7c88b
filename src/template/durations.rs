//! Go's durations: the type and its values in templates.

use crate::go::time::duration::{format, in_units, round, truncate};
use crate::go::time::{HOUR, MINUTE, SECOND};
use crate::template::types::{GoKind, Type};
use crate::template::{Failure, Flow, Function, GoObject, IntKind, Value};
use crate::trace::Origin;
use std::any::Any;
use std::borrow::Cow;

/// `time.Duration`
pub(crate) static DURATION: Type = Type {
    name: "time.Duration",
    kind: GoKind::Int64,
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

/// A duration in a template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DurationObject {
    /// How long.
    pub nanos: i64,
    /// The origin of its data.
    pub origin: Origin,
}

impl GoObject for DurationObject {
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
    fn equals(&self, other: &dyn GoObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self.nanos == other.nanos)
    }
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
