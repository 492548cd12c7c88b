//! [`Walk`]: visits a value with its content, shared parts once.

use super::Value;
use std::collections::HashSet;
use std::rc::Rc;

/// A walk through lists and maps up to a depth limit. A map can contain itself, and forty lists that each contain the previous
/// one twice have a million million paths to the first: shared parts are not visited again.
#[derive(Debug)]
pub(in crate::template) struct Walk {
    depth: u32,
    visits: u64,
    /// Lists and maps with several references, by address.
    known: HashSet<usize, foldhash::fast::RandomState>,
}

impl Walk {
    pub(in crate::template) fn new(depth: u32) -> Self {
        Self { depth, visits: 0, known: HashSet::default() }
    }

    /// Whether to visit a list or a map; afterwards, call [`leaves`](Self::leaves).
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

    /// The number of visited members.
    pub(in crate::template) fn visits(&self) -> u64 {
        self.visits
    }
}
