//! [`Owners`]: who made a pod: Pod ← ReplicaSet ← Deployment ← Helm release, or a custom resource.

use crate::cluster::objects::Metadata;
use crate::objects::ObjectName;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most levels of owners; a cluster has a handful.
const DEEPEST: usize = 16;

/// What is known about the owners of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owners {
    known: BTreeMap<ObjectName, Made>,
    /// The kinds whose owners could not be read, and why.
    pub(crate) unread: BTreeMap<String, String>,
}

/// Who made an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Made {
    owner: Option<ObjectName>,
    release: Option<HelmRelease>,
}

/// A Helm release, by the annotations that helm leaves on what it installs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HelmRelease {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// `Helm release shop/api`
impl fmt::Display for HelmRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "Helm release {}", self.name),
            namespace => write!(f, "Helm release {namespace}/{}", self.name),
        }
    }
}

/// The owners of an object, the nearest first, and the release that the last of them belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The owners.
    pub owners: Vec<ObjectName>,
    /// The release.
    pub release: Option<HelmRelease>,
}

impl Owners {
    /// Notes what the metadata of an object says.
    pub(crate) fn add(&mut self, object: ObjectName, metadata: &Metadata<'_>) {
        let made = Made { owner: owner_in(metadata), release: release_in(metadata) };
        self.known.insert(object, made);
    }

    /// Adds what another one knows.
    pub(crate) fn and(&mut self, other: Self) {
        self.known.extend(other.known);
        self.unread.extend(other.unread);
    }

    /// The owners of an object.
    pub(crate) fn chain(&self, object: &ObjectName) -> Chain {
        let mut chain = Chain::default();
        let mut at = object;
        while let Some(made) = self.known.get(at) {
            chain.release = made.release.clone().or(chain.release);
            match &made.owner {
                Some(owner) if chain.owners.len() < DEEPEST => {
                    chain.owners.push(owner.clone());
                    at = owner;
                }
                _ => break,
            }
        }
        chain
    }

    /// The last of the owners, or the object itself.
    pub(crate) fn top(&self, object: &ObjectName) -> (ObjectName, Option<HelmRelease>) {
        let chain = self.chain(object);
        (chain.owners.into_iter().next_back().unwrap_or_else(|| object.clone()), chain.release)
    }

    /// The tops of some objects about which nothing is known yet.
    pub(crate) fn unknown<'o>(&self, objects: impl Iterator<Item = &'o ObjectName>) -> BTreeSet<ObjectName> {
        objects.map(|object| self.top(object).0).filter(|top| !self.known.contains_key(top)).collect()
    }
}

/// The name of an object of a kind, by its metadata.
pub(crate) fn name_in(metadata: &Metadata<'_>, kind: &str) -> ObjectName {
    ObjectName {
        kind: kind.to_owned(),
        name: metadata.name.clone().into_owned(),
        namespace: metadata.namespace.clone().into_owned(),
    }
}

/// The owner of a pod. A pod from a file of its node is a pod by itself, and its node is named anyway.
pub(super) fn owner_of_pod(metadata: &Metadata<'_>) -> Option<ObjectName> {
    owner_in(metadata).filter(|owner| owner.kind != "Node")
}

/// The owner that the metadata of an object names.
fn owner_in(metadata: &Metadata<'_>) -> Option<ObjectName> {
    let owner = metadata.owner()?;
    // Static pods belong to their node, which has no namespace.
    let namespace = if owner.kind == "Node" { String::new() } else { metadata.namespace.clone().into_owned() };
    Some(ObjectName { kind: owner.kind.clone().into_owned(), name: owner.name.clone().into_owned(), namespace })
}

/// The release that the annotations of an object name.
pub(super) fn release_in(metadata: &Metadata<'_>) -> Option<HelmRelease> {
    let annotations = &metadata.annotations;
    let namespace = annotations.release_namespace.clone().into_owned();
    (!annotations.release_name.is_empty())
        .then(|| HelmRelease { name: annotations.release_name.clone().into_owned(), namespace })
}
