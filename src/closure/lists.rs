//! The lists of a bundle: which artifacts a release can need, and into which lists they belong.

use super::{Closure, ClosureImage};
use crate::bundle::artifact::{Artifact, ArtifactKind, Need};
use crate::bundle::drift::Wanted;
use crate::chart::{Chart, owner_of};
use crate::reference::Reference;
use std::collections::BTreeSet;

/// The list of all images.
pub(crate) const IMAGES: &str = "images.txt";
/// The images of an umbrella chart itself.
const CORE: &str = "images-core.txt";
/// The charts.
const CHARTS: &str = "charts.txt";

/// What a release can need, sorted: its images, and the charts in registries that its Chart.yaml names. An umbrella, which is a chart
/// with dependencies, has a list for each of them besides the list of all images.
///
/// With `only_given`, only what the values as given bring.
pub(crate) fn wanted(chart: &Chart, own: Option<&Reference>, closure: &Closure, only_given: bool) -> Vec<Wanted> {
    let images = closure.images.iter().filter(|image| image.is_today || !only_given);
    let mut wanted: Vec<Wanted> = images.filter_map(|image| of_image(chart, image)).collect();
    let charts = own.cloned().into_iter().chain(dependencies(chart));
    wanted.extend(charts.map(|reference| {
        let needed_by = vec![Need { chart: chart.name().to_owned(), ..Need::default() }];
        Wanted {
            artifact: Artifact { needed_by, ..Artifact::new(ArtifactKind::Chart, reference) },
            lists: BTreeSet::from([CHARTS.to_owned()]),
        }
    }));
    wanted.sort_by(|one, other| one.artifact.reference.as_written().cmp(other.artifact.reference.as_written()));
    wanted
}

fn of_image(chart: &Chart, image: &ClosureImage) -> Option<Wanted> {
    let reference = Reference::parse(&image.reference).ok()?;
    let settings: Vec<String> = image.settings.iter().map(ToString::to_string).collect();
    let mut lists = BTreeSet::from([IMAGES.to_owned()]);
    let is_umbrella = chart.metadata.dependencies.as_ref().is_some_and(|all| !all.is_empty());
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
        needed_by.push(Need { chart: owner.to_owned(), template, settings: settings.clone(), ..Need::default() });
    }
    // What no template prints, in crds/ for example.
    if image.templates.is_empty() {
        lists.extend(is_umbrella.then(|| CORE.to_owned()));
        needed_by.push(Need { chart: chart.name().to_owned(), settings, ..Need::default() });
    }
    Some(Wanted { artifact: Artifact { needed_by, ..Artifact::new(ArtifactKind::Image, reference) }, lists })
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
    let mut found: Vec<Reference> = in_registry.collect();
    found.dedup();
    found
}
