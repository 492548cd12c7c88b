//! Values as trees, and the effect of edits on them: the text of an edited file is compared with the result.

use super::Refusal;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::values_path::Key;
use crate::yaml::{Data, Node, read_documents};
use serde_json::{Map, Number, Value};

/// The values of a text as helm reads it: its documents merged.
pub(super) fn values(text: &[u8], helm: HelmVersion, limits: &Limits) -> Result<Value, Refusal> {
    let documents = read_documents(text, helm, limits).map_err(|error| Refusal::Unread(error.to_string()))?;
    let mut merged = Map::new();
    for document in &documents {
        if let Value::Object(entries) = value(document) {
            merge(&mut merged, entries);
        }
    }
    Ok(Value::Object(merged))
}

fn merge(under: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(under)), Value::Object(over)) => merge(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// A node as JSON.
pub(crate) fn value(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(*value),
        Data::Int(value) => Value::Number((*value).into()),
        Data::Uint(value) => Value::Number((*value).into()),
        Data::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
        Data::Str(text) => Value::String(text.to_text().into_owned()),
        Data::Seq(items) => Value::Array(items.iter().map(value).collect()),
        Data::Map(entries) => {
            Value::Object(entries.iter().map(|(key, node)| (key.key.to_text().into_owned(), value(node))).collect())
        }
    }
}

/// The value at a path.
pub(super) fn get<'v>(tree: &'v Value, path: &[Key]) -> Option<&'v Value> {
    path.iter().try_fold(tree, |value, key| match key {
        Key::Name(name) => value.as_object()?.get(name.as_ref()),
        Key::Index(index) => value.as_array()?.get(*index as usize),
    })
}

/// Sets the value at an existing path.
pub(super) fn set(tree: &mut Value, path: &[Key], value: Value) -> Result<(), Refusal> {
    *at(tree, path).ok_or(Refusal::Missing)? = value;
    Ok(())
}

/// Removes the value at a path, and the maps above it that become empty, as far as they are values of keys.
pub(super) fn remove(tree: &mut Value, path: &[Key]) -> Result<(), Refusal> {
    let Some((key, above)) = path.split_last() else { return Err(Refusal::Missing) };
    let parent = at(tree, above).ok_or(Refusal::Missing)?;
    match (key, parent) {
        (Key::Name(name), Value::Object(map)) => {
            map.remove(name.as_ref()).ok_or(Refusal::Missing)?;
            let is_value = matches!(above.last(), Some(Key::Name(_)));
            if map.is_empty() && is_value { remove(tree, above) } else { Ok(()) }
        }
        (Key::Index(index), Value::Array(list)) if (*index as usize) < list.len() => {
            list.remove(*index as usize);
            Ok(())
        }
        _ => Err(Refusal::Missing),
    }
}

/// Adds a value at a path of which only a part exists, or nothing. Null counts as missing.
pub(super) fn add(tree: &mut Value, path: &[Key], value: Value) -> Result<(), Refusal> {
    let Some((key, rest)) = path.split_first() else { return Err(Refusal::Exists) };
    match (key, tree) {
        (Key::Name(name), Value::Object(map)) => match map.get_mut(name.as_ref()) {
            Some(Value::Null) if !rest.is_empty() => {
                map.insert(name.to_string(), built(rest, value)?);
                Ok(())
            }
            Some(inner) => add(inner, rest, value),
            None => {
                map.insert(name.to_string(), built(rest, value)?);
                Ok(())
            }
        },
        (Key::Index(index), Value::Array(list)) => {
            let count = list.len();
            match list.get_mut(*index as usize) {
                Some(item @ Value::Null) if !rest.is_empty() => *item = built(rest, value)?,
                Some(inner) => return add(inner, rest, value),
                None if *index as usize == count => list.push(built(rest, value)?),
                None => return Err(Refusal::Missing),
            }
            Ok(())
        }
        _ => Err(Refusal::NoCollection),
    }
}

/// A value wrapped in the maps of a path.
pub(super) fn built(path: &[Key], value: Value) -> Result<Value, Refusal> {
    path.iter().rev().try_fold(value, |value, key| match key {
        Key::Name(name) => Ok(Value::Object(Map::from_iter([(name.to_string(), value)]))),
        Key::Index(0) => Ok(Value::Array(vec![value])),
        Key::Index(_) => Err(Refusal::Missing),
    })
}

/// The value at a path, mutable.
pub(crate) fn at<'v>(tree: &'v mut Value, path: &[Key]) -> Option<&'v mut Value> {
    path.iter().try_fold(tree, |value, key| match key {
        Key::Name(name) => value.as_object_mut()?.get_mut(name.as_ref()),
        Key::Index(index) => value.as_array_mut()?.get_mut(*index as usize),
    })
}
