//! `--dependency-update`: who fetches the dependencies that the charts of a run lack.

use super::fetch::FetchFlags;
use crate::chart_reference::ChartReference;
use crate::limits::Limits;
use crate::store::Dependencies;

/// Fetches the dependencies that `charts` lack, each when its chart is loaded.
#[cfg(feature = "registry")]
pub(super) fn dependencies<'c>(
    fetch: &FetchFlags,
    charts: impl IntoIterator<Item = &'c ChartReference>,
    limits: &Limits,
) -> Option<Dependencies> {
    let charts: Vec<_> = charts.into_iter().filter_map(ChartReference::remote).cloned().collect();
    let (source, limits) = (fetch.source.clone(), limits.clone());
    Some(Dependencies::new(move |missing| super::dependency::fetch_missing(&source, &charts, missing, &limits)))
}

/// This build cannot fetch.
#[cfg(not(feature = "registry"))]
pub(super) fn dependencies<'c>(
    _: &FetchFlags,
    _: impl IntoIterator<Item = &'c ChartReference>,
    _: &Limits,
) -> Option<Dependencies> {
    None
}
