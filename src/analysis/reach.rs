//! Which values reach an image that no default of the chart and no user decides: tried by setting each value that templates
//! looked at to a host of its own, and looking where the hosts come out.

use super::Judged;
use super::keys::value_at;
use super::trial::Trials;
use super::twin::Twin;
use crate::images::{Class, Source};
use crate::reads::{Path, Reads, dotted};
use crate::release::Change;
use crate::render::output::is_crd_file;
use crate::template::{Map, Value};
use std::collections::BTreeMap;

/// Most values that are tried together.
const MOST_TOGETHER: usize = 40;

/// Most values that are tried one by one, where together they keep the chart from rendering.
const MOST_ALONE: usize = 8;

/// What the name of a value for a registry or an image contains.
const NAMES: &[&str] = &["registry", "repository", "image", "hub", "repo", "host", "url", "prefix", "domain", "mirror"];

/// A value that reaches an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reached {
    /// Its path.
    pub(super) path: Path,
    /// What it has to be so that the image is what it should be.
    pub(super) value: String,
}

/// The values that reach images, by the number of the image; what is not in it was not tried.
pub(super) fn find(
    judged: &[Judged],
    reads: &Reads,
    values: &Map,
    trials: &mut Trials<'_>,
) -> BTreeMap<usize, Vec<Reached>> {
    let is_wanted = |one: &Judged| {
        let is_of_code = !matches!(one.decider.source, Source::User(_) | Source::ChartDefault(_));
        is_of_code
            && matches!(one.class, Class::HardCoded | Class::Unexplained)
            && !is_crd_file(&one.image.manifest.name)
    };
    let images: Vec<usize> = (0..judged.len()).filter(|&number| is_wanted(&judged[number])).collect();
    let mut found = BTreeMap::new();
    if images.is_empty() {
        return found;
    }
    let candidates = candidates(judged, &images, reads, values, trials);
    if candidates.is_empty() {
        return images.into_iter().map(|number| (number, Vec::new())).collect();
    }
    let Some(twin) = together(&candidates, trials) else { return found };
    if twin.is_whole {
        found.extend(images.iter().map(|&number| (number, reached(&judged[number], &twin, &candidates, trials))));
        return found;
    }
    // Some of them keep the chart from rendering.
    let all_tried = candidates.len() <= MOST_ALONE;
    for candidate in candidates.into_iter().take(MOST_ALONE) {
        let one = [candidate];
        let Some(twin) = together(&one, trials) else { return BTreeMap::new() };
        for &number in &images {
            let of_image: &mut Vec<Reached> = found.entry(number).or_default();
            if twin.is_whole {
                of_image.extend(reached(&judged[number], &twin, &one, trials));
            }
        }
    }
    found.retain(|_, of_image| all_tried || !of_image.is_empty());
    found
}

/// The values that templates of the images, or helpers, looked at, and that are texts or nothing.
fn candidates(judged: &[Judged], images: &[usize], reads: &Reads, values: &Map, trials: &Trials<'_>) -> Vec<Path> {
    let is_free = |path: &Path| {
        let is_index = path.iter().any(|step| step.starts_with('['));
        let is_text = matches!(value_at(values, path), None | Some(Value::Nil | Value::Str(_)));
        !is_index && is_text && !trials.keys.all.contains(&dotted(path)) && !reads.looks_into(path)
    };
    let is_near = |path: &Path| {
        let of_image = |file: &str| images.iter().any(|&number| judged[number].image.manifest.source.name() == file);
        let is_helper = |file: &str| file.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
        reads.places(path).iter().any(|place| of_image(place.file.name()) || is_helper(place.file.name()))
    };
    let is_named = |path: &Path| {
        let name = path.last().map(|last| last.to_ascii_lowercase()).unwrap_or_default();
        NAMES.iter().any(|word| name.contains(word))
    };
    let (named, others): (Vec<&Path>, Vec<&Path>) =
        reads.paths().filter(|path| is_free(path) && is_near(path)).partition(|path| is_named(path));
    // What has a text and no such name is something else.
    let others = others.into_iter().filter(|path| value_at(values, path).is_none_or(|value| !value.truth()));
    named.into_iter().chain(others).take(MOST_TOGETHER).cloned().collect()
}

fn host(number: usize) -> String {
    format!("c{number}.airtight.invalid")
}

fn together(candidates: &[Path], trials: &mut Trials<'_>) -> Option<Twin> {
    let mut changes = trials.keys.defaults();
    let set = |(number, path): (usize, &Path)| Change::Set(dotted(path), host(number));
    changes.extend(candidates.iter().enumerate().map(set));
    trials.with_changes(&changes)
}

/// The values whose hosts come out in an image, with what each has to be.
fn reached(judged: &Judged, twin: &Twin, candidates: &[Path], trials: &Trials<'_>) -> Vec<Reached> {
    let Some(text) = Trials::text(twin, &judged.image) else { return Vec::new() };
    let Some(wanted) = judged.destination(trials.settings) else { return Vec::new() };
    let value = |(number, path): (usize, &Path)| {
        let host = host(number);
        let (before, after) = text.split_once(host.as_str())?;
        let value = wanted.strip_prefix(before)?.strip_suffix(after)?;
        Some(Reached { path: path.clone(), value: value.to_owned() })
    };
    candidates.iter().enumerate().filter_map(value).filter(|reached| !reached.value.is_empty()).collect()
}
