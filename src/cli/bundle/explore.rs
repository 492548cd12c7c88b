//! The flags of commands that explore what releases can need.

use super::pins::PinFlags;
use crate::bundle::forms::record::{RecordedOperator, RecordedRelease};
use crate::bundle::wanted::{Wanted, joined};
use crate::chart_reference::{ChartReference, Location};
use crate::cli::explore::{explore, sources, unnamed_mirror, warn, warn_of};
use crate::cli::one_release::{One, OneFlags, RenderFlags};
use crate::cli::{Problem, Streams};
use crate::closure::lists::{Explored, ListFor, wanted};
use crate::closure::shared::Searches;
use crate::closure::{Budget, Closure, OperatorImage, Request};
use crate::lint::name;
use crate::reference::Reference;
use crate::report::{ReleaseName, plain_line};
use std::collections::BTreeSet;

/// Which releases are explored, and how.
#[derive(Debug, clap::Args)]
pub(super) struct ExploreFlags {
    #[command(flatten)]
    one: OneFlags,
    /// Only what the values as given bring, not what other settings would
    #[arg(long)]
    only_values: bool,
    /// The most executions of one template; beyond, only small combinations of its switches are tried
    #[arg(long, value_name = "N", default_value_t = Budget::default().runs)]
    budget: u32,
    #[command(flatten)]
    pins: PinFlags,
    #[command(flatten)]
    pub(super) render: RenderFlags,
}

/// What the mirror must hold for one release, or for several.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// The name of the only release; empty if there are several.
    pub(super) release: ReleaseName,
    pub(super) releases: Vec<RecordedRelease>,
    pub(super) wanted: Vec<Wanted>,
    /// References to the mirror whose sources are not known.
    pub(super) unknown_sources: BTreeSet<String>,
    pub(super) operators: BTreeSet<RecordedOperator>,
    /// Whether everything that was asked for was explored, each source is known, and each digest that was asked for.
    pub(super) is_complete: bool,
}

impl ExploreFlags {
    /// Explores the release that is named, or all of airtight.yaml; warns about what is not known.
    pub(super) fn explore(&self, streams: &mut Streams<'_>) -> Result<Needed, Problem> {
        let mut needed = Needed { is_complete: true, ..Needed::default() };
        let mut charts = Vec::new();
        let mut searches = Searches::of_releases();
        if self.one.names_nothing() {
            self.render.each_release(streams, &mut |one, streams| {
                charts.extend(one.chart.remote().cloned());
                let full_name = crate::config::full_name(&one.prepared.release.name, one.environment.as_deref());
                self.add((one, Some(&full_name)), &mut searches, &mut needed, streams)
            })?;
        } else {
            let one = self.one.prepare(&self.render, streams)?;
            charts.extend(one.chart.remote().cloned());
            needed.release = ReleaseName { environment: one.environment.clone(), ..name(&one.prepared) };
            self.add((one, None), &mut Searches::default(), &mut needed, streams)?;
        }
        needed.wanted = joined(std::mem::take(&mut needed.wanted));
        needed.is_complete &= self.pins.pin(&mut needed.wanted, self.render.fetch(), &charts, streams)?;
        Ok(needed)
    }

    /// Adds what a release can need; `full_name` is its name if it is one of several.
    fn add(
        &self,
        (one, full_name): (One, Option<&str>),
        searches: &mut Searches,
        needed: &mut Needed,
        streams: &mut Streams<'_>,
    ) -> Result<(), Problem> {
        let One { chart, prepared, environment, settings, has_mirror } = one;
        let budget = Budget { runs: self.budget, ..Budget::default() };
        let closure = explore(&prepared, &settings, Request { budget, ..Request::default() }, searches)?;
        let sources = sources(&prepared, &settings, (&closure, budget))?;
        let name = prepared.release.name.clone();
        let own = in_registry(&chart, &prepared.chart.metadata.version);
        needed.wanted.extend(wanted(&Explored {
            chart: &prepared.chart,
            own: own.as_ref(),
            closure: &closure,
            sources: &sources,
            only_given: self.only_values,
            lists: full_name.map_or(ListFor::Dependencies, |full_name| ListFor::Release(&name, full_name)),
        }));
        let of_operators = closure.operators.iter().filter(|one| one.settings.is_empty() || !self.only_values);
        needed.operators.extend(of_operators.map(|one| recorded(one, full_name)));
        needed.is_complete &= closure.is_complete() || self.only_values && closure.failure.is_none();
        needed.is_complete &= sources.unknown.is_empty();
        needed.releases.push(RecordedRelease {
            name: crate::config::full_name(&name, environment.as_deref()),
            chart: format!("{}-{}", prepared.chart.name(), prepared.chart.metadata.version),
        });
        self.warn(&closure, full_name, streams);
        let whose = full_name.map(|name| format!("{name}: ")).unwrap_or_default();
        for reference in &sources.unknown {
            let text = format!("{whose}{reference} names the mirror, and its source is not known: it is in no list");
            writeln!(streams.err, "warning: {}", plain_line(&text))?;
        }
        if let Some(doubt) = if has_mirror { None } else { unnamed_mirror(&prepared, &closure)? } {
            writeln!(streams.err, "warning: {}", plain_line(&format!("{whose}{doubt}")))?;
        }
        needed.unknown_sources.extend(sources.unknown);
        Ok(())
    }

    fn warn(&self, closure: &Closure, full_name: Option<&str>, streams: &mut Streams<'_>) {
        match full_name {
            Some(name) => warn_of(name, closure, streams),
            None => warn(closure, streams),
        }
    }
}

fn recorded(operator: &OperatorImage, release: Option<&str>) -> RecordedOperator {
    RecordedOperator {
        image: operator.image.clone(),
        operator: operator.operator.clone(),
        release: release.map(str::to_owned),
        settings: operator.settings.iter().map(ToString::to_string).collect(),
    }
}

/// The chart itself, if it is in a registry.
fn in_registry(chart: &ChartReference, version: &str) -> Option<Reference> {
    let Location::Registry(url) = &chart.remote()?.location else { return None };
    let bare = Reference::parse(url.split_once("://")?.1).ok()?;
    // A tag has no plus.
    Reference::parse(&format!("{}:{}", bare.name(), version.replace('+', "_"))).ok()
}
