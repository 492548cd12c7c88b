//! [`Disk`]: how a run reads charts and values files: each chart once, some of them from another commit.

use crate::chart::Chart;
use crate::chart::load::{Source, load_from, load_stored};
use crate::chart::stored::Stored;
use crate::cli::config::seen;
use crate::cli::own_files::Own;
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use crate::template::keys::Keys;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How a run reads charts and values files; shared by threads.
#[derive(Debug)]
pub(crate) struct Disk {
    /// What may be read.
    reach: Arc<Reach>,
    /// The content of stdin, if a release reads it.
    stdin: Option<Vec<u8>>,
    /// Files whose content differs from the disk, by their shown path; the error says why the content is not known.
    pub texts: HashMap<String, Result<Vec<u8>, Error>>,
    /// The same for charts.
    pub stored: HashMap<PathBuf, Result<Stored, Error>>,
    /// Which files are the user's own.
    pub own: Own,
    /// Keys for renders whose output is discarded.
    pub(super) keys: Keys,
    charts: Mutex<HashMap<ChartKey, Arc<OnceLock<LoadedChart>>>>,
}

/// The path, who named it, which helm, and whether missing dependencies are added.
type ChartKey = (PathBuf, By, HelmVersion, bool);

/// A chart with helm's log lines, or why it cannot be loaded.
pub(super) type LoadedChart = (Result<Arc<Chart>, Error>, Vec<String>);

/// Adds missing parts to a chart that was loaded from a source; returns log lines.
pub(super) type Complete<'c> = dyn Fn(&mut Arc<Chart>, &Source<'_>) -> Result<Vec<String>, Error> + 'c;

impl Disk {
    /// The disk, limited to what may be read, and the content of stdin if a release reads it.
    pub(crate) fn new(stdin: Option<Vec<u8>>, reach: Arc<Reach>) -> Self {
        Self {
            reach,
            stdin,
            texts: HashMap::new(),
            stored: HashMap::new(),
            own: Own::default(),
            keys: Keys::shared(),
            charts: Mutex::default(),
        }
    }

    /// What may be read.
    pub(crate) fn reach(&self) -> &Arc<Reach> {
        &self.reach
    }

    /// Whether a chart is an unpacked folder of the user's own.
    pub(super) fn is_own_folder(&self, chart: &Path) -> bool {
        let is_folder = match self.stored.get(chart) {
            Some(stored) => matches!(stored, Ok(Stored::Folder(_))),
            None => look::is_folder(chart),
        };
        is_folder && self.own.holds(chart)
    }

    /// Loads a chart, or returns it from the cache; `complete` adds what only one caller needs.
    pub(super) fn chart(
        &self,
        by: By,
        path: &Path,
        limits: &Limits,
        helm: HelmVersion,
        complete: Option<&Complete<'_>>,
    ) -> LoadedChart {
        let key = (path.to_path_buf(), by, helm, complete.is_some());
        let cell = self.charts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let load = || {
            let seen_as = seen(path);
            let source = Source { reach: &self.reach, by, path, seen_as: seen_as.as_deref() };
            let loaded = match self.stored.get(path) {
                None => load_from(&source, limits, helm),
                Some(Ok(stored)) => load_stored(stored, path, seen_as.as_deref(), limits, helm),
                Some(Err(why)) => Err(why.clone()),
            };
            let (mut chart, mut log) = match loaded {
                Ok(loaded) => (loaded.chart, loaded.warnings),
                Err(error) => return (Err(error), Vec::new()),
            };
            match complete.map(|complete| complete(&mut chart, &source)) {
                Some(Err(error)) => return (Err(error), log),
                Some(Ok(lines)) => log.extend(lines),
                None => {}
            }
            (Ok(chart), log)
        };
        cell.get_or_init(load).clone()
    }

    /// Drops a chart that no other release needs.
    pub(super) fn forget(&self, path: &Path) {
        self.charts.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, ..), _| known != path);
    }

    /// A values file by the name that was given; `-` is stdin if the user typed it.
    pub(super) fn values(&self, by: By, name: &str) -> Result<Arc<File>, Error> {
        let path = if by == By::User && name == "-" { None } else { seen(Path::new(name)) };
        Ok(File::on_disk(name, path, self.values_file(by, name)?))
    }

    fn values_file(&self, by: By, name: &str) -> Result<Vec<u8>, Error> {
        if by == By::User && name == "-" {
            return Ok(self.stdin.clone().unwrap_or_default());
        }
        if let Some(text) = self.texts.get(name) {
            return text.clone();
        }
        if let Some((scheme, _)) = name.split_once("://") {
            let what = "values are not fetched over";
            return Err(Error::input(format!("{name}: {what} {scheme}; download the file first and give its path")));
        }
        self.reach.read(by, Path::new(name))
    }
}
