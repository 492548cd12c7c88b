//! Fixes of files that several releases read: a fix that one release proved is tried in the others, as `lint --fix` does.

use super::Checker;
use super::check::Kept;
use super::group::Problems;
use super::workspace::Workspace;
use crate::cli::fix::{identities, new_in};
use crate::cli::progress::Progress;
use crate::cli::{jobs, locked};
use crate::lsp::Open;
use crate::lsp::changes::texts_after;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The most releases that are checked for trials; fixes that were not tried are not safe.
const MOST_TRIALS: usize = 12;

impl Workspace {
    /// Tries fixes in the releases that read what they edit, and did not prove them; `None` if nobody waits for the result any more.
    /// `named` is the configuration.
    pub(super) fn try_fixes(
        &self,
        (checker, named): (&Checker, &Path),
        open: &Open,
        kept: &Kept,
        problems: &mut Problems,
        is_stale: &(dyn Fn() -> bool + Sync),
    ) -> Option<()> {
        let mut left = MOST_TRIALS;
        let numbers: BTreeMap<String, usize> =
            self.jobs.iter().enumerate().map(|(number, job)| (job.full_name(), number)).collect();
        for (fix, others) in problems.untried() {
            if is_stale() {
                return None;
            }
            let known: BTreeSet<usize> = others.iter().filter_map(|name| numbers.get(name).copied()).collect();
            let known: BTreeSet<usize> =
                known.into_iter().filter(|&number| self.kept(kept, number).is_some()).collect();
            let Some(texts) = texts_after(&fix).filter(|_| known.len() <= left && !known.is_empty()) else { continue };
            left -= known.len();
            let mut edited = open.clone();
            edited.files.extend(texts);
            let Ok(mut trial) = Self::read(checker, named, &edited) else { continue };
            trial.take_fetched(checker, &known);
            for (number, works) in trial.trials(self, &known, kept) {
                problems.note_trial(&fix.key(), self.jobs[number].full_name(), works);
            }
        }
        Some(())
    }

    /// Whether each release has no finding that it did not have before.
    fn trials(&self, before: &Self, numbers: &BTreeSet<usize>, kept: &Kept) -> Vec<(usize, bool)> {
        let jobs: Vec<_> = numbers.iter().filter_map(|&number| self.jobs.get(number).cloned()).collect();
        let works: Mutex<BTreeMap<usize, bool>> = Mutex::default();
        let numbers: Vec<usize> = numbers.iter().copied().collect();
        jobs::run_each(&jobs, &self.store, &Progress::hidden(), &|at, job| {
            let Some(&number) = numbers.get(at) else { return };
            let done = job.run(&self.store);
            let was = before.kept(kept, number).map(|report| identities(std::slice::from_ref(report)));
            let is_no_worse = match (&done.checked, was) {
                (Ok(one), Some(was)) => new_in(&one.report, &was).is_none(),
                _ => false,
            };
            locked(&works).insert(number, is_no_worse);
        });
        works.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
    }
}
