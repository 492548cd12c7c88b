//! [`Inputs`]: the digest of what a release is made from. Equal digests mean the same chart, the same values and the same flags.

use super::jobs::Job;
use super::release::ReleaseFlags;
use crate::chart::load::{ChartAt, content_digest};
use crate::chart_reference::ChartReference;
use crate::content_digest::{ContentDigest, ContentHasher};
use crate::store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// The digests of what the releases of a run are made from, shared by threads. Each chart is read once before its releases are
/// checked, and once after.
pub(super) struct Inputs<'s> {
    store: &'s Store,
    charts: Mutex<HashMap<ChartReference, Arc<ChartContent>>>,
}

/// The digest of a chart; `None` in it if it cannot be read.
#[derive(Default)]
struct ChartContent {
    before: OnceLock<Option<ContentDigest>>,
    after: OnceLock<Option<ContentDigest>>,
}

impl<'s> Inputs<'s> {
    /// Of a run that reads from a store.
    pub(super) fn new(store: &'s Store) -> Self {
        Self { store, charts: Mutex::default() }
    }

    /// The digest of what a release is made from; `None` if something cannot be read, is fetched, or is read from stdin.
    pub(super) fn of(&self, job: &Job) -> Option<ContentDigest> {
        if job.flags.completes() || job.flags.reads_stdin() {
            return None;
        }
        self.with(job, *self.chart(job).before.get_or_init(|| self.read_chart(job)))
    }

    /// Whether a release that was checked in the meantime is still made from the same.
    pub(super) fn are_still(&self, job: &Job, inputs: ContentDigest) -> bool {
        // A chart is loaded once, and that was between these two.
        self.with(job, *self.chart(job).after.get_or_init(|| self.read_chart(job))) == Some(inputs)
    }

    fn with(&self, job: &Job, chart: Option<ContentDigest>) -> Option<ContentDigest> {
        let mut hash = ContentHasher::default();
        hash.bytes(chart?.as_bytes());
        let flags = ReleaseFlags { allow_outside: Vec::new(), ..job.flags.as_given() };
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

    fn read_chart(&self, job: &Job) -> Option<ContentDigest> {
        if let Some(digest) = self.store.stored_digest(&job.chart) {
            return digest;
        }
        let path = job.chart.local()?;
        let (reach, by) = (self.store.reach(), job.flags.chart_named_by());
        content_digest(&ChartAt { reach, by, path, seen_as: None }, &job.flags.limits().ok()?).ok()
    }
}
