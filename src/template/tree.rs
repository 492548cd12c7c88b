//! Values from YAML trees.

use super::types;
use super::value::{List, Map, Value};
use crate::trace::{Origin, Str};
use crate::values_path::Key;
use crate::yaml::node::Entry;
use crate::yaml::{Data, Node};
use std::sync::Arc;

/// Gives each node of a tree its origin; see [`Value::from_node`].
pub(crate) trait NodeOrigins {
    /// The origin of a node: `key` is its key in the container with the origin `parent`.
    fn origin(&mut self, node: &Node, key: Option<Key>, parent: Origin) -> Origin;
    /// The string of a node, with its origins; `origin` is that of the node.
    fn string(&mut self, _node: &Node, string: &Str, origin: Origin) -> Str {
        if origin.is_none() {
            // All renders share it.
            string.disown();
            string.clone()
        } else {
            Str::with_origin(string.as_bytes(), origin)
        }
    }
    /// The key of an entry, with its origins.
    fn key(&mut self, entry: &Entry) -> Str {
        entry.key.clone()
    }
    /// Whether origins are needed; if not, no keys are made.
    fn enabled(&self) -> bool {
        true
    }
}

/// No origins.
#[derive(Debug)]
pub(crate) struct Untraced;

impl NodeOrigins for Untraced {
    fn origin(&mut self, _: &Node, _: Option<Key>, _: Origin) -> Origin {
        Origin::NONE
    }
    fn enabled(&self) -> bool {
        false
    }
}

impl Value {
    /// The value of a YAML tree as helm decodes it: through JSON, so that every number is a `float64`.
    pub(crate) fn from_node(node: &Node, origins: &mut dyn NodeOrigins) -> Self {
        build(node, None, Origin::NONE, origins)
    }
}

fn build(node: &Node, key: Option<Key>, parent: Origin, origins: &mut dyn NodeOrigins) -> Value {
    let origin = origins.origin(node, key, parent);
    match &node.data {
        Data::Null => Value::Nil,
        Data::Bool(truth) => Value::Bool(*truth, origin),
        Data::Int(number) => Value::Float(*number as f64, origin),
        Data::Uint(number) => Value::Float(*number as f64, origin),
        Data::Float(number) => Value::Float(*number, origin),
        Data::Str(text) => Value::Str(origins.string(node, text, origin)),
        Data::Seq(items) => {
            let item = |(index, item)| {
                let key = origins.enabled().then_some(Key::Index(index as u32));
                build(item, key, origin, origins)
            };
            Value::List(List::with_origin(&types::LIST, items.iter().enumerate().map(item).collect(), origin))
        }
        Data::Map(entries) => {
            let map: Map = entries
                .iter()
                .map(|(entry, value)| {
                    let key = origins.enabled().then(|| Key::Name(Arc::from(&*entry.key.to_text())));
                    (origins.key(entry), build(value, key, origin, origins))
                })
                .collect();
            map.set_origin(origin);
            Value::Map(map)
        }
    }
}
