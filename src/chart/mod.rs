//! A chart in memory.

mod archive;
mod assemble;
mod budget;
mod check;
mod decode;
mod entries;
#[cfg(feature = "registry")]
mod expand;
mod folder;
pub(crate) mod ignore;
#[cfg(feature = "registry")]
mod indexed;
pub(crate) mod load;
pub(crate) mod metadata;
mod raw;
pub(crate) mod stored;
mod unpack;

use crate::source::File;
use crate::yaml;
pub(crate) use check::{check_dependencies, check_kube_version, check_type};
#[cfg(feature = "registry")]
pub(crate) use expand::{Expanded, expand};
#[cfg(feature = "registry")]
pub(crate) use indexed::Indexed;
pub(crate) use metadata::{Dependency, Lock, Metadata};
use std::sync::Arc;

/// A chart as loaded: immutable, shared between renders and threads. Names and enabled subcharts of a release are in
/// [`values::Instance`](crate::values::Instance).
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// Chart.yaml, with the dependencies of a requirements.yaml.
    pub metadata: Metadata,
    /// The file Chart.yaml.
    pub metadata_file: Arc<File>,
    /// values.yaml with its documents; a missing file is an empty map.
    pub values: Option<ValuesFile>,
    /// values.schema.json.
    pub schema: Option<Arc<File>>,
    /// Everything under `templates/`.
    pub templates: Vec<ChartFile>,
    /// The content of `.Files`: all files without a special role, in loading order; of duplicates the last, except below `crds/`.
    pub files: Vec<ChartFile>,
    /// Chart.lock, or the lock of a requirements.yaml.
    #[cfg_attr(not(feature = "registry"), allow(dead_code, reason = "only commands that fetch read it"))]
    pub lock: Option<Lock>,
    /// The charts in `charts/`.
    pub subcharts: Vec<Arc<Chart>>,
}

/// A file of a chart.
#[derive(Debug, Clone)]
pub(crate) struct ChartFile {
    /// Path inside its chart: `templates/x.yaml`.
    pub path: String,
    /// The content; its name is the path from the top chart: `app/charts/db/templates/x.yaml`.
    pub file: Arc<File>,
}

/// A parsed values file.
#[derive(Debug, Clone)]
pub(crate) struct ValuesFile {
    /// The file.
    pub file: Arc<File>,
    /// Its documents, in order; each is a map or null.
    pub documents: yaml::Nodes,
}

/// The full path of the chart that owns a template: `app/charts/db` of `app/charts/db/templates/x.yaml`.
pub(crate) fn owner_of(template: &str) -> &str {
    template.split("/templates/").next().unwrap_or_default()
}

impl Chart {
    /// The chart's name in Chart.yaml.
    pub(crate) fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The values of this chart or of a subchart, by their file.
    pub(crate) fn values_in(&self, file: &Arc<File>) -> Option<&ValuesFile> {
        let own = self.values.as_ref().filter(|values| Arc::ptr_eq(&values.file, file));
        own.or_else(|| self.subcharts.iter().find_map(|subchart| subchart.values_in(file)))
    }

    /// The files of CRDs: `crds/**` with the extensions that helm accepts, in order.
    pub(crate) fn crds(&self) -> impl Iterator<Item = &ChartFile> {
        self.files.iter().filter(|file| {
            let extension = file.path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
            file.path.starts_with("crds/") && matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
        })
    }
}
