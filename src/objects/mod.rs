//! [`Object`]: one Kubernetes object of a manifest, as finders look at it, and the walk through it.

pub mod injection;
pub mod path;
pub mod pods;
pub mod pull_secrets;
pub mod text;

use crate::render::manifest::Manifest;
use crate::yaml::{Data, Node};
pub use path::{Path, Step};
use std::fmt;
use std::sync::Arc;
pub use text::Text;

/// What an object is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// `Deployment`
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`, empty when there is none.
    pub namespace: String,
}

/// `Deployment kubelb/cert-manager`, `ClusterRole admin`.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.kind.is_empty() { "object" } else { &self.kind })?;
        match (self.namespace.as_str(), self.name.as_str()) {
            (_, "") => Ok(()),
            ("", name) => write!(f, " {name}"),
            (namespace, name) => write!(f, " {namespace}/{name}"),
        }
    }
}

/// A tree that finders look through: an object of a manifest, or a document nested in one of its texts.
#[derive(Debug)]
pub struct Object<'n> {
    /// The manifest.
    pub manifest: &'n Arc<Manifest>,
    /// What the object is called; a nested document has the name of the object it is in.
    pub name: ObjectName,
    /// `apps/v1`, empty when there is none; that of the nested document where it has one.
    pub api_version: String,
    /// `kind` of the tree itself: of a nested document its own, or empty.
    pub kind: String,
    /// The tree.
    pub node: &'n Node,
    /// The text that the tree was read from, which the places of its nodes count in.
    pub source: Text,
    /// Where the tree hangs in the object, for nested documents: `data["config.yaml"]`.
    pub prefix: Path,
    /// How many documents it is nested in; 0 for the object itself.
    pub depth: u32,
    /// Whether its `items` are objects of their own, so that they are not looked at as fields of this one.
    pub is_list: bool,
}

impl Object<'_> {
    /// The objects of a manifest: itself, or the items of a `List`, each with the path its fields count from; and those
    /// that follow in a stream of JSON.
    pub fn all<'n>(manifest: &'n Arc<Manifest>) -> Vec<Object<'n>> {
        let mut found = Vec::new();
        let source = Text::of_manifest(&manifest.content);
        for node in std::iter::once(&manifest.node).chain(&manifest.more) {
            collect(manifest, node, &source, &mut found);
        }
        found
    }

    /// The text of a scalar of this tree, by what it stands for; numbers and truths too, as Kubernetes reads a string.
    pub fn text(&self, node: &Node) -> Option<Text> {
        match &node.data {
            Data::Str(string) => Some(self.source.scalar(node.start..node.end, string)),
            data => {
                let string = data.scalar_text()?;
                Some(self.source.scalar(node.start..node.end, &string.into()))
            }
        }
    }

    /// Calls `visit` for each node of the tree, in the order of its text, with the way to it. A false answer leaves out
    /// what is below the node.
    pub fn walk<'w>(&'w self, visit: &mut dyn FnMut(&Path, &'w Node, &[&'w Node]) -> bool) {
        let mut path = self.prefix.clone();
        walk(self.node, &mut path, &mut Vec::new(), visit);
    }
}

fn collect<'n>(manifest: &'n Arc<Manifest>, node: &'n Node, source: &Text, found: &mut Vec<Object<'n>>) {
    let items = node.items_of("items");
    let kind = node.text_of("kind");
    let is_list = is_list(&kind, items);
    // Helm installs the items and nothing else of a list; what is written beside them was meant for somebody.
    let has_more = || match &node.data {
        Data::Map(entries) => entries
            .iter()
            .any(|(entry, _)| !["apiVersion", "kind", "metadata", "items"].iter().any(|name| entry.key == **name)),
        _ => true,
    };
    if !is_list || has_more() {
        let metadata = node.member("metadata");
        let name = ObjectName {
            kind: kind.clone(),
            name: metadata.and_then(|metadata| metadata.member("name")).map(Node::text).unwrap_or_default(),
            namespace: metadata.and_then(|metadata| metadata.member("namespace")).map(Node::text).unwrap_or_default(),
        };
        let api_version = node.text_of("apiVersion");
        let prefix = Path::default();
        found.push(Object {
            manifest,
            name,
            api_version,
            kind,
            node,
            source: source.clone(),
            prefix,
            depth: 0,
            is_list,
        });
    }
    if is_list {
        for item in items {
            collect(manifest, item, source, found);
        }
    }
}

/// Whether items are objects: those of `List`, and of the lists of one kind (`DeploymentList`), whose items may leave out
/// their kind. A kind may end in `List` and be none.
fn is_list(kind: &str, items: &[Node]) -> bool {
    let is_object = |item: &Node| item.member("kind").is_some() || item.member("metadata").is_some();
    kind.ends_with("List") && !items.is_empty() && items.iter().all(is_object)
}

fn walk<'n>(
    node: &'n Node,
    path: &mut Path,
    above: &mut Vec<&'n Node>,
    visit: &mut dyn FnMut(&Path, &'n Node, &[&'n Node]) -> bool,
) {
    if !visit(path, node, above) {
        return;
    }
    above.push(node);
    match &node.data {
        Data::Map(entries) => {
            for (entry, value) in entries {
                path.push(Step::Key(entry.key.to_text().into_owned()));
                walk(value, path, above, visit);
                path.pop();
            }
        }
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                walk(item, path, above, visit);
                path.pop();
            }
        }
        _ => {}
    }
    above.pop();
}
