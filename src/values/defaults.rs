//! [`Defaults`]: a cache of the default values of charts, for renders without tracing. They are never changed, only copied.

use super::graph::Shape;
use crate::chart::Chart;
use crate::helm::HelmVersion;
use crate::template::Map;
use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The most combinations of enabled charts that are kept.
const MOST_SHAPES: usize = 4;

/// The default values of the charts of a release.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults {
    charts: RefCell<HashMap<Key, Known, RandomState>>,
    /// After import-values, for all charts of a graph; the last ones.
    imported: RefCell<Vec<(Shape, Imported)>>,
}

/// The chart's address, and helm's version.
type Key = (usize, HelmVersion);

/// A chart, kept so that its address stays unique, and its values.
type Known = (Arc<Chart>, Map);

/// The values of the charts of a graph, in its order.
type Imported = Rc<Vec<Map>>;

impl Defaults {
    /// The values of a chart, from `make` on first use.
    pub(super) fn of(&self, chart: &Arc<Chart>, helm: HelmVersion, make: impl FnOnce() -> Map) -> Map {
        let key = (Arc::as_ptr(chart) as usize, helm);
        if let Some((_, known)) = self.charts.borrow().get(&key) {
            return known.clone();
        }
        let values = make();
        self.charts.borrow_mut().insert(key, (chart.clone(), values.clone()));
        values
    }

    /// The values of the charts of a graph after import-values, if they are known.
    pub(super) fn imported(&self, shape: &Shape) -> Option<Imported> {
        self.imported.borrow().iter().find(|(known, _)| known.is_same(shape)).map(|(_, values)| values.clone())
    }

    /// Keeps these values.
    pub(super) fn keep_imported(&self, shape: Shape, values: Vec<Map>) {
        let mut imported = self.imported.borrow_mut();
        if imported.len() == MOST_SHAPES {
            imported.remove(0);
        }
        imported.push((shape, Rc::new(values)));
    }
}
