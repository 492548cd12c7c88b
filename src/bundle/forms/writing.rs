//! What is written in the forms of other tools, and what a form cannot say.

use crate::bundle::artifact::Artifact;
use crate::bundle::listed::NodeMirror;
use crate::reference::{Layout, Mirror, Reference};
use std::fmt;

/// What is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'w> {
    /// The artifacts, in order.
    pub artifacts: &'w [Artifact],
    /// Where nodes find images, as files say.
    pub node_mirrors: &'w [NodeMirror],
    /// The mirror.
    pub mirror: Option<&'w Mirror>,
    /// Where a source is on the mirror.
    pub layout: Layout,
}

/// The files of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// The files, each with its path in a folder.
    pub files: Vec<(String, String)>,
    /// What the form cannot say, as sentences.
    pub lost: Vec<String>,
}

impl Written {
    /// One file.
    pub(super) fn one(name: &str, text: String) -> Self {
        Self { files: vec![(name.to_owned(), text)], lost: Vec::new() }
    }

    /// Notes something that is not in the files.
    pub(super) fn lose(&mut self, artifact: &Artifact, what: impl fmt::Display) {
        self.lost.push(format!("{}: {what}", artifact.pinned()));
    }
}

impl Wish<'_> {
    /// The place of an artifact on the mirror, with its tag; `None` if nothing says it.
    pub(crate) fn place_of(&self, artifact: &Artifact) -> Option<Reference> {
        let named = match self.mirror {
            Some(mirror) => artifact.named_place(mirror),
            None => artifact.destination.clone(),
        };
        let name = match (&named, self.mirror) {
            (Some(place), _) => place.name(),
            (None, Some(mirror)) => self.layout.repository(mirror, &artifact.reference)?,
            (None, None) => self.place_for_nodes(artifact)?,
        };
        let tag = named.and_then(|place| place.tag).or_else(|| artifact.reference.tag.clone());
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        Reference::parse(&(name + &tag)).ok()
    }

    /// The repository of an artifact on the mirror, as nodes find it.
    fn place_for_nodes(&self, artifact: &Artifact) -> Option<String> {
        let name = artifact.reference.name();
        let below = |mirror: &NodeMirror| match mirror.source.as_str() {
            "*" => Some((0, artifact.reference.repository.clone())),
            source => {
                let rest = name.strip_prefix(source).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
                Some((source.len(), rest.trim_start_matches('/').to_owned()))
            }
        };
        let found = self.node_mirrors.iter().rev().filter_map(|mirror| Some((below(mirror)?, mirror)));
        // The longest source; of several mirrors the first.
        let ((_, rest), mirror) = found.max_by_key(|((length, _), _)| *length)?;
        Some(if rest.is_empty() { mirror.place.clone() } else { format!("{}/{rest}", mirror.place) })
    }

    /// The path of an artifact on the mirror, below the mirror's place: `team/api:1.4`; `None` if it is that of its source.
    pub(super) fn other_path(&self, artifact: &Artifact) -> Option<String> {
        let root = self.mirror.and_then(Mirror::only_place).map(|place| place + "/");
        let path = match (self.place_of(artifact), &artifact.path) {
            (Some(place), _) => {
                let name = place.name();
                let path = root.as_deref().and_then(|root| name.strip_prefix(root)).unwrap_or(&place.repository);
                path.to_owned() + &tag_of(place.tag.as_ref())
            }
            (None, Some(path)) if path[path.rfind('/').unwrap_or(0)..].contains(':') => path.clone(),
            (None, Some(path)) => path.clone() + &tag_of(artifact.reference.tag.as_ref()),
            (None, None) => return None,
        };
        (path != artifact.reference.repository.clone() + &tag_of(artifact.reference.tag.as_ref())).then_some(path)
    }

    /// Notes for each artifact that a form has no place for something.
    pub(super) fn lose_all(&self, written: &mut Written, what: impl Fn(&Artifact) -> Option<String>) {
        for artifact in self.artifacts {
            if let Some(what) = what(artifact) {
                written.lose(artifact, what);
            }
        }
    }
}

/// A tag with its colon.
fn tag_of(tag: Option<&String>) -> String {
    tag.map(|tag| format!(":{tag}")).unwrap_or_default()
}

/// The message about a place on the mirror that a form has no field for.
pub(super) fn lost_place(wish: &Wish<'_>, artifact: &Artifact, form: &str) -> Option<String> {
    let named = artifact.destination.as_ref().map(ToString::to_string).or_else(|| artifact.path.clone())?;
    let is_usual = wish.mirror.is_some_and(|mirror| {
        wish.layout.repository(mirror, &artifact.reference) == artifact.named_place(mirror).map(|place| place.name())
    });
    (!is_usual).then(|| format!("{form} does not say that its place is {named}"))
}

/// The message about platforms that a form has no field for.
pub(super) fn lost_platforms(artifact: &Artifact, form: &str) -> Option<String> {
    let platforms = artifact.platforms.join(", ");
    (!platforms.is_empty()).then(|| format!("{form} does not say that only {platforms} is wanted"))
}
