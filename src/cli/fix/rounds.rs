//! Rounds of fixes: a fix is kept if it works in every release and causes no new finding.

use super::Fixed;
use crate::cli::edits::{Asked, Edits, key};
use crate::cli::jobs::{self, Job};
use crate::cli::lint::Args;
use crate::cli::progress::Progress;
use crate::config::Config;
use crate::disk::Reach;
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::fix::{Edit, Fix, FixTarget};
use crate::report::Report;
use crate::report::location::{ValuesPaths, identity};
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rounds at most: a fix may reveal a finding that another one fixes.
const ROUNDS: usize = 10;

/// The result of checking all releases once.
pub(super) struct Round {
    pub(super) reports: Vec<Report>,
    /// Why some releases have no report.
    errors: Vec<String>,
}

/// A fix with its finding.
struct Wanted {
    finding: String,
    release: usize,
    fix: Fix,
}

/// The releases of one run, checked repeatedly.
pub(super) struct Fixing<'a> {
    pub(super) args: &'a Args,
    pub(super) config: &'a Config,
    pub(super) reach: &'a Arc<Reach>,
    pub(super) jobs: Vec<Job>,
    pub(super) store: Store,
    pub(super) edits: Edits,
    /// Edits that are not made, and why.
    pub(super) refused: BTreeMap<String, String>,
}

impl Fixing<'_> {
    /// Fixes until nothing more can be fixed. Returns the number of fixed findings by file, and the reports of what is left
    /// if anything was fixed.
    pub(super) fn all(&mut self, before: &[Report]) -> Result<(Fixed, Option<Vec<Report>>), Error> {
        let known = identities(before);
        // The finding, and the file in which it was fixed.
        let mut fixed: BTreeMap<String, String> = BTreeMap::new();
        let mut reports = None;
        for _ in 0..ROUNDS {
            let wanted = self.wanted(reports.as_deref().unwrap_or(before));
            self.edits.begin();
            let mut kept = Vec::new();
            let Some(round) = self.attempt(&wanted, &known, &mut BTreeSet::new(), &mut kept)? else { break };
            fixed.extend(kept.into_iter().map(|one| (one.finding.clone(), file_of(&one.fix))));
            reports = Some(round.reports);
        }
        let Some(reports) = reports else {
            return Ok((Fixed::new(), None));
        };
        let left = identities(&reports);
        let mut files = Fixed::new();
        for file in fixed.into_iter().filter(|(finding, _)| !left.contains(finding)).map(|(_, file)| file) {
            *files.entry(file).or_default() += 1;
        }
        Ok((files, Some(reports)))
    }

    /// Applies fixes together; if they do not work, tries each half. Returns the reports with the fixes that were kept; `None`
    /// if none was kept.
    fn attempt<'w>(
        &mut self,
        wanted: &'w [Wanted],
        known: &BTreeSet<String>,
        made: &mut BTreeSet<String>,
        kept: &mut Vec<&'w Wanted>,
    ) -> Result<Option<Round>, Error> {
        let (state, made_before) = (self.edits.state(), made.clone());
        let applied = self.apply(wanted, made);
        if applied.is_empty() {
            return Ok(None);
        }
        let round = self.run()?;
        let stays = || {
            let left = identities(&round.reports);
            // A finding that stays would be fixed again in every round.
            applied.iter().any(|one| left.contains(&one.finding)).then(|| "the finding stays".to_owned())
        };
        let Some(why) = new_finding(&round, known).or_else(stays) else {
            kept.extend(applied);
            return Ok(Some(round));
        };
        self.edits.restore(state);
        *made = made_before;
        if let [one] = wanted {
            self.refuse(&one.fix, &why);
            return Ok(None);
        }
        let (first, second) = wanted.split_at(wanted.len() / 2);
        let first = self.attempt(first, known, made, kept)?;
        let second = self.attempt(second, known, made, kept)?;
        Ok(second.or(first))
    }

    /// Applies the fixes to the texts of the files, and returns those that were applied.
    fn apply<'w>(&mut self, wanted: &'w [Wanted], made: &mut BTreeSet<String>) -> Vec<&'w Wanted> {
        let jobs = &self.jobs;
        let reading = |one: &Wanted| {
            let job = jobs.get(one.release)?;
            Some((job.flags.env().helm, job.flags.limits().unwrap_or_default()))
        };
        let known: Vec<(&Wanted, _)> = wanted.iter().filter_map(|one| Some((one, reading(one)?))).collect();
        let fixes: Vec<Asked<'_>> =
            known.iter().map(|(one, (helm, limits))| Asked { fix: &one.fix, helm: *helm, limits }).collect();
        let outcomes = self.edits.apply(&fixes, made);
        let mut applied = Vec::new();
        for ((one, _), outcome) in known.iter().zip(outcomes) {
            match outcome {
                Ok(()) => applied.push(*one),
                Err(why) => one.fix.edits.iter().for_each(|edit| {
                    self.refused.insert(key(edit), why.to_string());
                }),
            }
        }
        applied
    }

    /// The fixes to apply.
    fn wanted(&self, reports: &[Report]) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (release, report) in reports.iter().enumerate() {
            for finding in &report.findings {
                let fix = finding.fix.as_ref().filter(|fix| self.args.fixes.allows(fix.safety));
                let Some(fix) = fix.filter(|fix| fix.edits.iter().all(is_of_file)) else { continue };
                if fix.edits.iter().any(|edit| self.refused.contains_key(&key(edit))) {
                    continue;
                }
                wanted.push(Wanted { finding: name_of(finding, report), release, fix: fix.clone() });
            }
        }
        wanted
    }

    fn refuse(&mut self, fix: &Fix, why: &str) {
        for edit in &fix.edits {
            let why = format!("{}: {why}", fix.title);
            self.refused.insert(key(edit), why);
        }
    }

    /// Checks all releases with the current edits.
    fn run(&mut self) -> Result<Round, Error> {
        self.edits.show(&mut self.store);
        let jobs = std::mem::take(&mut self.jobs);
        let round = self.run_jobs(&jobs);
        self.jobs = jobs;
        round
    }

    pub(super) fn run_jobs(&self, jobs: &[Job]) -> Result<Round, Error> {
        let (mut checked, mut errors) = (Vec::new(), Vec::new());
        for done in jobs::run(jobs, &self.store, &Progress::hidden()) {
            match done.checked {
                Ok(one) => checked.push(one),
                Err(error) => errors.push(error.into_text()),
            }
        }
        Ok(Round { reports: self.args.accepted(checked, self.config, self.reach)?, errors })
    }
}

pub(super) fn is_of_file(edit: &Edit) -> bool {
    matches!(edit.target, FixTarget::File { .. })
}

/// The files of a fix, for messages.
fn file_of(fix: &Fix) -> String {
    let files = fix.edits.iter().filter_map(|edit| match &edit.target {
        FixTarget::File { file, .. } => Some(file.shown()),
        _ => None,
    });
    let files: BTreeSet<&str> = files.collect();
    files.into_iter().collect::<Vec<_>>().join(", ")
}

/// Identifies a finding before and after a fix: an image by its location, because the fix changes its reference.
fn name_of(finding: &Finding, report: &Report) -> String {
    match &finding.subject {
        Some(subject) => {
            let release = report.release.full_name();
            format!("{release} {} {} {} {}", finding.rule, subject.template, subject.object, subject.field)
        }
        // It is not about an image.
        None => identity(finding, report, &ValuesPaths::default()),
    }
}

pub(in crate::cli) fn identities(reports: &[Report]) -> BTreeSet<String> {
    reports.iter().flat_map(|report| report.findings.iter().map(|finding| name_of(finding, report))).collect()
}

/// A finding of a release that was not there before; hints do not count.
pub(in crate::cli) fn new_in<'r>(report: &'r Report, known: &BTreeSet<String>) -> Option<&'r Finding> {
    let mut findings = report.findings.iter().filter(|finding| finding.severity != Severity::Hint);
    findings.find(|finding| !known.contains(&name_of(finding, report)))
}

/// A finding that was not there before.
pub(super) fn new_finding(round: &Round, known: &BTreeSet<String>) -> Option<String> {
    if let Some(error) = round.errors.first() {
        return Some(error.clone());
    }
    round.reports.iter().find_map(|report| {
        let new = new_in(report, known)?;
        let name = report.release.full_name();
        Some(format!("{name} would have a new finding, {}: {}", new.rule, new.message))
    })
}
