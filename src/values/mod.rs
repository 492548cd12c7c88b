//! What `.Values` is, and why.
//!
//! The way of the values: [`layers`] merges what the user gave (`-f` files, then [`strvals`] flags);
//! [`process`] puts the charts' own defaults below it ([`coalesce`]) and decides on the way which subcharts there are
//! and what they export ([`dependencies`]). [`origins`] says where each value was set, and every step that lets one
//! setting take the place of another notes which one lost.

mod coalesce;
mod dependencies;
mod json;
pub mod layers;
mod messages;
pub mod origins;
mod strvals;

pub use layers::{Merged, UserValues};

use crate::chart::{Chart, Dependency};
use crate::limits::Limits;
use crate::template::{HelmVersion, Map};
use crate::trace::Origins;
use coalesce::Coalescer;
use dependencies::Graph;
use std::sync::Arc;

/// A chart as one release sees it: under its name or alias, with its processed defaults and its enabled subcharts.
///
/// Made anew for each render from the immutable [`Chart`], because processing dependencies renames, drops and rewrites.
#[derive(Debug, Clone)]
pub struct Instance {
    /// What it was made from.
    pub chart: Arc<Chart>,
    /// Name or alias.
    pub name: String,
    /// Path of names from the top chart on: `app/charts/db`.
    pub full_path: String,
    /// The chart's default values, after import-values.
    pub values: Map,
    /// The requirements that are left after conditions and tags; `None` when absent. `.Chart.Dependencies` shows them.
    pub dependencies: Option<Vec<Requirement>>,
    /// Enabled subcharts, in helm's order.
    pub children: Vec<Instance>,
}

/// A requirement of an [`Instance`] after processing.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// As declared; `name` is the alias when there is one.
    pub declared: Dependency,
    /// Whether it is enabled.
    pub enabled: bool,
    /// `import-values` as rewritten by import processing: `{child, parent}` maps; `None` where absent.
    pub import_values: Option<Vec<crate::template::Value>>,
}

/// How to [`process`].
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Which helm's rules.
    pub helm: HelmVersion,
    /// The bounds on the work.
    pub limits: &'a Limits,
}

/// What a release is made of.
#[derive(Debug)]
pub struct Processed {
    /// The top chart with its enabled subcharts.
    pub root: Instance,
    /// The coalesced values: `.Values` of the top chart, with those of each subchart under its name.
    pub values: Map,
}

/// Decides which subcharts are enabled, imports what they export, and puts the charts' defaults below the user's
/// values. `user` is not changed.
///
/// Log lines are added to `warnings` as helm prints them; also when there is an error.
///
/// # Errors
/// helm's text after `Error: `: `type mismatch on db: %!t(string=foo)`; or one of our own limits.
///
/// Source: helm `pkg/chart/v2/util/dependencies.go`, `pkg/chart/common/util/coalesce.go`.
pub fn process(
    chart: &Arc<Chart>,
    user: &Merged,
    options: Options<'_>,
    mut origins: Option<&mut Origins>,
    warnings: &mut Vec<String>,
) -> Result<Processed, String> {
    let mut graph = Graph::load(chart, options, origins.as_deref_mut())?;
    let mut coalescer = Coalescer::new(options, origins, &user.nulls, warnings);
    if let Err(error) = graph.resolve(&user.values, &mut coalescer) {
        return Err(match options.helm {
            HelmVersion::V3 => error,
            HelmVersion::V4 => {
                const CONTEXT: &str = "chart dependencies processing failed";
                coalescer.log("ERROR", CONTEXT, &[("error", &error)]);
                format!("{CONTEXT}: {error}")
            }
        });
    }
    let values = coalescer.finish(&graph, &user.values)?;
    let root = graph.into_instance(&mut coalescer)?;
    Ok(Processed { root, values })
}
