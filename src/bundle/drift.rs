//! [`drift`]: how lists differ from what they should have, in both directions.

use super::artifact::Artifact;
use super::forms::record::is_record;
use super::is_list_of_some;
use super::listed::Listed;
use super::wanted::Wanted;
use crate::source::{File, Place};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A list as it is.
#[derive(Debug, Clone)]
pub(crate) struct FoundList {
    /// The file.
    pub file: Arc<File>,
    /// Its entries, in order.
    pub entries: Vec<Listed>,
}

/// A difference between lists and what they should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drift {
    /// What is wrong.
    pub kind: DriftKind,
    /// The artifact: as it is needed, or as the list has it if nothing needs it.
    pub artifact: Artifact,
    /// The name of the list.
    pub list: String,
    /// The line; for what is missing, the line before it.
    pub place: PlaceOf,
}

/// A position that can be compared.
#[derive(Debug, Clone)]
pub(crate) struct PlaceOf(pub Place);

impl PartialEq for PlaceOf {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for PlaceOf {}

impl PlaceOf {
    fn key(&self) -> (&str, u32, u32) {
        (self.0.file.shown(), self.0.start, self.0.end)
    }
}

/// What is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DriftKind {
    /// It is needed with the values as given, and the list does not have it.
    Missing,
    /// It is needed only with these settings, and the list does not have it.
    MissingUnderSwitch(Vec<String>),
    /// The list has another tag, or another digest without a tag.
    OtherVersion(Artifact),
    /// The list has another digest of the same tag.
    OtherDigest(Artifact),
    /// Nothing needs it.
    Unneeded,
    /// It belongs into other lists.
    WrongList(Vec<String>),
    /// The list has it on an earlier line, too.
    Twice(PlaceOf),
}

/// The name of an artifact, and its tag, or its digest if it has no tag.
type Key = (String, String);

fn key(artifact: &Artifact) -> Key {
    let version = match artifact.version() {
        (Some(tag), _) => tag.to_owned(),
        (None, digest) => digest.unwrap_or_default().to_ascii_lowercase(),
    };
    (artifact.reference.name(), version)
}

/// The name of a list: that of its file, without folders.
pub(crate) fn list_name(file: &File) -> &str {
    file.name().rsplit('/').next().unwrap_or_default()
}

/// The differences, in the order of the files and their lines.
///
/// A file with the name of a list should have what belongs into that list; beside such files, one with the name of a list that nothing belongs
/// into should have nothing. Files with other names, such as those of other tools, should have everything together.
pub(crate) fn drift(wanted: &[Wanted], found: &[FoundList]) -> Vec<Drift> {
    let names: BTreeSet<&str> = wanted.iter().flat_map(|one| &one.lists).map(String::as_str).collect();
    let is_known = |list: &FoundList| names.contains(list_name(&list.file));
    // Beside lists that are known, another one is that of a component that is gone.
    let has_known = found.iter().any(is_known);
    let is_gone = |list: &FoundList| has_known && is_list_of_some(list_name(&list.file));
    let (named, others): (Vec<&FoundList>, Vec<&FoundList>) =
        found.iter().partition(|list| is_known(list) || is_gone(list));
    // A record repeats what the lists beside it say.
    let (records, others): (Vec<&FoundList>, Vec<&FoundList>) =
        others.into_iter().partition(|list| is_record(&list.file));
    let mut lists: BTreeMap<&str, Vec<&FoundList>> = BTreeMap::new();
    let mut has: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
    for list in named {
        let name = list_name(&list.file);
        lists.entry(name).or_default().push(list);
        for entry in &list.entries {
            has.entry(key(&entry.artifact)).or_default().insert(name);
        }
    }
    let mut belongs: BTreeMap<Key, &BTreeSet<String>> = BTreeMap::new();
    for one in wanted {
        belongs.entry(key(&one.artifact)).or_insert(&one.lists);
    }
    let comparison = Comparison { belongs, has };
    let mut all = Vec::new();
    for (name, files) in &lists {
        let own = wanted.iter().filter(|one| one.lists.contains(*name));
        comparison.compare(name, own, files, &mut all);
    }
    for files in [&records, &others] {
        if let Some(first) = files.first() {
            comparison.compare(list_name(&first.file), wanted.iter(), files, &mut all);
        }
    }
    let is_record_alone = lists.is_empty() && !records.is_empty();
    if let (true, Some(first)) = (others.is_empty() && !is_record_alone, found.first()) {
        // Nothing compares what belongs only into lists that are not there.
        let homeless = |one: &&Wanted| !one.lists.iter().any(|name| lists.contains_key(name.as_str()));
        for one in wanted.iter().filter(homeless) {
            let list = one.lists.first().cloned().unwrap_or_default();
            let place = PlaceOf(Place { file: first.file.clone(), start: 0, end: 0 });
            all.push(Drift { kind: missing_kind(&one.artifact), artifact: one.artifact.clone(), list, place });
        }
    }
    all.sort_by(|one, other| one.place.key().cmp(&other.place.key()));
    all
}

struct Comparison<'w> {
    /// The lists into which each artifact belongs.
    belongs: BTreeMap<Key, &'w BTreeSet<String>>,
    /// The lists that have it.
    has: BTreeMap<Key, BTreeSet<&'w str>>,
}

impl Comparison<'_> {
    /// Compares what a list should have with what its files have.
    fn compare<'w>(
        &self,
        name: &str,
        own: impl Iterator<Item = &'w Wanted>,
        files: &[&FoundList],
        all: &mut Vec<Drift>,
    ) {
        let mut entries: BTreeMap<Key, &Listed> = BTreeMap::new();
        for entry in files.iter().flat_map(|list| &list.entries) {
            match entries.entry(key(&entry.artifact)) {
                Entry::Vacant(free) => drop(free.insert(entry)),
                Entry::Occupied(known) => {
                    let kind = DriftKind::Twice(PlaceOf(known.get().place.clone()));
                    all.push(at(entry, kind, entry.artifact.clone()));
                }
            }
        }
        let mut missing: BTreeMap<String, VecDeque<&Artifact>> = BTreeMap::new();
        let mut used: BTreeSet<Key> = BTreeSet::new();
        for Wanted { artifact, .. } in own {
            let key = key(artifact);
            let Some(entry) = entries.get(&key) else {
                missing.entry(key.0).or_default().push_back(artifact);
                continue;
            };
            used.insert(key);
            if let (Some(wanted), Some(listed)) = (&artifact.digest, &entry.artifact.digest)
                && !wanted.eq_ignore_ascii_case(listed)
            {
                all.push(at(entry, DriftKind::OtherDigest(entry.artifact.clone()), artifact.clone()));
            }
        }
        for (key, entry) in entries.iter().filter(|(key, _)| !used.contains(*key)) {
            if let Some(lists) = self.belongs.get(key) {
                let lists = lists.iter().cloned().collect();
                all.push(at(entry, DriftKind::WrongList(lists), entry.artifact.clone()));
                continue;
            }
            // Another version takes the place of one that is missing.
            all.push(match missing.get_mut(&key.0).and_then(VecDeque::pop_front) {
                Some(wanted) => at(entry, DriftKind::OtherVersion(entry.artifact.clone()), wanted.clone()),
                None => at(entry, DriftKind::Unneeded, entry.artifact.clone()),
            });
        }
        let start = Place { file: files[0].file.clone(), start: 0, end: 0 };
        for artifact in missing.into_values().flatten() {
            let key = key(artifact);
            if self.is_in_wrong_list(&key) {
                continue;
            }
            let earlier = entries.range(..key).next_back().map(|(_, entry)| entry.place.clone());
            let place = PlaceOf(earlier.unwrap_or_else(|| start.clone()));
            all.push(Drift { kind: missing_kind(artifact), artifact: artifact.clone(), list: name.to_owned(), place });
        }
    }

    /// Whether a list that should not have an artifact has it: then that line is to be moved.
    fn is_in_wrong_list(&self, key: &Key) -> bool {
        let (Some(belongs), Some(has)) = (self.belongs.get(key), self.has.get(key)) else { return false };
        has.iter().any(|name| !belongs.contains(*name))
    }
}

fn at(entry: &Listed, kind: DriftKind, artifact: Artifact) -> Drift {
    let list = list_name(&entry.place.file).to_owned();
    Drift { kind, artifact, list, place: PlaceOf(entry.place.clone()) }
}

/// How an artifact is missing: at all, or under the smallest settings under which it is needed.
fn missing_kind(artifact: &Artifact) -> DriftKind {
    match artifact.smallest_need() {
        Some(smallest) if !smallest.settings.is_empty() => DriftKind::MissingUnderSwitch(smallest.settings.clone()),
        _ => DriftKind::Missing,
    }
}
