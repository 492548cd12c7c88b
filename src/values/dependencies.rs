//! Which subcharts a release has, under which names, and what they export to their parents.
//!
//! Source: helm `pkg/chart/v2/util/dependencies.go`.

use super::coalesce::{Coalescer, GLOBAL};
use super::defaults::Defaults;
use super::graph::{ChartId, Graph, Metadata, Node};
use super::messages::plain;
use super::{Instance, Requirement};
use crate::chart::Dependency;
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::semver::{Constraint, Version};
use crate::template::{Map, Value, types};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

impl Graph {
    /// Removes disabled subcharts, applies aliases, then imports values.
    pub(super) fn resolve(&mut self, user: &Map, coalescer: &mut Coalescer<'_>, known: &Defaults) -> Result<(), Error> {
        // Without a log, only these matter.
        let needs_names = coalescer.is_quiet() && !self.requirements.is_empty();
        let names = if needs_names { self.names() } else { Rc::default() };
        self.enable(self.root(), user, "", &names, coalescer)?;
        // Without imports, the values of a chart depend only on which subcharts are enabled.
        let may_repeat = coalescer.may_repeat() && self.requirements.iter().all(|one| one.import_values.is_none());
        if !may_repeat {
            return self.import(self.root(), coalescer);
        }
        let shape = self.shape();
        if let Some(values) = known.imported(&shape) {
            self.charts.iter_mut().zip(values.iter()).for_each(|(node, values)| node.values = values.clone());
            return Ok(());
        }
        self.import(self.root(), coalescer)?;
        known.keep_imported(shape, self.charts.iter().map(|node| node.values.clone()).collect());
        Ok(())
    }

    /// The names on the paths of switches: only values below them decide which subcharts are enabled.
    fn names(&self) -> Rc<BTreeSet<Vec<u8>>> {
        let of_charts = self.metadata.iter().map(|metadata| metadata.name.as_str());
        let declared = self.requirements.iter().map(|requirement| &requirement.declared);
        let of_switches = declared.flat_map(|declared| {
            let tags = declared.tags.iter().flatten().map(String::as_str);
            [declared.name.as_str(), &declared.alias]
                .into_iter()
                .chain(declared.condition.trim().split(','))
                .chain(tags)
        });
        let paths: Vec<&str> = [GLOBAL, "tags"].into_iter().chain(of_charts).chain(of_switches).collect();
        let parts = paths.iter().flat_map(|path| path.split('.').chain([*path]));
        Rc::new(parts.map(|name| name.as_bytes().to_vec()).collect())
    }

    /// Keeps only the subcharts that conditions and tags enable.
    fn enable(
        &mut self,
        chart: ChartId,
        values: &Map,
        path: &str,
        names: &Rc<BTreeSet<Vec<u8>>>,
        coalescer: &mut Coalescer<'_>,
    ) -> Result<(), Error> {
        let metadata = self.charts[chart].metadata;
        let Some(requirements) = self.metadata[metadata].requirements.clone() else { return Ok(()) };
        coalescer.charge(requirements.len() * (1 + self.children(chart).len()))?;

        let found = self.children(chart).to_vec();
        let undeclared = |&&child: &&ChartId| !requirements.iter().any(|&required| self.matches(child, required));
        let mut children: Vec<ChartId> = found.iter().filter(undeclared).copied().collect();
        for &required in &requirements {
            if let Some(&child) = found.iter().find(|&&child| self.matches(child, required)) {
                children.push(self.copy(child, required)?);
            }
            let declared = &mut self.requirements[required].declared;
            if !declared.alias.is_empty() {
                declared.name = declared.alias.clone();
            }
        }
        self.set_children(chart, children);
        for &required in &requirements {
            self.requirements[required].enabled = true;
        }

        let seen = coalescer.preview(self, chart, values, names)?;
        self.apply_tags(&requirements, &seen, coalescer);
        self.apply_conditions(&requirements, &seen, path, coalescer);

        let disabled: Vec<String> = requirements
            .iter()
            .map(|&required| &self.requirements[required])
            .filter(|requirement| !requirement.enabled)
            .map(|requirement| requirement.declared.name.clone())
            .collect();
        let children: Vec<ChartId> = self
            .children(chart)
            .iter()
            .copied()
            .filter(|&child| !disabled.iter().any(|name| name == self.name(child)))
            .collect();
        let left: Vec<usize> = requirements
            .into_iter()
            .filter(|&required| !disabled.contains(&self.requirements[required].declared.name))
            .collect();
        for &child in &children {
            let path = format!("{path}{}.", self.name(child));
            self.enable(child, &seen, &path, names, coalescer)?;
        }
        self.metadata[metadata].requirements = (!left.is_empty()).then_some(left);
        self.set_children(chart, children);
        Ok(())
    }

    /// Whether a chart matches a requirement.
    fn matches(&self, child: ChartId, required: usize) -> bool {
        let Dependency { name, version, .. } = &self.requirements[required].declared;
        self.name(child) == name && version_satisfies(&self.charts[child].chart.metadata.version, version, self.helm)
    }

    fn apply_tags(&mut self, requirements: &[usize], values: &Map, coalescer: &mut Coalescer<'_>) {
        let Some(Value::Map(tags)) = values.get(b"tags") else { return };
        for &required in requirements {
            let Requirement { declared, enabled, .. } = &mut self.requirements[required];
            let (mut any_true, mut any_false) = (false, false);
            for tag in declared.tags.iter().flatten() {
                match tags.get(tag.as_bytes()) {
                    None => {}
                    Some(Value::Bool(true, _)) => any_true = true,
                    Some(Value::Bool(false, _)) => any_false = true,
                    Some(_) => {
                        let chart = declared.name.as_str();
                        coalescer.log("WARN", "returned non-bool value", &[("tag", tag), ("chart", chart)]);
                    }
                }
            }
            *enabled = any_true || !any_false;
        }
    }

    fn apply_conditions(&mut self, requirements: &[usize], values: &Map, path: &str, coalescer: &mut Coalescer<'_>) {
        for &required in requirements {
            let Requirement { declared, enabled, .. } = &mut self.requirements[required];
            // Helm quirk: the condition is trimmed, but not its parts.
            for part in declared.condition.trim().split(',').filter(|part| !part.is_empty()) {
                match scalar_at(values, &format!("{path}{part}")) {
                    None => {}
                    Some(Value::Bool(truth, _)) => {
                        *enabled = truth;
                        break;
                    }
                    Some(_) => {
                        let chart = declared.name.as_str();
                        coalescer.log("WARN", "returned non-bool value", &[("path", part), ("chart", chart)]);
                    }
                }
            }
        }
    }

    /// Merges the exports of subcharts into the defaults of their parents, deepest first.
    fn import(&mut self, chart: ChartId, coalescer: &mut Coalescer<'_>) -> Result<(), Error> {
        for child in self.children(chart).to_vec() {
            self.import(child, coalescer)?;
        }
        let metadata = self.charts[chart].metadata;
        let Some(requirements) = self.metadata[metadata].requirements.clone() else { return Ok(()) };
        let values = coalescer.defaults(self, chart)?;
        let imported = Map::new();
        for required in requirements {
            let name = self.requirements[required].declared.name.clone();
            let mut rewritten = Vec::new();
            for entry in self.requirements[required].import_values.take().unwrap_or_default() {
                let (child, parent) = match &entry {
                    // Helm quirk: entries that were already rewritten, for an alias that shares them, import nothing.
                    Value::Map(map) if *map.ty() == types::STRING_MAP => continue,
                    Value::Map(map) => (self.text_of(map, b"child")?, self.text_of(map, b"parent")?),
                    Value::Str(export) => (format!("exports.{export}"), ".".to_owned()),
                    _ => continue,
                };
                match table_at(&values, &format!("{name}.{child}")) {
                    Ok(table) => {
                        let table = if table.is_empty() { Map::new() } else { table };
                        let wrapped = if parent == "." { table } else { nest(&parent, table) };
                        coalescer.merge_tables(&imported, &wrapped)?;
                    }
                    Err(error) => match entry {
                        Value::Str(_) => {
                            coalescer.log("WARN", "ImportValues missing table", &[("error", error.helm_text())])
                        }
                        _ => {
                            let attributes = [("chart", name.as_str()), ("error", error.helm_text())];
                            coalescer.log("WARN", "ImportValues missing table from chart", &attributes);
                        }
                    },
                }
                let pair = [("child", child), ("parent", parent)];
                let pair = pair.map(|(key, text)| (key.into(), Value::str(text)));
                rewritten.push(Value::Map(Map::of(&types::STRING_MAP, BTreeMap::from(pair))));
            }
            self.requirements[required].import_values = (!rewritten.is_empty()).then_some(rewritten);
        }
        let values = coalescer.deep(&values)?;
        coalescer.merge_tables(&values, &imported)?;
        self.charts[chart].values = values;
        Ok(())
    }

    /// A member of an `import-values` entry as text; a missing one is `<nil>`.
    fn text_of(&self, map: &Map, key: &[u8]) -> Result<String, Error> {
        let value = map.get(key).unwrap_or_default();
        if self.helm == HelmVersion::V3 && value.as_str().is_none() {
            // Helm 3 panics.
            let found = if value.is_nil() { "nil" } else { value.ty().name };
            return Err(Error::refused(format!("interface conversion: interface {{}} is {found}, not string")));
        }
        Ok(plain(&value))
    }

    /// The top chart with all charts below it.
    pub(super) fn into_instance(self, coalescer: &mut Coalescer<'_>) -> Result<Instance, Error> {
        self.instance(self.root(), coalescer)
    }

    fn instance(&self, chart: ChartId, coalescer: &mut Coalescer<'_>) -> Result<Instance, Error> {
        let Node { chart: loaded, metadata, values, children, .. } = &self.charts[chart];
        let Metadata { name, requirements } = &self.metadata[*metadata];
        coalescer.charge(1 + requirements.as_ref().map_or(0, Vec::len))?;
        let requirement = |&required: &usize| self.requirements[required].clone();
        Ok(Instance {
            chart: loaded.clone(),
            name: name.clone(),
            full_path: self.full_path(chart),
            values: values.clone(),
            dependencies: requirements.as_ref().map(|list| list.iter().map(requirement).collect()),
            children: children.iter().map(|&child| self.instance(child, coalescer)).collect::<Result<_, _>>()?,
        })
    }
}

/// The map at a dotted path, or helm's error that there is none.
fn table_at(values: &Map, path: &str) -> Result<Map, Error> {
    let mut table = values.clone();
    for name in path.split('.') {
        table = match table.get(name.as_bytes()) {
            Some(Value::Map(inner)) => inner,
            _ => return Err(Error::refused(format!("{} is not a table", super::messages::quote(name)))),
        };
    }
    Ok(table)
}

/// The value at a dotted path, if it is not a map.
fn scalar_at(values: &Map, path: &str) -> Option<Value> {
    let value = match path.rsplit_once('.') {
        None => values.get(path.as_bytes()),
        Some((table, key)) => table_at(values, table).ok()?.get(key.as_bytes()),
    };
    value.filter(|value| !matches!(value, Value::Map(_)))
}

/// Nested maps along a dotted path, with `inner` at the end.
fn nest(path: &str, inner: Map) -> Map {
    path.rsplit('.').fold(inner, |inner, name| Map::from_iter([(name.into(), Value::Map(inner))]))
}

/// Whether a version satisfies a constraint. An invalid or missing constraint is not satisfied.
fn version_satisfies(version: &str, constraint: &str, helm: HelmVersion) -> bool {
    let version = Version::parse_as(version, helm);
    let constraint = Constraint::parse_as(constraint, helm);
    version.is_ok_and(|version| constraint.is_ok_and(|constraint| constraint.check(&version)))
}
