//! Where nodes find images: what the configurations of containerd, k3s and OpenShift have in common.

use super::writing::{Wish, Written};
use crate::bundle::artifact::Artifact;
use crate::bundle::listed::{NodeMirror, Pulls};
use crate::reference::Reference;
use std::collections::{BTreeMap, BTreeSet};

/// A source, and its place on the mirror.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodePlace {
    /// A registry, the beginning of repositories there, or `*`.
    pub source: String,
    /// The place of what is below the source.
    pub place: String,
    /// What is pulled from there.
    pub pulls: Pulls,
}

/// What a configuration can name as a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Registries.
    Registry,
    /// Registries, and repositories.
    Repository,
}

/// An artifact and its place.
struct Placed<'a> {
    artifact: &'a Artifact,
    /// The repository on the mirror.
    name: String,
    /// The beginning of it, if the rest is the repository of the source.
    beginning: Option<String>,
}

/// The places that a configuration has to name, in order.
pub(super) fn places(wish: &Wish<'_>, depth: Depth, written: &mut Written) -> Vec<NodePlace> {
    if wish.artifacts.is_empty() {
        let as_read = |mirror: &NodeMirror| NodePlace {
            source: mirror.source.clone(),
            place: mirror.place.clone(),
            pulls: mirror.pulls,
        };
        return wish.node_mirrors.iter().map(as_read).collect();
    }
    let mut registries: BTreeMap<&str, Vec<Placed<'_>>> = BTreeMap::new();
    for artifact in wish.artifacts {
        let reference = &artifact.reference;
        let Some(place) = wish.place_of(artifact) else {
            written.lose(artifact, "neither the lists nor --mirror say its place on the mirror");
            continue;
        };
        if place.tag != reference.tag {
            written.lose(artifact, format_args!("nodes cannot find it under another tag, {place}"));
            continue;
        }
        let name = place.name();
        let beginning = name.strip_suffix(&format!("/{}", reference.repository)).map(str::to_owned);
        registries.entry(&reference.registry).or_default().push(Placed { artifact, name, beginning });
    }
    let mut places = BTreeSet::new();
    for (registry, artifacts) in registries {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for Placed { beginning, .. } in &artifacts {
            *counts.entry(beginning.as_deref().unwrap_or_default()).or_default() += 1;
        }
        counts.remove("");
        let most = counts.iter().max_by_key(|(beginning, count)| (**count, std::cmp::Reverse(**beginning)));
        let common = most.map(|(beginning, _)| (*beginning).to_owned());
        for Placed { artifact, name, beginning } in &artifacts {
            let pulls = match artifact.version() {
                (Some(_), Some(_)) => Pulls::All,
                (None, _) => Pulls::ByDigest,
                (Some(_), None) => Pulls::ByTag,
            };
            match &common {
                Some(common) if beginning.as_ref() == Some(common) => {
                    places.insert(NodePlace { source: registry.to_owned(), place: common.clone(), pulls });
                }
                _ if depth == Depth::Repository => {
                    places.insert(NodePlace { source: artifact.reference.name(), place: name.clone(), pulls });
                }
                _ => written
                    .lose(artifact, format_args!("only a whole registry has a mirror here, and its place is {name}")),
            }
        }
    }
    places.into_iter().collect()
}

/// The places without what is pulled from them.
pub(super) fn for_all(places: Vec<NodePlace>) -> Vec<(String, String)> {
    let mut known: Vec<(String, String)> = Vec::new();
    for place in places {
        let pair = (place.source, place.place);
        if !known.contains(&pair) {
            known.push(pair);
        }
    }
    known
}

/// A source as a file names it: a registry, the beginning of repositories there, or `*` for all others; normalized.
pub(super) fn checked_source(text: &str) -> Result<String, String> {
    if text == "*" { Ok(text.to_owned()) } else { checked_place(text) }
}

/// A place: a registry, optionally with a path.
pub(super) fn checked_place(text: &str) -> Result<String, String> {
    let bare = text.trim_end_matches('/');
    if bare.len() > 512 {
        return Err("the name of a registry with its path must not be longer than 512 characters".to_owned());
    }
    let wrong =
        || format!("{text:?} is not a registry, optionally with a path, such as quay.io or mirror.internal/team");
    let below = Reference::parse(&format!("{bare}/x")).map_err(|_| wrong())?;
    if below.registry_range.is_none() || below.tag.is_some() || below.digest.is_some() {
        return Err(wrong());
    }
    let path = below.repository.strip_suffix("/x").map(|path| format!("/{path}")).unwrap_or_default();
    // `docker.io/x` means `docker.io/library/x`.
    let path = if bare.contains('/') { path } else { String::new() };
    Ok(below.registry + &path)
}

/// The host of a place, and the path below it.
pub(super) fn split(place: &str) -> (&str, Option<&str>) {
    place.split_once('/').map_or((place, None), |(host, path)| (host, Some(path)))
}

/// The place that a URL of a registry's interface is for: `mirror.internal/quay` for `https://mirror.internal/v2/quay`.
///
/// `is_whole` says that the URL is the root of the interface as it is, which otherwise is below `/v2`.
pub(super) fn place_of_url(url: &str, is_whole: bool) -> Result<String, String> {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let (host, path) = split(bare);
    if host.is_empty() || host.contains('@') {
        return Err(format!("{url:?} is not the URL of a registry"));
    }
    match path {
        None if !is_whole => checked_place(host),
        Some("v2") => checked_place(host),
        Some(path) if is_whole && path.starts_with("v2/") => checked_place(&format!("{host}/{}", &path[3..])),
        _ => Err(format!("{url:?} is not below /v2, so the place of an image there is not known")),
    }
}
