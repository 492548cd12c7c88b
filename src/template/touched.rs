//! [`Touches`]: which of the existing maps each file of a render reads, and whether any is changed.
//!
//! The maps record it themselves, so that no read is missed: a file that only read unchanged maps has the same output again.

use super::value::{List, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The record that the maps write to.
#[derive(Debug, Default)]
struct Log {
    /// The executed file, counted from 1; 0 if none.
    file: Cell<u32>,
    /// File and map.
    noted: RefCell<Vec<(u32, u32)>>,
    is_changed: Cell<bool>,
}

/// A map's link to its watcher.
#[derive(Debug)]
pub(super) struct Watched {
    log: Rc<Log>,
    number: u32,
    /// The last file that was recorded.
    last: Cell<u32>,
}

impl Watched {
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// The map is read.
    pub(super) fn touch(&self) {
        let file = self.log.file.get();
        if self.last.replace(file) != file && file != 0 {
            self.log.noted.borrow_mut().push((file, self.number));
        }
    }

    /// The map is changed.
    pub(super) fn change(&self) {
        if self.log.file.get() != 0 {
            self.log.is_changed.set(true);
        }
    }
}

/// The watched maps of a render.
#[derive(Debug, Default)]
pub struct Touches {
    log: Rc<Log>,
    count: u32,
    lists: Vec<List>,
}

impl Touches {
    /// Watches a value and all maps in it.
    pub fn watch(&mut self, value: &Value) {
        match value {
            Value::Map(map) => {
                let watched = Watched { log: self.log.clone(), number: self.count, last: Cell::default() };
                // A watched map was visited already; it may contain itself.
                if map.watch(watched) {
                    self.count += 1;
                    let values: Vec<Value> = map.borrow().values().cloned().collect();
                    values.iter().for_each(|value| self.watch(value));
                }
            }
            Value::List(list) => {
                self.lists.push(list.clone());
                list.iter().for_each(|value| self.watch(value));
            }
            _ => {}
        }
    }

    /// Begins the execution of a file, counted from 1; 0 means none.
    pub fn enter(&self, file: u32) {
        self.log.file.set(file);
    }

    /// The maps that each file read, by index; `None` if something was changed, so that files depend on each other.
    pub fn finish(self, files: usize) -> Option<Vec<Vec<u32>>> {
        if self.log.is_changed.get() || self.lists.iter().any(List::is_sorted) {
            return None;
        }
        let mut of_files = vec![Vec::new(); files];
        for &(file, map) in self.log.noted.borrow().iter() {
            if let Some(maps) = of_files.get_mut(file as usize - 1) {
                maps.push(map);
            }
        }
        Some(of_files)
    }
}
