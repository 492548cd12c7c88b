//! [`fed()`]: the images that a value decides, and [`printed_images`]: the images that a place of a template prints.

use crate::analysis::{Blamed, Traced};
use crate::images::deciders::{deciders, deciders_of};
use crate::images::{ImageUse, ReferencePart, Search};
use crate::limits::Limits;
use crate::provenance::{Decider, DeciderKind, printed};
use crate::reads::GLOBAL;
use crate::settings::Settings;
use crate::source::Place;
use crate::trace::Origins;
use crate::values_path::ValuesPath;
use crate::work::Work;

/// The parts of a reference, in its order.
const PARTS: [ReferencePart; 4] =
    [ReferencePart::Registry, ReferencePart::Repository, ReferencePart::Tag, ReferencePart::Digest];

/// The images in the manifests of a release, each once for each of its fields.
pub(crate) fn images(traced: &Traced, settings: &Settings, limits: &Limits) -> Vec<ImageUse> {
    Search::counted(traced.crds.iter().chain(&traced.manifests), settings.hints(), limits, &Work::of(limits)).uses
}

/// The images that a value, or something below it, decides; also if nothing of it is printed.
pub(crate) fn fed<'i>(
    images: &'i [ImageUse],
    path: &ValuesPath,
    blamed: &[Blamed],
    origins: &Origins,
) -> Vec<&'i ImageUse> {
    let is_it = |decider: &Decider| path_of_user(decider).is_some_and(|of| of.starts_with(path));
    let is_switched = |image: &ImageUse| {
        let same = |one: &&Blamed| one.image.object == image.object && one.image.field == image.field;
        blamed.iter().filter(same).flat_map(|one| &one.by).any(is_it)
    };
    let decides =
        |image: &&ImageUse| deciders_of(image, 0..image.text.len(), origins).iter().any(is_it) || is_switched(image);
    images.iter().filter(decides).collect()
}

/// The images of which some text is printed at a place that `is_there` accepts.
pub(crate) fn printed_images<'i>(images: &'i [ImageUse], is_there: &dyn Fn(&Place) -> bool) -> Vec<&'i ImageUse> {
    let is_printed = |image: &&ImageUse| {
        let parts = image.text.places(0..image.text.len());
        parts.into_iter().filter_map(|part| printed(&image.manifest, part)).any(|place| is_there(&place))
    };
    images.iter().filter(is_printed).collect()
}

/// Who decided each part of a reference; parts with the same deciders are together.
pub(crate) fn parts(image: &ImageUse, origins: &Origins) -> Vec<(Vec<ReferencePart>, Vec<Decider>)> {
    let mut found: Vec<(Vec<ReferencePart>, Vec<Decider>)> = Vec::new();
    for part in PARTS {
        let by = deciders(image, part, origins);
        let is_whole = image.known().is_none() && !found.is_empty();
        if by.is_empty() || is_whole || !has(image, part) {
            continue;
        }
        match found.iter_mut().find(|(_, known)| *known == by) {
            Some((parts, _)) => parts.push(part),
            None => found.push((vec![part], by)),
        }
    }
    found
}

fn has(image: &ImageUse, part: ReferencePart) -> bool {
    let Some(reference) = image.known() else { return true };
    match part {
        ReferencePart::Registry => reference.registry_range.is_some(),
        ReferencePart::Repository => true,
        ReferencePart::Tag => reference.tag.is_some(),
        ReferencePart::Digest => reference.digest.is_some(),
    }
}

/// The path of a decider from the top chart; `None` if it is no value.
pub(crate) fn path_of_user(decider: &Decider) -> Option<ValuesPath> {
    match &decider.source {
        DeciderKind::ChartDefault(chart) if !decider.path.first().is_some_and(|key| key.is(GLOBAL)) => {
            Some(decider.path.of_user(chart))
        }
        DeciderKind::User(_) | DeciderKind::Tool | DeciderKind::ChartDefault(_) => Some(decider.path.clone()),
        _ => None,
    }
}
