//! Suppressions: accepted findings, with a reason.
//!
//! [`comment`] reads suppressions in values files and templates, the configuration has others
//! ([`Suppression`]), and [`baseline`] lists the findings that existed when a team adopted the
//! tool. [`Suppressor::apply`] removes accepted findings from reports, where they are counted, and reports outdated
//! suppressions. The date is passed in by the caller.

pub(crate) mod baseline;
pub(crate) mod comment;
mod ledger;
mod literal;
#[cfg(feature = "lsp")]
pub(crate) mod proposal;

use crate::config::Suppression;
use crate::finding::{Excerpt, Finding};
use crate::glob::Glob;
use crate::limits::Limits;
use crate::report::{AcceptedBy, Fingerprint, ReleaseName, Report, Suppressed};
use crate::rules::{RULES, Rule};
use crate::settings::Settings;
use crate::source::Place;
use baseline::Baseline;
use comment::Comment;
use jiff::civil::Date;
pub(crate) use ledger::{Known, Ledger, Noted, insert};
use std::collections::BTreeSet;

/// A release's report, with the suppressions in its files.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The report.
    pub report: Report,
    /// What was checked, and against what.
    pub settings: Settings,
    /// The suppressions in its files.
    pub comments: Vec<Comment>,
}

/// All suppressions of a run.
#[derive(Debug)]
pub(crate) struct Suppressor<'c> {
    /// Those of the configuration.
    pub entries: &'c [Suppression],
    /// The findings that existed when a team adopted the tool.
    pub baseline: Option<&'c Baseline>,
    /// The date.
    pub today: Date,
    /// Whether everything was checked, so that an entry of the configuration without a match is unused.
    pub is_complete: bool,
}

/// The suppressions that matched a finding: comments by file, byte and rule; entries by index.
#[derive(Debug, Default)]
pub(crate) struct Used {
    comments: BTreeSet<ledger::CommentRule>,
    entries: BTreeSet<usize>,
}

/// The location of a suppression that would accept a finding if it counted; `None` if there is none.
pub(crate) fn would_accept(
    finding: &Finding,
    release: &ReleaseName,
    comments: &[Comment],
    entries: &[&Suppression],
) -> Option<Place> {
    let comment = comments.iter().find(|comment| comment.accepts(finding)).map(|comment| comment.place.clone());
    let meets = |entry: &&&Suppression| entry.rule == finding.rule && entry.meets(finding, release);
    comment.or_else(|| entries.iter().find(meets).map(|entry| entry.place.clone()))
}

impl Suppressor<'_> {
    /// Removes accepted findings from the reports, and adds the problems with the suppressions.
    pub(crate) fn apply(&self, checked: &mut [Checked]) {
        let ledger = Ledger::new(self);
        for (number, one) in checked.iter_mut().enumerate() {
            let noted = ledger.accept(one);
            ledger.add(number, noted, &one.report.release, &one.settings);
        }
        for (number, found) in ledger.known().settle() {
            if let Some(one) = checked.get_mut(number) {
                insert(&mut one.report.findings, &found);
            }
        }
    }

    /// Removes accepted findings from a report without judging suppressions; returns the suppressions that matched.
    pub(crate) fn accept(&self, one: &mut Checked) -> Used {
        let mut used = Used::default();
        let findings = std::mem::take(&mut one.report.findings);
        let lines = comment::Lines::of(&one.comments);
        for finding in findings {
            match self.accepted(&finding, &lines, &one.report.release, &mut used) {
                Some((reason, by, place)) => one.report.suppressed.push(Suppressed { finding, reason, by, place }),
                None => one.report.findings.push(finding),
            }
        }
        one.report.suppressed.sort_by_cached_key(|one| one.finding.order_key());
        used
    }

    /// Why a finding is accepted, and by what.
    fn accepted(
        &self,
        finding: &Finding,
        comments: &comment::Lines<'_>,
        release: &ReleaseName,
        used: &mut Used,
    ) -> Option<(String, AcceptedBy, Place)> {
        let counts = |until: Option<Date>| until.is_none_or(|until| self.today <= until);
        let mut found = None;
        for comment in comments.accepting(finding) {
            used.comments.insert(comment.key(finding.rule));
            if finding.is_unseen() {
                continue;
            }
            if !comment.reason.is_empty() && comment.wrong.is_none() && counts(comment.until) {
                found = found.or(Some((comment.reason.clone(), AcceptedBy::Comment, comment.place.clone())));
            }
        }
        for (number, entry) in self.entries.iter().enumerate() {
            if entry.rule == finding.rule && entry.meets(finding, release) {
                used.entries.insert(number);
                if counts(entry.expires) {
                    found = found.or(Some((entry.reason.clone(), AcceptedBy::Configuration, entry.place.clone())));
                }
            }
        }
        if found.is_some() || finding.is_unseen() {
            return found;
        }
        let place = self.baseline?.place(&Fingerprint::of(finding, release))?;
        Some((baseline::REASON.to_owned(), AcceptedBy::Baseline, place))
    }
}

const EXPIRED: &str = "fix what it accepts, or set a new date";
const ONLY_ENTRIES: &str = "remove it, and add an entry with a reason to `suppressions` in airtight.yaml";
const UNUSED: &str = "remove it, or correct what it names";

/// Whether a rule was checked; an unknown rule counts as checked. Of what another command checks, nobody
/// knows whether it was run.
fn may_find(rule: &str, settings: &Settings) -> bool {
    let known = RULES.iter().find(|known| known.id == rule);
    known.is_none_or(|known| settings.is_on(known.id, known.on) && !known.is_of_another_command())
}

/// A finding about a suppression; `None` if its rule is off.
fn finding(settings: &Settings, rule: &str, place: &Place, message: String, help: &str) -> Option<Finding> {
    let rule = RULES.iter().find(|known: &&&Rule| known.id == rule)?;
    let severity = settings.severity(rule.id, rule.severity);
    (settings.is_on(rule.id, rule.on) && severity <= settings.least).then(|| Finding {
        rule: rule.id,
        severity,
        message,
        subject: None,
        excerpts: vec![Excerpt { place: place.clone(), label: "this suppression".to_owned() }],
        notes: Vec::new(),
        help: Some(help.to_owned()),
        fix: None,
    })
}

impl Suppression {
    /// Whether it matches a finding; the caller compares the rule.
    fn meets(&self, finding: &Finding, release: &ReleaseName) -> bool {
        let subject = finding.subject.as_ref();
        let image = self
            .image
            .as_ref()
            .is_none_or(|glob| subject.is_some_and(|subject| matches(glob, std::slice::from_ref(&subject.reference))));
        let object = self.object.as_ref().is_none_or(|glob| {
            subject.is_some_and(|subject| {
                let name = &subject.object;
                matches(glob, &[name.to_string(), format!("{} {}", name.kind, name.name)])
            })
        });
        image && object && self.is_for(release)
    }

    /// Whether it applies to a release.
    pub(crate) fn is_for(&self, release: &ReleaseName) -> bool {
        self.release.as_ref().is_none_or(|glob| matches(glob, &[release.name.clone(), release.full_name()]))
    }
}

/// Whether a glob matches one of several texts.
fn matches(glob: &str, texts: &[String]) -> bool {
    let steps = Limits::default().glob_steps;
    Glob::parse(glob).is_ok_and(|glob| texts.iter().any(|text| glob.matches(text, steps) == Ok(true)))
}
