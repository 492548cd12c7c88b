//! [`Reads`]: which members of watched maps a render read, and which operands of its templates it evaluated.
//!
//! The embedder registers its maps before the render. A member counts as read if a template takes it, asks for it, or passes
//! the map to a function that reads everything in it; a missing member can be read too.

use super::value::{Map, Value, Walk};
use crate::source::{File, Place};
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The nesting depth that is followed; a map can contain itself.
const MAX_DEPTH: u32 = 64;

/// What a render read.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// By the mark of their maps, minus one.
    tables: Vec<Table>,
    /// The files whose operands are recorded, by address.
    known: HashMap<usize, u32, RandomState>,
    reached: Vec<Reached>,
    /// Bytes of the recorded members.
    size: usize,
}

/// Bytes of a record besides the key, here and by its path once the render is done.
const NOTE: usize = 800;

/// The reads of one map.
#[derive(Debug)]
pub(crate) struct Table {
    /// The members that were read, existing or not, each with the location of the first read.
    pub members: BTreeMap<Str, Place>,
    /// The location of the first read of the whole map.
    pub whole: Option<Place>,
}

/// The evaluated operands of a file: a bit for each position.
#[derive(Debug)]
pub(crate) struct Reached {
    file: Arc<File>,
    bits: Vec<u64>,
}

impl Reads {
    /// Watches a map from now on, and returns the index of its [`Table`]: the same one for the same map.
    pub(crate) fn watch(&mut self, map: &Map) -> usize {
        if map.mark() == 0 {
            self.tables.push(Table { members: BTreeMap::new(), whole: None });
            map.set_mark(self.tables.len() as u32);
        }
        map.mark() as usize - 1
    }

    /// Records from now on which operands of a template file are evaluated.
    pub(crate) fn watch_file(&mut self, file: &Arc<File>) {
        let next = self.reached.len() as u32;
        if *self.known.entry(Arc::as_ptr(file) as usize).or_insert(next) == next {
            let words = file.bytes().len() / 64 + 1;
            self.reached.push(Reached { file: file.clone(), bits: vec![0; words] });
        }
    }

    /// The reads of the map with this index.
    pub(crate) fn table(&self, number: usize) -> Option<&Table> {
        self.tables.get(number)
    }

    /// The reached operands of each watched file.
    pub(crate) fn into_reached(self) -> Vec<Reached> {
        self.reached
    }

    /// The memory of the records in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The index of a watched file.
    pub(super) fn file(&self, file: &Arc<File>) -> Option<u32> {
        self.known.get(&(Arc::as_ptr(file) as usize)).copied()
    }

    /// Records that the operand at a position of a file was evaluated.
    pub(super) fn reach(&mut self, file: u32, at: u32) {
        if let Some(word) = self.reached.get_mut(file as usize).and_then(|file| file.bits.get_mut(at as usize / 64)) {
            *word |= 1 << (at % 64);
        }
    }

    /// Whether a member of a map was already read, or the map is not watched.
    pub(super) fn knows(&self, map: &Map, key: &[u8]) -> bool {
        match map.mark() {
            0 => true,
            mark => self.tables.get(mark as usize - 1).is_none_or(|table| table.members.contains_key(key)),
        }
    }

    fn table_of(&mut self, map: &Map) -> Option<&mut Table> {
        (map.mark() as usize).checked_sub(1).and_then(|number| self.tables.get_mut(number))
    }

    /// Records a read of a member of a map.
    pub(super) fn member(&mut self, map: &Map, key: &[u8], place: &Place) {
        if let Some(table) = self.table_of(map)
            && !table.members.contains_key(key)
        {
            table.members.insert(Str::new(key), place.clone());
            self.size += NOTE + key.len();
        }
    }

    /// Records a read of every member of a map, but not of their content.
    pub(super) fn members(&mut self, map: &Map, place: &Place) {
        let mut added = 0;
        if let Some(table) = self.table_of(map) {
            for key in map.borrow().keys() {
                if !table.members.contains_key(key.as_bytes()) {
                    table.members.insert(Str::new(key.as_bytes()), place.clone());
                    added += NOTE + key.len();
                }
            }
        }
        self.size += added;
    }

    /// Records a read of everything in a value.
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
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Whether the operand at a position, given by its [`pos`](super::ast::Arg::pos), was evaluated.
    pub(crate) fn contains(&self, at: u32) -> bool {
        self.bits.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }
}
