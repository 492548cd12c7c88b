//! [`Defaults`]: the default values of charts as maps, made once for all renders that trace nothing. Nobody changes them: what
//! is made of them is made of copies.

use crate::chart::Chart;
use crate::helm::HelmVersion;
use crate::template::Map;
use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The default values of the charts of a release.
#[derive(Debug, Clone, Default)]
pub struct Defaults(RefCell<HashMap<Key, Known, RandomState>>);

/// The chart's address, and helm's version.
type Key = (usize, HelmVersion);

/// A chart, which is kept so that its address stays its own, and its values.
type Known = (Arc<Chart>, Map);

impl Defaults {
    /// The values of a chart, made by `make` if they were not yet.
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
