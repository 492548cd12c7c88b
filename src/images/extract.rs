//! Finds the image references in manifests. This is the one place that knows where manifests hold them.

use super::reference::Reference;
use crate::render::manifest::Manifest;
use crate::yaml::{Data, Node};

/// How sure it is that a text is an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The Kubernetes schema says so: a container's `image`, an image volume's `reference`.
    Certain,
    /// It stands in a field that is named for images.
    Likely,
}

/// One place in a manifest that names an image.
#[derive(Debug, Clone)]
pub struct ImageUse<'m> {
    /// The manifest.
    pub manifest: &'m Manifest,
    /// The object the place is in: the manifest's own, or an item of a `List`.
    pub object: ObjectName,
    /// Path of the field in the object: `spec.template.spec.initContainers[0].image`.
    pub field: String,
    /// Name of the container, where it is one.
    pub container: Option<String>,
    /// The text, as YAML gives it.
    pub text: String,
    /// The reference; the error says why it is none.
    pub reference: Result<Reference, String>,
    /// First byte of the scalar in the manifest's text, quotes included.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
    /// How sure this is.
    pub tier: Tier,
}

/// What an object is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectName {
    /// `Deployment`
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`, empty when there is none.
    pub namespace: String,
}

/// `Deployment kubelb/cert-manager`, `ClusterRole admin`.
impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.kind.is_empty() { "object" } else { &self.kind })?;
        match (self.namespace.as_str(), self.name.as_str()) {
            (_, "") => Ok(()),
            ("", name) => write!(f, " {name}"),
            (namespace, name) => write!(f, " {namespace}/{name}"),
        }
    }
}

/// The image references of a manifest, in the order of its text.
pub fn extract(manifest: &Manifest) -> Vec<ImageUse<'_>> {
    let mut walk = Walk { manifest, object: object_name(&manifest.node), found: Vec::new() };
    walk.node(&manifest.node, &mut Vec::new(), Around::default());
    walk.found
}

/// What stands around a node, as far as it tells what an `image` in it is.
#[derive(Clone, Copy, Default)]
struct Around<'m> {
    /// Name of the list that the node is an item of: `initContainers`, `volumes`.
    list: Option<&'m str>,
}

struct Walk<'m> {
    manifest: &'m Manifest,
    object: ObjectName,
    found: Vec<ImageUse<'m>>,
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

impl<'m> Walk<'m> {
    fn node(&mut self, node: &'m Node, path: &mut Vec<Step>, around: Around<'m>) {
        match &node.data {
            Data::Map(entries) => {
                for (entry, value) in entries {
                    let Ok(key) = std::str::from_utf8(entry.key.as_bytes()) else { continue };
                    // A schema describes fields named `image`; it holds none.
                    if key == "openAPIV3Schema" {
                        continue;
                    }
                    path.push(Step::Key(key.to_owned()));
                    self.entry(node, key, value, path, around);
                    path.pop();
                }
            }
            Data::Seq(items) => {
                let list = match path.last() {
                    Some(Step::Key(_)) => around.list,
                    _ => None,
                };
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Index(index));
                    // The items of a `List` are objects of their own, with paths of their own.
                    if list == Some("items") && path.len() == 2 && member(item, "kind").is_some() {
                        let outer = std::mem::replace(&mut self.object, object_name(item));
                        self.node(item, &mut Vec::new(), Around::default());
                        self.object = outer;
                    } else {
                        self.node(item, path, Around { list });
                    }
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, parent: &'m Node, key: &'m str, value: &'m Node, path: &mut Vec<Step>, around: Around<'m>) {
        match &value.data {
            Data::Map(_) | Data::Seq(_) => {
                let in_volume = around.list == Some("volumes") && key == "image";
                if in_volume && let Some(reference) = member(value, "reference") {
                    path.push(Step::Key("reference".to_owned()));
                    self.add(reference, path, None, Tier::Certain);
                    path.pop();
                    return;
                }
                let list = matches!(value.data, Data::Seq(_)).then_some(key);
                self.node(value, path, Around { list });
            }
            Data::Null => {}
            _ if key == "image" => {
                let is_container = matches!(around.list, Some("containers" | "initContainers" | "ephemeralContainers"));
                let name = is_container.then(|| member(parent, "name").and_then(text)).flatten();
                self.add(value, path, name, if is_container { Tier::Certain } else { Tier::Likely });
            }
            Data::Str(found) if key.ends_with("Image") => {
                let looks_like_one = found.to_text().contains(['/', ':']);
                if looks_like_one && Reference::parse(&found.to_text()).is_ok() {
                    self.add(value, path, None, Tier::Likely);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, value: &'m Node, path: &[Step], container: Option<String>, tier: Tier) {
        let Some(text) = text(value) else { return };
        // Outside of a pod an empty image is one that was left to a default.
        if text.is_empty() && tier != Tier::Certain {
            return;
        }
        self.found.push(ImageUse {
            manifest: self.manifest,
            object: self.object.clone(),
            field: field(path),
            container,
            reference: Reference::parse(&text),
            text,
            start: value.start,
            end: value.end,
            tier,
        });
    }
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Data::Map(entries) = &node.data else { return None };
    entries.iter().rev().find(|(entry, _)| entry.key == *name).map(|(_, value)| value)
}

fn text(node: &Node) -> Option<String> {
    crate::chart::metadata::scalar_text(&node.data)
}

fn object_name(node: &Node) -> ObjectName {
    let string = |node: Option<&Node>| node.and_then(text).unwrap_or_default();
    let metadata = member(node, "metadata");
    ObjectName {
        kind: string(member(node, "kind")),
        name: string(metadata.and_then(|metadata| member(metadata, "name"))),
        namespace: string(metadata.and_then(|metadata| member(metadata, "namespace"))),
    }
}

fn field(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}
