//! [`locate`]: finds the location of a value in a document.

use super::Refusal;
use crate::values_path::Key;
use crate::yaml::{Form, Written, WrittenEntry as Entry};
use std::collections::{BTreeMap, HashMap};

/// How far a path exists in a document.
#[derive(Debug)]
pub(super) struct Located<'w> {
    /// The collections above it, from the root, each with the index of the next member.
    pub(super) above: Vec<(&'w Written, usize)>,
    /// The node at the end.
    pub(super) node: &'w Written,
    /// Whether it is in a flow collection, or is one.
    pub(super) in_flow: bool,
}

/// The entries of maps by name, indexed once for each map.
#[derive(Debug, Default)]
pub(super) struct Names<'w>(HashMap<*const Entry, Map<'w>>);

#[derive(Debug)]
struct Map<'w> {
    has_merge: bool,
    /// The index of the entry, and whether it is the only one with this name.
    numbers: BTreeMap<&'w str, (usize, bool)>,
}

impl<'w> Names<'w> {
    fn of(&mut self, entries: &'w [Entry]) -> &Map<'w> {
        self.0.entry(entries.as_ptr()).or_insert_with(|| {
            let mut numbers: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
            for (number, entry) in entries.iter().enumerate() {
                let Some(name) = &entry.name else { continue };
                numbers.entry(name).and_modify(|(_, is_only)| *is_only = false).or_insert((number, true));
            }
            Map { has_merge: entries.iter().any(|entry| entry.is_merge), numbers }
        })
    }
}

/// Follows a path as far as it exists; null ends it.
///
/// # Errors
/// The path leads through something that is not edited.
pub(super) fn locate<'w>(
    root: &'w Written,
    names: &mut Names<'w>,
    path: &[Key],
    text: &[u8],
) -> Result<Located<'w>, Refusal> {
    let mut located = Located { above: Vec::new(), node: root, in_flow: false };
    let mut keys = path.iter();
    loop {
        let node = located.node;
        if node.is_marked || matches!(node.form, Form::Alias) {
            return Err(Refusal::Anchor);
        }
        if let Form::Map { is_flow: true, .. } | Form::List { is_flow: true, .. } = node.form {
            located.in_flow = true;
        }
        let Some(key) = keys.next() else { return Ok(located) };
        let number = match (key, &node.form) {
            (Key::Name(name), Form::Map { is_pair, entries, .. }) => {
                if *is_pair {
                    return Err(Refusal::Layout);
                }
                let map = names.of(entries);
                if map.has_merge {
                    return Err(Refusal::Merge);
                }
                let Some(&(number, is_only)) = map.numbers.get(name.as_ref()) else { return Ok(located) };
                if !is_only {
                    return Err(Refusal::Duplicate(name.to_string()));
                }
                let entry = &entries[number];
                if entry.key.is_marked || matches!(entry.key.form, Form::Alias) {
                    return Err(Refusal::Anchor);
                }
                if entry.is_explicit {
                    return Err(Refusal::Layout);
                }
                located.node = &entry.value;
                number
            }
            (Key::Index(index), Form::List { items, .. }) => {
                let number = *index as usize;
                let Some(item) = items.get(number) else { return Ok(located) };
                located.node = item;
                number
            }
            _ if is_null(node, text) => return Ok(located),
            _ => return Err(Refusal::NoCollection),
        };
        located.above.push((node, number));
    }
}

/// Whether a node is null.
pub(super) fn is_null(node: &Written, text: &[u8]) -> bool {
    let bytes = text.get(node.start..node.end).unwrap_or_default();
    matches!(node.form, Form::Plain) && matches!(bytes, b"" | b"~" | b"null" | b"Null" | b"NULL")
}

/// Checks that what an edit removes neither contains references nor is referred to.
///
/// # Errors
/// An alias, an anchor, a tag, a merge key.
pub(super) fn check_inside(node: &Written) -> Result<(), Refusal> {
    if node.is_marked || matches!(node.form, Form::Alias) {
        return Err(Refusal::Anchor);
    }
    match &node.form {
        Form::List { items, .. } => items.iter().try_for_each(check_inside),
        Form::Map { entries, .. } => entries.iter().try_for_each(|entry| {
            if entry.is_merge {
                return Err(Refusal::Merge);
            }
            check_inside(&entry.key)?;
            check_inside(&entry.value)
        }),
        _ => Ok(()),
    }
}
