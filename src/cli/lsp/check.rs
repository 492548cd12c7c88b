//! [`check()`]: checks the releases that open files belong to; what did not change is not checked again.

use super::Checker;
use super::group::Problems;
use super::place::{Placing, remark, start_of, unfetched};
use super::workspace::{Workspace, configurations, document};
use crate::cli::jobs::{self, Done};
use crate::cli::lint::{read_baseline, today};
use crate::cli::progress::Progress;
use crate::config::ReleaseSpec;
use crate::error::Error;
use crate::lsp::found::{Found, ProblemLevel};
use crate::lsp::{Asked, Changed, Open};
use crate::report::{Report, plain};
use crate::secrets::redacted;
use crate::settings::Settings;
use crate::suppress::{Checked, Suppressor};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The most releases that are checked because their airtight.yaml is open. Releases of other open files are checked in any case.
const MOST: usize = 100;

/// What is kept of a check.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The results of releases, by the path of the configuration and their names.
    releases: BTreeMap<(PathBuf, String), KeptRelease>,
    /// The open files that belonged to releases, by the path of the configuration.
    files: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

/// The result of a release.
#[derive(Debug)]
struct KeptRelease {
    entry: ReleaseSpec,
    settings: Settings,
    checked: Result<Checked, Error>,
}

/// Checks the releases of the open files; `None` if nobody waits for the result any more.
pub(super) fn check(
    checker: &Checker,
    asked: &Asked,
    kept: &mut Kept,
    is_stale: &(dyn Fn() -> bool + Sync),
) -> Option<Found> {
    let mut found = Found::default();
    if asked.open.files.is_empty() {
        *kept = Kept::default();
        return Some(found);
    }
    let configurations = configurations(checker, &asked.open);
    let paths: BTreeSet<PathBuf> = configurations.iter().map(|path| document(path)).collect();
    kept.releases.retain(|(path, _), _| paths.contains(path));
    kept.files.retain(|path, _| paths.contains(path));
    if paths.is_empty() {
        found
            .said
            .push("no airtight.yaml is near the open files: nothing is checked (airtight init writes one)".to_owned());
    }
    let mut problems = Problems::default();
    for named in configurations {
        let path = document(&named);
        match Workspace::read(checker, &named, &asked.open) {
            Ok(mut workspace) => {
                workspace.check(checker, asked, kept, (&mut found, &mut problems), is_stale)?;
                workspace.try_fixes((checker, &named), &asked.open, kept, &mut problems, is_stale)?;
            }
            Err(wrong) => {
                kept.releases.retain(|(of, _), _| *of != path);
                let first = wrong.iter().map(|(place, message)| format!("{place}: {message}")).next();
                let why = format!("nothing is checked: {}", first.unwrap_or_default());
                // Their problems are gone, but they are not resolved.
                let open = |file: &&PathBuf| asked.open.files.contains_key(*file);
                for file in kept.files.get(&path).into_iter().flatten().filter(open) {
                    problems.add(file, &start_of(file), remark(ProblemLevel::Error, why.clone()));
                }
                found.said.push(why);
                for (place, message) in wrong.into_iter().filter(|_| asked.open.files.contains_key(&path)) {
                    problems.add(&path, &place, remark(ProblemLevel::Error, message));
                }
            }
        }
    }
    found.problems.extend(problems.finish(&asked.open.files));
    found.said.iter_mut().for_each(|text| *text = plain(&redacted(text)));
    Some(found)
}

impl Workspace {
    fn check(
        &mut self,
        checker: &Checker,
        asked: &Asked,
        kept: &mut Kept,
        (found, problems): (&mut Found, &mut Problems),
        is_stale: &(dyn Fn() -> bool + Sync),
    ) -> Option<()> {
        let wanted = self.wanted(&asked.open, found);
        let files = asked.open.files.keys().filter(|path| self.releases_of(path).next().is_some());
        kept.files.insert(self.path.clone(), files.cloned().collect());
        for path in asked.open.files.keys() {
            if *path == self.path || self.releases_of(path).any(|number| wanted.contains(&number)) {
                found.problems.entry(path.clone()).or_default();
                problems.note_releases(path, self.releases_of(path).map(|number| self.jobs[number].full_name()));
            }
        }
        let missing = self.take_fetched(checker, &wanted);
        let ready: BTreeSet<usize> = wanted.into_iter().filter(|number| !missing.contains(number)).collect();
        self.renew(asked, kept, &ready, is_stale)?;
        let placing = Placing::new(self, &asked.open);
        for &number in &missing {
            placing.unfetched(number, problems);
            found.said.push(unfetched(&self.jobs[number]));
        }
        if self.config.mirror_check {
            found.said.push(
                "the mirror is not asked by the editor whether it has the images: `airtight lint` asks it".to_owned(),
            );
        }
        let mut checked = Vec::new();
        for &number in &ready {
            match kept.releases.get(&self.key(number)).map(|one| &one.checked) {
                Some(Ok(one)) => checked.push((number, copy(one))),
                Some(Err(error)) => placing.error(number, error, problems),
                None => {}
            }
        }
        let (numbers, mut checked): (Vec<usize>, Vec<Checked>) = checked.into_iter().unzip();
        if let Err(error) = self.accept(checker, &mut checked) {
            found.said.push(format!("{}: {error}", self.path.display()));
        }
        for (number, Checked { mut report, .. }) in numbers.into_iter().zip(checked) {
            // The places and edits are those of whole files; what is shown has no secrets.
            let whole = report.findings.clone();
            report.hide_secrets(false);
            for (whole, shown) in whole.iter().zip(&report.findings) {
                placing.finding(number, (whole, shown), &report, problems);
            }
        }
        Some(())
    }

    /// The releases that are checked: those of open files, and all of them if the configuration is open, up to a number.
    fn wanted(&self, open: &Open, found: &mut Found) -> BTreeSet<usize> {
        if self.jobs.is_empty() {
            found.said.push(format!("{} lists no releases: nothing is checked", self.path.display()));
        }
        let mut wanted: BTreeSet<usize> = open.files.keys().flat_map(|path| self.releases_of(path)).collect();
        if open.files.contains_key(&self.path) {
            let more = (0..self.jobs.len()).filter(|number| !wanted.contains(number));
            let more: Vec<usize> = more.take(MOST.saturating_sub(wanted.len())).collect();
            wanted.extend(more);
            if wanted.len() < self.jobs.len() {
                let (checked, all) = (wanted.len(), self.jobs.len());
                found
                    .said
                    .push(format!("{checked} of {all} releases are checked in the editor: `airtight lint` checks all"));
            }
        }
        wanted
    }

    /// Checks the releases whose results are not known, several at a time; `None` if nobody waits for them any more.
    fn renew(
        &self,
        asked: &Asked,
        kept: &mut Kept,
        ready: &BTreeSet<usize>,
        is_stale: &(dyn Fn() -> bool + Sync),
    ) -> Option<()> {
        let wanted: BTreeSet<(PathBuf, String)> = ready.iter().map(|&number| self.key(number)).collect();
        kept.releases.retain(|key, _| key.0 != self.path || wanted.contains(key));
        let is_known = |number: usize| {
            let (job, inputs) = (&self.jobs[number], &self.inputs[number]);
            let Some(one) = kept.releases.get(&self.key(number)) else { return false };
            let is_same = job.entry.as_ref() == Some(&one.entry) && job.settings == one.settings;
            is_same
                && match &asked.changed {
                    Changed::Everything => false,
                    // A file that belongs to no release may be read in another way.
                    Changed::Files(files) => files.iter().all(|file| {
                        *file != self.path && !inputs.hold(file) && self.releases_of(file).next().is_some()
                    }),
                }
        };
        let due: Vec<usize> = ready.iter().copied().filter(|&number| !is_known(number)).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        for numbers in due.chunks(threads) {
            if is_stale() {
                return None;
            }
            let jobs: Vec<_> = numbers.iter().map(|&number| self.jobs[number].clone()).collect();
            let done = jobs::run(&jobs, &self.store, &Progress::hidden());
            for ((&number, job), Done { checked, .. }) in numbers.iter().zip(jobs).zip(done) {
                let (entry, settings) = (job.entry.unwrap_or_default(), job.settings);
                kept.releases.insert(self.key(number), KeptRelease { entry, settings, checked });
            }
        }
        Some(())
    }

    /// Removes what is accepted.
    fn accept(&self, checker: &Checker, checked: &mut [Checked]) -> Result<(), Error> {
        let baseline = checker.args.baseline.as_deref();
        let baseline = baseline.map(|path| read_baseline(path, self.reach())).transpose()?;
        let entries = &self.config.suppressions;
        // Not all releases are checked, so that nobody knows whether an entry is used.
        Suppressor { entries, baseline: baseline.as_ref(), today: today(None)?, is_complete: false }.apply(checked);
        Ok(())
    }

    /// What is known of a release, before findings are accepted.
    pub(super) fn kept<'k>(&self, kept: &'k Kept, number: usize) -> Option<&'k Report> {
        let one = kept.releases.get(&self.key(number))?;
        one.checked.as_ref().ok().map(|checked| &checked.report)
    }

    fn key(&self, number: usize) -> (PathBuf, String) {
        (self.path.clone(), self.jobs[number].full_name())
    }
}

/// A copy, from which accepted findings are removed.
fn copy(checked: &Checked) -> Checked {
    let Checked { report, settings, comments } = checked;
    Checked { report: report.clone(), settings: settings.clone(), comments: comments.clone() }
}
