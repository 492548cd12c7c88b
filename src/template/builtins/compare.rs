//! `eq ne lt le gt ge`.

use super::super::complex::Complex;
use super::super::context::Context;
use super::super::error::Failure;
use super::super::print::{push_as_string, push_plain};
use super::super::types::GoKind;
use super::super::value::{IntKind, Value};
use crate::trace::{Buf, Str};
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) fn eq(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    if args.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    ctx.charge(args.len() as u64)?;
    for arg in &args[1..] {
        if equal(&args[0], arg)? {
            return Ok(Value::bool(true));
        }
    }
    Ok(Value::bool(false))
}

pub(super) fn ne(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::bool(!equal(&args[0], &args[1])?))
}

pub(super) fn lt(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::bool(less(&args[0], &args[1])?))
}

pub(super) fn le(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::bool(less_or_equal(&args[0], &args[1])?))
}

/// Go quirk: the negation of `le`, so anything is greater than `NaN`.
pub(super) fn gt(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::bool(!less_or_equal(&args[0], &args[1])?))
}

/// Go quirk: the negation of `lt`, so anything is at least `NaN`.
pub(super) fn ge(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::bool(!less(&args[0], &args[1])?))
}

/// A value in a comparison.
enum Basic {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(Complex),
    Text(Str),
    /// Lists, maps, structs, nil.
    Other,
}

impl Basic {
    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(truth, _) => Self::Bool(*truth),
            Value::Int(number, IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64, _) => Self::Uint(*number as u64),
            Value::Int(number, _, _) => Self::Int(*number),
            Value::Float(number, _) => Self::Float(*number),
            Value::Str(text) => Self::Text(text.clone()),
            Value::GoObject(object) => match object.ty().kind {
                GoKind::Complex128 => object.as_any().downcast_ref().copied().map_or(Self::Other, Self::Complex),
                GoKind::Int
                | GoKind::Int32
                | GoKind::Int64
                | GoKind::Uint8
                | GoKind::Uint32
                | GoKind::Uint64
                | GoKind::String => object
                    .json()
                    .filter(|inner| !matches!(inner, Value::GoObject(_)))
                    .map_or(Self::Other, |v| Self::of(&v)),
                _ => Self::Other,
            },
            Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) => Self::Other,
        }
    }
}

/// Source: Go `text/template`, `eq`.
fn equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    Ok(match (Basic::of(a), Basic::of(b)) {
        (Basic::Bool(a), Basic::Bool(b)) => a == b,
        (Basic::Int(a), Basic::Int(b)) => a == b,
        (Basic::Uint(a), Basic::Uint(b)) => a == b,
        (Basic::Int(a), Basic::Uint(b)) | (Basic::Uint(b), Basic::Int(a)) => u64::try_from(a) == Ok(b),
        (Basic::Float(a), Basic::Float(b)) => a == b,
        (Basic::Complex(a), Basic::Complex(b)) => a == b,
        (Basic::Text(a), Basic::Text(b)) => a == b,
        (Basic::Other, Basic::Other) => return others_equal(a, b),
        _ if a.is_nil() || b.is_nil() => false,
        _ => return Err(incompatible(a, b)),
    })
}

fn others_equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    if !a.is_nil() && !b.is_nil() && a.kind() != b.kind() {
        let mut other = Buf::new();
        push_plain(b, &mut other)?;
        let (type_a, type_b, other) = (a.ty().name, b.ty().name, other.into_str());
        return Err(format!("non-comparable types {}: {type_a}, {type_b}: {other}", text(a)?).into());
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    match (a, b) {
        (Value::GoObject(x), Value::GoObject(y)) => match y.ty().kind {
            GoKind::Ptr => Ok(Rc::ptr_eq(x, y)),
            GoKind::Slice | GoKind::Map => Err(non_comparable(b)?),
            _ if y.fields().iter().any(|(_, field)| matches!(field.kind(), GoKind::Slice | GoKind::Map)) => {
                Err(non_comparable(b)?)
            }
            _ => Ok(x.ty() == y.ty() && x.equals(&**y)),
        },
        _ => Err(non_comparable(b)?),
    }
}

/// Whether it is nil, or a nil map or slice.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Map(map) => map.is_nil(),
        Value::List(list) => list.is_nil(),
        _ => false,
    }
}

fn non_comparable(value: &Value) -> Result<Failure, Failure> {
    Ok(format!("non-comparable type {}: {}", text(value)?, value.ty().name).into())
}

/// The value in `%s` form, as in Go's messages.
fn text(value: &Value) -> Result<Str, Failure> {
    let mut out = Buf::new();
    push_as_string(value, &mut out)?;
    Ok(out.into_str())
}

fn incompatible(a: &Value, b: &Value) -> Failure {
    format!("incompatible types for comparison: {} and {}", a.ty().name, b.ty().name).into()
}

/// Source: Go `text/template`, `lt`.
fn less(a: &Value, b: &Value) -> Result<bool, Failure> {
    let invalid = || Failure::from("invalid type for comparison");
    Ok(match (Basic::of(a), Basic::of(b)) {
        (Basic::Other, _) | (_, Basic::Other) => return Err(invalid()),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(_), Basic::Complex(_)) => return Err(invalid()),
        (Basic::Int(a), Basic::Int(b)) => a < b,
        (Basic::Uint(a), Basic::Uint(b)) => a < b,
        (Basic::Int(a), Basic::Uint(b)) => u64::try_from(a).is_ok_and(|a| a < b) || a < 0,
        (Basic::Uint(a), Basic::Int(b)) => u64::try_from(b).is_ok_and(|b| a < b),
        (Basic::Float(a), Basic::Float(b)) => a < b,
        (Basic::Text(a), Basic::Text(b)) => a.cmp(&b) == Ordering::Less,
        _ => return Err(incompatible(a, b)),
    })
}

fn less_or_equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    Ok(less(a, b)? || equal(a, b)?)
}
