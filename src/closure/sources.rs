//! [`Sources`]: what the references of a closure that name the mirror are there copies of.
//!
//! A mirror that the values name is in the references, and what must be mirrored is not. So the release is explored once more without the
//! values that name it: a reference comes from the image there that the layout brings to its place, or else from the one with its name and
//! version in the same template, or from text of a template that names it.

use super::shared::Searches;
use super::{Budget, Closure, ClosureImage, Request};
use crate::analysis::sources::in_version_of;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::json::{JsonStyle, encode};
use crate::reference::{Mirror, Reference};
use crate::release::ReleaseInputs;
use crate::settings::Settings;
use crate::source::File;
use crate::template::{Map, Value};
use crate::values::UserValues;
use std::collections::{BTreeMap, BTreeSet};

/// The sources of references that name the mirror.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// By reference, as printed. Of several, nothing tells which one it is.
    known: BTreeMap<String, BTreeSet<String>>,
    /// References whose source is not known.
    pub unknown: BTreeSet<String>,
}

impl Sources {
    /// The sources of the references of a closure.
    ///
    /// # Errors
    /// The user's values cannot be read.
    pub(crate) fn of(
        closure: &Closure,
        prepared: &ReleaseInputs,
        settings: &Settings,
        budget: Budget,
    ) -> Result<Self, Error> {
        let mirror = &settings.mirror;
        let parsed = |image: &ClosureImage| Reference::parse(&image.reference).ok();
        let on_mirror: Vec<(&ClosureImage, Reference)> = closure
            .images
            .iter()
            .filter_map(|image| Some((image, parsed(image).filter(|reference| mirror.serves(reference))?)))
            .collect();
        if on_mirror.is_empty() {
            return Ok(Self::default());
        }
        let request = Request { budget, ..Request::default() };
        let twin = match without(prepared, mirror)? {
            // A release that cannot do without these values tells no source.
            Some(twin) => Closure::of(&twin, settings, &mut Compiler::new(), (request, &mut Searches::default()))
                .unwrap_or_default(),
            None => Closure::default(),
        };
        let others: Vec<(&ClosureImage, Reference)> = twin
            .images
            .iter()
            .filter_map(|image| Some((image, parsed(image).filter(|reference| !mirror.serves(reference))?)))
            .collect();
        // What is printed only with the mirror may be in a template.
        let texts: Vec<Reference> = twin.unprinted.keys().filter_map(|text| Reference::parse(text).ok()).collect();
        let mut sources = Self::default();
        for (image, reference) in on_mirror {
            let mut found = sources_of((image, &reference), &others, settings);
            if found.is_empty() {
                let in_place = texts.iter().filter(|text| is_its_place(text, &reference, settings));
                found.extend(in_place.map(|text| text.as_written().to_owned()));
            }
            match found.is_empty() {
                true => drop(sources.unknown.insert(image.reference.clone())),
                false => drop(sources.known.insert(image.reference.clone(), found)),
            }
        }
        Ok(sources)
    }

    /// Masks what must not be shown in the sources.
    pub(crate) fn hide(&mut self, hide: impl Fn(&str) -> String) {
        for sources in self.known.values_mut() {
            *sources = std::mem::take(sources).iter().map(|text| hide(text)).collect();
        }
    }

    /// What must be mirrored for a reference as printed: its sources, or itself if it does not name the mirror; nothing if the source is not
    /// known.
    pub(crate) fn of_reference(&self, reference: &str) -> Vec<Reference> {
        match self.known.get(reference) {
            Some(sources) => sources.iter().filter_map(|source| Reference::parse(source).ok()).collect(),
            None if self.unknown.contains(reference) => Vec::new(),
            None => Reference::parse(reference).ok().into_iter().collect(),
        }
    }
}

fn sources_of(
    (image, reference): (&ClosureImage, &Reference),
    others: &[(&ClosureImage, Reference)],
    settings: &Settings,
) -> BTreeSet<String> {
    let texts = |found: Vec<Reference>| found.iter().map(|one| one.as_written().to_owned()).collect::<BTreeSet<_>>();
    let shares_template = |other: &ClosureImage| !image.templates.is_disjoint(&other.templates);
    let in_place: Vec<&(&ClosureImage, Reference)> =
        others.iter().filter(|(_, source)| is_its_place(source, reference, settings)).collect();
    let near: Vec<Reference> =
        in_place.iter().filter(|(other, _)| shares_template(other)).map(|(_, source)| source.clone()).collect();
    if !near.is_empty() {
        return texts(near);
    }
    if !in_place.is_empty() {
        return texts(in_place.into_iter().map(|(_, source)| source.clone()).collect());
    }
    if let Some(source) = settings.layout.source(&settings.mirror, reference) {
        return texts(vec![source]);
    }
    let same_name = others.iter().filter(|(other, _)| shares_template(other));
    let mut found: Vec<Reference> = same_name.filter_map(|(_, source)| in_version_of(reference, source)).collect();
    found.sort_by(|one, other| one.as_written().cmp(other.as_written()));
    found.dedup();
    texts(found)
}

/// Whether the layout brings a source to the place of a reference on the mirror, in the same version.
fn is_its_place(source: &Reference, reference: &Reference, settings: &Settings) -> bool {
    source.version() == reference.version()
        && settings.layout.repository(&settings.mirror, source) == Some(reference.name())
}

/// The release without the user's values that name the mirror; `None` if there are none.
fn without(prepared: &ReleaseInputs, mirror: &Mirror) -> Result<Option<ReleaseInputs>, Error> {
    let values = prepared.user_values(None)?.values;
    if !remove_from(&values, mirror) {
        return Ok(None);
    }
    let max_bytes = prepared.limits.yaml_bytes;
    let style = JsonStyle { html: false, pretty: false, escape_bad_bytes: false, max_bytes };
    let Ok(text) = encode(&Value::Map(values), &style) else { return Ok(None) };
    let files = vec![File::new("values", text.to_text().into_owned())];
    Ok(Some(ReleaseInputs { user: UserValues { files, ..UserValues::default() }, ..prepared.afresh() }))
}

/// Removes the texts that name the mirror from a map and the maps in it; returns whether there were any. An element of a list cannot be
/// removed without moving the others.
fn remove_from(values: &Map, mirror: &Mirror) -> bool {
    let mut is_changed = false;
    for (key, value) in values.entries() {
        if let Some(text) = value.as_str() {
            if mirror.is_named_in(&text.to_text().to_ascii_lowercase()) {
                values.remove(key.to_text().as_bytes());
                is_changed = true;
            }
        } else if let Some(inner) = value.as_map() {
            is_changed |= remove_from(inner, mirror);
        }
    }
    is_changed
}
