//! [`Node`]: a YAML document after resolution, with the place of each of its parts.

use crate::trace::Str;

/// One node of a document: tags, anchors, aliases and merges are resolved the way sigs.k8s.io/yaml's YAML-to-JSON
/// does it, and every node knows its bytes in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub data: Data,
    /// First byte in the text given to the reader; an alias's content has the place where it was anchored.
    pub start: u32,
    /// The byte after the last; quotes and block headers are inside.
    pub end: u32,
    /// 1-based line of `start`.
    pub line: u32,
}

/// What a node is, as JSON knows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
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
    /// A map; keys are strings by now. Duplicates are resolved (the last wins), order is that of the text.
    Map(Vec<(Entry, Node)>),
}

/// Bytes of a text beside its letters.
const TEXT: usize = 112;

impl Node {
    /// The bytes that the tree takes in memory, roughly.
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + match &self.data {
                Data::Str(text) => TEXT + text.len(),
                Data::Seq(items) => items.iter().map(Self::size).sum(),
                Data::Map(entries) => entries.iter().map(|(_, value)| size_of::<Entry>() + value.size()).sum(),
                _ => 0,
            }
    }

    /// How many nodes there are, this one included.
    pub fn count(&self) -> u64 {
        1 + match &self.data {
            Data::Seq(items) => items.iter().map(Self::count).sum(),
            Data::Map(entries) => entries.iter().map(|(_, value)| value.count()).sum(),
            _ => 0,
        }
    }
}

/// Nodes that are kept, however deep: they are dropped level by level, so that it takes no stack.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Nodes(Vec<Node>);

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
    /// What encoding/json calls a value of this kind in its errors.
    pub fn json_kind(&self) -> &'static str {
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
pub struct Entry {
    /// The key as JSON has it.
    pub key: Str,
    /// First byte in the text.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// 1-based line of `start`.
    pub line: u32,
}
