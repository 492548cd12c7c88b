//! [`KeyPlaces`]: where the keys of values are in the user's files and flags.

use super::UserValues;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::Place;
use crate::trace::Str;
use crate::values_path::Key;
use crate::yaml::{Data, Node, Nodes};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// Finds keys in the user's files. Large maps are searched once for all of their keys.
pub(crate) struct KeyPlaces<'p> {
    user: &'p UserValues,
    helm: HelmVersion,
    limits: &'p Limits,
    /// By the address of the file; kept so that the addresses of the maps in them stay unique.
    documents: HashMap<usize, Option<Arc<Nodes>>>,
    /// By the address of a large map: its keys, each with the index of its last entry.
    entries: HashMap<usize, HashMap<Str, usize, RandomState>>,
}

/// The most entries of a map that are searched one after the other.
const FEW_ENTRIES: usize = 16;

impl<'p> KeyPlaces<'p> {
    /// For the user's values of a release.
    pub(crate) fn of(user: &'p UserValues, helm: HelmVersion, limits: &'p Limits) -> Self {
        Self { user, helm, limits, documents: HashMap::new(), entries: HashMap::new() }
    }

    /// The last key of a path in the file or the flag that sets a value: `metalb` of `metalb.speaker.image`. `None` if it is not found, as
    /// in what an alias repeats.
    pub(crate) fn find(&mut self, path: &[Key], value: &Place) -> Option<Place> {
        if value.file.is_flag() {
            return key_of_flag(path, value);
        }
        let Self { user, helm, limits, documents, entries } = self;
        let read = || user.documents(&value.file, *helm, limits).ok();
        let documents = documents.entry(Arc::as_ptr(&value.file) as usize).or_insert_with(read).clone()?;
        documents.iter().find_map(|top| Self::find_in(top, path, value, entries))
    }

    fn find_in(
        top: &Node,
        path: &[Key],
        value: &Place,
        known: &mut HashMap<usize, HashMap<Str, usize, RandomState>>,
    ) -> Option<Place> {
        let (mut node, mut key) = (top, None);
        for step in path {
            match (step, &node.data) {
                (Key::Name(name), Data::Map(entries)) => {
                    let at = if entries.len() <= FEW_ENTRIES {
                        entries.iter().rposition(|(entry, _)| entry.key == **name)?
                    } else {
                        let index = || entries.iter().enumerate().map(|(at, (entry, _))| (entry.key.clone(), at));
                        let address = std::ptr::from_ref(node).addr();
                        *known.entry(address).or_insert_with(|| index().collect()).get(name.as_bytes())?
                    };
                    let (entry, below) = &entries[at];
                    (node, key) = (below, Some((entry.start, entry.end)));
                }
                (Key::Index(index), Data::Seq(items)) => node = items.get(*index as usize)?,
                _ => return None,
            }
        }
        let (start, end) = key.filter(|_| node.start <= value.start && value.start <= node.end)?;
        Some(Place { file: value.file.clone(), start, end })
    }
}

/// The same in an assignment, `metalb.speaker.image=x`: the names before the sign are separated by dots.
fn key_of_flag(path: &[Key], value: &Place) -> Option<Place> {
    let bytes = value.file.bytes();
    let end = (value.start as usize).checked_sub(1).filter(|&sign| bytes.get(sign) == Some(&b'='))?;
    let begin = bytes[..end].iter().rposition(|&byte| byte == b',').map_or(0, |comma| comma + 1);
    let names = bytes[begin..end].split(|&byte| byte == b'.');
    let mut start = begin;
    for (number, name) in names.enumerate() {
        let Key::Name(wanted) = path.get(number)? else { return None };
        if name != wanted.as_bytes() {
            return None;
        }
        if number + 1 == path.len() {
            let end = start + name.len();
            return Some(Place { file: value.file.clone(), start: start as u32, end: end as u32 });
        }
        start += name.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;
    use crate::values_path::ValuesPath;

    #[test]
    fn keys_are_found_in_the_last_entry_of_their_name() {
        const PARTS: usize = 100_000;
        let mut text: String = (0..PARTS).map(|i| format!("k{i}: {{a: {i}}}\n")).collect();
        text.push_str("k7: {a: [{b: x}]}\n");
        let file = File::new("values.yaml", text.as_str());
        let user = UserValues { files: vec![file.clone()], ..UserValues::default() };
        let limits = Limits::default();
        let mut places = KeyPlaces::of(&user, HelmVersion::V4, &limits);
        let mut find = |path: &str, value: &str| {
            let start = text.find(value)? as u32;
            let place = Place { file: file.clone(), start, end: start + 1 };
            let found = places.find(&path.parse::<ValuesPath>().ok()?, &place)?;
            Some(text[found.start as usize..found.end as usize].to_owned())
        };
        assert_eq!(find("k7.a[0].b", "x}").as_deref(), Some("b"));
        assert_eq!(find("k7.a", "[{b").as_deref(), Some("a"));
        assert_eq!(find("k7.a", "7}"), None, "the entry before it does not count");
        assert_eq!(find("k8.b", "8}"), None);
        for number in 8..PARTS {
            let path = ValuesPath::from(vec![Key::from(format!("k{number}").as_str())]);
            let place = Place { file: file.clone(), start: 0, end: 0 };
            assert!(places.find(&path, &place).is_none(), "the value is not there");
        }
    }
}
