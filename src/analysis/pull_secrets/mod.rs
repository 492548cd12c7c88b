//! [`PullSecrets`]: which pull secrets the pods of a release need according to the user's input, and which value gives one to
//! a pod that lacks it.

mod asks;
mod trial;

use super::Analysis;
use super::judged::serves;
use crate::compiler::Compiler;
use crate::objects::Object;
use crate::objects::ObjectName;
use crate::objects::pull_secrets::{Puller, Pullers};
use crate::release::ReleaseInputs;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::template::Map;
pub(crate) use asks::Ask;
use asks::asks;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
pub(crate) use trial::Giving;

/// The pull secrets in the user's input.
#[derive(Debug, Default)]
pub(crate) struct PullSecrets {
    /// The values that name some, sorted by path.
    pub asks: Vec<Ask>,
    /// Names that every pod needs that pulls from the mirror: from values for all charts, from flags and from airtight.yaml.
    pub required: BTreeSet<String>,
    /// Names from values of one chart or component. If nothing is required, each such pod needs one of them, because it pulls
    /// from the same mirror.
    pub local: BTreeSet<String>,
    /// What gives a pod the secret that it lacks, from trials.
    pub giving: BTreeMap<ObjectName, Giving>,
    /// Whether some pod pulls from the mirror.
    pub has_pullers: bool,
}

impl PullSecrets {
    /// The names from flags and airtight.yaml.
    fn of_settings(settings: &Settings) -> Self {
        Self { required: settings.pull_secrets.iter().cloned().collect(), ..Self::default() }
    }

    /// The names for manifests without a chart.
    pub(super) fn of_manifests(manifests: &[Arc<Manifest>], settings: &Settings) -> Self {
        let objects: Vec<Object<'_>> = manifests.iter().flat_map(Object::all).collect();
        let pullers = Pullers::of(&objects, "", &|image| serves(image, &settings.mirror));
        let has_pullers = pullers.pods.iter().any(|puller| puller.image.is_some());
        Self { has_pullers, ..Self::of_settings(settings) }
    }

    /// Whether pods pull from the mirror, but no secret is known.
    pub(crate) fn are_unknown(&self) -> bool {
        self.has_pullers && self.required.is_empty() && self.local.is_empty()
    }

    /// The names that a pod lacks; empty for a pod that does not pull from the mirror.
    pub(crate) fn missing<'s>(&'s self, puller: &Puller<'_>) -> Vec<&'s String> {
        if puller.image.is_none() {
            return Vec::new();
        }
        if self.required.is_empty() && self.local.iter().any(|name| puller.carries(name)) {
            return Vec::new();
        }
        let wanted = if self.required.is_empty() { &self.local } else { &self.required };
        wanted.iter().filter(|name| !puller.carries(name)).collect()
    }
}

/// The user's pull secrets, and what gives the pods that lack one what they need.
pub(super) fn find(
    analysis: &Analysis,
    values: &Map,
    prepared: &ReleaseInputs,
    settings: &Settings,
    keys: &super::keys::Keys,
    compiler: &mut Compiler,
) -> PullSecrets {
    let objects: Vec<Object<'_>> = analysis.manifests.iter().flat_map(Object::all).collect();
    let comes_from_mirror = analysis.comes_from_mirror(&settings.mirror);
    let pullers = Pullers::of(&objects, &prepared.release.namespace, &comes_from_mirror);
    let mut found = PullSecrets::of_settings(settings);
    found.has_pullers = pullers.pods.iter().any(|puller| puller.image.is_some());
    for ask in asks(analysis, prepared, &objects, &pullers) {
        let names = ask.names.iter().cloned();
        if ask.is_global() {
            found.required.extend(names)
        } else {
            found.local.extend(names)
        }
        found.asks.push(ask);
    }
    // A secret that only pods with other registries have is for those registries.
    let is_for_others = |name: &String| {
        let mut carriers = pullers.pods.iter().filter(|puller| puller.carries(name)).peekable();
        carriers.peek().is_some() && carriers.all(|puller| puller.image.is_none())
    };
    found.local.retain(|name| !is_for_others(name));
    let lacking: Vec<&Puller<'_>> = pullers.pods.iter().filter(|puller| !found.missing(puller).is_empty()).collect();
    if !lacking.is_empty() {
        let mut trials = trial::Trials { analysis, values, prepared, settings, keys, compiler };
        found.giving = trials.run(&found, &objects, &lacking);
    }
    found
}
