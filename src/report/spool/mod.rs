//! [`Spool`]: the reports of a run while releases are checked in any order: packed, and on the disk if there are many.

mod spill;

use super::Report;
use super::stream::Reports;
use super::totals::Totals;
use crate::error::Error;
use spill::{Span, Spill};
use std::io;
use std::sync::{Mutex, PoisonError};

/// The reports of a run, shared by threads.
#[derive(Debug)]
pub(crate) struct Spool {
    spill: Spill,
    /// By number.
    kept: Vec<Mutex<Kept>>,
}

/// How a report is kept.
#[derive(Debug, Default)]
enum Kept {
    /// There is none.
    #[default]
    Not,
    /// The only report of a run.
    Whole(Box<Report>),
    /// As bytes.
    Packed(Span),
}

/// A report as bytes.
fn packed(report: &Report) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(report).map_err(|error| Error::file(format!("cannot keep a report: {error}")))
}

impl Spool {
    /// A store for a number of reports.
    pub(crate) fn new(reports: usize) -> Self {
        let kept = std::iter::repeat_with(Mutex::default).take(reports).collect();
        Self { spill: Spill::default(), kept }
    }

    /// Keeps the report with this number; its secrets are masked already.
    ///
    /// # Errors
    /// It cannot be written to the folder for temporary files.
    pub(crate) fn keep(&self, number: usize, report: Report) -> Result<(), Error> {
        let Some(slot) = self.kept.get(number) else { return Ok(()) };
        let kept = match self.kept.len() {
            1 => Kept::Whole(Box::new(report)),
            _ => Kept::Packed(self.spill.add(&packed(&report)?)?),
        };
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }

    /// The reports in order, each changed by `revise` once all are known.
    ///
    /// # Errors
    /// A report cannot be read back.
    pub(crate) fn in_order<R: Fn(usize, &mut Report)>(mut self, revise: R) -> io::Result<Spooled<R>> {
        if let [only] = &mut self.kept[..]
            && let Kept::Whole(report) = only.get_mut().unwrap_or_else(PoisonError::into_inner)
        {
            revise(0, report);
        }
        let mut stored = Spooled { store: self, revise, totals: Totals::default() };
        let mut totals = Totals::default();
        stored.each(&mut |report| {
            totals.add(report);
            Ok(())
        })?;
        stored.totals = totals;
        Ok(stored)
    }
}

/// The complete reports of a run.
#[derive(Debug)]
pub(crate) struct Spooled<R> {
    store: Spool,
    revise: R,
    totals: Totals,
}

impl<R: Fn(usize, &mut Report)> Reports for Spooled<R> {
    fn totals(&self) -> &Totals {
        &self.totals
    }

    fn each(&self, show: &mut dyn FnMut(&Report) -> io::Result<()>) -> io::Result<()> {
        for (number, kept) in self.store.kept.iter().enumerate() {
            match &*kept.lock().unwrap_or_else(PoisonError::into_inner) {
                Kept::Not => {}
                Kept::Whole(report) => show(report)?,
                Kept::Packed(span) => {
                    let bytes = self.store.spill.get(*span)?;
                    let mut report: Report = serde_json::from_slice(&bytes)?;
                    (self.revise)(number, &mut report);
                    show(&report)?;
                }
            }
        }
        Ok(())
    }
}
