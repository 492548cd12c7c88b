//! Navigation from a [`Node`] to its members, and the text of scalars.

use super::node::{Data, Node};
use crate::go::strconv::shortest_g32;
use serde_json::Value;

impl Node {
    /// The last entry of a map with a name; `None` if it is not a map.
    pub(crate) fn member(&self, name: &str) -> Option<&Node> {
        let Data::Map(entries) = &self.data else { return None };
        entries.iter().rev().find(|(entry, _)| entry.key == *name).map(|(_, value)| value)
    }

    /// The node at a path of names: `&["metadata", "name"]`.
    pub(crate) fn descend(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(self, |node, name| node.member(name))
    }

    /// The items of a list; empty for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.data {
            Data::Seq(items) => items,
            _ => &[],
        }
    }

    /// The items of the list with a name; empty if there is none.
    pub(crate) fn items_of(&self, name: &str) -> &[Node] {
        self.member(name).map(Self::items).unwrap_or_default()
    }

    /// The string of a node, if it is UTF-8; `None` for other scalars too.
    pub(crate) fn str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(string) => std::str::from_utf8(string.as_bytes()).ok(),
            _ => None,
        }
    }

    /// The text of a scalar, including numbers and booleans; empty for null, lists and maps.
    pub(crate) fn text(&self) -> String {
        self.data.scalar_text().unwrap_or_default()
    }

    /// The text of the scalar with a name; empty if there is none.
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.member(name).map(Self::text).unwrap_or_default()
    }

    /// The text of the scalar at a path of names; empty if there is none.
    pub(crate) fn text_at(&self, names: &[&str]) -> String {
        self.descend(names).map(Self::text).unwrap_or_default()
    }

    /// The tree without positions, to be read into a typed struct. Of a float that JSON cannot express, null is left.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(boolean) => Value::from(*boolean),
            Data::Int(number) => Value::from(*number),
            Data::Uint(number) => Value::from(*number),
            Data::Float(number) => Value::from(*number),
            Data::Str(text) => Value::from(text.to_text()),
            Data::Seq(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(entries) => {
                entries.iter().map(|(entry, value)| (entry.key.to_text().into_owned(), value.to_json())).collect()
            }
        }
    }
}

impl Data {
    /// A scalar as sigs.k8s.io/yaml writes it for a string; `None` for null, lists and maps.
    ///
    /// Helm quirk: numbers are rounded to 32 bits. Source: sigs.k8s.io/yaml, `convertToJSONableObject`.
    pub(crate) fn scalar_text(&self) -> Option<String> {
        Some(match self {
            Self::Str(text) => text.to_text().into_owned(),
            Self::Bool(boolean) => boolean.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Uint(number) => number.to_string(),
            Self::Float(number) => shortest_g32(*number),
            Self::Null | Self::Seq(_) | Self::Map(_) => return None,
        })
    }
}
