//! The values that decide which subcharts exist and what they export: conditions, tags, `import-values`.

use crate::chart::{Chart, Dependency};
use crate::values_path::{Key, ValuesPath};
use crate::yaml::Data;
use std::sync::Arc;

/// A value that a Chart.yaml reads.
#[derive(Debug, Clone)]
pub(crate) struct Switch {
    /// Its path from the top chart.
    pub path: ValuesPath,
    /// The full path of the chart that it enables, or that exports the values.
    pub chart: ValuesPath,
    /// What reads it.
    pub kind: SwitchKind,
}

/// What in a Chart.yaml reads a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SwitchKind {
    /// A dependency's condition.
    Condition,
    /// A tag.
    Tag,
    /// An `import-values` entry, which uses everything at the path.
    Import,
}

/// The values that the Chart.yaml of a chart and those of its subcharts read, including disabled ones.
pub(crate) fn of_dependencies(chart: &Chart) -> Vec<Switch> {
    let mut found = Vec::new();
    collect(chart, &ValuesPath::default(), &mut found);
    found
}

/// The subcharts of a chart, including disabled ones, under every name that a dependency gives them.
pub(crate) fn named_subcharts(chart: &Chart) -> Vec<(String, &Arc<Chart>)> {
    let mut found = Vec::new();
    for subchart in &chart.subcharts {
        let declared = chart.metadata.dependencies.iter().flatten().filter(|one| one.name == subchart.name());
        let mut names: Vec<String> = declared.map(called).collect();
        if names.is_empty() {
            names.push(subchart.name().to_owned());
        }
        names.dedup();
        found.extend(names.into_iter().map(|name| (name, subchart)));
    }
    found
}

fn called(dependency: &Dependency) -> String {
    if dependency.alias.is_empty() { dependency.name.clone() } else { dependency.alias.clone() }
}

fn text(data: &Data) -> String {
    match data {
        Data::Str(text) => text.to_text().into_owned(),
        _ => String::new(),
    }
}

fn collect(chart: &Chart, prefix: &ValuesPath, found: &mut Vec<Switch>) {
    // Helm takes these texts apart at every dot.
    let below = |path: &str| prefix.iter().cloned().chain(ValuesPath::of_dots(path)).collect::<ValuesPath>();
    for dependency in chart.metadata.dependencies.iter().flatten() {
        let name = called(dependency);
        let chart = prefix.with(name.as_str());
        let conditions = dependency.condition.split(',').map(str::trim).filter(|part| !part.is_empty());
        for condition in conditions {
            let path = below(condition);
            found.push(Switch { path, chart: chart.clone(), kind: SwitchKind::Condition });
        }
        for tag in dependency.tags.iter().flatten() {
            // Tags are at the top of the values that a chart sees.
            let own = ValuesPath::from(vec![Key::from("tags"), tag.as_str().into()]);
            for path in [prefix.iter().chain(&own).cloned().collect(), own] {
                found.push(Switch { path, chart: chart.clone(), kind: SwitchKind::Tag });
            }
        }
        for entry in dependency.import_values.iter().flatten() {
            let from = match &entry.data {
                Data::Map(members) => {
                    let child = members.iter().rev().find(|(entry, _)| entry.key == *"child");
                    child.map(|(_, node)| text(&node.data)).unwrap_or_default()
                }
                other => format!("exports.{}", text(other)),
            };
            let path = below(&format!("{name}.{from}"));
            found.push(Switch { path, chart: chart.clone(), kind: SwitchKind::Import });
        }
    }
    for (name, subchart) in named_subcharts(chart) {
        collect(subchart, &prefix.with(name.as_str()), found);
    }
}
