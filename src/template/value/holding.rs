//! Counts the memory of values in the [`Memory`] of the render that made them.
//!
//! A list or a map is counted once with its content, however many values contain it. Counted values are not visited again, so
//! that counting costs no more than making them.

use super::{Behind, List, ListData, Map, MapData, Value};
use crate::memory::Memory;
use crate::trace::Str;
use std::rc::Rc;

/// Bytes of a list besides its elements, and of a map besides its entries.
const HEAD: usize = 160;
/// Bytes of a map entry, including the spare room of its tree.
const ENTRY: usize = 56;
/// Bytes of the free entries in the first node of that tree, which has room for eleven.
pub(crate) const NODE: usize = 440;
/// Bytes of an element of a list.
const ELEMENT: usize = size_of::<Value>();

/// The counted size of the map's entry.
pub(super) fn entry(key: &Str, value: usize, memory: &Memory) -> usize {
    ENTRY + key.hold(memory) + value
}

impl Value {
    /// Counts the value with its content; returns the size to add to its container.
    pub(crate) fn hold(&self, memory: &Memory) -> usize {
        match self {
            Self::Nil | Self::Bool(..) | Self::Int(..) | Self::Float(..) => 0,
            Self::Str(text) | Self::Bytes(text) => text.hold(memory),
            Self::GoObject(object) => object.size(),
            Self::List(list) => {
                list.hold(memory);
                0
            }
            Self::Map(map) => {
                map.hold(memory);
                0
            }
        }
    }

    /// Whether the value is not counted yet, and large enough to count.
    pub(crate) fn is_to_be_held(&self) -> bool {
        match self {
            Self::Nil | Self::Bool(..) | Self::Int(..) | Self::Float(..) | Self::GoObject(_) => false,
            Self::Str(text) | Self::Bytes(text) => text.is_to_be_held(),
            Self::List(list) => list.0.held.borrow().is_none(),
            Self::Map(map) => map.data.held.borrow().is_none(),
        }
    }
}

impl List {
    fn hold(&self, memory: &Memory) {
        if self.0.held.borrow().is_some() {
            return;
        }
        let mut bytes = HEAD + self.0.items.capacity() * ELEMENT;
        bytes += self.0.items.iter().map(|item| item.hold(memory)).sum::<usize>();
        if let Behind::Values(values) = &self.0.behind {
            bytes += values.iter().map(|item| ELEMENT + item.hold(memory)).sum::<usize>();
        }
        *self.0.held.borrow_mut() = Some(memory.hold(bytes));
    }

    /// Counts the elements again, for their other order.
    pub(super) fn hold_sorted(&self) {
        if let Some(held) = &mut *self.0.held.borrow_mut() {
            held.resize(held.bytes() + self.0.items.len() * ELEMENT);
        }
    }
}

impl Map {
    /// The memory in which the map is counted, if it is.
    pub(super) fn counted_in(&self) -> Option<Memory> {
        self.data.held.borrow().as_ref().map(|held| held.memory().clone())
    }

    /// Counts a number of bytes more, and a number less.
    pub(super) fn count_more(&self, more: usize, less: usize) {
        if let Some(held) = &mut *self.data.held.borrow_mut() {
            held.resize((held.bytes() + more).saturating_sub(less));
        }
    }

    fn hold(&self, memory: &Memory) {
        if self.data.held.borrow().is_some() {
            return;
        }
        // First of all, because it may contain itself.
        *self.data.held.borrow_mut() = Some(memory.hold(0));
        let entries = self.data.entries.borrow();
        let sizes = entries.iter().map(|(key, value)| entry(key, value.hold(memory), memory));
        let bytes = HEAD + if entries.is_empty() { 0 } else { NODE } + sizes.sum::<usize>();
        if let Some(held) = &mut *self.data.held.borrow_mut() {
            held.resize(bytes);
        }
    }
}

/// Deep values are dropped level by level: a recursive drop could overflow the stack.
impl Drop for ListData {
    fn drop(&mut self) {
        if self.items.iter().any(is_last) {
            let_go(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        let entries = self.entries.get_mut();
        if entries.values().any(is_last) {
            let_go(std::mem::take(entries).into_values().collect());
        }
    }
}

/// Whether dropping this drops something with values in it.
fn is_last(value: &Value) -> bool {
    match value {
        Value::List(list) => Rc::strong_count(&list.0) == 1 && list.iter().any(is_container),
        Value::Map(map) => Rc::strong_count(&map.data) == 1 && map.borrow().values().any(is_container),
        _ => false,
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

fn let_go(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        match value {
            Value::List(mut list) => {
                if let Some(data) = Rc::get_mut(&mut list.0) {
                    values.append(&mut data.items);
                }
            }
            Value::Map(mut map) => {
                if let Some(data) = Rc::get_mut(&mut map.data) {
                    values.extend(std::mem::take(data.entries.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}
