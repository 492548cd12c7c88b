//! [`Reads`]: which members of watched maps a render looked at, and which operands of its templates it came to.
//!
//! The embedder has its maps watched before the render. A member counts as looked at when a template takes it, asks for
//! it, or hands the map to a function that looks at everything in it; a member that is not there can be looked at too.

use super::value::{Map, Value, Walk};
use crate::source::{File, Place};
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Containers in containers that are followed; a map can contain itself.
const MAX_DEPTH: u32 = 64;

/// What a render looked at.
#[derive(Debug, Default)]
pub struct Reads {
    /// By the mark that their maps carry, less one.
    tables: Vec<Table>,
    /// The files whose operands are noted, by address.
    known: HashMap<usize, u32, RandomState>,
    reached: Vec<Reached>,
    /// Bytes of the members that were noted.
    size: usize,
}

/// Bytes of a note, beside the key.
const NOTE: usize = 200;

/// What was looked at of one map.
#[derive(Debug)]
pub struct Table {
    /// The members that were looked at, there or not, each with the place that did so first.
    pub members: BTreeMap<Str, Place>,
    /// The place that first looked at the map with everything in it.
    pub whole: Option<Place>,
}

/// The operands of a file that were evaluated: a bit for each position.
#[derive(Debug)]
pub struct Reached {
    file: Arc<File>,
    bits: Vec<u64>,
}

impl Reads {
    /// Watches a map from now on, and gives the number of its [`Table`]: the same one for the same map.
    pub fn watch(&mut self, map: &Map) -> usize {
        if map.mark() == 0 {
            self.tables.push(Table { members: BTreeMap::new(), whole: None });
            map.set_mark(self.tables.len() as u32);
        }
        map.mark() as usize - 1
    }

    /// Notes from now on which operands of a template file are evaluated.
    pub fn watch_file(&mut self, file: &Arc<File>) {
        let next = self.reached.len() as u32;
        if *self.known.entry(Arc::as_ptr(file) as usize).or_insert(next) == next {
            let words = file.bytes().len() / 64 + 1;
            self.reached.push(Reached { file: file.clone(), bits: vec![0; words] });
        }
    }

    /// What was looked at of the map with this number.
    pub fn table(&self, number: usize) -> Option<&Table> {
        self.tables.get(number)
    }

    /// What was reached of each file that is watched.
    pub fn into_reached(self) -> Vec<Reached> {
        self.reached
    }

    /// The bytes that the notes take in memory.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The number of a watched file.
    pub(super) fn file(&self, file: &Arc<File>) -> Option<u32> {
        self.known.get(&(Arc::as_ptr(file) as usize)).copied()
    }

    /// Notes that the operand at a position of a file was evaluated.
    pub(super) fn reach(&mut self, file: u32, at: u32) {
        if let Some(word) = self.reached.get_mut(file as usize).and_then(|file| file.bits.get_mut(at as usize / 64)) {
            *word |= 1 << (at % 64);
        }
    }

    /// Whether a member of a map was already looked at, or the map is not watched.
    pub(super) fn knows(&self, map: &Map, key: &[u8]) -> bool {
        match map.mark() {
            0 => true,
            mark => self.tables.get(mark as usize - 1).is_none_or(|table| table.members.contains_key(key)),
        }
    }

    fn table_of(&mut self, map: &Map) -> Option<&mut Table> {
        (map.mark() as usize).checked_sub(1).and_then(|number| self.tables.get_mut(number))
    }

    /// Notes a look at a member of a map.
    pub(super) fn member(&mut self, map: &Map, key: &[u8], place: &Place) {
        if let Some(table) = self.table_of(map)
            && !table.members.contains_key(key)
        {
            table.members.insert(Str::new(key), place.clone());
            self.size += NOTE + key.len();
        }
    }

    /// Notes a look at every member that a map has, not at what is in them.
    pub(super) fn members(&mut self, map: &Map, place: &Place) {
        if let Some(table) = self.table_of(map) {
            for key in map.borrow().keys() {
                if !table.members.contains_key(key.as_bytes()) {
                    table.members.insert(Str::new(key.as_bytes()), place.clone());
                }
            }
        }
    }

    /// Notes a look at everything in a value.
    pub(super) fn whole(&mut self, value: &Value, place: &Place) {
        self.whole_to(value, place, &mut Walk::new(MAX_DEPTH));
    }

    fn whole_to(&mut self, value: &Value, place: &Place, walk: &mut Walk) {
        match value {
            Value::Map(map) => {
                if let Some(table) = self.table_of(map) {
                    if table.whole.is_some() {
                        return;
                    }
                    table.whole = Some(place.clone());
                }
                if walk.enters(value) {
                    map.borrow().values().for_each(|value| self.whole_to(value, place, walk));
                    walk.leaves();
                }
            }
            Value::List(list) if walk.enters(value) => {
                list.iter().for_each(|value| self.whole_to(value, place, walk));
                walk.leaves();
            }
            _ => {}
        }
    }
}

impl Reached {
    /// The file.
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Whether the operand at a position, as its [`pos`](super::ast::Arg::pos) says, was evaluated.
    pub fn contains(&self, at: u32) -> bool {
        self.bits.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }
}
