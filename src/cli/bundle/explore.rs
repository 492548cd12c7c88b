//! The flags of commands that explore what a release can need.

use crate::bundle::drift::Wanted;
use crate::chart_reference::{ChartReference, Location};
use crate::cli::one_release::{One, OneFlags, RenderFlags};
use crate::cli::release::without_secrets;
use crate::cli::{Problem, Streams};
use crate::closure::lists::wanted;
use crate::closure::{Budget, Closure};
use crate::compiler::Compiler;
use crate::reference::Reference;
use crate::report::ReleaseName;
use crate::report::closure::hide_in_closure;
use crate::secrets::Secrets;

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
        let budget = Budget { runs: self.budget, ..Budget::default() };
        let explored = Closure::of(&prepared, &settings, &mut Compiler::new(), budget);
        let mut closure = explored.map_err(|error| without_secrets(&prepared, error))?;
        hide_in_closure(&mut closure, &Secrets::of_release(&prepared));
        let own = in_registry(&chart, &prepared.chart.metadata.version);
        let wanted = wanted(&prepared.chart, own.as_ref(), &closure, self.only_values);
        let release = ReleaseName {
            name: prepared.release.name.clone(),
            chart: prepared.chart.name().to_owned(),
            namespace: prepared.release.namespace.clone(),
            environment,
        };
        let name = format!("{}-{}", prepared.chart.name(), prepared.chart.metadata.version);
        Ok(Explored { release, chart: name, closure, wanted, only_values: self.only_values })
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
        self.closure.failure.is_none() && (self.only_values || self.closure.units.iter().all(|unit| !unit.is_bounded))
    }
}
