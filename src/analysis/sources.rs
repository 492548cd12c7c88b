//! The source of a reference on the mirror.

use super::given::Given;
use super::{Judged, RegistryWithPath};
use crate::analysis::other_mirror::Twin;
use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::images::deciders::deciders;
use crate::images::doubled::{self, Writer};
use crate::images::find::is_well_known;
use crate::images::{Class, ImageUse, ReferencePart};
use crate::reads::ValueReads;
use crate::reference::{Mirror, Reference};
use crate::release::InputChange;
use crate::settings::Settings;
use crate::trace::Origin;
use crate::values_path::{Key, ValuesPath};
use std::collections::{BTreeSet, HashMap};

/// The source of a use, as far as one reference shows it. `without` is the reference without the rewrite.
pub(super) fn source(
    image: &ImageUse,
    without: Option<Reference>,
    is_path_of_user: bool,
    settings: &Settings,
) -> Option<Reference> {
    let mirror = &settings.mirror;
    let is_elsewhere = |reference: &Reference| !mirror.serves(reference);
    // Nothing rewrites it, so it is its own source, whatever its registry; but the mirror is never a source.
    let own = || image.reference.as_ref().ok().filter(|own| is_elsewhere(own)).cloned();
    if let Some(source) = without.or_else(own).filter(is_elsewhere) {
        return alone(source, is_path_of_user, mirror);
    }
    if let Some(source) = image.reference.as_ref().ok().and_then(|own| settings.layout.source(mirror, own)) {
        return alone(source, is_path_of_user, mirror);
    }
    let writer = Writer { source: None, is_user: is_path_of_user };
    let kept = doubled::on_mirror(&image.text, writer, mirror, settings.layout)?;
    let inside = Reference::parse(&format!("{}/{}{}", kept.registry, kept.repository, version(&image.text))).ok()?;
    if mirror.has_host(&kept.registry) { settings.layout.source(mirror, &inside) } else { Some(inside) }
}

/// A source without a registry before its own, `quay.io/acme/api` of `docker.io/quay.io/acme/api`; `None` if the mirror is
/// the registry in its path.
fn alone(source: Reference, is_path_of_user: bool, mirror: &Mirror) -> Option<Reference> {
    match doubled::in_path(&source, is_path_of_user, mirror) {
        None => Some(source),
        Some(kept) if mirror.has_host(&kept.registry) => None,
        Some(kept) => Reference::parse(&format!("{}/{}{}", kept.registry, kept.repository, source.version())).ok(),
    }
}

/// The user's settings that may name a registry together with a path, by their texts.
pub(super) struct Registries<'c> {
    chart: &'c Chart,
    settings: HashMap<String, Origin>,
}

impl<'c> Registries<'c> {
    /// Those that a render read.
    pub(super) fn of(reads: &ValueReads, chart: &'c Chart) -> Self {
        let mut settings = HashMap::new();
        for setting in reads.settings() {
            let Some(text) = &setting.text else { continue };
            let text = text.to_text().to_ascii_lowercase();
            let registry = text.trim_end_matches('/');
            if registry.contains('/') {
                settings.entry(registry.to_owned()).or_insert(setting.origin);
            }
        }
        Self { chart, settings }
    }

    /// The setting that names the registry of a source together with a path; of several, the longest.
    pub(super) fn with_path(&self, source: &Reference) -> Option<RegistryWithPath> {
        let name = format!("{}/{}", source.registry, source.repository);
        let ends = name.rmatch_indices('/').map(|(at, _)| at).take_while(|&at| at > source.registry.len());
        let found = ends.filter_map(|at| Some((*self.settings.get(&name[..at])?, name[at + 1..].to_owned()))).next();
        let (origin, path_behind) = found?;
        // Public registries, and those that the chart names, keep images at their own paths.
        let is_private = !is_well_known(&source.registry) && !names(self.chart, &source.registry);
        Some(RegistryWithPath { origin, path_behind, is_private })
    }
}

/// Whether the defaults of a chart or its subcharts name a registry.
fn names(chart: &Chart, registry: &str) -> bool {
    let values = chart.values.as_ref();
    values.is_some_and(|values| memchr::memmem::find(values.file.bytes(), registry.as_bytes()).is_some())
        || chart.subcharts.iter().any(|chart| names(chart, registry))
}

/// The tag and digest of a text that need not be a reference.
fn version(text: &str) -> &str {
    let name = text.rfind('/').map_or(0, |slash| slash + 1);
    text[name..].find([':', '@']).map_or("", |at| &text[name + at..])
}

/// Records what the chart itself would pull for the images that the user's values decide, and fills in sources that are unknown
/// because these values name the mirror: renders once more without the rewrite and without these values.
pub(super) fn fill(judged: &mut [Judged], given: &Given<'_>, compiler: &mut Compiler) {
    let Given { prepared, settings, keys, rendered, reads, origins, .. } = *given;
    let is_open =
        |judged: &Judged| judged.source.is_none() && judged.class.resolves() || judged.class == Class::HalfRewritten;
    let of_user = |judged: &Judged| -> Vec<ValuesPath> {
        let parts = [ReferencePart::Registry, ReferencePart::Repository];
        let deciders = parts.into_iter().flat_map(|part| deciders(&judged.image, part, origins));
        deciders.filter(|one| one.source.is_user()).map(|one| one.path).collect()
    };
    let is_rewrite = |path: &ValuesPath| keys.all.contains(path);
    let mut paths: BTreeSet<ValuesPath> = judged.iter().flat_map(of_user).filter(|path| !is_rewrite(path)).collect();
    if judged.iter().any(is_open) {
        let names_mirror = |text: &crate::trace::Str| settings.mirror.is_named_in(&text.to_text().to_ascii_lowercase());
        let named = reads.settings().iter().filter(|setting| setting.text.as_ref().is_some_and(names_mirror));
        paths.extend(named.map(|setting| setting.path.clone()));
    }
    // An element of a list cannot be removed without moving the others.
    paths.retain(|path| !path.is_empty() && !path.iter().any(Key::is_index));
    if paths.is_empty() {
        return;
    }
    let removed = paths.into_iter().map(InputChange::Remove);
    let changes: Vec<InputChange> = keys.removed().into_iter().chain(removed).collect();
    let twin = Twin::render(prepared, settings, &changes, compiler, rendered, BTreeSet::new());
    for judged in judged.iter_mut() {
        let default = twin.text_of(&judged.image).and_then(|text| Reference::parse(text).ok());
        let default = default.filter(|default| !settings.mirror.serves(default));
        judged.default = default
            .and_then(|default| alone(default, false, &settings.mirror))
            .and_then(|default| in_version_of(judged.image.known().or(judged.source.as_ref())?, &default));
        if is_open(judged) && judged.source.is_none() {
            judged.source.clone_from(&judged.default);
        }
    }
}

/// The chart's own image in the version of a reference; `None` if they are not the same image.
pub(crate) fn in_version_of(own: &Reference, default: &Reference) -> Option<Reference> {
    let last = |reference: &Reference| reference.repository.rsplit('/').next().unwrap_or_default().to_owned();
    let (mine, theirs) = (last(own), last(default));
    // A typo still means the same image.
    let is_same = mine == theirs || theirs.len() > 4 && strsim::damerau_levenshtein(&mine, &theirs) == 1;
    let source = format!("{}/{}{}", default.registry, default.repository, own.version());
    is_same.then(|| Reference::parse(&source).ok()).flatten()
}
