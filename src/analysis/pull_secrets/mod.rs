//! [`PullSecrets`]: which pull secrets the pods of a release need, by what its owner says of them, and which value gives
//! one to a pod that lacks it.

mod asks;
mod trial;

use super::Analysis;
use super::judged::serves;
use crate::compiler::Compiler;
use crate::objects::Object;
use crate::objects::ObjectName;
use crate::objects::pull_secrets::{Puller, Pullers};
use crate::release::Prepared;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::template::Map;
pub use asks::Ask;
use asks::asks;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
pub use trial::Giving;

/// The rule that asks for this.
pub const RULE: &str = "missing-pull-secret";

/// What the owner of a release says of pull secrets.
#[derive(Debug, Default)]
pub struct PullSecrets {
    /// The values that name some, in the order of their paths.
    pub asks: Vec<Ask>,
    /// Names that every pod needs which pulls from the mirror: those that the values of all charts name, and flags and
    /// airtight.yaml.
    pub required: BTreeSet<String>,
    /// Names that values of one chart or component name. Where nothing is required, each such pod needs one of them: it
    /// pulls from the same mirror.
    pub local: BTreeSet<String>,
    /// What gives a pod that lacks a secret what it needs, as tried.
    pub giving: BTreeMap<ObjectName, Giving>,
    /// Whether some pod pulls from the mirror.
    pub has_pullers: bool,
}

impl PullSecrets {
    /// What flags and airtight.yaml say.
    fn of_settings(settings: &Settings) -> Self {
        Self { required: settings.pull_secrets.iter().cloned().collect(), ..Self::default() }
    }

    /// What is said of manifests that came without a chart.
    pub(super) fn of_manifests(manifests: &[Arc<Manifest>], settings: &Settings) -> Self {
        let objects: Vec<Object<'_>> = manifests.iter().flat_map(Object::all).collect();
        let pullers = Pullers::of(&objects, "", &|image| serves(image, &settings.mirror));
        let has_pullers = pullers.pods.iter().any(|puller| puller.image.is_some());
        Self { has_pullers, ..Self::of_settings(settings) }
    }

    /// Whether pods pull from the mirror, and nobody said which secrets they need.
    pub fn are_unknown(&self) -> bool {
        self.has_pullers && self.required.is_empty() && self.local.is_empty()
    }

    /// The names that a pod lacks; none for one that does not pull from the mirror.
    pub fn missing<'s>(&'s self, puller: &Puller<'_>) -> Vec<&'s String> {
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

/// What the owner of a release says, and what gives the pods that lack a secret what they need.
pub(super) fn find(
    analysis: &Analysis,
    values: &Map,
    prepared: &Prepared,
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
    // A secret that only pods with images from elsewhere carry is for those.
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
