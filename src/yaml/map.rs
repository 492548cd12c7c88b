//! [`Map`]: the entries of a map being read, and the memory of nodes.

use super::node::{Entry, Node};
use crate::trace::Str;
use std::collections::HashMap;

/// Memory of a node in bytes, including the spare capacity of lists.
pub(super) const TEXT: usize = 112;
pub(super) const ELEMENT: usize = 3 * size_of::<Node>() / 2;
pub(super) const ENTRY: usize = 3 * size_of::<(Entry, Node)>() / 2;
/// Maps with more entries than this get an index.
const SMALL_MAP: usize = 16;

/// A map being filled.
#[derive(Default)]
pub(super) struct Map {
    pub(super) entries: Vec<(Entry, Node)>,
    /// The index of each key, once there are many.
    index: HashMap<Str, usize, foldhash::fast::RandomState>,
}

impl Map {
    pub(super) fn insert(&mut self, entry: Entry, node: Node) {
        let known = if self.index.is_empty() {
            self.entries.iter().position(|(known, _)| known.key == entry.key)
        } else {
            self.index.get(&entry.key).copied()
        };
        if let Some(at) = known {
            self.entries[at] = (entry, node);
            return;
        }
        if !self.index.is_empty() {
            self.index.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push((entry, node));
        if self.index.is_empty() && self.entries.len() > SMALL_MAP {
            self.index = self.entries.iter().enumerate().map(|(at, (entry, _))| (entry.key.clone(), at)).collect();
        }
    }
}
