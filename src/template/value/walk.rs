//! [`Walk`]: goes through a value with all that is in it, once through what several hold.

use super::Value;
use std::collections::HashSet;
use std::rc::Rc;

/// A walk through lists and maps to a bounded depth. A map can contain itself, and forty lists that hold the one before twice
/// have a million million ways to the first: what was walked through is not walked through again.
#[derive(Debug)]
pub(in crate::template) struct Walk {
    depth: u32,
    visits: u64,
    /// Lists and maps that more than one holds, by address.
    known: HashSet<usize, foldhash::fast::RandomState>,
}

impl Walk {
    pub(in crate::template) fn new(depth: u32) -> Self {
        Self { depth, visits: 0, known: HashSet::default() }
    }

    /// Whether to go into a list or a map; after it, [`leaves`](Self::leaves).
    pub(in crate::template) fn enters(&mut self, value: &Value) -> bool {
        let (holders, address, length) = match value {
            Value::List(list) => (Rc::strong_count(&list.0), list.identity(), list.len()),
            Value::Map(map) => (Rc::strong_count(&map.data), map.identity(), map.len()),
            _ => return false,
        };
        if self.depth == 0 || holders > 1 && !self.known.insert(address) {
            return false;
        }
        self.depth -= 1;
        self.visits += 1 + length as u64;
        true
    }

    pub(in crate::template) fn leaves(&mut self) {
        self.depth += 1;
    }

    /// Members that were come to.
    pub(in crate::template) fn visits(&self) -> u64 {
        self.visits
    }
}
