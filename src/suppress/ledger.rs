//! [`Ledger`]: problems with suppressions, for releases that are checked in any order, in one process or in several.
//!
//! Whether a suppression is unused is only known after all releases. Until then, the potential finding is kept with the first
//! release in which it would be reported, as a [`Doubt`].

use super::{Checked, Suppressor};
use super::{EXPIRED, ONLY_ENTRIES, UNUSED, finding, may_find};
use crate::config::Suppression;
use crate::finding::Finding;
use crate::report::{ReleaseName, hide_in_finding};
use crate::rule_ids;
use crate::rules::RULES;
use crate::secrets::Secrets;
use crate::settings::Settings;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// The accepted findings of a run, and the problems with suppressions, shared by threads.
#[derive(Debug)]
pub(crate) struct Ledger<'s> {
    suppressor: &'s Suppressor<'s>,
    known: Mutex<Known>,
}

/// What a release says about suppressions, whatever the other releases say.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// Its comments that matched a finding, by rule.
    used: BTreeSet<CommentRule>,
    /// The entries that matched a finding: their indexes among those that apply to the release.
    entries: BTreeSet<usize>,
    /// Whether something of it was not checked.
    is_unseen: bool,
    /// Its comments, by file and byte, with what may be wrong with each.
    comments: BTreeMap<String, BTreeMap<u32, Vec<Doubt>>>,
    /// The days on which a suppression that it has ends.
    days: BTreeSet<Date>,
}

/// A rule that a comment names: the file, the byte, the rule.
pub(super) type CommentRule = (String, u32, String);

/// What is known about suppressions after some of the releases.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Known {
    used: BTreeSet<CommentRule>,
    used_entries: BTreeSet<usize>,
    /// Whether something was not checked, and the files with comments in such releases: a suppression that a broken release may
    /// use is not reported as unused.
    is_unseen: bool,
    unseen: BTreeSet<String>,
    /// The potential findings about each comment, by file and byte, in the first release that has it.
    comments: BTreeMap<String, BTreeMap<u32, (usize, Vec<Doubt>)>>,
    /// The same for each entry, by index: in the first release that it applies to, and in the first release.
    entries: BTreeMap<usize, [First; 2]>,
    /// The days on which a suppression ends.
    days: BTreeSet<Date>,
}

/// The first release for a potential finding, and the finding; `None` before there is one.
type First = Option<(usize, Option<Doubt>)>;

/// A potential finding about a suppression.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Doubt {
    when: When,
    finding: Finding,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum When {
    /// Always.
    Always,
    /// If no finding matched the rule of a comment in a file.
    UnusedComment { rule: CommentRule, file: String },
    /// If no finding matched an entry.
    UnusedEntry(usize),
}

impl Noted {
    /// Masks secrets.
    pub(crate) fn hide_secrets(&mut self, secrets: &Secrets) {
        let doubts = self.comments.values_mut().flat_map(BTreeMap::values_mut).flatten();
        doubts.for_each(|doubt| hide_in_finding(&mut doubt.finding, secrets, false));
    }

    /// Whether it would be the same if suppressions were judged on another day.
    pub(crate) fn holds_on(&self, judged: Date, other: Date) -> bool {
        is_same_on(&self.days, judged, other)
    }
}

/// Whether no suppression ends between two days. The last day still counts.
fn is_same_on(days: &BTreeSet<Date>, one: Date, other: Date) -> bool {
    days.range(one.min(other)..one.max(other)).next().is_none()
}

impl<'s> Ledger<'s> {
    /// An empty ledger.
    pub(crate) fn new(suppressor: &'s Suppressor<'s>) -> Self {
        Self { suppressor, known: Mutex::default() }
    }

    /// Removes the accepted findings from the report of a release; returns what it says about suppressions.
    pub(crate) fn accept(&self, one: &mut Checked) -> Noted {
        let used = self.suppressor.accept(one);
        one.report.findings.sort_by_cached_key(Finding::order_key);
        let release = &one.report.release;
        let own: Vec<usize> = self.own_entries(release).collect();
        let entries = own.iter().enumerate().filter(|(_, entry)| used.entries.contains(entry));
        let ends = |number: &usize| self.suppressor.entries.get(*number).and_then(|entry| entry.expires);
        Noted {
            used: used.comments,
            entries: entries.map(|(number, _)| number).collect(),
            is_unseen: one.report.findings.iter().any(Finding::is_unseen),
            comments: self.comments(one),
            days: one.comments.iter().filter_map(|comment| comment.until).chain(own.iter().filter_map(ends)).collect(),
        }
    }

    /// The indexes of the entries that apply to a release.
    fn own_entries(&self, release: &ReleaseName) -> impl Iterator<Item = usize> {
        let entries = self.suppressor.entries.iter().enumerate();
        entries.filter(|(_, entry)| entry.is_for(release)).map(|(number, _)| number)
    }

    /// Adds what the release with this number says.
    pub(crate) fn add(&self, number: usize, noted: Noted, release: &ReleaseName, settings: &Settings) {
        let own: Vec<usize> = self.own_entries(release).collect();
        let known = &mut *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.is_unseen {
            known.is_unseen = true;
            known.unseen.extend(noted.comments.keys().cloned());
        }
        known.used.extend(noted.used);
        known.used_entries.extend(noted.entries.iter().filter_map(|entry| own.get(*entry)));
        known.days.extend(noted.days);
        for (file, comments) in noted.comments {
            let of_file = known.comments.entry(file).or_default();
            for (byte, doubts) in comments {
                take_first(of_file.entry(byte), number, doubts);
            }
        }
        for (entry, kept) in self.suppressor.entries.iter().enumerate() {
            let [as_own, as_any] = known.entries.entry(entry).or_default();
            let is_first = |kept: &First| kept.as_ref().is_none_or(|(first, _)| number < *first);
            let is_own = own.contains(&entry) && is_first(as_own);
            let is_any = self.suppressor.is_complete && is_first(as_any);
            if !is_own && !is_any {
                continue;
            }
            let doubt = self.doubt_of_entry(entry, kept, settings);
            if is_own {
                *as_own = Some((number, doubt.clone()));
            }
            if is_any {
                *as_any = Some((number, doubt));
            }
        }
    }

    /// What is known after all releases that were added.
    pub(crate) fn known(self) -> Known {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The potential finding about an entry.
    fn doubt_of_entry(&self, number: usize, entry: &Suppression, settings: &Settings) -> Option<Doubt> {
        let Suppressor { today, is_complete, .. } = self.suppressor;
        let (rule, message, help, when) = if let Some(day) = entry.expires.filter(|day| day < today) {
            let message = format!("the suppression of {} expired on {day}", entry.rule);
            (rule_ids::EXPIRED_SUPPRESSION, message, EXPIRED, When::Always)
        } else if *is_complete && may_find(&entry.rule, settings) {
            let message = format!("no finding of {} matches this suppression", entry.rule);
            (rule_ids::UNUSED_SUPPRESSION, message, UNUSED, When::UnusedEntry(number))
        } else {
            return None;
        };
        let mut finding = finding(settings, rule, &entry.place, message, help)?;
        // The configuration belongs to no release, so no release's secrets are in it.
        hide_in_finding(&mut finding, &Secrets::default(), false);
        Some(Doubt { when, finding })
    }

    /// The potential findings about comments.
    fn comments(&self, one: &Checked) -> BTreeMap<String, BTreeMap<u32, Vec<Doubt>>> {
        let Checked { settings, comments, .. } = one;
        let mut all: BTreeMap<String, BTreeMap<u32, Vec<Doubt>>> = BTreeMap::new();
        for comment in comments {
            let (file, start, _) = comment.key("");
            let Entry::Vacant(doubts) = all.entry(file).or_default().entry(start) else { continue };
            let doubts = doubts.insert(Vec::new());
            let mut say = |rule: &str, message: String, help: &str, when: When| {
                let found = finding(settings, rule, &comment.place, message, help);
                doubts.extend(found.map(|finding| Doubt { when, finding }));
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
        all
    }
}

/// Keeps what the first of several releases says.
fn take_first<T>(kept: Entry<'_, u32, (usize, T)>, number: usize, said: T) {
    match kept {
        Entry::Vacant(none) => drop(none.insert((number, said))),
        Entry::Occupied(mut other) if number < other.get().0 => drop(other.insert((number, said))),
        Entry::Occupied(_) => {}
    }
}

impl Known {
    /// Adds what is known after other releases.
    pub(crate) fn add(&mut self, other: Self) {
        self.used.extend(other.used);
        self.used_entries.extend(other.used_entries);
        self.is_unseen |= other.is_unseen;
        self.unseen.extend(other.unseen);
        self.days.extend(other.days);
        for (file, comments) in other.comments {
            let of_file = self.comments.entry(file).or_default();
            for (byte, (number, doubts)) in comments {
                take_first(of_file.entry(byte), number, doubts);
            }
        }
        for (entry, firsts) in other.entries {
            for (kept, first) in self.entries.entry(entry).or_default().iter_mut().zip(firsts) {
                let Some((number, doubt)) = first else { continue };
                if kept.as_ref().is_none_or(|(first, _)| number < *first) {
                    *kept = Some((number, doubt));
                }
            }
        }
    }

    /// Whether it would be the same if suppressions were judged on another day.
    pub(crate) fn holds_on(&self, judged: Date, other: Date) -> bool {
        is_same_on(&self.days, judged, other)
    }

    /// The findings about suppressions after all releases, by release.
    pub(crate) fn settle(self) -> BTreeMap<usize, Vec<Finding>> {
        let Self { used, used_entries, is_unseen, unseen, comments, entries, days: _ } = self;
        let holds = |when: &When| match when {
            When::Always => true,
            When::UnusedComment { rule, file } => !used.contains(rule) && !unseen.contains(file),
            When::UnusedEntry(entry) => !is_unseen && !used_entries.contains(entry),
        };
        let of_entries = entries.into_values().filter_map(|[own, any]| {
            let (number, doubt) = own.or(any)?;
            Some((number, vec![doubt?]))
        });
        let mut found: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
        for (number, doubts) in comments.into_values().flat_map(BTreeMap::into_values).chain(of_entries) {
            let doubts = doubts.into_iter().filter(|doubt| holds(&doubt.when));
            found.entry(number).or_default().extend(doubts.map(|doubt| doubt.finding));
        }
        found.values_mut().for_each(|found| found.sort_by_cached_key(Finding::order_key));
        found
    }
}

/// Inserts findings among others, which are in order, each after those of the same position.
pub(crate) fn insert(among: &mut Vec<Finding>, found: &[Finding]) {
    among.extend_from_slice(found);
    among.sort_by_cached_key(Finding::order_key);
}
