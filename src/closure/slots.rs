//! [`Slots`]: the maps of the coalesced values, by the paths under which a user sets them.

use crate::reads::GLOBAL;
use crate::template::{Map, Value};
use crate::values::Instance;
use crate::values_path::{Key, ValuesPath};
use std::collections::{BTreeMap, HashMap};

/// Values that are nested deeper keep what they have.
const DEEPEST: usize = 64;

/// The maps of a release's values.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// By the index of a watched map: its path.
    paths: HashMap<u32, ValuesPath>,
    /// The maps at a path: several below `global`, of which each chart has a copy.
    maps: BTreeMap<ValuesPath, Vec<Map>>,
}

impl Slots {
    /// The maps of the values of a chart and its subcharts, which are watched.
    pub(super) fn of(root: &Instance, values: &Map) -> Self {
        let mut slots = Self::default();
        slots.map(values, &ValuesPath::default(), Some(root));
        slots
    }

    fn map(&mut self, map: &Map, path: &ValuesPath, instance: Option<&Instance>) {
        if let Some(number) = map.watched() {
            self.paths.insert(number, path.clone());
        }
        self.maps.entry(path.clone()).or_default().push(map.clone());
        if path.len() >= DEEPEST {
            return;
        }
        for (key, value) in map.entries() {
            let Value::Map(inner) = &value else { continue };
            let key = key.to_text();
            let child = instance.and_then(|instance| instance.children.iter().find(|child| child.name == key));
            // The values below `global` are one for all charts.
            let path = match instance.is_some() && key == GLOBAL {
                true => ValuesPath::from(vec![Key::from(GLOBAL)]),
                false => path.with(&*key),
            };
            self.map(inner, &path, child);
        }
    }

    /// The path of a watched map.
    pub(super) fn path(&self, map: u32) -> Option<&ValuesPath> {
        self.paths.get(&map)
    }

    /// The maps at a path.
    pub(super) fn maps(&self, path: &[Key]) -> &[Map] {
        self.maps.get(path).map_or(&[], Vec::as_slice)
    }

    /// The value at a path, as the first chart that has it sees it.
    pub(super) fn value(&self, path: &[Key]) -> Option<Value> {
        let (last, parent) = path.split_last()?;
        let name = last.name()?;
        self.maps(parent).iter().find_map(|map| map.get(name.as_bytes()))
    }
}
