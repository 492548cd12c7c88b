//! [`Object`]: one Kubernetes object of a manifest, for finders, and the walk over it.

pub(crate) mod injection;
pub(crate) mod namespace;
pub(crate) mod path;
pub(crate) mod pods;
pub(crate) mod pull_secrets;
pub(crate) mod text;

use crate::render::manifest::Manifest;
use crate::yaml::{Data, Node};
pub(crate) use path::{Path, Step};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
pub(crate) use text::Text;

/// The name of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ObjectName {
    /// `Deployment`
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`, empty if missing.
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

/// Whether a text is a label of DNS, as names of namespaces are: `kube-system`.
pub(crate) fn is_label(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(is_word) && text.bytes().last().is_some_and(is_word);
    ends && text.len() <= 63 && text.bytes().all(|byte| is_word(byte) || byte == b'-')
}

/// Whether a text is a name of DNS, as names of most objects are: `registry-credentials`, `shop.v1`.
pub(crate) fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A tree that finders search: an object of a manifest, or a document nested in one of its texts.
#[derive(Debug)]
pub(crate) struct Object<'n> {
    /// The manifest.
    pub manifest: &'n Arc<Manifest>,
    /// The name of the object; a nested document has the name of its object.
    pub name: ObjectName,
    /// `apps/v1`, empty if missing; for a nested document its own, if present.
    pub api_version: String,
    /// `kind` of the tree itself: for a nested document its own, or empty.
    pub kind: String,
    /// The tree.
    pub node: &'n Node,
    /// The source of the tree; see [`Object::source`].
    pub source: TextSource,
    /// For nested documents, the path of the text in the object: `data["config.yaml"]`.
    pub prefix: Path,
    /// The nesting depth; 0 for the object itself.
    pub depth: u32,
    /// Whether its `items` are separate objects, so that they are not searched as fields of this one.
    pub is_list: bool,
}

/// The text of a tree. That of a whole manifest is made on first use: most trees have no text that is needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextSource(Rc<OnceCell<Text>>);

impl From<Text> for TextSource {
    fn from(text: Text) -> Self {
        Self(Rc::new(text.into()))
    }
}

impl Object<'_> {
    /// The text of the tree, which the positions of its nodes refer to.
    pub(crate) fn source(&self) -> &Text {
        self.source.0.get_or_init(|| Text::of_manifest(&self.manifest.content))
    }

    /// The objects of a manifest: itself, or the items of a `List`, each with the base path of its fields; and those that follow
    /// in a JSON stream.
    pub(crate) fn all<'n>(manifest: &'n Arc<Manifest>) -> Vec<Object<'n>> {
        let mut found = Vec::new();
        let source = TextSource::default();
        for node in std::iter::once(&manifest.node).chain(&manifest.more) {
            collect(manifest, node, &source, &mut found);
        }
        found
    }

    /// The text of a scalar of this tree; for numbers and booleans too, as Kubernetes reads a string.
    pub(crate) fn text(&self, node: &Node) -> Option<Text> {
        match &node.data {
            Data::Str(string) => Some(self.source().scalar(node.start..node.end, string)),
            data => {
                let string = data.scalar_text()?;
                Some(self.source().scalar(node.start..node.end, &string.into()))
            }
        }
    }

    /// Calls `visit` for each node of the tree with its path, in the order of the text. If it returns false, the nodes below are
    /// skipped.
    pub(crate) fn walk<'w>(&'w self, visit: &mut dyn FnMut(&Path, &'w Node, &[&'w Node]) -> bool) {
        let mut path = self.prefix.clone();
        walk(self.node, &mut path, &mut Vec::new(), visit);
    }
}

fn collect<'n>(manifest: &'n Arc<Manifest>, node: &'n Node, source: &TextSource, found: &mut Vec<Object<'n>>) {
    let items = node.items_of("items");
    let kind = node.text_of("kind");
    let is_list = is_list(&kind, items);
    // Helm installs only the items of a list; its other fields are still searched.
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

/// Whether items are objects: those of `List`, and of lists of one kind (`DeploymentList`), whose items may omit their kind.
/// A kind may end in `List` without being one.
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
