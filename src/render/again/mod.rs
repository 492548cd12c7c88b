//! [`Before`]: what is known of a render, so that another render of the same charts with other values can skip the files whose
//! output cannot change.
//!
//! The output of a file stays the same if nothing that it read in the maps of the values has changed, and if it used no randomness.
//! A file that changes what others see (`set`, `merge`) is tied to the files that read what it changes: they are executed with it, in
//! their order.

mod compared;
#[cfg(test)]
mod tests;

use super::scope::TemplateFile;
use super::{Inputs, Release};
use crate::chart::Chart;
use crate::template::touched::{Change, Looks, Touch, Touches};
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values::Instance;
use crate::values_path::Key;
use compared::Comparison;
use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The reads of a render, file by file.
#[derive(Debug)]
pub(crate) struct Before {
    files: Vec<Looked>,
    values: Values,
    charts: Vec<Found>,
    release: Release,
    /// The index of the `.Release` map.
    release_map: Option<u32>,
    /// What files changed in the maps of the values.
    changed: HashMap<u32, Changed>,
    /// The file that failed in the last failed render.
    failed: RefCell<Option<String>>,
}

/// An executed file.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) name: String,
    /// What it read, with the indexes of the maps.
    pub(super) touches: Vec<(u32, Touch)>,
    /// Whether it used randomness, which depends on everything before it.
    pub(super) is_random: bool,
    /// Whether it read or changed what files change.
    pub(super) is_tied: bool,
}

/// The values of a render as they were before its files were executed.
#[derive(Debug)]
struct Values {
    top: Map,
    /// The entries of maps that files changed.
    kept: HashMap<u32, BTreeMap<Str, Value>, RandomState>,
}

/// A chart of a release, with its dependencies.
#[derive(Debug)]
struct Found {
    full_path: String,
    chart: Arc<Chart>,
    enabled: Vec<bool>,
}

/// What files change in a map.
#[derive(Debug, Default)]
struct Changed {
    members: HashSet<Str>,
    /// Whether it may be any other member as well.
    is_any: bool,
}

/// What another render of the charts has in common with an earlier one.
#[derive(Debug, Default)]
pub(super) struct Again<'b> {
    /// The files whose output stays the same.
    pub(super) unchanged: BTreeSet<String>,
    /// Whether these are all of them.
    pub(super) is_same: bool,
    /// The maps that files may change, since all who read that are executed.
    expected: Vec<(Map, &'b Changed)>,
}

/// Watches the data of files.
pub(super) fn watch(files: &[TemplateFile], mut touches: Touches) -> Touches {
    files.iter().for_each(|file| touches.watch(&file.scope.clone().into()));
    touches
}

impl Before {
    /// For a finished render; `None` if it is not known how its files depend on each other.
    pub(super) fn of(
        root: &Instance,
        inputs: &Inputs<'_>,
        files: Vec<Looked>,
        touches: Touches,
        scopes: &[TemplateFile],
    ) -> Option<Self> {
        let Looks { of_files, changed: changes, kept } = touches.finish(files.len())?;
        let release_map = scopes.first().and_then(|file| file.scope.get(b"Release")?.as_map()?.watched());
        let values = Values { top: inputs.values.clone(), kept };
        let mut changed: HashMap<u32, Changed> = HashMap::new();
        for (map, member) in changes {
            let changed = changed.entry(map).or_default();
            match member {
                Some(member) => drop(changed.members.insert(member)),
                None => changed.is_any = true,
            }
        }
        if !changed.is_empty() {
            let mut known = HashSet::new();
            values.maps(&values.top, &mut known);
            if !changed.keys().all(|map| known.contains(map)) {
                return None;
            }
        }
        let mut charts = Vec::new();
        add(root, &mut charts);
        let is_tied = |(map, touch): &(u32, Touch)| changed.get(map).is_some_and(|changed| changed.shows(touch));
        let files = files.into_iter().zip(of_files);
        let files = files.map(|(file, touches)| Looked { is_tied: touches.iter().any(is_tied), touches, ..file });
        let (files, release) = (files.collect(), inputs.release.clone());
        Some(Self { files, values, charts, release, release_map, changed, failed: RefCell::default() })
    }

    /// The file to execute first: the first failure ends a render, and what failed once will most likely fail again. Many
    /// charts check their values in NOTES.txt. `None` if files change what others see.
    pub(super) fn first(&self) -> Option<String> {
        let notes = || {
            let notes = self.files.iter().filter(|file| !file.is_random && file.name.ends_with("/NOTES.txt"));
            notes.map(|file| &file.name).min_by_key(|name| name.len()).cloned()
        };
        if !self.changed.is_empty() {
            return None;
        }
        self.failed.borrow().clone().or_else(notes)
    }

    /// Whether no file read what another value at a path of the top chart's values changes. Not asked are values that charts share, and
    /// those that decide which charts are enabled or what they import.
    pub(crate) fn is_blind_to(&self, path: &[Key]) -> bool {
        let mut map = self.values.top.clone();
        for (at, key) in path.iter().enumerate() {
            let (Some(name), Some(number)) = (key.name(), map.watched()) else { return false };
            match self.values.with_entries(&map, |entries| entries.get(name.as_bytes()).cloned()) {
                Some(Value::Map(inner)) if at + 1 < path.len() => map = inner,
                _ => {
                    let sees = |touch: &Touch| !matches!(touch, Touch::Member(member) if *member != name);
                    let mut touches = self.files.iter().flat_map(|file| &file.touches);
                    return !touches.any(|(of, touch)| *of == number && sees(touch));
                }
            }
        }
        false
    }

    /// Records that a file failed, unless it must not be executed first.
    pub(super) fn fails(&self, name: &str) {
        if self.files.iter().any(|file| !file.is_random && file.name == name) {
            *self.failed.borrow_mut() = Some(name.to_owned());
        }
    }

    /// What a release of these charts with other values has in common with this render.
    pub(super) fn again(&self, root: &Instance, inputs: &Inputs<'_>) -> Again<'_> {
        let mut charts = Vec::new();
        add(root, &mut charts);
        let is_same = |(one, other): (&Found, &Found)| {
            Arc::ptr_eq(&one.chart, &other.chart) && one.full_path == other.full_path && one.enabled == other.enabled
        };
        let are_same = charts.len() == self.charts.len() && charts.iter().zip(&self.charts).all(is_same);
        let Some(comparison) = are_same.then(|| Comparison::of(self, inputs)).flatten() else {
            return Again::default();
        };
        let differs = |file: &Looked| file.is_random || comparison.is_seen_by(file);
        let differ: Vec<bool> = self.files.iter().map(differs).collect();
        // Whatever is executed must find what the tied files change.
        let is_any = differ.contains(&true);
        let stays =
            |(file, differs): (&Looked, bool)| (!(differs || is_any && file.is_tied)).then(|| file.name.clone());
        let unchanged = self.files.iter().zip(differ).filter_map(stays).collect();
        Again { unchanged, is_same: !is_any, expected: comparison.expected }
    }
}

impl Again<'_> {
    /// Whether files that were not executed, or not in their turn, may be wrong: a file changed what others see, and did not in the
    /// earlier render.
    pub(super) fn is_broken(&self, touches: &Touches) -> bool {
        let expected: HashMap<u32, &Changed> =
            self.expected.iter().filter_map(|(map, changed)| Some((map.watched()?, *changed))).collect();
        let is_expected =
            |(map, member): &Change| expected.get(map).is_some_and(|changed| changed.contains(member.as_ref()));
        touches.changed().is_none_or(|changes| !changes.iter().all(is_expected))
    }
}

impl Changed {
    /// Whether this may be what a file read.
    fn shows(&self, touch: &Touch) -> bool {
        match touch {
            Touch::Member(key) => self.contains(Some(key)),
            Touch::Emptiness | Touch::All => true,
        }
    }

    fn contains(&self, member: Option<&Str>) -> bool {
        self.is_any || member.is_some_and(|member| self.members.contains(member))
    }
}

impl Values {
    /// Calls with the entries of a map, as they were.
    fn with_entries<R>(&self, map: &Map, call: impl FnOnce(&BTreeMap<Str, Value>) -> R) -> R {
        match map.watched().and_then(|number| self.kept.get(&number)) {
            Some(entries) => call(entries),
            None => call(&map.borrow()),
        }
    }

    /// The indexes of a map and of the maps in it.
    fn maps(&self, map: &Map, found: &mut HashSet<u32>) {
        if map.watched().is_some_and(|number| found.insert(number)) {
            self.with_entries(map, |entries| {
                entries.values().filter_map(Value::as_map).for_each(|inner| self.maps(inner, found));
            });
        }
    }
}

fn add(instance: &Instance, found: &mut Vec<Found>) {
    let enabled = instance.dependencies.iter().flatten().map(|requirement| requirement.enabled).collect();
    found.push(Found { full_path: instance.full_path.clone(), chart: instance.chart.clone(), enabled });
    instance.children.iter().for_each(|child| add(child, found));
}
