//! [`Defaults`]: a cache of the default values of charts, for renders without tracing. They are never changed, only copied.

use crate::chart::Chart;
use crate::helm::HelmVersion;
use crate::template::Map;
use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The default values of the charts of a release.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults(RefCell<HashMap<Key, Known, RandomState>>);

/// The chart's address, and helm's version.
type Key = (usize, HelmVersion);

/// A chart, kept so that its address stays unique, and its values.
type Known = (Arc<Chart>, Map);

impl Defaults {
    /// The values of a chart, from `make` on first use.
    pub(super) fn of(&self, chart: &Arc<Chart>, helm: HelmVersion, make: impl FnOnce() -> Map) -> Map {
        let key = (Arc::as_ptr(chart) as usize, helm);
        if let Some((_, known)) = self.0.borrow().get(&key) {
            return known.clone();
        }
        let values = make();
        self.0.borrow_mut().insert(key, (chart.clone(), values.clone()));
        values
    }
}
