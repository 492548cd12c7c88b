//! Suppressions: findings that somebody accepts, with a reason.
//!
//! [`comment`] reads those that stand in values files and templates, the configuration brings others
//! ([`Suppression`](crate::config::Suppression)), [`baseline`] those of the day a team began. [`Suppressor::apply`] takes
//! what they accept out of reports, where it is counted, and reports those that are out of date. Which day it is comes
//! from outside.

pub mod baseline;
pub mod comment;
mod ledger;
mod literal;

use crate::config::Suppression;
use crate::finding::{Excerpt, Finding};
use crate::glob::Glob;
use crate::limits::Limits;
use crate::report::{By, Fingerprint, ReleaseName, Report, Suppressed};
use crate::rules::{RULES, Rule};
use crate::settings::Settings;
use crate::source::Place;
use baseline::Baseline;
use comment::Comment;
use jiff::civil::Date;
pub use ledger::{Ledger, insert};
use std::collections::BTreeSet;

/// A release's report, with what was found in its files.
#[derive(Debug)]
pub struct Checked {
    /// The report.
    pub report: Report,
    /// What was checked, and against what.
    pub settings: Settings,
    /// The suppressions in its files.
    pub comments: Vec<Comment>,
}

/// What findings are held against.
#[derive(Debug)]
pub struct Suppressor<'c> {
    /// Those of the configuration.
    pub entries: &'c [Suppression],
    /// The findings of the day a team began.
    pub baseline: Option<&'c Baseline>,
    /// Which day it is.
    pub today: Date,
    /// Whether everything was checked, so that an entry of the configuration that met nothing is one too many.
    pub is_complete: bool,
}

/// Rules whose findings say that something was not looked at: neither a file of fingerprints nor a comment beside what
/// was not looked at settles that, only an entry of the configuration.
const UNSEEN: &[&str] = &["render-failed", "nothing-rendered", "unparsable-manifest"];

/// Whether a finding says that something was not looked at.
pub fn is_unseen(finding: &Finding) -> bool {
    UNSEEN.contains(&finding.rule)
}

/// Those suppressions that met a finding: comments by file, byte and rule; entries by number.
#[derive(Debug, Default)]
pub(crate) struct Used {
    comments: BTreeSet<(String, u32, String)>,
    entries: BTreeSet<usize>,
}

impl Used {
    fn add(&mut self, other: Self) {
        self.comments.extend(other.comments);
        self.entries.extend(other.entries);
    }
}

/// Where a suppression stands that would accept a finding, did it count; `None` where none would.
pub fn would_accept(
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
    /// Takes what is accepted out of the reports, and adds what is wrong with the suppressions.
    pub fn apply(&self, checked: &mut [Checked]) {
        let ledger = Ledger::new(self);
        for (number, one) in checked.iter_mut().enumerate() {
            let doubts = ledger.accept(number, one);
            ledger.note(number, doubts, &mut one.report);
        }
        for (number, found) in ledger.settle() {
            if let Some(one) = checked.get_mut(number) {
                insert(&mut one.report.findings, &found);
            }
        }
    }

    /// Takes what is accepted out of a report, and judges no suppression; says what accepted something.
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
        used
    }

    /// Why a finding is accepted, and where that stands.
    fn accepted(
        &self,
        finding: &Finding,
        comments: &comment::Lines<'_>,
        release: &ReleaseName,
        used: &mut Used,
    ) -> Option<(String, By, Place)> {
        let counts = |until: Option<Date>| until.is_none_or(|until| self.today <= until);
        let mut found = None;
        for comment in comments.accepting(finding) {
            used.comments.insert(comment.key(finding.rule));
            if UNSEEN.contains(&finding.rule) {
                continue;
            }
            if !comment.reason.is_empty() && comment.no_day.is_none() && counts(comment.until) {
                found = found.or(Some((comment.reason.clone(), By::Comment, comment.place.clone())));
            }
        }
        for (number, entry) in self.entries.iter().enumerate() {
            if entry.rule == finding.rule && entry.meets(finding, release) {
                used.entries.insert(number);
                if counts(entry.expires) {
                    found = found.or(Some((entry.reason.clone(), By::Configuration, entry.place.clone())));
                }
            }
        }
        if found.is_some() || UNSEEN.contains(&finding.rule) {
            return found;
        }
        let place = self.baseline?.place(&Fingerprint::of(finding, release))?;
        Some((baseline::REASON.to_owned(), By::Baseline, place))
    }
}

const EXPIRED: &str = "mend what it accepts, or give it another day";
const ONLY_ENTRIES: &str = "remove it; an entry of `suppressions` in airtight.yaml accepts it, with a reason";
const UNUSED: &str = "remove it, or name what it is about";

/// Whether a rule was checked; one that does not exist counts as such.
fn may_find(rule: &str, settings: &Settings) -> bool {
    RULES.iter().find(|known| known.id == rule).is_none_or(|known| settings.is_on(known.id, known.on))
}

/// A finding about a suppression; `None` where its rule is not checked.
fn finding(settings: &Settings, rule: &str, place: &Place, message: String, help: &str) -> Option<Finding> {
    let rule = RULES.iter().find(|known: &&&Rule| known.id == rule)?;
    settings.is_on(rule.id, rule.on).then(|| Finding {
        rule: rule.id,
        severity: settings.severity(rule.id, rule.severity),
        message,
        subject: None,
        excerpts: vec![Excerpt { place: place.clone(), label: "this suppression".to_owned() }],
        notes: Vec::new(),
        help: Some(help.to_owned()),
        fix: None,
    })
}

impl Suppression {
    /// Whether a finding is one of those it means; the rule is compared by others.
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

    /// Whether it is about a release.
    fn is_for(&self, release: &ReleaseName) -> bool {
        self.release.as_ref().is_none_or(|glob| matches(glob, &[release.name.clone(), release.full_name()]))
    }
}

/// Whether a glob matches one of some texts.
fn matches(glob: &str, texts: &[String]) -> bool {
    let steps = Limits::default().glob_steps;
    Glob::parse(glob).is_ok_and(|glob| texts.iter().any(|text| glob.matches(text, steps) == Ok(true)))
}
