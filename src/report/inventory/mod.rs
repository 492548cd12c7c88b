//! [`Inventory`]: the images of a release as a list, for people, spreadsheets and scripts; one file for each format.

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod table;

use super::ReleaseName;
use crate::analysis::Gated;
use crate::analysis::images::{Image, PartOrigin, Use};
use crate::images::Tier;
use std::collections::BTreeSet;

/// The selected images of a release.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// Which release.
    pub release: ReleaseName,
    /// The mirror as displayed; without one, nothing is classified and nothing has a destination.
    pub mirror: Option<String>,
    /// The distinct references, sorted.
    pub images: Vec<Image>,
    /// Gated images.
    pub gated: Vec<Gated>,
}

impl Inventory {
    /// Keeps the images with at least this certainty, and of these registries, if any are given.
    pub(crate) fn narrow(&mut self, tier: Tier, registries: &[String]) {
        let is_wanted = is_of(registries);
        self.images.retain(|image| image.tier <= tier && is_wanted(&image.registry));
        for image in &mut self.images {
            image.uses.retain(|one| one.tier <= tier);
        }
    }

    /// The images to mirror and their destinations, in the order of the references, each once; and the references whose
    /// source is not known.
    pub(crate) fn sources(&self) -> (Vec<(&str, &str)>, Vec<&str>) {
        let mut seen = BTreeSet::new();
        let mut unknown = Vec::new();
        for image in &self.images {
            match (&image.source, &image.destination) {
                (Some(source), Some(destination)) => {
                    seen.insert((source.as_str(), destination.as_str()));
                }
                _ => unknown.push(image.reference.as_str()),
            }
        }
        (seen.into_iter().collect(), unknown)
    }
}

/// Whether a registry is one of those that the user names; each is if there are none.
pub(crate) fn is_of(registries: &[String]) -> impl Fn(&str) -> bool + use<> {
    let registry = |host: &String| match host.to_ascii_lowercase().as_str() {
        "index.docker.io" => "docker.io".to_owned(),
        host => host.to_owned(),
    };
    let registries: Vec<String> = registries.iter().map(registry).collect();
    move |registry| registries.is_empty() || registries.iter().any(|one| one == registry)
}

impl Inventory {
    /// What the user must know before the image of a destination is copied; empty if nothing.
    fn caution_of(&self, destination: &str) -> &'static str {
        let mut of = self.images.iter().filter(|image| image.destination.as_deref() == Some(destination));
        of.find_map(Image::caution).unwrap_or_default()
    }

    /// The references that must be copied with caution, each with the reason.
    pub(crate) fn cautions(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.images.iter().filter_map(|image| Some((image.reference.as_str(), image.caution()?)))
    }
}

/// A short decider of a part of a use; for the registry, also a decider that prints nothing.
fn by(one: &Use, origin: &PartOrigin) -> String {
    let is_first = one.origins.first().is_some_and(|first| first.part == origin.part);
    short(one.decider().filter(|_| is_first).unwrap_or(origin))
}

/// A short origin: `values/prod.yaml:8`, `--set image.tag=1`, `--mirror`.
pub(super) fn short(origin: &PartOrigin) -> String {
    match &origin.place {
        // A flag, and the tool's own setting, have a file named after the flag.
        Some(place) if place.file.name() == "--mirror" => "--mirror".to_owned(),
        Some(place) if place.file.name().starts_with("--") => origin.who.clone(),
        Some(place) => format!("{}:{}", place.file.name(), place.line_column().0),
        None => origin.who.clone(),
    }
}
