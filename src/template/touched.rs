//! [`Touches`]: which of the maps that are there before a render its files look into, file by file, and whether one is changed.
//!
//! Maps note it themselves, whatever asks them, so that nothing looks into a map unseen: a file that only looked into maps in
//! which nothing is different comes out as it did.

use super::value::{List, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What the maps note.
#[derive(Debug, Default)]
struct Log {
    /// The file that is executed, counted from 1; 0 where none is.
    file: Cell<u32>,
    /// File and map.
    noted: RefCell<Vec<(u32, u32)>>,
    is_changed: Cell<bool>,
}

/// What a map knows of whoever watches it.
#[derive(Debug)]
pub(super) struct Watched {
    log: Rc<Log>,
    number: u32,
    /// The last file that was noted.
    last: Cell<u32>,
}

impl Watched {
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Somebody looks into the map.
    pub(super) fn touch(&self) {
        let file = self.log.file.get();
        if self.last.replace(file) != file && file != 0 {
            self.log.noted.borrow_mut().push((file, self.number));
        }
    }

    /// Somebody changes the map.
    pub(super) fn change(&self) {
        if self.log.file.get() != 0 {
            self.log.is_changed.set(true);
        }
    }
}

/// The maps that are watched during a render.
#[derive(Debug, Default)]
pub struct Touches {
    log: Rc<Log>,
    count: u32,
    lists: Vec<List>,
}

impl Touches {
    /// Watches all maps in a value, and that one.
    pub fn watch(&mut self, value: &Value) {
        match value {
            Value::Map(map) => {
                let watched = Watched { log: self.log.clone(), number: self.count, last: Cell::default() };
                // One that is watched already was gone through; it may be in itself.
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

    /// A file is executed from now on, counted from 1; with 0 none is.
    pub fn enter(&self, file: u32) {
        self.log.file.set(file);
    }

    /// The maps that each of so many files looked into, by their numbers; `None` where something was changed, so that files
    /// depend on each other.
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
