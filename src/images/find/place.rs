//! [`Place`]: a node of a tree with its path, as finders see it, and the walk over all nodes.

use super::schema::{self, Keyword};
use super::{FINDERS, Found, history, prose};
use crate::images::object::{Object, Path, Step, member};
use crate::images::text::Text;
use crate::yaml::{Data, Entry, Node};
use std::borrow::Cow;

/// A node of a tree, with its path.
#[derive(Debug)]
pub struct Place<'w> {
    /// The tree.
    pub object: &'w Object<'w>,
    /// The node.
    pub node: &'w Node,
    /// The maps and lists that contain it, the outermost first.
    pub above: &'w [&'w Node],
    way: &'w [Way<'w>],
}

/// A step of a path, without a copy of the key.
#[derive(Debug, Clone)]
enum Way<'w> {
    Key(Cow<'w, str>),
    Index(usize),
    /// A name that a schema describes.
    Property(Cow<'w, str>),
    /// `default` in the schema of the property with this name.
    Default(Cow<'w, str>),
}

impl Way<'_> {
    /// The name of the step.
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) | Self::Property(key) | Self::Default(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

impl<'w> Place<'w> {
    /// The name of the member that this node is; `None` for an item of a list.
    pub fn key(&self) -> Option<&str> {
        self.way.last()?.key()
    }

    /// The name of the member that this node is, or that contains its list.
    pub fn last_key(&self) -> Option<&str> {
        self.keys().next()
    }

    /// The names of the members on the path, the innermost first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.way.iter().rev().filter_map(Way::key)
    }

    /// The name of the member that contains this node's list, and the index of the item.
    pub fn item_of(&self) -> Option<(&str, usize)> {
        match self.way {
            [.., step, Way::Index(index)] => Some((step.key()?, *index)),
            _ => None,
        }
    }

    /// The name of the container that contains the node.
    pub fn container(&self) -> Option<String> {
        let is_list = |pair: &[Way<'_>]| matches!(pair, [Way::Key(key) | Way::Default(key), Way::Index(_)] if super::containers::LISTS.contains(&key.as_ref()));
        let at = self.way.windows(2).rposition(is_list)?;
        let container = self.above.get(at + 2)?;
        Some(crate::images::object::string(member(container, "name")))
    }

    /// The map or list that contains the node.
    pub fn parent(&self) -> Option<&'w Node> {
        self.above.last().copied()
    }

    /// The text of the node, if it is a scalar.
    pub fn text(&self) -> Option<Text> {
        self.object.text(self.node)
    }

    /// The string of the node; `None` for other scalars.
    pub fn str(&self) -> Option<&'w str> {
        str_of(self.node)
    }

    /// The path to the node.
    pub fn path(&self) -> Path {
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
    pub fn is_config_data(&self) -> bool {
        self.object.depth == 0 && self.way.len() == 2 && self.is_config_section()
    }

    /// Whether the node is the map with the texts of a ConfigMap or Secret.
    pub fn holds_config_data(&self) -> bool {
        self.object.depth == 0 && self.way.len() == 1 && self.is_config_section()
    }

    /// Whether the node is a base64 text of a Secret.
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

/// The string of a node.
pub(super) fn str_of(node: &Node) -> Option<&str> {
    match &node.data {
        Data::Str(string) => std::str::from_utf8(string.as_bytes()).ok(),
        _ => None,
    }
}

/// The text of a map's member, if it is a non-empty scalar.
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
    let bytes = if let Data::Str(text) = &node.data { text.len() } else { 0 };
    if !found.take_steps(bytes) {
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
            let is_schema = schema::is_schema(node);
            above.push(node);
            for (entry, value) in entries {
                let key = entry.key.to_text();
                let is_top = way.is_empty() && object.depth == 0;
                // `status` is not searched: it does not decide what is installed.
                if is_top && (key == "status" || object.is_list && key == "items") {
                    continue;
                }
                if history::is_history(&key, object, way.iter().filter_map(Way::key)) {
                    continue;
                }
                if is_schema || key == "openAPIV3Schema" {
                    way.push(Way::Key(key));
                    let keyword = if is_schema { schema::keyword(&entry.key.to_text()) } else { Keyword::Schema };
                    below_keyword(keyword, object, value, way, above, found);
                    way.pop();
                    continue;
                }
                let is_prose = prose::is_prose(&key, object, way.iter().filter_map(Way::key));
                way.push(Way::Key(key));
                found.prose += u32::from(is_prose);
                step(object, value, way, above, found);
                found.prose -= u32::from(is_prose);
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

/// Visits the value of a keyword of a schema.
fn below_keyword<'w>(
    keyword: Keyword,
    object: &'w Object<'w>,
    node: &'w Node,
    way: &mut Vec<Way<'w>>,
    above: &mut Vec<&'w Node>,
    found: &mut Found<'_>,
) {
    let is_definition = schema::is_definition(&object.kind);
    match (keyword, &node.data) {
        (Keyword::Schema, Data::Map(entries)) => {
            // Parts of an image may have the names of schema keywords.
            let has_more = |(entry, _): &(Entry, Node)| schema::keyword(&entry.key.to_text()) == Keyword::Other;
            if !is_definition && entries.iter().any(has_more) {
                let place = Place { object, node, above, way };
                FINDERS.iter().for_each(|finder| (finder.visit)(&place, found));
            }
            above.push(node);
            for (entry, value) in entries {
                let key = entry.key.to_text();
                let keyword = schema::keyword(&key);
                way.push(Way::Key(key));
                below_keyword(keyword, object, value, way, above, found);
                way.pop();
            }
            above.pop();
        }
        (Keyword::Schemas, Data::Map(entries)) => {
            above.push(node);
            for (entry, value) in entries {
                way.push(Way::Property(entry.key.to_text()));
                below_keyword(Keyword::Schema, object, value, way, above, found);
                way.pop();
            }
            above.pop();
        }
        (Keyword::Schema | Keyword::Schemas, Data::Seq(items)) => {
            above.push(node);
            for (index, item) in items.iter().enumerate() {
                way.push(Way::Index(index));
                below_keyword(Keyword::Schema, object, item, way, above, found);
                way.pop();
            }
            above.pop();
        }
        // The cluster applies the defaults of a CRD; for other schemas their use is not known.
        (Keyword::Default, _) => {
            let Some(Way::Key(_)) = way.pop() else { return };
            let property = way.iter().rev().find_map(|step| match step {
                Way::Property(name) => Some(name.clone()),
                _ => None,
            });
            way.push(Way::Default(property.unwrap_or(Cow::Borrowed("default"))));
            found.prose += u32::from(!is_definition);
            step(object, node, way, above, found);
            found.prose -= u32::from(!is_definition);
        }
        // A CRD keeps nothing of a setting's description, and text has no effect anywhere.
        (Keyword::Words, Data::Map(_) | Data::Seq(_)) if !is_definition => {
            found.prose += 1;
            step(object, node, way, above, found);
            found.prose -= 1;
        }
        (Keyword::Words, _) => {}
        // The cluster drops everything from a CRD that is not a keyword.
        (Keyword::Other | Keyword::Schema | Keyword::Schemas, _) if !is_definition => {
            step(object, node, way, above, found);
        }
        (Keyword::Other | Keyword::Schema | Keyword::Schemas, _) => {}
    }
}
