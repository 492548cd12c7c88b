//! Changes that may send an image to the mirror: the values that decided it, set or removed, the best first.

use super::propose::{Proposal, added, changed, title_of_removal};
use super::reach::Reached;
use super::{Judged, WithoutOverride};
use crate::fix::{ValueAction, json_of, value_at};
use crate::images::deciders::decider;
use crate::images::{Class, ImageUse, ReferencePart};
use crate::provenance::{Decider, DeciderKind};
use crate::reads::GLOBAL;
use crate::release::ReleaseInputs;
use crate::settings::Settings;
use crate::trace::{Origin, OriginData, Origins};
use crate::values_path::{Key, ValuesPath};
use crate::work::Work;
use crate::yaml::Node;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// New values for elements of lists in the charts' defaults, by list: helm replaces lists, so all are set at once.
#[derive(Debug)]
pub(super) struct Lists {
    elements: BTreeMap<String, BTreeMap<ValuesPath, String>>,
    work: Work,
}

impl Lists {
    /// Empty, for fixes within a release's work.
    pub(super) fn new(work: &Work) -> Self {
        Self { elements: BTreeMap::new(), work: work.clone() }
    }

    /// Records the new value for an image that a default in a list decides.
    pub(super) fn note(&mut self, judged: &Judged, settings: &Settings, origins: &Origins) {
        let decider = &judged.decider;
        let wanted = judged.destination(settings);
        let value = wanted.and_then(|wanted| value_of(&judged.image, decider.origin, &wanted));
        let (DeciderKind::ChartDefault(_), Some(value)) = (&decider.source, value) else { return };
        if let Some((list, element)) = in_list(decider, origins) {
            self.elements.entry(list).or_default().entry(element).or_insert(value);
        }
    }
}

/// The list that contains a default of a chart, by file and path, and the keys from it to the default.
fn in_list(decider: &Decider, origins: &Origins) -> Option<(String, ValuesPath)> {
    let keys = origins.path(decider.origin);
    let at = keys.iter().position(Key::is_index)?;
    let file = decider.place.as_ref()?.file.name().to_owned();
    Some((format!("{file} {}", ValuesPath::from(&keys[..at])), keys[at..].into()))
}

/// Changes that may send an image to the mirror, the best first. `set_key` sets the rewrite, if it is not set.
pub(super) fn of_image(
    judged: &Judged,
    reached: &[Reached],
    set_key: Option<&Proposal>,
    lists: &Lists,
    keys: &[ValuesPath],
    (prepared, settings, origins): (&ReleaseInputs, &Settings, &Origins),
) -> Vec<Proposal> {
    let mut found: Vec<Proposal> = Vec::new();
    let with_key = |proposal: Proposal| set_key.map(|key| proposal.and(key.clone()));
    let removed = |decider: &Decider| changed(decider.origin, ValueAction::Remove, title_of_removal(decider), origins);
    if !judged.culprits.is_empty() {
        let all = judged.culprits.iter().filter_map(removed).reduce(Proposal::and);
        found.extend(all.clone());
        found.extend(all.and_then(with_key));
    }
    let wanted = judged.destination(settings);
    let repository = decider(&judged.image, ReferencePart::Repository, origins);
    let registry = judged.decider.clone();
    let mut deciders = if repository.origin == registry.origin { vec![registry] } else { vec![registry, repository] };
    // For an image on the mirror the path is wrong, and values shared by all images are changed last.
    deciders.sort_by_key(|decider| {
        let is_path = decider.origin != judged.decider.origin;
        (keys.contains(&decider.path), !decider.source.is_user(), judged.class.resolves() != is_path)
    });
    let sets: Vec<Proposal> = deciders
        .iter()
        .filter_map(|decider| set(&judged.image, decider, wanted.as_deref()?, lists, (prepared, origins)))
        .collect();
    // After a registry with a path, the image's path is incomplete: both are set.
    let both = judged.registry_with_path.as_ref().filter(|_| judged.class == Class::Rewritten).and_then(|set_with| {
        let host = &judged.source.as_ref()?.registry;
        let title = format!("set `{}` to `{host}`", origins.path(set_with.origin));
        let registry = changed(set_with.origin, ValueAction::Set(Value::from(host.as_str())), title, origins)?;
        let decider = deciders.iter().find(|decider| decider.origin != judged.decider.origin)?;
        Some(registry.and(set(&judged.image, decider, wanted.as_deref()?, lists, (prepared, origins))?))
    });
    let of_user: Vec<&Decider> = deciders.iter().filter(|decider| decider.source.is_user()).collect();
    let removals = of_user.iter().copied().filter_map(removed);
    let comes_back = matches!(judged.without_override, WithoutOverride::Mirror(_));
    match judged.class {
        // Another rule reports this.
        Class::PinnedToMirror if judged.is_needless_pin() => found.extend(removals),
        // Another file, or the chart, may have the right value.
        Class::PinnedToMirror => found.extend(removals.chain(sets)),
        _ if comes_back => {
            found.extend(removals);
            found.extend(sets);
        }
        _ => {
            found.extend(both);
            found.extend(sets);
            let removals: Vec<Proposal> = removals.collect();
            found.extend(removals.iter().cloned());
            found.extend(removals.into_iter().filter_map(with_key));
        }
    }
    found.extend(reached.iter().filter_map(|reached| {
        let set = |(path, value): &(ValuesPath, Value)| {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let title = format!("set `{path}` to `{shown}`");
            let own = origins.of_user_at(path);
            let set = changed(own, ValueAction::Set(value.clone()), title.clone(), origins);
            set.unwrap_or_else(|| added(path.clone(), value.clone(), title, prepared))
        };
        reached.values.iter().map(set).reduce(Proposal::and)
    }));
    found
}

/// Sets the value that decided a part of an image to what makes the image right.
fn set(
    image: &ImageUse,
    decider: &Decider,
    wanted: &str,
    lists: &Lists,
    (prepared, origins): (&ReleaseInputs, &Origins),
) -> Option<Proposal> {
    set_to(value_of(image, decider.origin, wanted)?, decider, lists, (prepared, origins))
}

/// Sets the value that decided a part of an image, in its file; or in an overlay, if it is the chart's.
fn set_to(
    value: String,
    decider: &Decider,
    lists: &Lists,
    (prepared, origins): (&ReleaseInputs, &Origins),
) -> Option<Proposal> {
    let json = Value::from(value.as_str());
    match &decider.source {
        DeciderKind::User(_) => {
            let title = format!("set `{}` to `{value}`", decider.path);
            changed(decider.origin, ValueAction::Set(json), title, origins)
        }
        DeciderKind::ChartDefault(chart) => {
            let keys = origins.path(decider.origin);
            let is_shared = keys.first().is_some_and(|first| first.is(GLOBAL));
            let whole = if is_shared { keys.clone() } else { keys.of_user(chart) };
            let of_list = keys.iter().position(Key::is_index);
            let title = format!("set `{}` to `{value}`", whole);
            match of_list {
                None => Some(added(whole, json, title, prepared)),
                // Helm replaces lists: one element of the chart's list cannot be set without the others.
                Some(at) => {
                    let list = list_around(decider.origin, keys.len() - at, (prepared, origins), &lists.work)?;
                    let mut list = json_of(&list);
                    *value_at(&mut list, &keys[at..])? = json;
                    let (name, _) = in_list(decider, origins)?;
                    let others = lists.elements.get(&name);
                    for (element, value) in others.into_iter().flatten() {
                        if let Some(member) = value_at(&mut list, element) {
                            *member = Value::from(value.as_str());
                        }
                    }
                    let whole = ValuesPath::from(&whole[..whole.len() - (keys.len() - at)]);
                    let title = match others.map_or(0, BTreeMap::len) {
                        0 | 1 => format!("{title}, in the whole of `{whole}`"),
                        count => format!("{title}, and {} more images in the whole of `{whole}`", count - 1),
                    };
                    Some(added(whole, list, title, prepared))
                }
            }
        }
        _ => None,
    }
}

/// Corrects an image's path on the mirror, if another proposal brought it to the mirror only: for `busybox`, which became
/// `mirror.internal/busybox`, sets the value to `library/busybox`.
pub(super) fn further(
    judged: &Judged,
    after: &str,
    lists: &Lists,
    (prepared, settings, origins): (&ReleaseInputs, &Settings, &Origins),
) -> Option<Proposal> {
    let wanted = judged.destination(settings)?;
    let image = &judged.image;
    let decider = decider(image, ReferencePart::Repository, origins);
    let run = run_of(image, decider.origin)?;
    let text = image.text.as_str();
    // The prefix stays.
    let before = after.strip_suffix(&text[run.start..])?;
    let value = wanted.strip_prefix(before)?.strip_suffix(&text[run.end..])?;
    let is_other = !value.is_empty() && value != &text[run];
    is_other.then(|| set_to(value.to_owned(), &decider, lists, (prepared, origins)))?
}

/// The new value of an origin that appears literally in an image, so that the image becomes right.
pub(super) fn value_of(image: &ImageUse, origin: Origin, wanted: &str) -> Option<String> {
    let run = run_of(image, origin)?;
    let text = image.text.as_str();
    let value = wanted.strip_prefix(&text[..run.start])?.strip_suffix(&text[run.end..])?;
    (!value.is_empty() && value != &text[run]).then(|| value.to_owned())
}

/// The list in the values file of a chart that contains a setting, a number of levels up.
fn list_around(
    origin: Origin,
    up: usize,
    (prepared, origins): (&ReleaseInputs, &Origins),
    work: &Work,
) -> Option<Node> {
    let mut next = origin;
    for _ in 0..up {
        let Some(OriginData::Setting(setting)) = origins.get(next) else { return None };
        next = setting.parent;
    }
    let Some(OriginData::Setting(setting)) = origins.get(next) else { return None };
    // Each proposal contains all of it.
    if !work.may_look(setting.place.file.bytes().len() as u64) {
        return None;
    }
    let keys = origins.path(next);
    let documents = &prepared.chart.values_in(&setting.place.file)?.documents;
    documents.iter().rev().find_map(|document| node_at(document, &keys)).cloned()
}

fn node_at<'n>(node: &'n Node, keys: &[Key]) -> Option<&'n Node> {
    keys.iter().try_fold(node, |node, key| match key {
        Key::Name(name) => node.member(name),
        Key::Index(index) => node.items().get(*index as usize),
    })
}

/// Where the value of an origin appears literally in a reference, from its first byte.
fn run_of(image: &ImageUse, origin: Origin) -> Option<Range<usize>> {
    let spans = image.manifest.content.spans();
    let of = |at: usize| {
        let place = image.text.places(at..at + 1).into_iter().next()?;
        let span = spans.get(spans.partition_point(|span| span.end <= place.start))?;
        (span.start <= place.start && span.origin == origin).then(|| span.at + (place.start - span.start))
    };
    let length = image.text.as_str().len();
    let start = (0..length).find(|&at| of(at) == Some(0))?;
    let end = (start..length).find(|&at| of(at) != Some((at - start) as u32)).unwrap_or(length);
    Some(start..end)
}
