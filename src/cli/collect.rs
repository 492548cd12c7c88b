//! [`Collected`]: the results of a run. The report of each release is kept as soon as it is checked, without the data that
//! it was made from, because the next release needs that memory.

use super::Problem;
use super::blob::{BlobFile, WholeBlob};
use super::jobs::{self, Job};
use crate::fleet::record::Record;
use crate::report::spool::Spool;
use crate::report::stream::Reports;
use crate::suppress::{Ledger, Noted, insert};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The checked releases of a run, shared by threads.
pub(super) struct Collected<'s> {
    jobs: &'s [Job],
    reports: Spool,
    ledger: Ledger<'s>,
    /// The blob that they are written to, and the turn of each.
    blob: Option<(BlobFile, Vec<usize>)>,
    /// By job.
    told: Vec<Mutex<Option<Told>>>,
}

/// Messages about the check of one release.
pub(super) struct Told {
    /// Helm's log lines.
    pub(super) log: Vec<String>,
    /// Why there is no report.
    pub(super) error: Option<String>,
}

impl<'s> Collected<'s> {
    /// An empty collection for jobs.
    pub(super) fn new(jobs: &'s [Job], ledger: Ledger<'s>, blob: Option<BlobFile>) -> Self {
        let told = std::iter::repeat_with(Mutex::default).take(jobs.len()).collect();
        Self { jobs, reports: Spool::new(jobs.len()), ledger, blob: blob.map(|blob| (blob, jobs::turns(jobs))), told }
    }

    /// What is known about suppressions so far.
    pub(super) fn ledger(&self) -> &Ledger<'s> {
        &self.ledger
    }

    /// Takes the result of a job.
    pub(super) fn take(&self, at: usize, record: Record, noted: Noted) {
        let (Some(job), Some(slot)) = (self.jobs.get(at), self.told.get(at)) else { return };
        if let Some(report) = &record.report {
            self.ledger.add(job.number, noted, &report.release, &job.settings);
        }
        let kept = match &self.blob {
            Some((blob, turns)) => blob.add(turns[at], job.number, record),
            None => Ok(record),
        };
        let told = kept.and_then(|record| {
            let Record { log, error, report, .. } = record;
            report.map_or(Ok(()), |report| self.reports.keep(at, report))?;
            Ok(Told { log, error })
        });
        let told = told.unwrap_or_else(|error| Told { log: Vec::new(), error: Some(error.to_string()) });
        *super::locked(slot) = Some(told);
    }

    /// Passes on the messages about each release, in order.
    pub(super) fn tell(&self, tell: &mut dyn FnMut(Told)) {
        for slot in &self.told {
            let told = super::locked(slot).take();
            tell(told.unwrap_or_else(|| Told { log: Vec::new(), error: Some(jobs::lost().to_string()) }));
        }
    }

    /// The reports in the order of the releases, and the blob if one was requested. The findings about suppressions, which need all
    /// releases, are added unless this is a part of them (`is_part`).
    ///
    /// # Errors
    /// Something cannot be written or read back.
    pub(super) fn finish(self, is_part: bool) -> Result<(impl Reports + use<>, Option<WholeBlob>), Problem> {
        let Self { jobs, reports, ledger, blob, .. } = self;
        let known = ledger.known();
        let late = if is_part { BTreeMap::new() } else { known.clone().settle() };
        let blob = blob.map(|(blob, _)| blob.end(known)).transpose()?;
        let numbers: Vec<usize> = jobs.iter().map(|job| job.number).collect();
        let reports = reports.in_order(move |at, report| {
            if let Some(found) = numbers.get(at).and_then(|number| late.get(number)) {
                insert(&mut report.findings, found);
            }
        })?;
        Ok((reports, blob))
    }
}
