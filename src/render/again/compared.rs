//! [`Comparison`]: how the values of a release differ from those of a render, as far as files that read them can see.

use super::{Before, Changed, Looked};
use crate::render::{Inputs, Release};
use crate::template::touched::Touch;
use crate::template::{Map, Value};
use crate::trace::Str;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The differences in a map, without those in nested maps.
#[derive(Debug, Default)]
struct Different {
    members: HashSet<Str>,
    /// Whether only one of the two is empty.
    emptiness: bool,
}

impl Different {
    /// Whether the differences are visible to a file that read this.
    fn shows(&self, touch: &Touch) -> bool {
        match touch {
            Touch::Member(key) => self.members.contains(key),
            Touch::Emptiness => self.emptiness,
            Touch::All => true,
        }
    }
}

/// How the values of a release differ from those of a render.
pub(super) struct Comparison<'b> {
    before: &'b Before,
    /// By the indexes of the maps of the render.
    different: HashMap<u32, Different>,
    /// The maps of the release that stand for changed ones.
    pub(super) expected: Vec<(Map, &'b Changed)>,
}

impl<'b> Comparison<'b> {
    /// Compares a release with a render; `None` if the differences cannot be determined.
    pub(super) fn of(before: &'b Before, inputs: &Inputs<'_>) -> Option<Self> {
        let mut comparison = Self { before, different: HashMap::new(), expected: Vec::new() };
        let is_known =
            comparison.compare_release(inputs.release) && comparison.compare(&before.values.top, inputs.values);
        is_known.then_some(comparison)
    }

    /// Whether a file of the render read something that differs.
    pub(super) fn is_seen_by(&self, file: &Looked) -> bool {
        file.touches.iter().any(|(map, touch)| self.different.get(map).is_some_and(|map| map.shows(touch)))
    }

    /// Records the differences of `.Release`; false if that cannot be determined.
    fn compare_release(&mut self, new: &Release) -> bool {
        let old = &self.before.release;
        let is_event = old.is_upgrade != new.is_upgrade;
        let members = [
            ("Name", old.name != new.name),
            ("Namespace", old.namespace != new.namespace),
            ("IsUpgrade", is_event),
            ("IsInstall", is_event),
            ("Revision", old.revision != new.revision),
        ];
        let members: HashSet<Str> =
            members.iter().filter(|(_, is_different)| *is_different).map(|(name, _)| Str::from(*name)).collect();
        if members.is_empty() {
            return true;
        }
        let difference = Different { members, emptiness: false };
        self.before.release_map.is_some_and(|map| self.different.insert(map, difference).is_none())
    }

    /// Records the differences of maps by index, not counting those in nested maps; false if that cannot be determined.
    fn compare(&mut self, old: &Map, new: &Map) -> bool {
        let Some(number) = old.watched() else { return false };
        let before = self.before;
        if let Some(changed) = before.changed.get(&number) {
            self.expected.push((new.clone(), changed));
        }
        before.values.with_entries(old, |old| self.compare_entries(number, old, &new.borrow()))
    }

    fn compare_entries(&mut self, number: u32, old: &BTreeMap<Str, Value>, new: &BTreeMap<Str, Value>) -> bool {
        let mut members: Vec<&Str> = Vec::new();
        let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
        loop {
            // Both are sorted.
            let next = match (olds.peek(), news.peek()) {
                (None, None) => break,
                (Some((own, _)), Some((other, _))) => own.cmp(other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            let old = if next.is_le() { olds.next() } else { None };
            let new = if next.is_ge() { news.next() } else { None };
            let is_same = match (old, new) {
                (Some((_, Value::Map(old))), Some((_, Value::Map(new)))) => {
                    if !self.compare(old, new) {
                        return false;
                    }
                    std::ptr::eq(old.ty(), new.ty()) && old.is_nil() == new.is_nil()
                }
                (Some((_, old)), Some((_, new))) => old.is_same(new),
                _ => false,
            };
            if !is_same {
                members.extend(old.or(new).map(|(key, _)| key));
            }
        }
        if !members.is_empty() {
            let found = self.different.entry(number).or_default();
            found.members.extend(members.into_iter().cloned());
            found.emptiness |= old.is_empty() != new.is_empty();
        }
        true
    }
}
