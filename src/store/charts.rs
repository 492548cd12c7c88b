//! [`Charts`]: the loaded charts of a run, and what is known of each.

use crate::chart::Chart;
use crate::chart::load::{self, ChartAt, load_from, load_stored};
use crate::chart::stored::Stored;
use crate::chart_reference::ChartReference;
use crate::compiler::ChartCache;
use crate::disk::{By, Reach, look, seen};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// The most charts that are kept for later; one that is dropped is loaded again.
const MOST: usize = 64;

/// The loaded charts of a run; shared by threads.
#[derive(Debug, Default)]
pub(super) struct Charts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By where they are.
    by_place: HashMap<Place, Arc<OnceLock<ChartResult>>>,
    /// The places in the order in which they were first needed.
    order: VecDeque<Place>,
    /// Archives by their content: copies of an archive, as repositories of many releases contain them, are one chart.
    by_content: HashMap<Content, Weak<Kept>>,
}

/// The chart, who named it, which helm, and whether missing dependencies are added.
type Place = (ChartReference, By, HelmVersion, bool);

/// The digest of an archive, and which helm reads it.
type Content = ([u8; 32], HelmVersion);

/// A chart, or why it cannot be loaded; and helm's log lines.
#[derive(Debug, Clone)]
pub(crate) struct ChartResult {
    kept: Result<Arc<Kept>, Error>,
    log: Arc<[String]>,
}

/// A chart, and what is known of it.
#[derive(Debug)]
struct Kept {
    chart: Arc<Chart>,
    cache: ChartCache,
}

/// Adds missing parts to a chart that was loaded from a source; returns log lines.
pub(crate) type Complete<'c> = dyn Fn(&mut Arc<Chart>, &ChartAt<'_>) -> Result<Vec<String>, Error> + 'c;

/// A chart that is needed.
pub(super) struct Wanted<'w> {
    pub(super) chart: &'w ChartReference,
    /// Who named it.
    pub(super) by: By,
    /// What may be read.
    pub(super) reach: &'w Reach,
    /// Its content, if it was fetched or is not that of the disk.
    pub(super) stored: Option<&'w Result<Stored, Error>>,
    pub(super) limits: &'w Limits,
    pub(super) helm: HelmVersion,
    /// Adds what only one caller needs.
    pub(super) complete: Option<&'w Complete<'w>>,
    /// Whether other archives may have the same content.
    pub(super) has_copies: bool,
}

impl ChartResult {
    /// The chart, or why it cannot be loaded.
    pub(crate) fn chart(&self) -> Result<Arc<Chart>, Error> {
        self.kept.as_ref().map(|kept| kept.chart.clone()).map_err(Error::clone)
    }

    /// Helm's log lines.
    pub(crate) fn log(&self) -> &[String] {
        &self.log
    }

    fn new(chart: Arc<Chart>, log: Vec<String>) -> Self {
        Self { kept: Ok(Arc::new(Kept { chart, cache: ChartCache::default() })), log: log.into() }
    }

    fn failed(error: Error, log: Vec<String>) -> Self {
        Self { kept: Err(error), log: log.into() }
    }
}

impl Charts {
    /// Loads a chart, or returns it if it is loaded already. Threads that need the same chart wait for the first one.
    pub(super) fn load(&self, wanted: &Wanted<'_>) -> ChartResult {
        let cell = self.known().cell((wanted.chart.clone(), wanted.by, wanted.helm, wanted.complete.is_some()));
        cell.get_or_init(|| self.load_now(wanted)).clone()
    }

    fn load_now(&self, wanted: &Wanted<'_>) -> ChartResult {
        let Wanted { chart, by, reach, stored, limits, helm, complete, has_copies } = *wanted;
        let path = match chart {
            ChartReference::Local(path) => path.clone(),
            ChartReference::Remote(_) if stored.is_none() => {
                return ChartResult::failed(Error::file(format!("{chart} was not fetched")), Vec::new());
            }
            // Only for messages.
            ChartReference::Remote(remote) => PathBuf::from(remote.to_string()),
        };
        let seen_as = chart.local().and_then(seen);
        let source = &ChartAt { reach, by, path: &path, seen_as: seen_as.as_deref() };
        let loaded = match (stored, complete) {
            (Some(Err(why)), _) => Err(why.clone()),
            (Some(Ok(stored)), _) => load_stored(stored, source.path, source.seen_as, limits, helm),
            (None, None) if has_copies && look::exists(source.path) && !look::is_folder(source.path) => {
                return self.archive(source, limits, helm);
            }
            (None, _) => load_from(source, limits, helm),
        };
        let (mut chart, mut log) = match loaded {
            Ok(load::Loaded { chart, warnings }) => (chart, warnings),
            Err(error) => return ChartResult::failed(error, Vec::new()),
        };
        match complete.map(|complete| complete(&mut chart, source)) {
            Some(Err(error)) => return ChartResult::failed(error, log),
            Some(Ok(lines)) => log.extend(lines),
            None => {}
        }
        ChartResult::new(chart, log)
    }

    /// An archive, which may have the same content as one that is loaded already.
    fn archive(&self, source: &ChartAt<'_>, limits: &Limits, helm: HelmVersion) -> ChartResult {
        let from_disk = || match load_from(source, limits, helm) {
            Ok(load::Loaded { chart, warnings }) => ChartResult::new(chart, warnings),
            Err(error) => ChartResult::failed(error, Vec::new()),
        };
        let read = source.reach.open(source.by, source.path);
        let bytes = read.and_then(|opened| opened.read_at_most(source.path, limits.chart_bytes));
        // The end of a long file is not needed to find out that the chart is too large.
        let Some(bytes) = bytes.ok().filter(|bytes| (bytes.len() as u64) < limits.chart_bytes) else {
            return from_disk();
        };
        let content = (Sha256::digest(&bytes).into(), helm);
        if let Some(kept) = self.known().by_content.get(&content).and_then(Weak::upgrade) {
            return ChartResult { kept: Ok(kept), log: Arc::default() };
        }
        let loaded = match load_stored(&Stored::archive(bytes), source.path, None, limits, helm) {
            Ok(load::Loaded { chart, warnings }) => ChartResult::new(chart, warnings),
            Err(error) => ChartResult::failed(error, Vec::new()),
        };
        // Log lines name the archive.
        if let Some(kept) = loaded.kept.as_ref().ok().filter(|_| loaded.log.is_empty()) {
            let mut known = self.known();
            known.by_content.retain(|_, kept| kept.strong_count() > 0);
            known.by_content.insert(content, Arc::downgrade(kept));
        }
        loaded
    }

    /// What is known of a loaded chart.
    pub(super) fn cache(&self, chart: &Arc<Chart>) -> ChartCache {
        let known = self.known();
        let mut kept = known.by_place.values().filter_map(|cell| cell.get()?.kept.as_ref().ok());
        let own = kept.find(|kept| Arc::ptr_eq(&kept.chart, chart));
        own.map(|kept| kept.cache.clone()).unwrap_or_default()
    }

    /// Drops a chart.
    pub(super) fn forget(&self, chart: &ChartReference) {
        let mut known = self.known();
        known.by_place.retain(|(place, ..), _| place != chart);
        known.order.retain(|(place, ..)| place != chart);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn cell(&mut self, place: Place) -> Arc<OnceLock<ChartResult>> {
        if let Some(cell) = self.by_place.get(&place) {
            return cell.clone();
        }
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_place.remove(&oldest);
        }
        let cell = Arc::<OnceLock<ChartResult>>::default();
        self.order.push_back(place.clone());
        self.by_place.insert(place, cell.clone());
        cell
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the archives of the test")]
mod tests {
    use super::*;
    use crate::disk::Reach;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::fs;
    use std::path::Path;

    fn archive(chart_yaml: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(chart_yaml.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, "c/Chart.yaml", chart_yaml.as_bytes()).expect("memory takes it");
        tar.into_inner().and_then(GzEncoder::finish).expect("memory takes it")
    }

    fn load(charts: &Charts, reach: &Reach, path: &Path) -> ChartResult {
        let chart = &ChartReference::Local(path.to_path_buf());
        let limits = &Limits::default();
        let helm = HelmVersion::V4;
        let (by, has_copies) = (By::User, true);
        charts.load(&Wanted { chart, by, reach, stored: None, limits, helm, complete: None, has_copies })
    }

    #[test]
    fn copies_of_an_archive_are_one_chart_and_few_charts_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = archive("apiVersion: v2\nname: c\nversion: 1.0.0\n");
        let copies: Vec<PathBuf> = (0..MOST + 1).map(|number| folder.path().join(format!("{number}.tgz"))).collect();
        for copy in &copies {
            fs::write(copy, &archive).expect("a copy");
        }
        let (charts, reach) = (Charts::default(), Reach::of_user(u64::MAX));
        let first = load(&charts, &reach, &copies[0]).chart().expect("a chart");
        for copy in &copies {
            assert!(Arc::ptr_eq(&first, &load(&charts, &reach, copy).chart().expect("a chart")));
        }
        assert_eq!(charts.known().by_place.len(), MOST);
        assert!(Arc::ptr_eq(&first, &load(&charts, &reach, &copies[0]).chart().expect("a chart")));
        for copy in &copies {
            charts.forget(&ChartReference::Local(copy.clone()));
        }
        assert!(charts.known().by_place.is_empty() && charts.known().order.is_empty());
        let again = load(&charts, &reach, &copies[1]).chart().expect("a chart");
        assert!(!Arc::ptr_eq(&first, &again), "nothing holds it after it is forgotten");
        let missing = load(&charts, &reach, Path::new("no-such-chart.tgz")).chart().unwrap_err();
        assert_eq!(missing.to_string(), "path \"no-such-chart.tgz\" not found");
    }
}
