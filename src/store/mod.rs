//! [`Store`]: what a run reads: charts, values files and the files of `--set-file`. Each chart is loaded once, and some files are
//! those of another commit, or have edits that are not written yet.

mod charts;
pub(crate) mod own_files;

use crate::chart::stored::Stored;
use crate::chart::{Chart, Dependency};
use crate::chart_reference::ChartReference;
use crate::compiler::ChartCache;
use crate::content_digest::ContentDigest;
use crate::disk::{By, Reach, look, seen};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::release::SetFiles;
use crate::source::File;
use crate::template::keys::Keys;
pub(crate) use charts::{ChartResult, Complete};
use charts::{Charts, Wanted};
use own_files::Own;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a run reads; shared by threads.
#[derive(Debug)]
pub(crate) struct Store {
    /// What may be read.
    reach: Arc<Reach>,
    /// The content of stdin, if a release reads it.
    stdin: Option<Vec<u8>>,
    /// Files whose content differs from the disk, by the name under which they are read.
    texts: Arc<Texts>,
    /// Charts that were fetched, or whose content differs from the disk; the error says why it is not known.
    stored: Mutex<HashMap<ChartReference, Result<Stored, Error>>>,
    /// Whether each release is checked once, so that the content of a chart is dropped with its last release.
    pub is_once: bool,
    /// Whether only one chart is read, so that no archive can be a copy of another.
    pub is_alone: bool,
    /// Fetches the dependencies that a chart lacks, if the user wants it.
    pub dependencies: Option<Dependencies>,
    /// Which files are the user's own.
    pub own: Own,
    /// Keys for renders whose output is discarded.
    pub keys: Keys,
    charts: Charts,
}

/// Fetches dependencies that are in registries and repositories, in their order.
#[derive(Clone)]
pub(crate) struct Dependencies(Arc<FetchDependencies>);

/// See [`Dependencies`].
type FetchDependencies = dyn Fn(&[Dependency]) -> Result<Vec<Stored>, Error> + Send + Sync;

impl Dependencies {
    pub(crate) fn new(fetch: impl Fn(&[Dependency]) -> Result<Vec<Stored>, Error> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fetch))
    }

    /// Fetches them.
    pub(crate) fn fetch(&self, dependencies: &[Dependency]) -> Result<Vec<Stored>, Error> {
        (self.0)(dependencies)
    }
}

impl fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dependencies")
    }
}

/// The content of files; the error says why it is not known.
type Texts = HashMap<String, Result<Vec<u8>, Error>>;

impl Store {
    /// What may be read.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The disk, limited to what may be read, and the content of stdin if a release reads it.
    pub(crate) fn new(stdin: Option<Vec<u8>>, reach: Arc<Reach>) -> Self {
        Self {
            reach,
            stdin,
            texts: Arc::default(),
            stored: Mutex::default(),
            is_once: false,
            is_alone: false,
            dependencies: None,
            own: Own::default(),
            keys: Keys::shared(),
            charts: Charts::default(),
        }
    }

    /// Sets the content of a file, in place of the disk's.
    pub(crate) fn put_text(&mut self, name: &str, content: Result<Vec<u8>, Error>) {
        Arc::make_mut(&mut self.texts).insert(name.to_owned(), content);
    }

    /// Reads a file from the disk again.
    pub(crate) fn remove_text(&mut self, name: &str) {
        Arc::make_mut(&mut self.texts).remove(name);
    }

    /// Whether the content of a file is set.
    pub(crate) fn has_text(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }

    /// Sets the content of a chart that was fetched, or in place of the disk's.
    pub(crate) fn put_chart(&mut self, chart: &ChartReference, content: Result<Stored, Error>) {
        self.stored().insert(chart.clone(), content);
    }

    /// Whether the content of a chart is set.
    pub(crate) fn has_chart(&self, chart: &ChartReference) -> bool {
        self.stored().contains_key(chart)
    }

    /// The digest of a chart whose content is set; `None` if it is not set, and in it if it is not known.
    pub(crate) fn stored_digest(&self, chart: &ChartReference) -> Option<Option<ContentDigest>> {
        let stored = self.stored().get(chart).cloned()?;
        Some(stored.ok().map(|stored| stored.digest()))
    }

    /// Whether a chart is an unpacked folder of the user's own.
    pub(crate) fn is_own_folder(&self, chart: &ChartReference) -> bool {
        let Some(path) = chart.local() else { return false };
        let is_folder = match self.stored().get(chart) {
            Some(stored) => matches!(stored, Ok(Stored::Folder(_))),
            None => look::is_folder(path),
        };
        is_folder && self.own.holds(path)
    }

    /// Loads a chart, or returns it if it is loaded already; `complete` adds what only one caller needs.
    pub(crate) fn chart(
        &self,
        by: By,
        chart: &ChartReference,
        limits: &Limits,
        helm: HelmVersion,
        complete: Option<&Complete<'_>>,
    ) -> ChartResult {
        let stored = self.stored().get(chart).cloned();
        let (reach, has_copies) = (&*self.reach, !self.is_alone);
        self.charts.load(&Wanted { chart, by, reach, stored: stored.as_ref(), limits, helm, complete, has_copies })
    }

    /// What is known of a loaded chart, which all of its releases share; an empty cache if it is not loaded here.
    pub(crate) fn chart_cache(&self, chart: &Arc<Chart>) -> ChartCache {
        self.charts.cache(chart)
    }

    /// Drops a chart that no other release needs.
    pub(crate) fn forget(&self, chart: &ChartReference) {
        self.charts.forget(chart);
        if self.is_once {
            self.stored().remove(chart);
        }
    }

    fn stored(&self) -> MutexGuard<'_, HashMap<ChartReference, Result<Stored, Error>>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A values file by the name that was given; `-` is stdin if the user typed it.
    pub(crate) fn values(&self, by: By, name: &str) -> Result<Arc<File>, Error> {
        if by == By::User && name == "-" {
            return Ok(File::on_disk(name, None, self.stdin.clone().unwrap_or_default()));
        }
        if let Some((scheme, _)) = name.split_once("://").filter(|_| !self.has_text(name)) {
            let what = "values are not fetched over";
            return Err(Error::input(format!("{name}: {what} {scheme}; download the file first and give its path")));
        }
        Ok(File::on_disk(name, seen(Path::new(name)), read(&self.reach, &self.texts, by, name)?))
    }

    /// Reads the files of `--set-file`; `by` says who named that of the flag with an index.
    pub(crate) fn set_files(&self, by: impl Fn(usize) -> By + Send + Sync + 'static) -> SetFiles {
        let (reach, texts) = (self.reach.clone(), self.texts.clone());
        SetFiles::new(move |flag, path| read(&reach, &texts, by(flag), path))
    }
}

fn read(reach: &Reach, texts: &Texts, by: By, name: &str) -> Result<Vec<u8>, Error> {
    texts.get(name).cloned().unwrap_or_else(|| reach.read(by, Path::new(name)))
}
