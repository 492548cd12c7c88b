//! [`Collected`]: what becomes of the releases of a run: as each is checked its report is kept, without what it was made of,
//! and the next one needs its memory.

use super::jobs::{Done, Job};
use crate::report::Report;
use crate::report::store::{Store, Stored};
use crate::suppress::{Checked, Ledger, insert};
use std::io;
use std::sync::{Mutex, PoisonError};

/// The releases of a run that were checked. Threads share it.
pub(super) struct Collected<'s> {
    store: Store,
    ledger: Ledger<'s>,
    /// Whether what fixes change in texts is worked out.
    changes: bool,
    /// By number.
    told: Vec<Mutex<Option<Told>>>,
}

/// What is told of how the check of a release went.
pub(super) struct Told {
    /// Helm's log lines.
    pub(super) log: Vec<String>,
    /// Why there is no report.
    pub(super) error: Option<String>,
}

impl<'s> Collected<'s> {
    /// Of so many releases none was checked yet; `changes` says whether what fixes change in texts is worked out.
    pub(super) fn new(jobs: usize, ledger: Ledger<'s>, changes: bool) -> Self {
        let told = std::iter::repeat_with(Mutex::default).take(jobs).collect();
        Self { store: Store::new(jobs), ledger, changes, told }
    }

    /// Takes what became of the release with a number.
    pub(super) fn take(&self, number: usize, done: Done) {
        let kept = done.checked.and_then(|one| self.keep(number, one));
        if let Some(slot) = self.told.get(number) {
            let told = Told { log: done.log, error: kept.err() };
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        }
    }

    fn keep(&self, number: usize, mut one: Checked) -> Result<(), String> {
        let doubts = self.ledger.accept(number, &mut one);
        let Checked { mut report, .. } = one;
        report.hide_secrets(self.changes);
        self.ledger.note(number, doubts, &mut report);
        self.store.keep(number, report)
    }

    /// Tells how the check of each release went, in their order.
    pub(super) fn tell(&self, jobs: &[Job], tell: &mut dyn FnMut(&Job, Told)) {
        for (slot, job) in self.told.iter().zip(jobs) {
            let told = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            tell(job, told.unwrap_or_else(|| Told { log: Vec::new(), error: Some(super::jobs::LOST.to_owned()) }));
        }
    }

    /// The reports in the order of the releases, with what is said of suppressions now that all are known.
    pub(super) fn reports(self) -> io::Result<Stored<impl Fn(usize, &mut Report)>> {
        let late = self.ledger.settle();
        self.store.in_order(move |number, report| {
            if let Some(found) = late.get(&number) {
                insert(&mut report.findings, found);
            }
        })
    }
}
