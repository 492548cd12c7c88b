//! [`Inputs`]: the digest of what a release is made from. Equal digests mean the same chart, the same values and the same flags.

use super::jobs::Job;
use crate::chart::load::{ChartAt, content_digest};
use crate::chart_reference::ChartReference;
use crate::store::Store;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, OnceLock};

/// The digest of the content of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct InputDigest([u8; 32]);

impl InputDigest {
    /// In hexadecimal digits.
    pub(super) fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// A digest in the making: each part has its length before it, so that no two lists of parts are the same bytes.
#[derive(Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    /// Adds bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds everything that is in a value.
    pub(super) fn value(&mut self, value: &dyn Debug) {
        self.bytes(format!("{value:?}").as_bytes());
    }

    /// The digest.
    pub(super) fn finish(self) -> InputDigest {
        InputDigest(self.0.finalize().into())
    }
}

/// The digests of what the releases of a run are made from, shared by threads. Each chart is read once before its releases are
/// checked, and once after.
pub(super) struct Inputs<'s> {
    store: &'s Store,
    charts: Mutex<HashMap<ChartReference, Arc<ChartContent>>>,
}

/// The digest of a chart; `None` in it if it cannot be read.
#[derive(Default)]
struct ChartContent {
    before: OnceLock<Option<[u8; 32]>>,
    after: OnceLock<Option<[u8; 32]>>,
}

impl<'s> Inputs<'s> {
    /// Of a run that reads from a store.
    pub(super) fn new(store: &'s Store) -> Self {
        Self { store, charts: Mutex::default() }
    }

    /// The digest of what a release is made from; `None` if something cannot be read, is fetched, or is read from stdin.
    pub(super) fn of(&self, job: &Job) -> Option<InputDigest> {
        if job.flags.completes() || job.flags.reads_stdin() {
            return None;
        }
        self.with(job, *self.chart(job).before.get_or_init(|| self.read_chart(job)))
    }

    /// Whether a release that was checked in the meantime is still made from the same.
    pub(super) fn are_still(&self, job: &Job, inputs: InputDigest) -> bool {
        // A chart is loaded once, and that was between these two.
        self.with(job, *self.chart(job).after.get_or_init(|| self.read_chart(job))) == Some(inputs)
    }

    fn with(&self, job: &Job, chart: Option<[u8; 32]>) -> Option<InputDigest> {
        let mut hash = Hasher::default();
        hash.bytes(&chart?);
        let mut flags = job.flags.clone();
        flags.time = flags.time.filter(|_| !flags.is_now);
        (flags.is_now, flags.allow_outside) = (false, Vec::new());
        hash.value(&(&job.name, &job.environment, job.chart.to_string(), &flags));
        job.flags.each_file(self.store, &mut |name, content| {
            hash.bytes(name.as_bytes());
            hash.bytes(content);
        })?;
        Some(hash.finish())
    }

    fn chart(&self, job: &Job) -> Arc<ChartContent> {
        super::locked(&self.charts).entry(job.chart.clone()).or_default().clone()
    }

    fn read_chart(&self, job: &Job) -> Option<[u8; 32]> {
        if let Some(digest) = self.store.stored_digest(&job.chart) {
            return digest;
        }
        let path = job.chart.local()?;
        let (reach, by) = (self.store.reach(), job.flags.chart_named_by());
        content_digest(&ChartAt { reach, by, path, seen_as: None }, &job.flags.limits().ok()?).ok()
    }
}
