//! [`Artifact`]: an image or a chart that the mirror must hold.

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
    /// Its place on the mirror without the mirror's host, if the list names only that: `team/api:1.4`.
    pub path: Option<String>,
    /// Its digest, `sha256:…`, if the list names one; also the digest of a reference that has one.
    pub digest: Option<String>,
    /// The platforms that are mirrored, such as `linux/amd64`; none means all that it has.
    pub platforms: Vec<String>,
    /// The platforms that its index at the source has, as far as this is known.
    pub index_platforms: Vec<String>,
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

impl ArtifactKind {
    /// Its name in lists and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Chart => "chart",
        }
    }
}

/// Who needs an artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    /// The release, `shop/prod`, if the lists are those of several.
    pub release: Option<String>,
    /// The chart with its path: `platform/charts/mesh`.
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
        Self {
            kind,
            reference,
            destination: None,
            path: None,
            digest,
            platforms: Vec::new(),
            index_platforms: Vec::new(),
            needed_by: Vec::new(),
        }
    }

    /// The same with its place on the mirror.
    pub(crate) fn with_destination(self, destination: Option<Reference>) -> Self {
        let digest = self.digest.clone().or_else(|| destination.as_ref().and_then(|place| place.digest.clone()));
        Self { destination, digest, ..self }
    }

    /// What needs it with the fewest settings; `None` if it is not known what needs it.
    pub(crate) fn smallest_need(&self) -> Option<&Need> {
        self.needed_by.iter().min_by_key(|need| (need.settings.len(), &need.settings))
    }

    /// The place that the list names, on this mirror; `None` if the layout decides.
    pub(crate) fn named_place(&self, mirror: &Mirror) -> Option<Reference> {
        let joined = || {
            let (place, path) = (mirror.place_of(&self.reference.registry)?, self.path.as_ref()?);
            // Where sources have their own places, a path is one of the host.
            let place = mirror.only_place().or_else(|| place.split('/').next().map(str::to_owned))?;
            Reference::parse(&format!("{place}/{path}")).ok()
        };
        self.destination.clone().or_else(joined)
    }

    /// Its names without a version: that of its source, and that on the mirror.
    pub(super) fn names(&self, mirror: &Mirror, layout: Layout) -> BTreeSet<String> {
        let lies = match self.named_place(mirror) {
            Some(place) => Some(place.name()),
            None => layout.repository(mirror, &self.reference),
        };
        lies.into_iter().chain([self.reference.name()]).collect()
    }

    /// What it is in a registry: its tag and its digest, as they are pulled. Without either, the tag is `latest`.
    pub(crate) fn version(&self) -> (Option<&str>, Option<&str>) {
        let digest = self.digest.as_deref();
        (self.reference.tag.as_deref().or(digest.is_none().then_some("latest")), digest)
    }

    /// Tag and digest as they are written in a reference: `:1.4@sha256:…`; empty if there is neither.
    pub(crate) fn written_version(&self) -> String {
        let tag = self.reference.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        tag + &digest
    }

    /// A line of a list that says all but its kind: the reference, its digest, its place and its platforms.
    pub(crate) fn line(&self) -> String {
        let place = self.destination.as_ref().map(ToString::to_string).or_else(|| self.path.clone());
        let platforms = (!self.platforms.is_empty()).then(|| self.platforms.join(","));
        let digest = self.digest.as_ref().filter(|_| self.reference.digest.is_none());
        let words = [digest, place.as_ref(), platforms.as_ref()].into_iter().flatten();
        words.fold(self.reference.as_written().to_owned(), |line, word| line + " " + word)
    }

    /// The reference with its digest: `quay.io/acme/api:1.4@sha256:…`.
    pub(crate) fn pinned(&self) -> String {
        self.reference.name() + &self.written_version()
    }
}
