//! [`Touches`]: what of the maps that are there before a render its files look at, file by file, and whether one is changed.
//!
//! Maps note it themselves, whatever asks them, so that nothing looks into a map unseen: a file that only looked at what is the
//! same comes out as it did.

use super::value::{List, Value};
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// What is looked at of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// One member, there or not.
    Member(Str),
    /// Whether there are members.
    Emptiness,
    /// All of it: which members there are, and what they are.
    All,
}

/// What the maps note.
#[derive(Debug, Default)]
struct Log {
    /// The file that is executed, counted from 1; 0 where none is.
    file: Cell<u32>,
    /// File, map, and what was looked at.
    noted: RefCell<Vec<(u32, u32, Touch)>>,
    is_changed: Cell<bool>,
}

/// What a map knows of whoever watches it.
#[derive(Debug)]
pub(super) struct Watched {
    log: Rc<Log>,
    number: u32,
    /// The last file that was noted to look at all of it.
    all: Cell<u32>,
    /// The last file that was noted to ask whether it is empty.
    emptiness: Cell<u32>,
    /// The last file that was noted to look at each member. It is only looked up in.
    members: RefCell<HashMap<Str, u32, RandomState>>,
}

impl Watched {
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    fn new(log: &Rc<Log>, number: u32) -> Self {
        let (all, emptiness) = (Cell::default(), Cell::default());
        Self { log: log.clone(), number, all, emptiness, members: RefCell::default() }
    }

    fn note(&self, file: u32, touch: Touch) {
        self.log.noted.borrow_mut().push((file, self.number, touch));
    }

    /// Somebody looks at the whole map.
    pub(super) fn touch(&self) {
        let file = self.log.file.get();
        if file != 0 && self.all.replace(file) != file {
            self.note(file, Touch::All);
        }
    }

    /// Somebody asks whether the map is empty.
    pub(super) fn touch_emptiness(&self) {
        let file = self.log.file.get();
        if file != 0 && self.all.get() != file && self.emptiness.replace(file) != file {
            self.note(file, Touch::Emptiness);
        }
    }

    /// Somebody looks at a member of the map, there or not.
    pub(super) fn touch_member(&self, key: &[u8]) {
        let file = self.log.file.get();
        if file == 0 || self.all.get() == file {
            return;
        }
        let mut members = self.members.borrow_mut();
        let key = match members.get_mut(key) {
            Some(last) if *last == file => return,
            Some(last) => {
                *last = file;
                members.get_key_value(key).map_or_else(|| Str::new(key), |(key, _)| key.clone())
            }
            None => {
                let key = Str::new(key);
                members.insert(key.clone(), file);
                key
            }
        };
        self.note(file, Touch::Member(key));
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
                let watched = Watched::new(&self.log, self.count);
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

    /// Whether a file changed what others see.
    pub fn is_changed(&self) -> bool {
        self.log.is_changed.get() || self.lists.iter().any(List::is_sorted)
    }

    /// What each of so many files looked at, with the numbers of the maps; `None` where something was changed, so that files
    /// depend on each other.
    pub fn finish(self, files: usize) -> Option<Vec<Vec<(u32, Touch)>>> {
        if self.is_changed() {
            return None;
        }
        let mut of_files = vec![Vec::new(); files];
        for (file, map, touch) in self.log.noted.take() {
            if let Some(looks) = of_files.get_mut(file as usize - 1) {
                looks.push((map, touch));
            }
        }
        Some(of_files)
    }
}
