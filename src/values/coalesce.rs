//! Merges the charts' defaults below the values that override them: nulls, globals, subcharts.
//!
//! Maps are shared and changed in place exactly where helm does so: some of its results depend on it.
//!
//! Source: helm `pkg/chart/common/util/coalesce.go`.

use super::ProcessOptions;
use super::graph::{ChartId, Graph};
use super::messages::{as_truth, plain, quote};
use super::origins::{Nulls, hide};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::log;
use crate::template::{Map, Value};
use crate::trace::{Origin, Origins, Str};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// The key of the values that charts share.
pub(super) const GLOBAL: &str = "global";

/// The rules, the log and the records of one [`process`](super::process).
pub(super) struct Coalescer<'a> {
    helm: HelmVersion,
    /// Helm's log; `None` if nobody reads it.
    warnings: Option<&'a mut Vec<String>>,
    origins: Option<&'a mut Origins>,
    /// The only keys that matter now; all, if `None`.
    wanted: Option<Rc<BTreeSet<Vec<u8>>>>,
    /// Whether overridden settings are recorded now.
    remember: bool,
    nulls: &'a Nulls,
    /// Whether paths are currently those of the user's values, which `nulls` refers to.
    user_paths: bool,
    steps_left: u64,
    steps: u64,
    /// The bytes of map copies that may still be made.
    bytes_left: usize,
    bytes: usize,
    depth: u32,
}

/// The approximate size of a map copy, and of each of its entries.
const MAP: usize = 200;
const ENTRY: usize = 80;
/// Bytes of the free entries in its first node.
const NODE: usize = 440;

/// The share of a render's memory that all copies together may take, in halves: many are dropped while others are made.
const COPIES: usize = 3;

/// The location of a map: the name of the chart and the keys below it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p [u8],
    depth: u32,
}

impl<'p> Path<'p> {
    fn new(parent: Option<&'p Self>, name: &'p [u8]) -> Self {
        Self { parent, name, depth: parent.map_or(0, |parent| parent.depth + 1) }
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        let mut next = Some(self);
        while let Some(path) = next {
            names.push(String::from_utf8_lossy(path.name).into());
            next = path.parent;
        }
        names.reverse();
        names
    }
}

/// For warnings: `app.db.image`.
impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.names().join("."))
    }
}

impl<'a> Coalescer<'a> {
    pub(super) fn new(
        options: ProcessOptions<'_>,
        origins: Option<&'a mut Origins>,
        nulls: &'a Nulls,
        warnings: Option<&'a mut Vec<String>>,
    ) -> Self {
        let limits = options.limits;
        Self {
            helm: options.helm,
            warnings,
            origins,
            wanted: None,
            remember: false,
            nulls,
            user_paths: false,
            steps_left: limits.template_steps,
            steps: limits.template_steps,
            bytes_left: limits.memory_bytes.saturating_mul(COPIES) / 2,
            bytes: limits.memory_bytes,
            // Nesting by import-values comes on top of the nesting in a file.
            depth: limits.yaml_depth.saturating_mul(2),
        }
    }

    /// The values of a render: the user's over the charts'.
    pub(super) fn finish(&mut self, graph: &Graph, user: &Map) -> Result<Map, Error> {
        self.remember = true;
        self.user_paths = true;
        let values = self.deep(user)?;
        self.coalesce(graph, graph.root(), &values, None, false)?;
        Ok(values)
    }

    /// The values of a chart below others, as the switches of its subcharts see them; nothing is recorded. If nobody reads the log,
    /// only members with these names: what is merged into one member of a map does not depend on the others.
    pub(super) fn preview(
        &mut self,
        graph: &Graph,
        chart: ChartId,
        values: &Map,
        names: &Rc<BTreeSet<Vec<u8>>>,
    ) -> Result<Map, Error> {
        self.remember = false;
        self.wanted = self.is_quiet().then(|| names.clone());
        let values = self.deep(values).and_then(|values| {
            self.coalesce(graph, chart, &values, None, false)?;
            Ok(values)
        });
        self.wanted = None;
        values
    }

    /// Whether nobody reads the log.
    pub(super) fn is_quiet(&self) -> bool {
        self.warnings.is_none()
    }

    /// Whether defaults that were merged once can be used again: nothing is recorded or logged on the way.
    pub(super) fn may_repeat(&self) -> bool {
        self.is_quiet() && self.origins.is_none()
    }

    /// The defaults of a chart and its subcharts, with their nulls.
    pub(super) fn defaults(&mut self, graph: &Graph, chart: ChartId) -> Result<Map, Error> {
        self.remember = true;
        self.user_paths = false;
        let values = Map::new();
        self.coalesce(graph, chart, &values, None, true)?;
        Ok(values)
    }

    /// Merges imported tables: `dst` takes precedence, nulls stay.
    pub(super) fn merge_tables(&mut self, dst: &Map, src: &Map) -> Result<(), Error> {
        self.remember = true;
        self.user_paths = false;
        self.tables(dst, src, None, true)
    }

    /// Merges the defaults of a chart and of its subcharts below `dst`.
    fn coalesce(
        &mut self,
        graph: &Graph,
        chart: ChartId,
        dest: &Map,
        prefix: Option<&Path<'_>>,
        merge: bool,
    ) -> Result<(), Error> {
        let path = Path::new(prefix, graph.name(chart).as_bytes());
        self.chart_values(graph, chart, dest, &path, merge)?;
        for &child in graph.children(chart) {
            let name = graph.name(child);
            let table = match dest.get(name.as_bytes()) {
                None => {
                    let table = Map::new();
                    dest.insert(name, Value::Map(table.clone()));
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => return Err(Error::refused(format!("type mismatch on {name}: {}", as_truth(&other)))),
            };
            self.globals(&table, dest, &path)?;
            self.coalesce(graph, child, &table, Some(&path), merge)?;
        }
        Ok(())
    }

    /// Merges a chart's own defaults below `values`.
    fn chart_values(
        &mut self,
        graph: &Graph,
        chart: ChartId,
        values: &Map,
        path: &Path<'_>,
        merge: bool,
    ) -> Result<(), Error> {
        let defaults = self.deep(graph.values(chart))?;
        // Helm 3 keeps the nulls of a chart's own defaults.
        let clean = self.helm == HelmVersion::V4;
        for (key, default) in defaults.entries() {
            let place = Path::new(Some(path), key.as_bytes());
            match values.get(key.as_bytes()) {
                None if merge => values.insert(key, default),
                None => {
                    match &default {
                        Value::Nil if clean => continue,
                        Value::Map(map) if clean => self.clean_nulls(map, 0)?,
                        _ => {}
                    }
                    values.insert(key, default);
                }
                Some(Value::Nil) if !merge => {
                    values.remove(key.as_bytes());
                    self.hide_by_null(&place, &default);
                }
                Some(Value::Map(table)) => match default {
                    Value::Map(default) => {
                        let is_child = graph.children(chart).iter().any(|&child| key == *graph.name(child));
                        let merge = merge || is_child;
                        if !merge && clean {
                            self.clean_nulls(&default, 0)?;
                        }
                        self.tables(&table, &default, Some(&place), merge)?;
                    }
                    Value::Nil => {}
                    other => {
                        self.warn(&format!("warning: skipped value for {place}: Not a table."));
                        self.hide(table.origin(), &other);
                    }
                },
                Some(Value::Nil) => self.hide_by_null(&place, &default),
                Some(value) => self.hide(value.origin(), &default),
            }
        }
        Ok(())
    }

    /// Passes the globals of a chart, `src`, to a subchart, `dest`; the parent's take precedence.
    fn globals(&mut self, dest: &Map, src: &Map, prefix: &Path<'_>) -> Result<(), Error> {
        let below = match dest.get(GLOBAL.as_bytes()) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.warn("warning: skipping globals because destination global is not a table.");
                return Ok(());
            }
        };
        let above = match src.get(GLOBAL.as_bytes()) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.warn("warning: skipping globals because source global is not a table.");
                return Ok(());
            }
        };
        self.charge(above.len())?;
        for (key, value) in above.entries() {
            let before = below.get(key.as_bytes());
            match (value, before) {
                (Value::Map(value), None) => below.insert(key, Value::Map(self.shallow(&value)?)),
                (Value::Map(value), Some(Value::Map(before))) => {
                    let copy = self.shallow(&value)?;
                    // Helm quirk: the path in warnings lacks the subchart and `global`.
                    let user_paths = std::mem::replace(&mut self.user_paths, false);
                    self.tables(&copy, &before, Some(&Path::new(Some(prefix), key.as_bytes())), true)?;
                    self.user_paths = user_paths;
                    below.insert(key, Value::Map(copy));
                }
                (Value::Map(value), Some(before)) => {
                    let key = quote(&key.to_text());
                    self.warn(&format!("Conflict: cannot merge map onto non-map for {key}. Skipping."));
                    self.hide(before.origin(), &Value::Map(value));
                }
                (value, Some(Value::Map(before))) => {
                    self.warn(&format!("key {key} is table. Skipping"));
                    self.hide(before.origin(), &value);
                }
                (value, before) => {
                    if let Some(before) = before {
                        self.hide(value.origin(), &before);
                    }
                    below.insert(key, value);
                }
            }
        }
        dest.insert(GLOBAL, Value::Map(below));
        Ok(())
    }

    /// Merges `src` into `dst`, which takes precedence.
    fn tables(&mut self, dst: &Map, src: &Map, path: Option<&Path<'_>>, merge: bool) -> Result<(), Error> {
        self.check_depth(path.map_or(0, |path| path.depth))?;
        self.charge(src.len() + 1)?;
        // The nulls of `dst` that remove something, with what they remove.
        let mut nullified: BTreeMap<Str, Value> = BTreeMap::new();
        if self.helm == HelmVersion::V4 {
            let nulls: Vec<Str> =
                dst.borrow().iter().filter(|(_, value)| value.is_nil()).map(|(key, _)| key.clone()).collect();
            for key in nulls {
                let value = src.get(key.as_bytes()).unwrap_or_default();
                src.insert(key.clone(), Value::Nil);
                if !value.is_nil() {
                    nullified.insert(key, value);
                }
            }
        }
        for (key, value) in src.entries() {
            let place = Path::new(path, key.as_bytes());
            let Some(mine) = dst.get(key.as_bytes()) else {
                dst.insert(key, value);
                continue;
            };
            match (mine, value) {
                (Value::Nil, value) if self.helm == HelmVersion::V3 && !merge => {
                    dst.remove(key.as_bytes());
                    self.hide_by_null(&place, &value);
                }
                (Value::Nil, _) if nullified.contains_key(&key) => {
                    if !merge {
                        dst.remove(key.as_bytes());
                    }
                    if let Some(value) = nullified.get(&key) {
                        self.hide_by_null(&place, value);
                    }
                }
                (Value::Map(mine), Value::Map(value)) => self.tables(&mine, &value, Some(&place), merge)?,
                (mine, Value::Map(value)) => {
                    let value = Value::Map(value);
                    let shown = plain(&value);
                    self.warn(&format!("warning: cannot overwrite table with non table for {place} ({shown})"));
                    self.hide(mine.origin(), &value);
                }
                (Value::Map(mine), value) if !value.is_nil() => {
                    let shown = plain(&value);
                    self.warn(&format!(
                        "warning: destination for {place} is a table. Ignoring non-table value ({shown})"
                    ));
                    self.hide(mine.origin(), &value);
                }
                (mine, value) => self.hide(mine.origin(), &value),
            }
        }
        Ok(())
    }

    /// Removes the nulls of a map and of nested maps, but not those in lists.
    fn clean_nulls(&mut self, map: &Map, depth: u32) -> Result<(), Error> {
        self.check_depth(depth)?;
        self.charge(map.len())?;
        map.borrow_mut().retain(|_, value| !value.is_nil());
        for (_, value) in map.entries() {
            if let Value::Map(inner) = value {
                self.clean_nulls(&inner, depth + 1)?;
            }
        }
        Ok(())
    }

    /// A copy that shares no map with the original.
    pub(super) fn deep(&mut self, map: &Map) -> Result<Map, Error> {
        self.deep_map(map, 0)
    }

    fn deep_map(&mut self, map: &Map, depth: u32) -> Result<Map, Error> {
        self.check_depth(depth)?;
        self.charge(map.len() + 1)?;
        let copy = match self.wanted.clone() {
            None => self.shallow(map)?,
            Some(wanted) => {
                let members = wanted.iter().filter_map(|name| map.borrow().get_key_value(&**name).map(pair));
                let copy = Map::of(map.ty(), members.collect());
                copy.set_origin(map.origin());
                copy
            }
        };
        for value in copy.borrow_mut().values_mut() {
            self.deepen(value, depth + 1)?;
        }
        Ok(copy)
    }

    /// A copy that shares the content of the map. A table under `global` is copied for every chart.
    fn shallow(&mut self, map: &Map) -> Result<Map, Error> {
        match self.bytes_left.checked_sub(MAP + if map.is_empty() { 0 } else { NODE } + ENTRY * map.len()) {
            Some(left) => self.bytes_left = left,
            None => {
                let bytes = self.bytes;
                return Err(Error::limit(format!(
                    "the values of all charts together take more than {bytes} bytes (--limit memory-bytes)"
                )));
            }
        }
        Ok(map.shallow_copy())
    }

    fn deepen(&mut self, value: &mut Value, depth: u32) -> Result<(), Error> {
        match value {
            Value::Map(map) => *map = self.deep_map(map, depth)?,
            // Lists are immutable: only those that contain maps need a copy.
            Value::List(list) if list.iter().any(|item| matches!(item, Value::Map(_) | Value::List(_))) => {
                self.check_depth(depth)?;
                self.charge(list.len())?;
                let mut items = list.to_vec();
                for item in &mut items {
                    self.deepen(item, depth + 1)?;
                }
                *list = list.remade(items, list.origin());
            }
            _ => {}
        }
        Ok(())
    }

    /// A line for helm's log.
    pub(super) fn log(&mut self, level: &str, message: &str, attributes: &[(&str, &str)]) {
        if let Some(warnings) = &mut self.warnings {
            warnings.push(log::line(level, message, attributes));
        }
    }

    fn warn(&mut self, message: &str) {
        self.log("INFO", message, &[]);
    }

    /// Charges work to the release's budget: charts can nest maps in each other many times over.
    pub(super) fn charge(&mut self, count: usize) -> Result<(), Error> {
        match self.steps_left.checked_sub(count as u64) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Error::limit(format!(
                "more than {} steps to coalesce the values (--limit template-steps)",
                self.steps
            ))),
        }
    }

    fn check_depth(&self, depth: u32) -> Result<(), Error> {
        if depth > self.depth {
            return Err(Error::limit(format!(
                "values are nested more than {} levels deep (--limit yaml-depth)",
                self.depth / 2
            )));
        }
        Ok(())
    }

    fn hide(&mut self, winner: Origin, loser: &Value) {
        if self.remember {
            hide(&mut self.origins, winner, loser.origin());
        }
    }

    fn hide_by_null(&mut self, place: &Path<'_>, loser: &Value) {
        if self.remember && self.user_paths && self.origins.is_some() && !self.nulls.is_empty() {
            // The first name is that of the top chart.
            let winner = self.nulls.get(&place.names()[1..]);
            hide(&mut self.origins, winner, loser.origin());
        }
    }
}

fn pair((key, value): (&Str, &Value)) -> (Str, Value) {
    (key.clone(), value.clone())
}
