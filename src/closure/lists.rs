//! The lists of a bundle: which artifacts a release can need, and into which lists they belong.

use super::sources::Sources;
use super::{Closure, ClosureImage};
use crate::bundle::artifact::{Artifact, ArtifactKind, Need};
use crate::bundle::wanted::{Wanted, joined};
use crate::chart::{Chart, owner_of};
use crate::reference::Reference;
use std::collections::BTreeSet;

/// The list of all images.
pub(crate) const IMAGES: &str = "images.txt";
/// The images of an umbrella chart itself.
const CORE: &str = "images-core.txt";
/// The charts.
const CHARTS: &str = "charts.txt";

/// What the lists besides that of all images are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListFor<'l> {
    /// Of an umbrella, which is a chart with dependencies: one for each of them, and one for the chart itself.
    Dependencies,
    /// One for each release; this is its name, and its full name: `shop`, `shop/prod`.
    Release(&'l str, &'l str),
}

/// A release that was explored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Explored<'l> {
    /// Its chart.
    pub chart: &'l Chart,
    /// The chart as an artifact, if it is in a registry.
    pub own: Option<&'l Reference>,
    /// Its images.
    pub closure: &'l Closure,
    /// What is to be mirrored for references that name the mirror.
    pub sources: &'l Sources,
    /// Whether only what the values as given bring is wanted.
    pub only_given: bool,
    /// The lists.
    pub lists: ListFor<'l>,
}

/// What a release can need, sorted: its images, and the charts in registries that its Chart.yaml names.
pub(crate) fn wanted(explored: &Explored<'_>) -> Vec<Wanted> {
    let images = explored.closure.images.iter().filter(|image| image.is_today || !explored.only_given);
    let images = images.flat_map(|image| of_image(explored, image));
    let charts = explored.own.cloned().into_iter().chain(dependencies(explored.chart)).map(|reference| {
        let needed_by = vec![need(explored, explored.chart.name(), None, &[])];
        Wanted {
            artifact: Artifact { needed_by, ..Artifact::new(ArtifactKind::Chart, reference) },
            lists: BTreeSet::from([CHARTS.to_owned()]),
        }
    });
    joined(images.chain(charts))
}

fn need(explored: &Explored<'_>, chart: &str, template: Option<String>, settings: &[String]) -> Need {
    let release = match explored.lists {
        ListFor::Dependencies => None,
        ListFor::Release(_, full_name) => Some(full_name.to_owned()),
    };
    Need { release, chart: chart.to_owned(), template, settings: settings.to_vec() }
}

/// An image, by each of its sources.
fn of_image(explored: &Explored<'_>, image: &ClosureImage) -> Vec<Wanted> {
    let settings: Vec<String> = image.settings.iter().map(ToString::to_string).collect();
    let mut lists = BTreeSet::from([IMAGES.to_owned()]);
    let is_umbrella = explored.lists == ListFor::Dependencies
        && explored.chart.metadata.dependencies.as_ref().is_some_and(|all| !all.is_empty());
    if let ListFor::Release(name, _) = explored.lists {
        lists.insert(format!("images-{name}.txt"));
    }
    let mut needed_by: Vec<Need> = Vec::new();
    for template in &image.templates {
        let owner = owner_of(template);
        if is_umbrella {
            lists.insert(match owner.split("/charts/").nth(1) {
                Some(addon) => format!("images-{addon}.txt"),
                None => CORE.to_owned(),
            });
        }
        let template = template.strip_prefix(owner).map(|rest| rest.trim_start_matches('/').to_owned());
        needed_by.push(need(explored, owner, template, &settings));
    }
    // What no template prints, in crds/ for example.
    if image.templates.is_empty() {
        lists.extend(is_umbrella.then(|| CORE.to_owned()));
        needed_by.push(need(explored, explored.chart.name(), None, &settings));
    }
    let sources = explored.sources.of_reference(&image.reference).into_iter();
    sources
        .map(|source| Wanted {
            artifact: Artifact { needed_by: needed_by.clone(), ..Artifact::new(ArtifactKind::Image, source) },
            lists: lists.clone(),
        })
        .collect()
}

/// The dependencies of a chart that are in registries with an exact version: people install them on their own as well.
fn dependencies(chart: &Chart) -> Vec<Reference> {
    let declared = chart.metadata.dependencies.iter().flatten();
    let in_registry = declared.filter_map(|dependency| {
        let repository = dependency.repository.strip_prefix("oci://")?.trim_end_matches('/');
        let inside = chart.subcharts.iter().find(|inside| inside.name() == dependency.name);
        let version = inside.map_or(dependency.version.as_str(), |inside| inside.metadata.version.as_str());
        // A tag has no plus.
        let tag = version.replace('+', "_");
        Reference::parse(&format!("{repository}/{}:{tag}", dependency.name)).ok()
    });
    in_registry.collect()
}
