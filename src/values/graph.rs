//! [`Graph`]: the charts of a release while their dependencies are processed.
//!
//! Source: helm `pkg/chart/v2/util/dependencies.go`.

use super::layers::merge_documents;
use super::{Defaults, ProcessOptions, Requirement};
use crate::chart::{Chart, Dependency};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::template::tree::Untraced;
use crate::template::{Map, Value};
use crate::trace::{Layer, Origins};
use std::sync::Arc;

/// A chart of a [`Graph`].
pub(super) type ChartId = usize;

/// The charts of a release while their dependencies are processed.
///
/// Charts, their metadata and their requirements are indexed, because helm shares them: an alias is a copy of a chart that shares
/// part of its subcharts with the original, and changes to that part are visible in both.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) charts: Vec<Node>,
    pub(super) metadata: Vec<Metadata>,
    pub(super) requirements: Vec<Requirement>,
    most_charts: u64,
    pub(super) helm: HelmVersion,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) chart: Arc<Chart>,
    pub(super) metadata: usize,
    pub(super) values: Map,
    /// The base of the full path; for charts below an alias not always their real parent.
    pub(super) parent: Option<ChartId>,
    pub(super) children: Vec<ChartId>,
}

#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) requirements: Option<Vec<usize>>,
}

/// Which charts of a graph are enabled, and how: what the values of its charts depend on besides the charts.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    top: Arc<Chart>,
    helm: HelmVersion,
    enabled: Vec<bool>,
    children: Vec<Vec<ChartId>>,
}

impl Shape {
    /// Whether both are of the same charts, and have the same ones enabled.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.top, &other.top)
            && self.helm == other.helm
            && self.enabled == other.enabled
            && self.children == other.children
    }
}

impl Graph {
    /// The charts as loaded.
    pub(super) fn load(
        chart: &Arc<Chart>,
        options: ProcessOptions<'_>,
        mut origins: Option<&mut Origins>,
    ) -> Result<Self, Error> {
        let mut graph = Self {
            charts: Vec::new(),
            metadata: Vec::new(),
            requirements: Vec::new(),
            most_charts: options.limits.chart_entries,
            helm: options.helm,
        };
        graph.add(chart, None, chart.name(), &mut origins, options.defaults)?;
        Ok(graph)
    }

    fn add(
        &mut self,
        chart: &Arc<Chart>,
        parent: Option<ChartId>,
        full_path: &str,
        origins: &mut Option<&mut Origins>,
        known: &Defaults,
    ) -> Result<ChartId, Error> {
        let made = |origins: &mut Option<&mut Origins>| {
            chart.values.as_ref().map_or_else(Map::new, |values| {
                let documents = match self.helm {
                    HelmVersion::V4 => &values.documents[..],
                    HelmVersion::V3 => values.documents.get(..1).unwrap_or_default(),
                };
                merge_documents(documents, &Layer::Chart(full_path.into()), &values.file, origins.as_deref_mut(), None)
            })
        };
        let values = match origins {
            None => known.of(chart, self.helm, || made(&mut None)),
            Some(_) => made(origins),
        };
        let requirements = chart.metadata.dependencies.as_ref().map(|declared| {
            let first = self.requirements.len();
            self.requirements.extend(declared.iter().map(requirement));
            (first..self.requirements.len()).collect()
        });
        let metadata = self.metadata.len();
        self.metadata.push(Metadata { name: chart.name().to_owned(), requirements });
        let id = self.push(Node { chart: chart.clone(), metadata, values, parent, children: Vec::new() })?;
        // Helm iterates them in random order; ours is sorted by name.
        let mut subcharts: Vec<&Arc<Chart>> = chart.subcharts.iter().collect();
        subcharts.sort_by_key(|subchart| subchart.name());
        for subchart in subcharts {
            let path = format!("{full_path}/charts/{}", subchart.name());
            let child = self.add(subchart, Some(id), &path, origins, known)?;
            self.charts[id].children.push(child);
        }
        Ok(id)
    }

    fn push(&mut self, node: Node) -> Result<ChartId, Error> {
        let id = self.charts.len();
        if id as u64 >= self.most_charts {
            return Err(Error::limit(format!(
                "more than {} charts and aliases of charts (--limit chart-entries)",
                self.most_charts
            )));
        }
        self.charts.push(node);
        Ok(id)
    }

    /// What distinguishes it from other graphs of the same charts.
    pub(super) fn shape(&self) -> Shape {
        Shape {
            top: self.charts[self.root()].chart.clone(),
            helm: self.helm,
            enabled: self.requirements.iter().map(|requirement| requirement.enabled).collect(),
            children: self.charts.iter().map(|node| node.children.clone()).collect(),
        }
    }

    /// The top chart.
    pub(super) fn root(&self) -> ChartId {
        0
    }

    /// A chart's name or alias.
    pub(super) fn name(&self, chart: ChartId) -> &str {
        &self.metadata[self.charts[chart].metadata].name
    }

    /// A chart's defaults.
    pub(super) fn values(&self, chart: ChartId) -> &Map {
        &self.charts[chart].values
    }

    /// A chart's subcharts.
    pub(super) fn children(&self, chart: ChartId) -> &[ChartId] {
        &self.charts[chart].children
    }

    /// The chart for a requirement, under its alias.
    pub(super) fn copy(&mut self, chart: ChartId, required: usize) -> Result<ChartId, Error> {
        let mut metadata = self.metadata[self.charts[chart].metadata].clone();
        let alias = &self.requirements[required].declared.alias;
        if !alias.is_empty() {
            metadata.name = alias.clone();
        }
        let mut node = self.charts[chart].clone();
        node.metadata = self.metadata.len();
        let below = node.children.clone();
        if self.helm == HelmVersion::V4 {
            if let Some(requirements) = &mut metadata.requirements {
                for required in requirements {
                    self.requirements.push(self.requirements[*required].clone());
                    *required = self.requirements.len() - 1;
                }
            }
            node.children.clear();
        }
        self.metadata.push(metadata);
        let copy = self.push(node)?;
        if self.helm == HelmVersion::V4 {
            for child in below {
                // Helm quirk: these copies still share their metadata and their subcharts with the originals.
                let mut node = self.charts[child].clone();
                node.parent = Some(copy);
                let child = self.push(node)?;
                self.charts[copy].children.push(child);
            }
        }
        Ok(copy)
    }

    pub(super) fn set_children(&mut self, chart: ChartId, children: Vec<ChartId>) {
        for &child in &children {
            self.charts[child].parent = Some(chart);
        }
        self.charts[chart].children = children;
    }

    pub(super) fn full_path(&self, chart: ChartId) -> String {
        let mut names = vec![self.name(chart)];
        let mut next = self.charts[chart].parent;
        while let Some(parent) = next {
            names.push(self.name(parent));
            next = self.charts[parent].parent;
        }
        names.reverse();
        names.join("/charts/")
    }
}

/// A requirement before processing.
fn requirement(declared: &Dependency) -> Requirement {
    let entries = declared.import_values.as_ref();
    Requirement {
        declared: declared.clone(),
        enabled: declared.enabled,
        import_values: entries.map(|list| list.iter().map(|node| Value::from_node(node, &mut Untraced)).collect()),
    }
}
