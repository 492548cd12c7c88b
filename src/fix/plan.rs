//! Plans the edits of one text: the desired values, and the text changes that produce them.
//!
//! All paths refer to the original text, whatever the other edits do: `l[1]` is the second element even if `l[0]` is removed.

use super::{Refusal, ValueAction, tree};
use crate::values_path::Key;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most changes into which setting a whole value is split; if it needs more, the value is rewritten.
pub(super) const STEPS: usize = 100;

/// An edit of a text: the path of a value, and what to do with it.
pub(crate) type PlannedChange<'a> = (&'a [Key], &'a ValueAction);

/// One change of the text.
#[derive(Debug)]
pub(super) enum Step {
    /// Replaces the value.
    Set(Value),
    /// Removes it with its key; with `prunes`, also the maps above it that become empty.
    Remove { prunes: bool },
    /// Removes each member of a map separately, so that comments in it stay.
    Clear,
    /// Adds it.
    Add(Value),
}

/// The values with edits applied.
///
/// # Errors
/// Why one of them cannot be made.
pub(super) fn wanted(before: &Value, edits: &[PlannedChange<'_>]) -> Result<Value, Refusal> {
    let mut wanted = before.clone();
    for (path, action) in edits {
        match action {
            ValueAction::Set(value) => tree::set(&mut wanted, path, value.clone())?,
            ValueAction::Add(value) => tree::add(&mut wanted, path, value.clone())?,
            ValueAction::Remove => {}
        }
    }
    // The last element of a list is removed first.
    removed(edits).iter().rev().try_for_each(|path| tree::remove(&mut wanted, path))?;
    Ok(wanted)
}

fn removed<'a>(edits: &[PlannedChange<'a>]) -> BTreeSet<&'a [Key]> {
    edits.iter().filter(|(_, action)| **action == ValueAction::Remove).map(|(path, _)| *path).collect()
}

/// The text changes, in an order in which they can also be made one by one.
///
/// # Errors
/// Why one of the edits cannot be made.
pub(super) fn steps(before: &Value, edits: &[PlannedChange<'_>]) -> Result<Vec<(Vec<Key>, Step)>, Refusal> {
    let mut steps = Vec::new();
    for (path, action) in edits {
        let ValueAction::Set(value) = action else { continue };
        let mut own = Vec::new();
        apart(tree::get(before, path).ok_or(Refusal::Missing)?, value, path, &mut own);
        match own.len() > STEPS {
            true => steps.push((path.to_vec(), Step::Set(value.clone()))),
            false => steps.append(&mut own),
        }
    }
    let added = additions(before, edits)?;
    let growing: BTreeSet<&[Key]> = added.iter().map(|(path, _)| &path[..path.len() - 1]).collect();
    let removals = removals(before, &removed(edits), &growing)?;
    steps.extend(added.into_iter().map(|(path, value)| (path, Step::Add(value))));
    steps.extend(removals);
    Ok(steps)
}

/// Additions merged with each other: two values below a missing key become one.
fn additions(before: &Value, edits: &[PlannedChange<'_>]) -> Result<Vec<(Vec<Key>, Value)>, Refusal> {
    let mut found: Vec<(Vec<Key>, Value)> = Vec::new();
    let mut known: BTreeMap<Vec<Key>, usize> = BTreeMap::new();
    for (path, action) in edits {
        let ValueAction::Add(value) = action else { continue };
        let mut there = 0;
        let mut next = Some(before);
        while let Some(value) = next.filter(|_| there < path.len()) {
            next = tree::get(value, &path[there..=there]);
            there += usize::from(next.is_some());
        }
        if there == path.len() {
            return Err(Refusal::Exists);
        }
        let (top, below) = path.split_at(there + 1);
        match known.get(top) {
            Some(&number) => tree::add(&mut found[number].1, below, value.clone())?,
            None => {
                known.insert(top.to_vec(), found.len());
                found.push((top.to_vec(), tree::built(below, value.clone())?));
            }
        }
    }
    Ok(found)
}

/// Removals: a map of which nothing is left is removed as a whole, the last first. Maps in `growing` get something new.
fn removals(
    before: &Value,
    removed: &BTreeSet<&[Key]>,
    growing: &BTreeSet<&[Key]>,
) -> Result<Vec<(Vec<Key>, Step)>, Refusal> {
    // By depth: the removed paths, with the only value below each, or none if there are several.
    let mut levels: Vec<BTreeMap<&[Key], Option<&[Key]>>> = Vec::new();
    for path in removed {
        tree::get(before, path).filter(|_| !path.is_empty()).ok_or(Refusal::Missing)?;
        levels.resize_with(levels.len().max(path.len() + 1), BTreeMap::new);
        levels[path.len()].insert(path, Some(path));
    }
    for depth in (2..levels.len()).rev() {
        type Members<'a> = Vec<(&'a [Key], Option<&'a [Key]>)>;
        let mut members: BTreeMap<&[Key], Members<'_>> = BTreeMap::new();
        for (path, only) in &levels[depth] {
            members.entry(&path[..depth - 1]).or_default().push((path, *only));
        }
        for (parent, members) in members {
            let is_value = matches!(parent.last(), Some(Key::Name(_)));
            let all =
                tree::get(before, parent).and_then(Value::as_object).is_some_and(|map| map.len() == members.len());
            if is_value && all && !growing.contains(parent) {
                members.iter().for_each(|(path, _)| {
                    levels[depth].remove(path);
                });
                let only = if let [(_, only)] = members[..] { only } else { None };
                levels[depth - 1].insert(parent, only);
            }
        }
    }
    let mut found: Vec<(Vec<Key>, Step)> = Vec::new();
    for (path, only) in levels.into_iter().flatten() {
        found.push(match only {
            // It removes the maps above it, too.
            Some(only) => (only.to_vec(), Step::Remove { prunes: !growing.contains(&only[..only.len() - 1]) }),
            None => (path.to_vec(), Step::Clear),
        });
    }
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(found)
}

/// The changes from one value to another.
fn apart(old: &Value, new: &Value, path: &[Key], steps: &mut Vec<(Vec<Key>, Step)>) {
    let below = |key: Key| [path, &[key]].concat();
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) if !new.is_empty() => {
            for (name, value) in new {
                let path = below(Key::Name(name.as_str().into()));
                match old.get(name) {
                    Some(old) => apart(old, value, &path, steps),
                    None => steps.push((path, Step::Add(value.clone()))),
                }
            }
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            let gone = gone.map(|name| (below(Key::Name(name.as_str().into())), Step::Remove { prunes: false }));
            steps.extend(gone);
        }
        (Value::Array(old), Value::Array(new)) if !new.is_empty() => {
            for (index, value) in new.iter().enumerate() {
                let path = below(Key::Index(index as u32));
                match old.get(index) {
                    Some(old) => apart(old, value, &path, steps),
                    None => steps.push((path, Step::Add(value.clone()))),
                }
            }
            let gone = (new.len()..old.len()).rev().map(|index| below(Key::Index(index as u32)));
            steps.extend(gone.map(|path| (path, Step::Remove { prunes: false })));
        }
        _ => steps.push((path.to_vec(), Step::Set(new.clone()))),
    }
}
