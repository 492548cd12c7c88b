//! [`FieldAt`]: a node of a tree with its path, as finders see it, and the walk over all nodes.

use super::judge::is_command;
use crate::objects::pods::CONTAINER_LISTS;
use crate::objects::text::Text;
use crate::objects::{Object, Path, Step};
use crate::yaml::Node;
use std::borrow::Cow;

/// A node of a tree, with its path.
#[derive(Debug)]
pub(crate) struct FieldAt<'w> {
    /// The tree.
    pub object: &'w Object<'w>,
    /// The node.
    pub node: &'w Node,
    /// The maps and lists that contain it, the outermost first.
    pub above: &'w [&'w Node],
    pub(super) way: &'w [Way<'w>],
}

/// A step of a path, without a copy of the key.
#[derive(Debug, Clone)]
pub(super) enum Way<'w> {
    Key(Cow<'w, str>),
    Index(usize),
    /// A name that a schema describes.
    Property(Cow<'w, str>),
    /// `default` in the schema of the property with this name.
    Default(Cow<'w, str>),
}

impl Way<'_> {
    /// The name of the step.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) | Self::Property(key) | Self::Default(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

impl<'w> FieldAt<'w> {
    /// The name of the member that this node is; `None` for an item of a list.
    pub(crate) fn key(&self) -> Option<&str> {
        self.way.last()?.key()
    }

    /// The name of the member that this node is, or that contains its list.
    pub(crate) fn last_key(&self) -> Option<&str> {
        self.keys().next()
    }

    /// The names of the members on the path, the innermost first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.way.iter().rev().filter_map(Way::key)
    }

    /// The name of the member that contains this node's list, and the index of the item.
    pub(crate) fn item_of(&self) -> Option<(&str, usize)> {
        match self.way {
            [.., step, Way::Index(index)] => Some((step.key()?, *index)),
            _ => None,
        }
    }

    /// The name of the container that contains the node.
    pub(crate) fn container(&self) -> Option<String> {
        let is_list = |pair: &[Way<'_>]| matches!(pair, [Way::Key(key) | Way::Default(key), Way::Index(_)] if CONTAINER_LISTS.contains(&key.as_ref()));
        let at = self.way.windows(2).rposition(is_list)?;
        let container = self.above.get(at + 2)?;
        Some(container.text_of("name"))
    }

    /// The name of the variable that the node is the value of: `TAG` of `{name: TAG, value: "1.2"}`.
    pub(crate) fn variable(&self) -> Option<&'w str> {
        if self.key() != Some("value") {
            return None;
        }
        self.parent()?.member("name").and_then(Node::str)
    }

    /// Whether the node is an item of a list of arguments.
    pub(crate) fn is_argument(&self) -> bool {
        let Some((key, _)) = self.item_of() else { return false };
        is_command(key) || self.parent().is_some_and(|list| starts_with_flag(list.items()))
    }

    /// The map or list that contains the node.
    pub(crate) fn parent(&self) -> Option<&'w Node> {
        self.above.last().copied()
    }

    /// The text of the node, if it is a scalar.
    pub(crate) fn text(&self) -> Option<Text> {
        self.object.text(self.node)
    }

    /// The string of the node; `None` for other scalars.
    pub(crate) fn str(&self) -> Option<&'w str> {
        self.node.str()
    }

    /// The path to the node.
    pub(crate) fn path(&self) -> Path {
        let mut path = self.object.prefix.clone();
        for way in self.way {
            path.push(match way {
                Way::Key(key) | Way::Property(key) => Step::Key(key.clone().into_owned()),
                Way::Default(_) => Step::Key("default".to_owned()),
                Way::Index(index) => Step::Index(*index),
            });
        }
        path
    }

    /// Whether the node is a text of a ConfigMap or Secret.
    pub(crate) fn is_config_data(&self) -> bool {
        self.object.depth == 0 && self.way.len() == 2 && self.is_config_section()
    }

    /// Whether the node is the map with the texts of a ConfigMap or Secret.
    pub(crate) fn holds_config_data(&self) -> bool {
        self.object.depth == 0 && self.way.len() == 1 && self.is_config_section()
    }

    /// Whether the node is a base64 text of a Secret.
    pub(crate) fn is_base64(&self) -> bool {
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

/// The text of a map's member, if it is a non-empty scalar.
pub(super) fn text_of(object: &Object<'_>, map: &Node, name: &str) -> Option<Text> {
    object.text(map.member(name)?).filter(|text| !text.is_empty())
}

/// Whether the first item of a list is a flag.
pub(super) fn starts_with_flag(list: &[Node]) -> bool {
    list.first().and_then(Node::str).is_some_and(|first| first.len() > 1 && first.starts_with('-'))
}
