//! [`Closure`]: all images that a chart can print, over all its switches, each with the smallest settings under which it appears.
//!
//! The method is that of SPLat (Kim, Marinov, Khurshid et al., ESEC/FSE 2013): execute, note which switches were read, and go back only
//! over those. Each template file is executed alone ([`Units`](crate::render::units::Units)), and only reads that can change an image position count
//! ([`Slices`](slice::Slices)), so that there is one run for each sequence of decisions, and none for switches that do not matter.
//! docs/closure.md states what the list contains, and what it cannot.

mod assignment;
#[cfg(test)]
pub(crate) mod brute;
mod by_rounds;
mod cover;
mod discover;
mod domain;
mod explore;
mod facts;
mod file_search;
pub(crate) mod lists;
mod loops;
mod mentions;
mod operators;
mod part_names;
mod pipelines;
mod prove;
mod rounds;
pub(crate) mod shared;
mod slice;
mod slots;
pub(crate) mod sources;
mod unit;
mod unprinted;
mod unreached;
mod usage;

use crate::chart::owner_of;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::reads::dependencies::{SwitchKind, of_dependencies};
use crate::release::{InputChange, ReleaseInputs};
use crate::render::Capabilities;
use crate::settings::Settings;
use crate::template::Map;
use crate::values::value_at;
use crate::values_path::ValuesPath;
use crate::work::Work;
use explore::Explorer;
use shared::Searches;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
pub(crate) use unreached::UnreachedBranch;

/// Everything that decides between branches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Switch {
    /// A value, by its path from the top chart.
    Value(ValuesPath),
    /// Whether it is an upgrade.
    Upgrade,
    /// The version of Kubernetes.
    KubeVersion,
    /// Whether the cluster has an API version.
    ApiVersion(String),
}

/// A switch that differs from what is given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Setting {
    /// The switch.
    pub switch: Switch,
    /// Its value, as JSON.
    pub value: String,
}

/// How many executions of files a closure may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Runs of one file.
    pub runs: u32,
    /// Steps of all runs of one file, and of reading what they print.
    pub file_steps: u64,
    /// Steps of all runs together.
    pub steps: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { runs: 8192, file_steps: 40_000_000, steps: 600_000_000 }
    }
}

/// What an exploration is to find out, and at which cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Request {
    /// The most executions.
    pub budget: Budget,
    /// Whether the branches that no execution took are wanted.
    pub unreached: bool,
}

/// An image that the release can print.
#[derive(Debug, Clone)]
pub(crate) struct ClosureImage {
    /// The reference, as printed.
    pub reference: String,
    /// Whether the release prints it as it is given.
    pub is_today: bool,
    /// The smallest settings found under which it appears; empty if it is there today.
    pub settings: Vec<Setting>,
    /// The template files that print it, by full name.
    pub templates: BTreeSet<String>,
    /// Why helm does not print it with these settings, if a complete render did not: another template refuses them.
    pub unproven: Option<String>,
}

/// An image that an operator pulls by itself: no manifest shows its tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperatorImage {
    /// The image without a tag: `docker.io/envoyproxy/envoy`.
    pub image: String,
    /// The operator: `envoy-gateway`.
    pub operator: String,
    /// The smallest settings found under which the operator pulls it.
    pub settings: Vec<Setting>,
}

/// One template file that can print images.
#[derive(Debug, Clone)]
pub(crate) struct UnitReport {
    /// Its full name.
    pub template: String,
    /// The switches that were decided.
    pub switches: BTreeSet<Switch>,
    /// The executions that it took.
    pub runs: u32,
    /// The file that was searched in its place, because it has the same text and reads the same.
    pub same_as: Option<String>,
    /// The executions that all combinations of its switches would take; saturating.
    pub combinations: u64,
    /// Whether the budget ended the search: the combinations are covered in triples only.
    pub is_bounded: bool,
}

/// All images that a release can print.
#[derive(Debug, Default)]
pub(crate) struct Closure {
    /// The images, by reference.
    pub images: Vec<ClosureImage>,
    /// What operators pull by themselves.
    pub operators: Vec<OperatorImage>,
    /// Text of templates that looks like a reference and is a part of no image of the list: the text, and its first location.
    pub unprinted: BTreeMap<String, String>,
    /// The files that can print images, by name.
    pub units: Vec<UnitReport>,
    /// Values whose text becomes a part of an image: with another text, it is another image.
    pub free: BTreeSet<ValuesPath>,
    /// What is not set and would become a part of an image: values, and the version of Kubernetes.
    pub open: BTreeSet<Switch>,
    /// Why the release does not render as it is given, if it does not.
    pub failure: Option<String>,
    /// Files that ask the cluster for objects: what they print with such objects is not known.
    pub lookups: BTreeSet<String>,
    /// The branches that no execution took, if they were asked for.
    pub unreached: Vec<UnreachedBranch>,
}

impl Closure {
    /// Whether nothing was left out for its cost, and the release renders as it is given.
    pub(crate) fn is_complete(&self) -> bool {
        self.failure.is_none() && self.units.iter().all(|unit| !unit.is_bounded)
    }

    /// The closure of a release.
    ///
    /// # Errors
    /// The user's input cannot be used, or the chart's templates cannot be parsed.
    pub(crate) fn of(
        prepared: &ReleaseInputs,
        settings: &Settings,
        compiler: &mut Compiler,
        (request, searches): (Request, &mut Searches),
    ) -> Result<Self, Error> {
        let given = prepared.values(&[], None, None).map_err(explore::refused)?;
        let gates = Gates::of(prepared, &given.values)?;
        let mut explorer = Explorer::new(prepared, settings, compiler, (request, searches), (given.values, gates));
        let mut closure = rounds::closure(&mut explorer)?;
        operators::take_out(&mut closure);
        Ok(closure)
    }
}

/// What enables the subcharts that are disabled as given.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// By the path of a chart: the settings that enable it, by condition or else by tag.
    by_chart: BTreeMap<ValuesPath, ValuesPath>,
    /// All of them.
    all: BTreeSet<ValuesPath>,
}

impl Gates {
    /// What enables the charts of a release with these values.
    fn of(prepared: &ReleaseInputs, given: &Map) -> Result<Self, Error> {
        let mut gates = Self::default();
        gates.add(prepared, given);
        // The defaults of a chart, which may disable its own subcharts, are there once it is enabled.
        let mut known = 0;
        while gates.all.len() > known {
            known = gates.all.len();
            let enabled = prepared.values(&gates.changes(), None, None).map_err(explore::refused)?;
            gates.add(prepared, &enabled.values);
        }
        Ok(gates)
    }

    fn add(&mut self, prepared: &ReleaseInputs, values: &Map) {
        for kind in [SwitchKind::Condition, SwitchKind::Tag] {
            for switch in of_dependencies(&prepared.chart).into_iter().filter(|switch| switch.kind == kind) {
                let is_on = value_at(values, &switch.path).is_none_or(|value| value.truth());
                // A condition decides alone if it is set.
                if !is_on && !self.by_chart.contains_key(&switch.chart) {
                    self.by_chart.insert(switch.chart, switch.path);
                }
            }
        }
        self.all = self.by_chart.values().cloned().collect();
    }

    /// The settings without which the chart of a file does not exist.
    pub(super) fn of_file(&self, file: &str) -> BTreeSet<ValuesPath> {
        let chart = owner_of(file);
        let path = ValuesPath::default().of_user(chart);
        (1..=path.len()).filter_map(|length| self.by_chart.get(&path[..length])).cloned().collect()
    }

    /// The changes that enable all charts.
    pub(super) fn changes(&self) -> Vec<InputChange> {
        self.all.iter().cloned().map(InputChange::SwitchOn).collect()
    }
}

/// A release under settings, and the changes of its values.
pub(super) fn under(prepared: &ReleaseInputs, settings: &[Setting]) -> (ReleaseInputs, Vec<InputChange>) {
    let mut prepared = ReleaseInputs { work: Work::of(&prepared.limits), ..prepared.clone() };
    let mut changes = Vec::new();
    for Setting { switch, value } in settings {
        match switch {
            Switch::Value(path) => changes.push(InputChange::SetJson(path.clone(), value.clone())),
            Switch::Upgrade => prepared.release.is_upgrade = value == "true",
            Switch::KubeVersion | Switch::ApiVersion(_) => set_capability(&mut prepared.capabilities, switch, value),
        }
    }
    (prepared, changes)
}

/// Sets the version of Kubernetes, or adds an API version.
pub(super) fn set_capability(capabilities: &mut Capabilities, switch: &Switch, value: &str) {
    match switch {
        Switch::KubeVersion => {
            if let Ok(version) = crate::render::capabilities::KubeVersion::parse(value) {
                capabilities.kube_version = version;
            }
        }
        Switch::ApiVersion(name) if value == "true" => capabilities.api_versions.push(name.clone()),
        _ => {}
    }
}

/// As on helm's command line: `metallb.enabled=true`, `--is-upgrade`, `--kube-version v1.20.0`, `--api-versions batch/v1`.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.switch {
            Switch::Value(path) => write!(f, "{path}={}", self.value),
            Switch::Upgrade if self.value == "true" => f.write_str("--is-upgrade"),
            Switch::Upgrade => f.write_str("without --is-upgrade"),
            Switch::KubeVersion => write!(f, "--kube-version {}", self.value),
            Switch::ApiVersion(name) => write!(f, "--api-versions {name}"),
        }
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(path) => path.fmt(f),
            Self::Upgrade => f.write_str(".Release.IsUpgrade"),
            Self::KubeVersion => f.write_str(".Capabilities.KubeVersion"),
            Self::ApiVersion(name) => write!(f, ".Capabilities.APIVersions.Has {name}"),
        }
    }
}
