//! [`Wanted`]: an artifact that the mirror must hold, and the lists into which it belongs.

use super::artifact::{Artifact, ArtifactKind};
use std::collections::{BTreeMap, BTreeSet};

/// An artifact, and the lists that should have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The artifact, with what needs it.
    pub artifact: Artifact,
    /// The names of the lists: `images.txt`, `images-metallb.txt`.
    pub lists: BTreeSet<String>,
}

/// Each artifact once, in the order of the references, with all of its lists and of what needs it.
pub(crate) fn joined(all: impl IntoIterator<Item = Wanted>) -> Vec<Wanted> {
    let mut known: BTreeMap<(ArtifactKind, String), Wanted> = BTreeMap::new();
    for one in all {
        let (tag, digest) = one.artifact.version();
        let key =
            format!("{}:{}@{}", one.artifact.reference.name(), tag.unwrap_or_default(), digest.unwrap_or_default());
        match known.get_mut(&(one.artifact.kind, key.clone())) {
            Some(first) => {
                first.lists.extend(one.lists);
                first.artifact.needed_by.extend(one.artifact.needed_by);
            }
            None => drop(known.insert((one.artifact.kind, key), one)),
        }
    }
    let mut joined: Vec<Wanted> = known.into_values().collect();
    for one in &mut joined {
        one.artifact.needed_by.sort();
        one.artifact.needed_by.dedup();
    }
    joined.sort_by(|one, other| one.artifact.reference.as_written().cmp(other.artifact.reference.as_written()));
    joined
}
