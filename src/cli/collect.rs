//! [`Collected`]: the results of a run. The report of each release is kept as soon as it is checked, without the data that
//! it was made from, because the next release needs that memory.

use super::jobs::Done;
use crate::error::Error;
use crate::report::Report;
use crate::report::spool::{Spool, Spooled};
use crate::suppress::{Checked, Ledger, insert};
use std::io;
use std::sync::{Mutex, PoisonError};

/// The checked releases of a run, shared by threads.
pub(super) struct Collected<'s> {
    reports: Spool,
    ledger: Ledger<'s>,
    /// Whether the text changes of fixes are computed.
    changes: bool,
    /// By job number.
    told: Vec<Mutex<Option<Told>>>,
}

/// Messages about the check of one release.
pub(super) struct Told {
    /// Helm's log lines.
    pub(super) log: Vec<String>,
    /// Why there is no report.
    pub(super) error: Option<Error>,
}

impl<'s> Collected<'s> {
    /// An empty collection for a number of jobs; `changes` says whether the text changes of fixes are computed.
    pub(super) fn new(jobs: usize, ledger: Ledger<'s>, changes: bool) -> Self {
        let told = std::iter::repeat_with(Mutex::default).take(jobs).collect();
        Self { reports: Spool::new(jobs), ledger, changes, told }
    }

    /// Takes the result of the release with this number.
    pub(super) fn take(&self, number: usize, done: Done) {
        let kept = done.checked.and_then(|one| self.keep(number, one));
        if let Some(slot) = self.told.get(number) {
            let told = Told { log: done.log, error: kept.err() };
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        }
    }

    fn keep(&self, number: usize, mut one: Checked) -> Result<(), Error> {
        let mut noted = self.ledger.accept(&mut one);
        let Checked { mut report, settings, .. } = one;
        noted.hide_secrets(&report.secrets);
        self.ledger.add(number, noted, &report.release, &settings);
        report.hide_secrets(self.changes);
        self.reports.keep(number, report)
    }

    /// Passes on the messages about each release, in order.
    pub(super) fn tell(&self, tell: &mut dyn FnMut(usize, Told)) {
        for (number, slot) in self.told.iter().enumerate() {
            let told = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            tell(number, told.unwrap_or_else(|| Told { log: Vec::new(), error: Some(super::jobs::lost()) }));
        }
    }

    /// The reports in the order of the releases, with the findings about suppressions, which need all releases.
    pub(super) fn reports(self) -> io::Result<Spooled<impl Fn(usize, &mut Report)>> {
        let late = self.ledger.known().settle();
        self.reports.in_order(move |number, report| {
            if let Some(found) = late.get(&number) {
                insert(&mut report.findings, found);
            }
        })
    }
}
