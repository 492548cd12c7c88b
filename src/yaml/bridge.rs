//! What YAML has and JSON does not: keys that are lists, maps or null, infinite numbers. Only texts with such content are
//! handled here, to find out which error helm reports, if any.

use crate::go::go_quote;
use crate::go::strconv::shortest_g;
use crate::yaml::error::Error;
use crate::yaml::keys::{float_key, is_merge, merged};
use crate::yaml::parse::{Content, Id, Tree};
use crate::yaml::resolve::{Scalar, resolve};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// A value as go-yaml decodes it, before the bridge to JSON.
enum Value<'t> {
    Scalar(Scalar<'t>),
    Seq(Vec<Value<'t>>),
    /// Entries in the order of the text; duplicate keys were replaced.
    Map(Vec<(Value<'t>, Value<'t>)>),
}

/// The error for a key that is a list or a map.
pub(super) fn invalid_key(tree: &Tree<'_>, key: Id) -> Error {
    let mut text = String::new();
    match value(tree, key) {
        Ok(value) => write_go(&mut text, &value),
        Err(error) => return error,
    }
    Error::without_line(format!("invalid map key: {text}"))
}

/// Checks that a document can be converted to JSON.
pub(super) fn check(tree: &Tree<'_>, root: Id) -> Result<(), Error> {
    let root = value(tree, root)?;
    let problem = unsupported_key(&root).or_else(|| unsupported_number(&root));
    match problem {
        None => Ok(()),
        Some(message) => Err(Error { line: None, message, bridge: true, limit: false, at: None }),
    }
}

fn value<'t>(tree: &'t Tree<'_>, id: Id) -> Result<Value<'t>, Error> {
    Ok(match &tree.get(id).content {
        Content::Scalar { text, tag, plain } => Value::Scalar(resolve(text, *tag, *plain)?),
        Content::Alias { target, .. } => value(tree, *target)?,
        Content::Seq(first) => {
            let children = std::iter::successors(*first, |&id| tree.get(id).next);
            Value::Seq(children.map(|child| value(tree, child)).collect::<Result<_, _>>()?)
        }
        Content::Map(_) => {
            let mut map = Map::default();
            entries(tree, id, &mut map)?;
            Value::Map(map.entries)
        }
    })
}

#[derive(Default)]
struct Map<'t> {
    entries: Vec<(Value<'t>, Value<'t>)>,
    index: HashMap<String, usize>,
}

fn entries<'t>(tree: &'t Tree<'_>, id: Id, map: &mut Map<'t>) -> Result<(), Error> {
    let mut next = match tree.get(id).content {
        Content::Map(first) => first,
        Content::Alias { target, .. } => return entries(tree, target, map),
        _ => None,
    };
    while let Some(key) = next {
        let Some(element) = tree.get(key).next else { break };
        next = tree.get(element).next;
        if is_merge(tree, key) {
            for id in merged(tree, element)? {
                entries(tree, id, map)?;
            }
            continue;
        }
        let (key, element) = (value(tree, key)?, value(tree, element)?);
        let identity = match &key {
            // NaN is not equal to itself.
            Value::Scalar(Scalar::Float(number)) if number.is_nan() => format!("nan {}", map.entries.len()),
            Value::Scalar(Scalar::Float(number)) => format!("float {}", number + 0.0),
            Value::Scalar(scalar) => format!("{scalar:?}"),
            Value::Seq(_) | Value::Map(_) => String::new(),
        };
        let at = *map.index.entry(identity).or_insert(map.entries.len());
        match map.entries.get_mut(at) {
            Some(known) => known.1 = element,
            None => map.entries.push((key, element)),
        }
    }
    Ok(())
}

fn unsupported_key(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Scalar(_) => None,
        Value::Seq(elements) => elements.iter().find_map(unsupported_key),
        Value::Map(entries) => entries.iter().find_map(|(key, value)| {
            let (kind, text) = match key {
                Value::Scalar(Scalar::Null) => ("%!s(<nil>)", "<nil>".to_owned()),
                Value::Scalar(Scalar::Uint(number)) => ("uint64", format!("{number:#x}")),
                _ => return unsupported_key(value),
            };
            let mut message = format!("unsupported map key of type: {kind}, key: {text}, value: ");
            match value {
                Value::Scalar(Scalar::Null) => message.push_str("<nil>"),
                _ => write_go(&mut message, value),
            }
            Some(message)
        }),
    }
}

/// The first number that JSON cannot express, in the order in which Go writes JSON.
fn unsupported_number(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Scalar(Scalar::Float(number)) if number.is_nan() => Some("json: unsupported value: NaN".to_owned()),
        Value::Scalar(Scalar::Float(number)) if number.is_infinite() => {
            Some(format!("json: unsupported value: {}Inf", if *number > 0.0 { '+' } else { '-' }))
        }
        Value::Scalar(_) => None,
        Value::Seq(elements) => elements.iter().find_map(unsupported_number),
        Value::Map(entries) => {
            let sorted: BTreeMap<Vec<u8>, &Value<'_>> =
                entries.iter().map(|(key, value)| (json_key(key), value)).collect();
            sorted.into_values().find_map(unsupported_number)
        }
    }
}

fn json_key(key: &Value<'_>) -> Vec<u8> {
    match key {
        Value::Scalar(Scalar::Str(text)) => text.to_vec(),
        Value::Scalar(Scalar::Bool(value)) => value.to_string().into_bytes(),
        Value::Scalar(Scalar::Int(value)) => value.to_string().into_bytes(),
        Value::Scalar(Scalar::Float(value)) => float_key(*value).into_bytes(),
        _ => Vec::new(),
    }
}

/// Writes a value as Go's `%#v` does.
fn write_go(to: &mut String, value: &Value<'_>) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Scalar(Scalar::Null) => write!(to, "interface {{}}(nil)"),
        Value::Scalar(Scalar::Bool(value)) => write!(to, "{value}"),
        Value::Scalar(Scalar::Int(value)) => write!(to, "{value}"),
        Value::Scalar(Scalar::Uint(value)) => write!(to, "{value:#x}"),
        Value::Scalar(Scalar::Float(value)) => write!(to, "{}", shortest_g(*value)),
        Value::Scalar(Scalar::Str(text)) => write!(to, "{}", go_quote(text)),
        Value::Seq(elements) => {
            to.push_str("[]interface {}{");
            for (at, element) in elements.iter().enumerate() {
                to.push_str(if at > 0 { ", " } else { "" });
                write_go(to, element);
            }
            write!(to, "}}")
        }
        Value::Map(entries) => {
            to.push_str("map[interface {}]interface {}{");
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| compare(&a.0, &b.0));
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                to.push_str(if at > 0 { ", " } else { "" });
                write_go(to, key);
                to.push(':');
                write_go(to, value);
            }
            write!(to, "}}")
        }
    };
}

/// The order in which Go prints keys.
///
/// Go quirk: types come first, in the order in which helm's linker placed them.
fn compare(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    let rank = |value: &Value<'_>| match value {
        Value::Scalar(Scalar::Null) => 0,
        Value::Scalar(Scalar::Str(_)) => 1,
        Value::Scalar(Scalar::Uint(_)) => 2,
        Value::Scalar(Scalar::Int(_)) => 3,
        Value::Scalar(Scalar::Float(_)) => 4,
        Value::Scalar(Scalar::Bool(_)) => 5,
        _ => 6,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => match (a, b) {
            (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
            (Scalar::Int(a), Scalar::Int(b)) => a.cmp(b),
            (Scalar::Uint(a), Scalar::Uint(b)) => a.cmp(b),
            // NaN sorts before all other numbers.
            (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())),
            (Scalar::Str(a), Scalar::Str(b)) => a.cmp(b),
            _ => Ordering::Equal,
        },
        _ => Ordering::Equal,
    })
}
