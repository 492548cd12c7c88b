//! [`Ledger`]: problems with suppressions, for releases that are checked in any order.
//!
//! Whether a suppression is unused is only known after all releases. Until then, the potential finding is kept with the first
//! release in which it would be reported, as a [`Doubt`].

use super::{Checked, Suppressor};
use super::{EXPIRED, ONLY_ENTRIES, UNUSED, Used, finding, may_find};
use crate::finding::Finding;
use crate::report::Report;
use crate::rule_ids;
use crate::rules::RULES;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// The accepted findings of a run, and the problems with suppressions, shared by threads.
#[derive(Debug)]
pub(crate) struct Ledger<'s> {
    suppressor: &'s Suppressor<'s>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    used: Used,
    /// Whether something was not checked, and the files with comments in such releases: a suppression that a broken release may
    /// use is not reported as unused.
    is_unseen: bool,
    unseen: BTreeSet<String>,
    /// The potential findings about each comment, by file and byte, in the first release that has it.
    comments: BTreeMap<(String, u32), (usize, Vec<Doubt>)>,
    /// The same for each entry, by index: in the first release that it applies to, and in the first release.
    entries: BTreeMap<usize, [First; 2]>,
}

/// The first release for a potential finding, and the finding; `None` before there is one.
type First = Option<(usize, Option<Doubt>)>;

/// A potential finding about a suppression.
#[derive(Debug)]
struct Doubt {
    when: When,
    /// Its position among the other findings of the release.
    at: usize,
    /// Its position among all findings and doubts of the release.
    rank: usize,
    finding: Finding,
}

#[derive(Debug, Clone)]
enum When {
    /// Always.
    Always,
    /// If no finding matched the rule of a comment in a file.
    UnusedComment { rule: (String, u32, String), file: String },
    /// If no finding matched an entry.
    UnusedEntry(usize),
}

/// The suppression that a doubt is about.
#[derive(Debug, Clone)]
enum About {
    Comment((String, u32)),
    /// An entry, and whether it applies to the release.
    Entry(usize, bool),
}

/// The doubts of a release.
#[derive(Debug)]
pub(crate) struct Doubts {
    /// The findings of its report that are still doubts: their positions.
    told: Vec<(usize, About, When)>,
    /// Its comments.
    comments: BTreeSet<(String, u32)>,
    /// The indexes of the entries that apply to it.
    entries: Vec<usize>,
}

impl<'s> Ledger<'s> {
    /// An empty ledger.
    pub(crate) fn new(suppressor: &'s Suppressor<'s>) -> Self {
        Self { suppressor, known: Mutex::default() }
    }

    /// Removes the accepted findings from the report of a release, and adds potential findings about suppressions.
    pub(crate) fn accept(&self, number: usize, one: &mut Checked) -> Doubts {
        let used = self.suppressor.accept(one);
        let is_unseen = one.report.findings.iter().any(Finding::is_unseen);
        let wanted: Vec<[bool; 2]> = {
            let known = &mut *self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.used.add(used);
            if is_unseen {
                known.is_unseen = true;
                known.unseen.extend(one.comments.iter().map(|comment| comment.place.file.name().to_owned()));
            }
            let is_first = |kept: &First| kept.as_ref().is_none_or(|(first, _)| number < *first);
            let entries = 0..self.suppressor.entries.len();
            entries.map(|entry| known.entries.entry(entry).or_default().each_ref().map(is_first)).collect()
        };
        let mut doubts = Vec::new();
        let comments = self.comments(one, &mut doubts);
        let entries = self.entries(one, &wanted, &mut doubts);
        let (mut abouts, mut findings) = (Vec::new(), Vec::new());
        findings.extend(std::mem::take(&mut one.report.findings).into_iter().map(|finding| (finding, None)));
        for (finding, about, when) in doubts {
            findings.push((finding, Some(abouts.len())));
            abouts.push((about, when));
        }
        findings.sort_by_cached_key(|(finding, _)| finding.order_key());
        let mut told = Vec::new();
        for (place, (finding, doubt)) in findings.into_iter().enumerate() {
            if let Some((about, when)) = doubt.and_then(|doubt| abouts.get(doubt)).cloned() {
                told.push((place, about, when));
            }
            one.report.findings.push(finding);
        }
        Doubts { told, comments, entries }
    }

    /// Removes the doubts from the report again, in which secrets may have been masked in the meantime.
    pub(crate) fn note(&self, number: usize, doubts: Doubts, report: &mut Report) {
        let Doubts { told, comments, entries: own } = doubts;
        let mut told = told.into_iter().peekable();
        let mut of_comments: BTreeMap<_, Vec<Doubt>> = comments.into_iter().map(|one| (one, Vec::new())).collect();
        let mut of_entries: BTreeMap<(usize, bool), Doubt> = BTreeMap::new();
        for (rank, finding) in std::mem::take(&mut report.findings).into_iter().enumerate() {
            let Some((_, about, when)) = told.next_if(|(place, ..)| *place == rank) else {
                report.findings.push(finding);
                continue;
            };
            let doubt = Doubt { when, at: report.findings.len(), rank, finding };
            match about {
                About::Comment(comment) => of_comments.entry(comment).or_default().push(doubt),
                About::Entry(entry, is_own) => drop(of_entries.insert((entry, is_own), doubt)),
            }
        }
        let known = &mut *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = |first: Option<usize>| first.is_none_or(|first| number < first);
        for (comment, doubts) in of_comments {
            if is_first(known.comments.get(&comment).map(|(first, _)| *first)) {
                known.comments.insert(comment, (number, doubts));
            }
        }
        let any = (0..self.suppressor.entries.len()).filter(|_| self.suppressor.is_complete);
        let all = own.into_iter().map(|entry| (entry, true)).chain(any.map(|entry| (entry, false)));
        for (entry, is_own) in all {
            let kept = &mut known.entries.entry(entry).or_default()[usize::from(!is_own)];
            if is_first(kept.as_ref().map(|(first, _)| *first)) {
                *kept = Some((number, of_entries.remove(&(entry, is_own))));
            }
        }
    }

    /// The findings about suppressions after all releases: by release, each finding with its position among the others.
    pub(crate) fn settle(self) -> BTreeMap<usize, Vec<(usize, Finding)>> {
        let Known { used, is_unseen, unseen, comments, entries } =
            self.known.into_inner().unwrap_or_else(PoisonError::into_inner);
        let holds = |when: &When| match when {
            When::Always => true,
            When::UnusedComment { rule, file } => !used.comments.contains(rule) && !unseen.contains(file),
            When::UnusedEntry(entry) => !is_unseen && !used.entries.contains(entry),
        };
        let of_entries = entries.into_values().filter_map(|[own, any]| {
            let (number, doubt) = own.or(any)?;
            Some((number, vec![doubt?]))
        });
        let mut found: BTreeMap<usize, Vec<Doubt>> = BTreeMap::new();
        for (number, doubts) in comments.into_values().chain(of_entries) {
            found.entry(number).or_default().extend(doubts.into_iter().filter(|doubt| holds(&doubt.when)));
        }
        let in_order = |(number, mut doubts): (usize, Vec<Doubt>)| {
            doubts.sort_by_key(|doubt| doubt.rank);
            (number, doubts.into_iter().map(|doubt| (doubt.at, doubt.finding)).collect())
        };
        found.into_iter().map(in_order).collect()
    }

    /// The potential findings about entries for which this is the first release; returns the entries that apply to it.
    fn entries(&self, one: &Checked, wanted: &[[bool; 2]], doubts: &mut Vec<(Finding, About, When)>) -> Vec<usize> {
        let Suppressor { entries, today, is_complete, .. } = self.suppressor;
        let settings = &one.settings;
        let mut own = Vec::new();
        for ((number, entry), [is_first, is_first_of_all]) in entries.iter().enumerate().zip(wanted) {
            let is_own = entry.is_for(&one.report.release);
            own.extend(is_own.then_some(number));
            let as_own = is_own && *is_first;
            let as_any = *is_complete && *is_first_of_all;
            if !as_own && !as_any {
                continue;
            }
            let (rule, message, help, when) = if let Some(day) = entry.expires.filter(|day| day < today) {
                let message = format!("the suppression of {} expired on {day}", entry.rule);
                (rule_ids::EXPIRED_SUPPRESSION, message, EXPIRED, When::Always)
            } else if *is_complete && may_find(&entry.rule, settings) {
                let message = format!("no finding of {} matches this suppression", entry.rule);
                (rule_ids::UNUSED_SUPPRESSION, message, UNUSED, When::UnusedEntry(number))
            } else {
                continue;
            };
            let Some(found) = finding(settings, rule, &entry.place, message, help) else { continue };
            doubts.extend(as_own.then(|| (found.clone(), About::Entry(number, true), when.clone())));
            doubts.extend(as_any.then_some((found, About::Entry(number, false), when)));
        }
        own
    }

    /// The potential findings about comments; returns the comments.
    fn comments(&self, one: &Checked, doubts: &mut Vec<(Finding, About, When)>) -> BTreeSet<(String, u32)> {
        let Checked { settings, comments, .. } = one;
        let mut seen = BTreeSet::new();
        for comment in comments {
            let (file, start, _) = comment.key("");
            let key = (file, start);
            if !seen.insert(key.clone()) {
                continue;
            }
            let mut say = |rule: &str, message: String, help: &str, when: When| {
                let found = finding(settings, rule, &comment.place, message, help);
                doubts.extend(found.map(|found| (found, About::Comment(key.clone()), when)));
            };
            if comment.rules.is_empty() {
                let help = "write `airtight: ignore[rule] reason`";
                say(
                    rule_ids::SUPPRESSION_WITHOUT_REASON,
                    "the suppression names no rule".to_owned(),
                    help,
                    When::Always,
                );
                continue;
            }
            if comment.reason.is_empty() {
                let message = format!("the suppression of {} has no reason, so it has no effect", comment.rules());
                let help = "write the reason after the bracket";
                say(rule_ids::SUPPRESSION_WITHOUT_REASON, message, help, When::Always);
                continue;
            }
            if let Some(wrong) = &comment.wrong {
                let message = format!("{wrong}, so the suppression of {} has no effect", comment.rules());
                let help = "write `until 2026-12-31` or `expires 2026-12-31` after the bracket, and then the reason";
                say(rule_ids::EXPIRED_SUPPRESSION, message, help, When::Always);
                continue;
            }
            if let Some(until) = comment.until.filter(|&until| until < self.suppressor.today) {
                let message = format!("the suppression of {} expired on {until}", comment.rules());
                say(rule_ids::EXPIRED_SUPPRESSION, message, EXPIRED, When::Always);
                continue;
            }
            for rule in &comment.rules {
                if rule_ids::UNSEEN.contains(&rule.as_str()) {
                    let message = format!("a comment cannot accept {rule}, which says that something was not checked");
                    say(rule_ids::UNUSED_SUPPRESSION, message, ONLY_ENTRIES, When::Always);
                    continue;
                }
                if may_find(rule, settings) {
                    let message = match RULES.iter().any(|known| known.id == rule) {
                        true => format!("there is no finding of {rule} here"),
                        false => format!(
                            "unknown rule {rule:?}{}",
                            crate::similar::did_you_mean(rule, RULES.iter().map(|rule| rule.id))
                        ),
                    };
                    let file = comment.place.file.name().to_owned();
                    say(
                        rule_ids::UNUSED_SUPPRESSION,
                        message,
                        UNUSED,
                        When::UnusedComment { rule: comment.key(rule), file },
                    );
                }
            }
        }
        seen
    }
}

/// Inserts findings among others, each at its position.
pub(crate) fn insert(among: &mut Vec<Finding>, found: &[(usize, Finding)]) {
    for (at, finding) in found.iter().rev() {
        among.insert((*at).min(among.len()), finding.clone());
    }
}
