//! [`Chart`]: a chart to render.

use super::on_large_stack;
use crate::chart;
use crate::chart::load::{load, load_stored};
use crate::chart::stored::{Collected, Stored};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A chart, loaded with its subcharts. It is immutable and cheap to clone: one chart serves any number of renders, on any
/// number of threads.
#[derive(Debug, Clone)]
pub struct Chart {
    pub(super) chart: Arc<chart::Chart>,
    pub(super) helm: HelmVersion,
    warnings: Arc<[String]>,
}

/// The source of a chart.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ChartSource {
    /// A folder or an archive on the disk. A link that leads out of the folder is an error.
    Path(PathBuf),
    /// The bytes of an archive, `.tgz`.
    Archive(Vec<u8>),
    /// Files by their paths in the chart: `Chart.yaml`, `templates/deployment.yaml`.
    Files(BTreeMap<String, Vec<u8>>),
}

impl Chart {
    /// Loads a chart from a path, an archive's bytes or a map of files, as helm 4 does, within the default [`Limits`].
    ///
    /// # Errors
    /// [`ErrorKind::Chart`](crate::ErrorKind::Chart) if helm would not load it, [`ErrorKind::Limit`](crate::ErrorKind::Limit) if it exceeds a limit, [`ErrorKind::File`](crate::ErrorKind::File) if it cannot be
    /// read.
    pub fn open(source: impl Into<ChartSource>) -> Result<Self, Error> {
        Self::open_with(source, &Limits::default(), HelmVersion::default())
    }

    /// Loads a chart with other limits, or as another version of helm does.
    ///
    /// # Errors
    /// See [`Chart::open`].
    pub fn open_with(source: impl Into<ChartSource>, limits: &Limits, helm: HelmVersion) -> Result<Self, Error> {
        let source = source.into();
        let load = || match source {
            ChartSource::Path(path) => load(&path, limits, helm),
            ChartSource::Archive(bytes) => {
                load_stored(&Stored::archive(bytes), Path::new("chart.tgz"), None, limits, helm)
            }
            ChartSource::Files(files) => load_stored(&stored(files, limits)?, Path::new("chart"), None, limits, helm),
        };
        let loaded = on_large_stack(load)??;
        Ok(Self { chart: loaded.chart, helm, warnings: loaded.warnings.into() })
    }

    /// The name in Chart.yaml.
    pub fn name(&self) -> &str {
        self.chart.name()
    }

    /// The version in Chart.yaml.
    pub fn version(&self) -> &str {
        &self.chart.metadata.version
    }

    /// The lines that helm logs when it loads the chart.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// The files of a folder except those that its `.helmignore` excludes, in the order in which helm walks a folder.
fn stored(files: BTreeMap<String, Vec<u8>>, limits: &Limits) -> Result<Stored, Error> {
    let mut files: Vec<(String, Vec<u8>)> = files.into_iter().collect();
    files.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));
    let ignored = files.iter().find(|(path, _)| path == ".helmignore").map(|(_, content)| content.clone());
    let mut folder = Collected::new(&ignored.unwrap_or_default(), limits)?;
    // Whether each folder seen so far is part of the chart.
    let mut folders: HashMap<String, bool> = HashMap::new();
    for (path, content) in files {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Error::chart(format!("{path:?} is not a path of a file in a chart")));
        }
        let mut is_part = true;
        for (end, _) in path.match_indices('/') {
            let parent = &path[..end];
            is_part = is_part
                && match folders.get(parent) {
                    Some(&known) => known,
                    None => {
                        let takes = folder.takes(parent, true)?;
                        folders.insert(parent.to_owned(), takes);
                        takes
                    }
                };
        }
        if is_part && folder.takes(&path, false)? {
            folder.add(path, content)?;
        }
    }
    Ok(folder.into_stored())
}

impl From<&str> for ChartSource {
    fn from(path: &str) -> Self {
        Self::Path(path.into())
    }
}

impl From<&Path> for ChartSource {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<PathBuf> for ChartSource {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<Vec<u8>> for ChartSource {
    fn from(archive: Vec<u8>) -> Self {
        Self::Archive(archive)
    }
}

impl From<BTreeMap<String, Vec<u8>>> for ChartSource {
    fn from(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self::Files(files)
    }
}
