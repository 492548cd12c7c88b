//! [`Place`]: a node of a tree as finders see it, and the walk that shows them.

use super::{FINDERS, Found};
use crate::images::object::{Object, Path, Step, member};
use crate::images::text::Text;
use crate::yaml::{Data, Node};
use std::borrow::Cow;

/// A node of a tree, and the way to it.
#[derive(Debug)]
pub struct Place<'w> {
    /// The tree.
    pub object: &'w Object<'w>,
    /// The node.
    pub node: &'w Node,
    /// The maps and lists it is in, the outermost first.
    pub above: &'w [&'w Node],
    way: &'w [Way<'w>],
}

/// A step of the way, without a copy of the key.
#[derive(Debug, Clone)]
enum Way<'w> {
    Key(Cow<'w, str>),
    Index(usize),
}

impl<'w> Place<'w> {
    /// The name of the member that this node is; `None` for an item of a list.
    pub fn key(&self) -> Option<&str> {
        match self.way.last() {
            Some(Way::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The name of the member that this node is, or that holds the list it is in.
    pub fn last_key(&self) -> Option<&str> {
        self.keys().next()
    }

    /// The names of the members on the way, the innermost first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.way.iter().rev().filter_map(|way| match way {
            Way::Key(key) => Some(key.as_ref()),
            Way::Index(_) => None,
        })
    }

    /// The name of the member that holds the list that this node is an item of, and which item it is.
    pub fn item_of(&self) -> Option<(&str, usize)> {
        match self.way {
            [.., Way::Key(key), Way::Index(index)] => Some((key, *index)),
            _ => None,
        }
    }

    /// The name of the container that the node is in.
    pub fn container(&self) -> Option<String> {
        let is_list = |pair: &[Way<'_>]| matches!(pair, [Way::Key(key), Way::Index(_)] if super::containers::LISTS.contains(&key.as_ref()));
        let at = self.way.windows(2).rposition(is_list)?;
        let container = self.above.get(at + 2)?;
        Some(crate::images::object::string(member(container, "name")))
    }

    /// The map or list that the node is in.
    pub fn parent(&self) -> Option<&'w Node> {
        self.above.last().copied()
    }

    /// The text of the node, if it is a scalar.
    pub fn text(&self) -> Option<Text> {
        self.object.text(self.node)
    }

    /// The string that the node is; `None` for other scalars too.
    pub fn str(&self) -> Option<&'w str> {
        str_of(self.node)
    }

    /// The path to the node.
    pub fn path(&self) -> Path {
        let mut path = self.object.prefix.clone();
        for way in self.way {
            path.push(match way {
                Way::Key(key) => Step::Key(key.clone().into_owned()),
                Way::Index(index) => Step::Index(*index),
            });
        }
        path
    }

    /// Whether the node is a text of a ConfigMap or Secret of Kubernetes.
    pub fn is_config_data(&self) -> bool {
        self.object.depth == 0 && self.way.len() == 2 && self.is_config_section()
    }

    /// Whether the node is the map of a ConfigMap's or Secret's texts.
    pub fn holds_config_data(&self) -> bool {
        self.object.depth == 0 && self.way.len() == 1 && self.is_config_section()
    }

    /// Whether the node is a text of a Secret that stands in base64.
    pub fn is_base64(&self) -> bool {
        let section = self.keys().last();
        match self.object.kind.as_str() {
            "Secret" => self.way.len() == 2 && self.object.api_version == "v1" && section == Some("data"),
            "ConfigMap" => self.way.len() == 2 && section == Some("binaryData"),
            _ => false,
        }
    }

    fn is_config_section(&self) -> bool {
        let is_section = |key: &str| matches!(key, "data" | "stringData" | "binaryData");
        matches!(self.object.kind.as_str(), "ConfigMap" | "Secret") && self.keys().last().is_some_and(is_section)
    }
}

/// The string that a node is.
pub(super) fn str_of(node: &Node) -> Option<&str> {
    match &node.data {
        Data::Str(string) => std::str::from_utf8(string.as_bytes()).ok(),
        _ => None,
    }
}

/// The text of the member of a map that is a scalar and not empty.
pub(super) fn text_of(object: &Object<'_>, map: &Node, name: &str) -> Option<Text> {
    object.text(member(map, name)?).filter(|text| !text.is_empty())
}

/// Shows the nodes of a tree to the finders.
pub(super) fn walk(object: &Object<'_>, found: &mut Found<'_>) {
    step(object, object.node, &mut Vec::new(), &mut Vec::new(), found);
}

fn step<'w>(
    object: &'w Object<'w>,
    node: &'w Node,
    way: &mut Vec<Way<'w>>,
    above: &mut Vec<&'w Node>,
    found: &mut Found<'_>,
) {
    if matches!(node.data, Data::Null | Data::Bool(_)) {
        return;
    }
    if object.depth > 0 {
        found.nested_nodes += 1;
    }
    let place = Place { object, node, above, way };
    for finder in FINDERS {
        (finder.visit)(&place, found);
    }
    match &node.data {
        Data::Map(entries) => {
            if describes(node) {
                return;
            }
            above.push(node);
            for (entry, value) in entries {
                let key = entry.key.to_text();
                // What an object has come to is not what is asked for.
                if is_description(&key) || way.is_empty() && object.depth == 0 && key == "status" {
                    continue;
                }
                way.push(Way::Key(key));
                step(object, value, way, above, found);
                way.pop();
            }
            above.pop();
        }
        Data::Seq(items) => {
            above.push(node);
            for (index, item) in items.iter().enumerate() {
                way.push(Way::Index(index));
                step(object, item, way, above, found);
                way.pop();
            }
            above.pop();
        }
        _ => {}
    }
}

/// Whether what stands under a key tells of things instead of being them.
fn is_description(key: &str) -> bool {
    const NAMES: &[&str] =
        &["openAPIV3Schema", "description", "summary", "example", "examples", "alm-examples", "$comment", "changelog"];
    const ENDS: &[&str] = &[".md", ".markdown", ".rst", ".adoc"];
    NAMES.contains(&key)
        || ENDS.iter().any(|end| key.len() > end.len() && key.ends_with(end))
        || ["readme", "notes.txt", "license"].iter().any(|name| key.eq_ignore_ascii_case(name))
        || key == "artifacthub.io/changes"
}

/// Whether a map is a JSON schema: it has members named like settings, and no setting in it.
fn describes(node: &Node) -> bool {
    let Some(properties) = member(node, "properties") else { return false };
    let is_schema = |node: &Node| member(node, "type").is_some() || member(node, "$ref").is_some();
    let Data::Map(entries) = &properties.data else { return false };
    member(node, "$schema").is_some()
        || member(node, "type").and_then(str_of) == Some("object") && entries.iter().any(|(_, value)| is_schema(value))
}
