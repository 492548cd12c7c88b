//! [`Node`]: a YAML document after resolution, with the position of each of its parts.

use crate::trace::Str;

/// One node of a document: tags, anchors, aliases and merges are resolved as in the YAML-to-JSON conversion of
/// sigs.k8s.io/yaml, and every node has its byte range in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Its value.
    pub(crate) data: Data,
    /// First byte in the text; the content of an alias has the position of its anchor.
    pub(crate) start: u32,
    /// The byte after the last; quotes and block headers are included.
    pub(crate) end: u32,
    /// 1-based line of `start`.
    pub(crate) line: u32,
}

/// The value of a node, as in JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// An integer that fits an `i64`.
    Int(i64),
    /// An integer that only fits a `u64`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Str),
    /// A list.
    Seq(Vec<Node>),
    /// A map with string keys. Of duplicate keys the last is used; the order is that of the text.
    Map(Vec<(Entry, Node)>),
}

/// Memory of a text besides its characters, in bytes.
const TEXT: usize = 112;

impl Node {
    /// The approximate memory of the tree in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + match &self.data {
                Data::Str(text) => TEXT + text.len(),
                Data::Seq(items) => items.iter().map(Self::size).sum(),
                Data::Map(entries) => entries.iter().map(|(_, value)| size_of::<Entry>() + value.size()).sum(),
                _ => 0,
            }
    }

    /// The number of nodes, including this one.
    pub(crate) fn count(&self) -> u64 {
        1 + match &self.data {
            Data::Seq(items) => items.iter().map(Self::count).sum(),
            Data::Map(entries) => entries.iter().map(|(_, value)| value.count()).sum(),
            _ => 0,
        }
    }
}

/// Nodes of any depth: they are dropped level by level, so that dropping needs no stack.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Nodes(Vec<Node>);

impl std::ops::Deref for Nodes {
    type Target = [Node];

    fn deref(&self) -> &[Node] {
        &self.0
    }
}

impl<'n> IntoIterator for &'n Nodes {
    type Item = &'n Node;
    type IntoIter = std::slice::Iter<'n, Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl From<Vec<Node>> for Nodes {
    fn from(nodes: Vec<Node>) -> Self {
        Self(nodes)
    }
}

impl FromIterator<Node> for Nodes {
    fn from_iter<I: IntoIterator<Item = Node>>(nodes: I) -> Self {
        Self(nodes.into_iter().collect())
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        let is_deep = |node: &Node| matches!(node.data, Data::Seq(_) | Data::Map(_));
        let mut left: Vec<Node> = std::mem::take(&mut self.0);
        while let Some(node) = left.pop() {
            match node.data {
                Data::Seq(items) => left.extend(items.into_iter().filter(is_deep)),
                Data::Map(entries) => left.extend(entries.into_iter().map(|(_, value)| value).filter(is_deep)),
                _ => {}
            }
        }
    }
}

impl Data {
    /// The name of this kind of value in errors of encoding/json.
    pub(crate) fn json_kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "number",
            Self::Str(_) => "string",
            Self::Seq(_) => "array",
            Self::Map(_) => "object",
        }
    }
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The key as in JSON.
    pub(crate) key: Str,
    /// First byte in the text.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
    /// 1-based line of `start`.
    pub(crate) line: u32,
}
