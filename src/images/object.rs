//! [`Object`]: one Kubernetes object of a manifest, as finders look at it, and the walk through it.

use super::text::Text;
use crate::render::manifest::Manifest;
use crate::yaml::{Data, Node};
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

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
    /// What the tree was read from; see [`Object::source`].
    pub source: Source,
    /// Where the tree hangs in the object, for nested documents: `data["config.yaml"]`.
    pub prefix: Path,
    /// How many documents it is nested in; 0 for the object itself.
    pub depth: u32,
    /// Whether its `items` are objects of their own, so that they are not looked at as fields of this one.
    pub is_list: bool,
}

/// The text that a tree was read from. That of a whole manifest is made when somebody first asks for it: most trees hold nothing
/// that a text is needed for.
#[derive(Debug, Clone, Default)]
pub struct Source(Rc<OnceCell<Text>>);

impl From<Text> for Source {
    fn from(text: Text) -> Self {
        Self(Rc::new(text.into()))
    }
}

impl Object<'_> {
    /// The text that the tree was read from, which the places of its nodes count in.
    pub fn source(&self) -> &Text {
        self.source.0.get_or_init(|| Text::of_manifest(&self.manifest.content))
    }

    /// The objects of a manifest: itself, or the items of a `List`, each with the path its fields count from; and those
    /// that follow in a stream of JSON.
    pub fn all<'n>(manifest: &'n Arc<Manifest>) -> Vec<Object<'n>> {
        let mut found = Vec::new();
        let source = Source::default();
        for node in std::iter::once(&manifest.node).chain(&manifest.more) {
            collect(manifest, node, &source, &mut found);
        }
        found
    }

    /// The text of a scalar of this tree, by what it stands for; numbers and truths too, as Kubernetes reads a string.
    pub fn text(&self, node: &Node) -> Option<Text> {
        match &node.data {
            Data::Str(string) => Some(self.source().scalar(node.start..node.end, string)),
            data => {
                let string = crate::chart::metadata::scalar_text(data)?;
                Some(self.source().scalar(node.start..node.end, &string.into()))
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

fn collect<'n>(manifest: &'n Arc<Manifest>, node: &'n Node, source: &Source, found: &mut Vec<Object<'n>>) {
    let items = member(node, "items").map(items).unwrap_or_default();
    let kind = string(member(node, "kind"));
    let is_list = is_list(&kind, items);
    // Helm installs the items and nothing else of a list; what is written beside them was meant for somebody.
    let has_more = || match &node.data {
        Data::Map(entries) => entries
            .iter()
            .any(|(entry, _)| !["apiVersion", "kind", "metadata", "items"].iter().any(|name| entry.key == **name)),
        _ => true,
    };
    if !is_list || has_more() {
        let metadata = member(node, "metadata");
        let name = ObjectName {
            kind: kind.clone(),
            name: string(metadata.and_then(|metadata| member(metadata, "name"))),
            namespace: string(metadata.and_then(|metadata| member(metadata, "namespace"))),
        };
        let api_version = string(member(node, "apiVersion"));
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
    let is_object = |item: &Node| member(item, "kind").is_some() || member(item, "metadata").is_some();
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

/// The last entry of a map under a name.
pub fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Data::Map(entries) = &node.data else { return None };
    entries.iter().rev().find(|(entry, _)| entry.key == *name).map(|(_, value)| value)
}

/// The node at a way of names from a node.
pub fn descend<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    names.iter().try_fold(node, |node, name| member(node, name))
}

/// The items of a list; none for anything else.
pub fn items(node: &Node) -> &[Node] {
    match &node.data {
        Data::Seq(items) => items,
        _ => &[],
    }
}

/// A scalar's text; empty for anything else.
pub fn string(node: Option<&Node>) -> String {
    node.and_then(|node| crate::chart::metadata::scalar_text(&node.data)).unwrap_or_default()
}

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
    /// Into the document that a text holds.
    Nested,
}

/// The way from an object to one of its fields.
///
/// Shape: `spec.template.spec.initContainers[0].image`; a key with a dot stands in brackets, `data["config.yaml"]`, and
/// `data["config.yaml"] → proxy.image` leads into a nested document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// Goes a step on.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Goes a step back.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// The path one step on.
    pub fn with(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.push(step);
        path
    }

    /// The path to a member.
    pub fn key(&self, name: &str) -> Self {
        self.with(Step::Key(name.to_owned()))
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The nodes of the texts that the way leads through, the outermost first, and itself: `data["a.yaml"]` and
    /// `data["a.yaml"] → image`.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        let nested = self.0.iter().enumerate().filter(|(_, step)| matches!(step, Step::Nested));
        let ends = nested.map(|(at, _)| at).chain([self.0.len()]);
        ends.map(|end| Shown(&self.0[..end]).to_string())
    }

    /// The name of the last member on the way, indexes passed over: `args` for `containers[0].args[2]`.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

/// Steps as they are printed.
struct Shown<'s>(&'s [Step]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for step in self.0 {
            match step {
                Step::Key(key) if key.contains(['.', '/', '[', ' ']) => write!(f, "[{key:?}]")?,
                Step::Key(key) if first => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Nested => f.write_str(" → ")?,
            }
            first = matches!(step, Step::Nested);
        }
        Ok(())
    }
}
