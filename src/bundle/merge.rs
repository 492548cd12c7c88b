//! Lists as one: sorted, and each artifact once.

use super::artifact::{Artifact, ArtifactKind};

/// The artifacts in order, each once. What several lists say about one is put together.
pub(super) fn merged<'a>(artifacts: impl Iterator<Item = &'a Artifact>) -> Vec<Artifact> {
    let mut sorted: Vec<Artifact> = artifacts.cloned().collect();
    sorted.sort_by_cached_key(|artifact| {
        let place = artifact.destination.as_ref().map(ToString::to_string).or_else(|| artifact.path.clone());
        // What is said comes first, so that what is not is filled in.
        (
            artifact.reference.name(),
            artifact.reference.tag.clone(),
            nothing_last(&artifact.digest),
            nothing_last(&place),
        )
    });
    let mut merged: Vec<Artifact> = Vec::new();
    for artifact in sorted {
        let known = merged.iter_mut().rev().take_while(|known| known.reference.name() == artifact.reference.name());
        match known.into_iter().find(|known| are_one(known, &artifact)) {
            Some(known) => merge(known, artifact),
            None => merged.push(artifact),
        }
    }
    merged
}

fn nothing_last(text: &Option<String>) -> (bool, Option<String>) {
    (text.is_none(), text.clone())
}

fn are_one(one: &Artifact, other: &Artifact) -> bool {
    let place =
        |artifact: &Artifact| artifact.destination.as_ref().map(ToString::to_string).or_else(|| artifact.path.clone());
    is_same_version(one, other) && fit(&place(one), &place(other))
}

/// Whether two artifacts of one repository are the same version, as far as both say: the tag, and the digest if both have one.
pub(super) fn is_same_version(one: &Artifact, other: &Artifact) -> bool {
    match (one.version().0, other.version().0) {
        (Some(tag), Some(other_tag)) => tag == other_tag && fit(&one.digest, &other.digest),
        (None, None) => one.digest == other.digest,
        _ => false,
    }
}

/// Whether two sides say the same, or one says nothing.
fn fit<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_none() || other.is_none() || one == other
}

fn merge(known: &mut Artifact, other: Artifact) {
    if other.kind == ArtifactKind::Chart {
        known.kind = ArtifactKind::Chart;
    }
    known.digest = known.digest.take().or(other.digest);
    if known.destination.is_none() && known.path.is_none() {
        (known.destination, known.path) = (other.destination, other.path);
    }
    if known.platforms.is_empty() || other.platforms.is_empty() {
        known.platforms.clear();
    } else {
        let new: Vec<String> =
            other.platforms.into_iter().filter(|platform| !known.platforms.contains(platform)).collect();
        known.platforms.extend(new);
    }
    if known.index_platforms.is_empty() {
        known.index_platforms = other.index_platforms;
    }
    for need in other.needed_by {
        if !known.needed_by.contains(&need) {
            known.needed_by.push(need);
        }
    }
}
