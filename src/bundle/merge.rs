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
    fn fit<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let tag = |artifact: &Artifact| artifact.version().0.map(str::to_owned);
    let place =
        |artifact: &Artifact| artifact.destination.as_ref().map(ToString::to_string).or_else(|| artifact.path.clone());
    let same_version = match (tag(one), tag(other)) {
        (Some(one_tag), Some(other_tag)) => one_tag == other_tag && fit(&one.digest, &other.digest),
        (None, None) => one.digest == other.digest,
        _ => false,
    };
    same_version && fit(&place(one), &place(other))
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
    for need in other.needed_by {
        if !known.needed_by.contains(&need) {
            known.needed_by.push(need);
        }
    }
}
