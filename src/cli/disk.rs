//! [`Disk`]: how a run reads charts and values files: each chart once, and some as they were in another commit.

use super::config::seen;
use super::own::Own;
use super::release::read_file;
use crate::chart::{self, Chart};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use crate::template::env::Keys;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How a run reads charts and values files; threads share it.
#[derive(Debug, Default)]
pub struct Disk {
    /// What stdin holds, where a release reads it.
    stdin: Option<Vec<u8>>,
    /// Files that are something else than what the disk holds, by the path as people see it.
    pub texts: HashMap<String, Vec<u8>>,
    /// Charts that lie elsewhere, by the path as people see it.
    pub moved: HashMap<PathBuf, PathBuf>,
    /// Which files are the user's own.
    pub own: Own,
    /// Keys for renders that nobody keeps.
    pub(super) keys: Keys,
    charts: Mutex<HashMap<ChartKey, Arc<OnceLock<LoadedChart>>>>,
}

/// The path, whose behaviour, and whether missing dependencies are added.
type ChartKey = (PathBuf, HelmVersion, bool);

/// A chart with helm's log lines, or why it cannot be loaded.
pub(super) type LoadedChart = (Result<Arc<Chart>, String>, Vec<String>);

/// Adds to a chart, which was loaded from a path, what it lacks; gives log lines.
pub(super) type Complete<'c> = dyn Fn(&mut Arc<Chart>, &Path) -> Result<Vec<String>, String> + 'c;

impl Disk {
    /// The disk as it is, and what stdin holds, where a release reads it.
    pub fn new(stdin: Option<Vec<u8>>) -> Self {
        Self { stdin, keys: Keys::shared(), ..Self::default() }
    }

    /// Whether a chart lies open in a folder, which is the user's own.
    pub(super) fn is_own_folder(&self, chart: &Path) -> bool {
        self.moved.get(chart).map_or(chart, PathBuf::as_path).is_dir() && self.own.holds(chart)
    }

    /// Loads a chart, or gives the one that was loaded already; `complete` adds to it what only one caller wants.
    pub(super) fn chart(
        &self,
        path: &Path,
        limits: &Limits,
        helm: HelmVersion,
        complete: Option<&Complete<'_>>,
    ) -> LoadedChart {
        let key = (path.to_path_buf(), helm, complete.is_some());
        let cell = self.charts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let load = || {
            let seen_as = seen(path);
            let path = self.moved.get(path).map_or(path, PathBuf::as_path);
            let (mut chart, mut log) = match chart::load::load_seen_as(path, seen_as.as_deref(), limits, helm) {
                Ok(loaded) => (loaded.chart, loaded.warnings),
                Err(error) => return (Err(error), Vec::new()),
            };
            match complete.map(|complete| complete(&mut chart, path)) {
                Some(Err(error)) => return (Err(error), log),
                Some(Ok(lines)) => log.extend(lines),
                None => {}
            }
            (Ok(chart), log)
        };
        cell.get_or_init(load).clone()
    }

    /// A values file by the name that was given; `-` is stdin.
    pub(super) fn values(&self, name: &str) -> Result<Arc<File>, String> {
        let path = if name == "-" { None } else { seen(Path::new(name)) };
        Ok(File::on_disk(name, path, self.values_file(name)?))
    }

    /// Reads a values file by the name that was given; `-` is stdin.
    fn values_file(&self, name: &str) -> Result<Vec<u8>, String> {
        if name == "-" {
            return Ok(self.stdin.clone().unwrap_or_default());
        }
        if let Some(text) = self.texts.get(name) {
            return Ok(text.clone());
        }
        if let Some((scheme, _)) = name.split_once("://") {
            let what = "values are not fetched over";
            return Err(format!("{name}: {what} {scheme}; download the file first and give its path"));
        }
        read_file(Path::new(name))
    }
}
