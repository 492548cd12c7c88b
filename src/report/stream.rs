//! [`Reports`]: the reports of a run, visited one after the other. No format needs all of them at once; the sums that a
//! format needs are in their [`Totals`].

use super::Report;
use super::totals::Totals;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use std::io;

/// The reports of a run in order. They can be visited several times.
pub(crate) trait Reports {
    /// The totals, known before the first report is visited.
    fn totals(&self) -> &Totals;

    /// Visits each report.
    ///
    /// # Errors
    /// The first error of `show`, or a report cannot be read back.
    fn each(&self, show: &mut dyn FnMut(&Report) -> io::Result<()>) -> io::Result<()>;
}

/// Reports that are in memory.
#[derive(Debug)]
pub(crate) struct KeptReports<'r> {
    reports: &'r [Report],
    totals: Totals,
}

impl<'r> KeptReports<'r> {
    /// Sums up the reports.
    pub(crate) fn of(reports: &'r [Report]) -> Self {
        let mut totals = Totals::default();
        reports.iter().for_each(|report| totals.add(report));
        Self { reports, totals }
    }
}

impl Reports for KeptReports<'_> {
    fn totals(&self) -> &Totals {
        &self.totals
    }

    fn each(&self, show: &mut dyn FnMut(&Report) -> io::Result<()>) -> io::Result<()> {
        self.reports.iter().try_for_each(show)
    }
}

/// The same reports with a maximum number of findings over all: the most severe of each are kept. Totals and verdicts count all.
pub(crate) struct Limited<'r> {
    /// The reports.
    pub(crate) reports: &'r dyn Reports,
    /// The maximum number of findings.
    pub(crate) most: usize,
}

impl Reports for Limited<'_> {
    fn totals(&self) -> &Totals {
        self.reports.totals()
    }

    fn each(&self, show: &mut dyn FnMut(&Report) -> io::Result<()>) -> io::Result<()> {
        let mut left = self.most;
        self.reports.each(&mut |report| {
            let shown = report.findings.len().min(left);
            left -= shown;
            if shown == report.findings.len() {
                return show(report);
            }
            let mut limited = report.clone();
            let mut order: Vec<usize> = (0..report.findings.len()).collect();
            order.sort_by_key(|&number| report.findings[number].severity);
            order.truncate(shown);
            order.sort_unstable();
            limited.findings = order.into_iter().map(|number| report.findings[number].clone()).collect();
            limited.left_out = report.findings.len() - shown;
            show(&limited)
        })
    }
}

/// A list whose elements are produced while it is written.
pub(super) struct Lazily<F>(pub(super) F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Lazily<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The elements that each report adds to a list of a document.
pub(super) trait Entries {
    /// Adds the elements of one report.
    fn add<S: SerializeSeq>(&self, report: &Report, list: &mut S) -> Result<(), S::Error>;
}

/// A list in a document of which one report's part is in memory at a time.
pub(super) struct Listed<'r, E>(pub(super) &'r dyn Reports, pub(super) E);

impl<E: Entries> Serialize for Listed<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut failed = None;
        let shown = self.0.each(&mut |report| {
            self.1.add(report, &mut list).map_err(|error| {
                failed = Some(error);
                io::ErrorKind::Other.into()
            })
        });
        match (failed, shown) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(S::Error::custom(error)),
            (None, Ok(())) => list.end(),
        }
    }
}
