//! What `.Values` is, and why.

use crate::chart::{Chart, Dependency};
use crate::template::Map;
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
