//! The flags of commands that explore what a release can need.

use crate::bundle::drift::Wanted;
use crate::chart_reference::{ChartReference, Location};
use crate::cli::explore::explore;
use crate::cli::one_release::{One, OneFlags, RenderFlags};
use crate::cli::{Problem, Streams};
use crate::closure::Closure;
use crate::closure::lists::wanted;
use crate::lint::name;
use crate::reference::Reference;
use crate::report::ReleaseName;

/// Which release is explored, and how.
#[derive(Debug, clap::Args)]
pub(super) struct ExploreFlags {
    #[command(flatten)]
    one: OneFlags,
    /// Only what the values as given bring, not what other settings would
    #[arg(long)]
    only_values: bool,
    /// The most executions of one template; beyond, only small combinations of its switches are tried
    #[arg(long, value_name = "N", default_value_t = 4096)]
    budget: u32,
    #[command(flatten)]
    render: RenderFlags,
}

/// What a release can need.
#[derive(Debug)]
pub(super) struct Explored {
    pub(super) release: ReleaseName,
    pub(super) chart: String,
    pub(super) closure: Closure,
    pub(super) wanted: Vec<Wanted>,
    only_values: bool,
}

impl ExploreFlags {
    pub(super) fn explore(&self, streams: &mut Streams<'_>) -> Result<Explored, Problem> {
        let One { chart, prepared, environment, settings, .. } = self.one.prepare(&self.render, streams)?;
        let closure = explore(&prepared, &settings, self.budget)?;
        let own = in_registry(&chart, &prepared.chart.metadata.version);
        let wanted = wanted(&prepared.chart, own.as_ref(), &closure, self.only_values);
        let release = ReleaseName { environment, ..name(&prepared) };
        let chart = format!("{}-{}", prepared.chart.name(), prepared.chart.metadata.version);
        Ok(Explored { release, chart, closure, wanted, only_values: self.only_values })
    }
}

/// The chart itself, if it is in a registry.
fn in_registry(chart: &ChartReference, version: &str) -> Option<Reference> {
    let Location::Registry(url) = &chart.remote()?.location else { return None };
    let bare = Reference::parse(url.split_once("://")?.1).ok()?;
    // A tag has no plus.
    Reference::parse(&format!("{}:{}", bare.name(), version.replace('+', "_"))).ok()
}

impl Explored {
    /// Whether everything that was asked for was explored.
    pub(super) fn is_complete(&self) -> bool {
        self.closure.is_complete() || self.only_values && self.closure.failure.is_none()
    }
}
