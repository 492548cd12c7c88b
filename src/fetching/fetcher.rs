//! [`Fetcher`]: charts by their references, each resolved, read and kept.

use super::cache::{Cache, Record};
use super::index::Index;
use super::oci_reference::OciReference;
use crate::chart_reference::{Location, RemoteChart};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::registry::{self, Client, Digest, Kind, Options, Watch};
use crate::runtime::runtime;
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// How many charts are fetched at a time.
const AT_A_TIME: usize = 8;

/// A chart that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// The archive.
    pub archive: Bytes,
    /// The digest of the archive.
    pub digest: Digest,
    /// The name of the chart, by its reference.
    pub name: String,
    /// Its version, with `+`; empty if its reference does not say.
    pub version: String,
    /// What the registry calls it, `mirror.internal/charts/shop:1.2.3_b1`, and the digest of its manifest; `None` from elsewhere.
    pub artifact: Option<(String, Digest)>,
    /// The name of the file as helm saves it.
    pub file_name: String,
}

/// Which version a constraint means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// This one.
    Version(String),
    /// None; these are there, for messages.
    None(Option<String>),
}

/// The tags of a repository, which is asked for them once.
type Tags = Rc<Vec<String>>;

/// Fetches charts, for one run.
pub(crate) struct Fetcher<'w> {
    runtime: Runtime,
    pub(super) client: Client<'w>,
    pub(super) cache: Option<Cache>,
    /// Whether nothing but the cache is asked.
    pub(super) is_offline: bool,
    /// The most bytes of an archive.
    pub(super) limit: u64,
    /// The index of each repository, by its URL.
    pub(super) indexes: RefCell<BTreeMap<String, Rc<OnceCell<Index>>>>,
    /// The tags of each repository of a registry, by its name.
    pub(super) tags: RefCell<BTreeMap<String, Rc<OnceCell<Tags>>>>,
}

impl<'w> Fetcher<'w> {
    /// A fetcher for a run. Offline, only the cache is asked.
    ///
    /// # Errors
    /// A certificate or a key cannot be used.
    pub(crate) fn new(
        options: Options,
        cache: Option<Cache>,
        is_offline: bool,
        limits: &Limits,
        watch: &'w dyn Watch,
    ) -> Result<Self, Error> {
        let runtime = runtime()?;
        let client = {
            let _entered = runtime.enter();
            Client::new(options, watch).map_err(|error| Error::input(error.to_string()))?
        };
        let (indexes, tags) = (RefCell::default(), RefCell::default());
        Ok(Self { runtime, client, cache, is_offline, limit: limits.chart_bytes, indexes, tags })
    }

    /// Fetches charts, several at a time; the results are in the order of the charts. A chart that occurs twice is fetched once.
    pub(crate) fn fetch_all(&self, charts: &[RemoteChart]) -> Vec<Result<Fetched, Error>> {
        self.all(charts, |chart| self.fetch(chart))
    }

    /// The version of each chart that fits best, without fetching it: of a registry or of the index of a repository.
    pub(crate) fn resolve_all(&self, charts: &[RemoteChart]) -> Vec<Result<Resolved, Error>> {
        self.all(charts, |chart| self.resolve(chart))
    }

    fn all<'c, T: Clone, F: Future<Output = Result<T, Error>>>(
        &self,
        charts: &'c [RemoteChart],
        work: impl Fn(&'c RemoteChart) -> F,
    ) -> Vec<Result<T, Error>> {
        let mut found: BTreeMap<&RemoteChart, Option<Result<T, Error>>> =
            charts.iter().map(|chart| (chart, None)).collect();
        let distinct: Vec<&RemoteChart> = found.keys().copied().collect();
        self.runtime.block_on(async {
            let one = |chart: &'c RemoteChart| {
                let done = work(chart);
                async move { (chart, done.await) }
            };
            let mut waiting = distinct.into_iter();
            let mut working: FuturesUnordered<_> = waiting.by_ref().take(AT_A_TIME).map(&one).collect();
            while let Some((chart, done)) = working.next().await {
                found.insert(chart, Some(done));
                working.extend(waiting.next().map(&one));
            }
        });
        let lost = || Err(Error::fetch("it was not fetched"));
        charts.iter().map(|chart| found.get(chart).cloned().flatten().unwrap_or_else(lost)).collect()
    }

    async fn fetch(&self, chart: &RemoteChart) -> Result<Fetched, Error> {
        let version = chart.version.as_deref().unwrap_or_default();
        let fetched = match &chart.location {
            Location::Registry(text) => self.chart_in_registry(&OciReference::parse(text)?, version).await,
            Location::Repository { url, name } => self.chart_in_repository(url, name, version).await,
            Location::Archive(url) => self.chart_at(url).await,
        };
        fetched.map_err(|error| named(error, chart))
    }

    async fn resolve(&self, chart: &RemoteChart) -> Result<Resolved, Error> {
        let version = chart.version.as_deref().unwrap_or_default();
        let resolved = match &chart.location {
            Location::Registry(text) => self.version_in_registry(&OciReference::parse(text)?, version).await,
            Location::Repository { url, name } => self.version_in_repository(url, name, version).await,
            Location::Archive(_) => Ok(Resolved::Version(String::new())),
        };
        resolved.map_err(|error| named(error, chart))
    }

    /// An archive of the cache, verified.
    pub(super) fn kept(&self, digest: &Digest) -> Option<Bytes> {
        self.cache.as_ref()?.archive(digest, self.limit)
    }

    /// What the cache knows of a version of a chart.
    pub(super) fn record(&self, location: &str, version: &str) -> Option<Record> {
        self.cache.as_ref()?.record(location, version)
    }

    /// Keeps an archive.
    pub(super) fn keep(&self, record: &Record, archive: &[u8]) -> Result<(), Error> {
        self.cache.as_ref().map_or(Ok(()), |cache| cache.keep(record, archive))
    }

    /// The error for what the cache does not have, and nobody else is asked for.
    pub(super) fn not_kept(&self, what: &str, location: &str) -> Error {
        let Some(cache) = &self.cache else {
            return Error::fetch("--offline allows only the cache, and there is none: name it with --cache-dir");
        };
        let records = cache.records(location);
        let known: Vec<&str> =
            records.iter().map(|record| record.version.as_str()).filter(|version| !version.is_empty()).collect();
        let known = match super::versions::nearest("", known.iter().copied()) {
            Some(known) => format!("; it has {known}"),
            None => String::new(),
        };
        Error::fetch(format!(
            "--offline allows only the cache {}, which has {what}{known}; run once without --offline",
            cache.shown()
        ))
    }
}

impl std::fmt::Debug for Fetcher<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fetcher")
    }
}

/// The error of a chart, which names the chart once.
fn named(error: Error, chart: &RemoteChart) -> Error {
    let place = match &chart.location {
        Location::Registry(url) | Location::Archive(url) | Location::Repository { url, .. } => url,
    };
    if error.helm_text().contains(place.as_str()) { error } else { error.after(chart) }
}

/// The error of the client, with its kind.
pub(super) fn failed(error: registry::Error) -> Error {
    let kind = match error.kind() {
        Kind::Limit => ErrorKind::Limit,
        Kind::Input => ErrorKind::Input,
        _ => ErrorKind::Fetch,
    };
    Error::new(kind, error.to_string())
}
