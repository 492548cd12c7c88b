//! [`Artifact`]: an image or a chart that the mirror must hold.

use crate::names::names;
use crate::reference::{Layout, Mirror, Reference};
use std::collections::BTreeSet;

/// One artifact of a bundle, as its lists and bundle.json have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its source.
    pub reference: Reference,
    /// Its place on the mirror, if the list names one.
    pub destination: Option<Reference>,
    /// Its digest, `sha256:…`, if the list names one; also the digest of a reference that has one.
    pub digest: Option<String>,
    /// The platforms that are mirrored, such as `linux/amd64`; none means all that it has.
    pub platforms: Vec<String>,
    /// What needs it, as far as this is known.
    pub needed_by: Vec<Need>,
}

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ArtifactKind {
    /// An image, or anything in a registry of which a list does not say that it is a chart.
    Image,
    /// A Helm chart in a registry.
    Chart,
}

names!(ArtifactKind { Image: "image", Chart: "chart" });

/// Who needs an artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    /// The chart, or the name of the release.
    pub chart: String,
    /// The line that prints it: `templates/deployment.yaml:14`.
    pub template: Option<String>,
    /// The smallest settings under which it appears, `metallb.enabled=true`; none if it appears with the values as given.
    pub settings: Vec<String>,
}

impl Artifact {
    /// An artifact of which only the reference is known.
    pub(crate) fn new(kind: ArtifactKind, reference: Reference) -> Self {
        let digest = reference.digest.clone();
        Self { kind, reference, destination: None, digest, platforms: Vec::new(), needed_by: Vec::new() }
    }

    /// The same with its place on the mirror.
    pub(crate) fn with_destination(self, destination: Option<Reference>) -> Self {
        let digest = self.digest.clone().or_else(|| destination.as_ref().and_then(|place| place.digest.clone()));
        Self { destination, digest, ..self }
    }

    /// Its names without a version: that of its source, and that on the mirror.
    pub(super) fn names(&self, mirror: &Mirror, layout: Layout) -> BTreeSet<String> {
        let lies = match &self.destination {
            Some(destination) => Some(destination.name()),
            None => layout.repository(mirror, &self.reference),
        };
        lies.into_iter().chain([self.reference.name()]).collect()
    }
}
