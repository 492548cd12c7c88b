//! Selects lines of the manifests: those of an image, of a field, of a template.

use crate::analysis::Traced;
use crate::error::Error;
use crate::glob::path::path_match;
use crate::images::{ImageUse, Search};
use crate::limits::Limits;
use crate::objects::{Object, Path, Step};
use crate::reference::Reference;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::similar;
use crate::work::Work;
use crate::yaml::{Data, Node};
use std::ops::Range;
use std::sync::Arc;

/// The selection; empty selects everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct BlameSelection {
    /// References, or the ends of their names: `quay.io/acme/api:1.4`, `acme/api`, `api`.
    pub images: Vec<String>,
    /// Fields: `Deployment/api:spec.replicas`; without a path the whole object.
    pub paths: Vec<String>,
    /// Templates, as helm's `--show-only`: `templates/x.yaml`, `charts/db/templates/*.yaml`.
    pub templates: Vec<String>,
}

/// A manifest, and the selected bytes; `None` is all.
pub(crate) type Selected = (Arc<Manifest>, Option<Vec<Range<u32>>>);

/// The selected manifests.
///
/// # Errors
/// The selection matches nothing.
pub(crate) fn select(traced: &Traced, selection: &BlameSelection, limits: &Limits) -> Result<Vec<Selected>, Error> {
    let mut manifests: Vec<Arc<Manifest>> = traced.manifests.clone();
    for pattern in &selection.templates {
        if !manifests.iter().any(|manifest| is_of(manifest, pattern)) {
            return Err(Error::input(format!("could not find template {pattern} in chart")));
        }
    }
    if !selection.templates.is_empty() {
        manifests.retain(|manifest| selection.templates.iter().any(|pattern| is_of(manifest, pattern)));
    }
    if selection.images.is_empty() && selection.paths.is_empty() {
        return Ok(manifests.into_iter().map(|manifest| (manifest, None)).collect());
    }
    let mut ranges: Vec<Vec<Range<u32>>> = vec![Vec::new(); manifests.len()];
    let settings = Settings::without_mirror();
    let work = Work::of(limits);
    let found = |manifest: &Arc<Manifest>| Search::counted([manifest], settings.hints(), limits, &work).uses;
    let uses: Vec<Vec<ImageUse>> = manifests.iter().map(found).collect();
    if !selection.images.is_empty() && work.told().is_some() {
        return Err(Search::told(limits));
    }
    for wanted in &selection.images {
        let mut found = false;
        for (ranges, uses) in ranges.iter_mut().zip(&uses) {
            for image in uses.iter().filter(|image| is_image(image, wanted)) {
                ranges.extend(image.text.places(0..image.text.len()));
                found = true;
            }
        }
        if !found {
            return Err(Error::input(no_image(wanted, uses.iter().flatten())));
        }
    }
    for wanted in &selection.paths {
        let (object, field) = wanted.rsplit_once(':').unwrap_or((wanted, ""));
        let path: Path = field.parse()?;
        let (mut is_there, mut found) = (false, false);
        for (ranges, manifest) in ranges.iter_mut().zip(&manifests) {
            for candidate in Object::all(manifest).iter().filter(|candidate| is_object(candidate, object)) {
                is_there = true;
                let range = range_of(candidate.node, path.steps());
                found |= range.is_some();
                ranges.extend(range);
            }
        }
        if !is_there {
            return Err(Error::input(no_object(object, &manifests)));
        }
        if !found {
            return Err(Error::input(format!("{object} has no field {field:?}")));
        }
    }
    let selected = manifests.into_iter().zip(ranges).filter(|(_, ranges)| !ranges.is_empty());
    Ok(selected.map(|(manifest, ranges)| (manifest, Some(ranges))).collect())
}

fn is_of(manifest: &Manifest, pattern: &str) -> bool {
    let path = manifest.name.split_once('/').map_or(manifest.name.as_str(), |(_, path)| path);
    path_match(pattern, path).unwrap_or(false)
}

/// Whether a use has the name that a user typed: the reference as written or in full, with or without its tag and digest,
/// or the last parts of its name.
fn is_image(image: &ImageUse, wanted: &str) -> bool {
    let names = match &image.reference {
        Err(_) => vec![image.text.as_str().to_owned()],
        Ok(reference) => names(reference),
    };
    names.iter().any(|name| name == wanted || name.strip_suffix(wanted).is_some_and(|before| before.ends_with('/')))
}

fn names(reference: &Reference) -> Vec<String> {
    let name = format!("{}/{}", reference.registry, reference.repository);
    let mut names = vec![reference.as_written().to_owned(), reference.to_string(), name.clone()];
    names.extend(reference.tag.as_ref().map(|tag| format!("{name}:{tag}")));
    names.extend(reference.digest.as_ref().map(|digest| format!("{name}@{digest}")));
    names
}

fn no_image<'u>(wanted: &str, uses: impl Iterator<Item = &'u ImageUse>) -> String {
    let likeness = |text: &str| {
        if text.contains(wanted) {
            return 1.0;
        }
        let name = text.rsplit('/').next().unwrap_or_default();
        let name = name.split([':', '@']).next().unwrap_or_default();
        similar::likeness(wanted, text).max(similar::likeness(wanted, name))
    };
    let near = similar::nearest_name(uses.map(|image| image.text.as_str()), |text| likeness(text));
    format!("the chart has no image {wanted:?}{near}")
}

fn no_object(wanted: &str, manifests: &[Arc<Manifest>]) -> String {
    let objects = manifests.iter().flat_map(|manifest| {
        let names =
            Object::all(manifest).into_iter().map(|object| format!("{}/{}", object.name.kind, object.name.name));
        names.collect::<Vec<_>>()
    });
    let near = similar::nearest_name(objects, |name| similar::likeness(wanted, name));
    let how = if wanted.contains('/') { "" } else { "(expected KIND/NAME)" };
    format!("there is no object {wanted:?} in the manifests{how}{near}")
}

/// `Deployment/api`, `deployment/kubelb/api`.
fn is_object(object: &Object<'_>, wanted: &str) -> bool {
    let Some((kind, name)) = wanted.split_once('/') else { return false };
    let full = format!("{}/{}", object.name.namespace, object.name.name);
    object.name.kind.eq_ignore_ascii_case(kind) && (object.name.name == name || full == name)
}

/// The byte range of the field at a path, including its key.
fn range_of(node: &Node, steps: &[Step]) -> Option<Range<u32>> {
    let mut range = node.start..node.end;
    let mut node = node;
    for step in steps {
        match (step, &node.data) {
            (Step::Key(name), Data::Map(entries)) => {
                let (entry, value) = entries.iter().rev().find(|(entry, _)| entry.key == *name.as_str())?;
                range = entry.start..value.end.max(entry.end);
                node = value;
            }
            (Step::Index(index), _) => {
                node = node.items().get(*index)?;
                range = node.start..node.end;
            }
            _ => return None,
        }
    }
    Some(range)
}
