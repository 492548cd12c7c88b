//! [`Problems`]: the problems of all releases by their places. Several releases read one values file, and one value decides many images:
//! one place has one problem of a rule, which says what it is about.

use crate::lsp::found::{OfferedFix, Problem, ProblemLevel, Related, Suppressible};
use crate::report::plain;
use crate::source::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The messages of a problem that are written; others are counted.
const MOST_MESSAGES: usize = 8;

/// The releases that a message names; others are counted.
const MOST_RELEASES: usize = 4;

/// What is to be said at a place.
#[derive(Debug)]
pub(super) struct Remark {
    /// How severe it is.
    pub(super) level: ProblemLevel,
    /// The rule, if it is a finding.
    pub(super) rule: Option<&'static str>,
    /// What is wrong, in one line if it is a finding.
    pub(super) message: String,
    /// Notes and help.
    pub(super) details: Vec<String>,
    /// Other places.
    pub(super) related: Vec<Related>,
    /// The fix, and the releases that read what it edits.
    pub(super) fix: Option<(OfferedFix, BTreeSet<String>)>,
    /// Where a comment would accept it.
    pub(super) suppression: Option<Suppressible>,
    /// Whether the text has no effect.
    pub(super) is_unneeded: bool,
    /// The release that it is about.
    pub(super) release: Option<String>,
}

/// The problems of all releases.
#[derive(Debug, Default)]
pub(super) struct Problems {
    by_place: BTreeMap<Spot, Entry>,
    /// The releases that each open file belongs to.
    releases: BTreeMap<PathBuf, BTreeSet<String>>,
    /// By fix, the other releases in which it was tried: those that it leaves as they are, and those that it makes worse.
    trials: [BTreeMap<String, BTreeSet<String>>; 2],
}

/// The file, the first and the last byte, and the rule or, if it is no finding, the message.
type Spot = (PathBuf, u32, u32, String);

/// The problems of one rule at one place.
#[derive(Debug)]
struct Entry {
    level: ProblemLevel,
    rule: Option<&'static str>,
    /// The messages, each with the releases that it is about, in the order in which they were found.
    messages: Vec<(String, BTreeSet<String>)>,
    /// What holds for all of the messages.
    details: Vec<String>,
    related: Vec<Related>,
    fixes: Vec<(OfferedFix, BTreeSet<String>, BTreeSet<String>)>,
    suppression: Option<Suppressible>,
    is_unneeded: bool,
}

impl Problems {
    /// Notes which releases a file belongs to.
    pub(super) fn note_releases(&mut self, path: &Path, releases: impl IntoIterator<Item = String>) {
        self.releases.entry(path.to_path_buf()).or_default().extend(releases);
    }

    /// Adds a problem at a place of an open file.
    pub(super) fn add(&mut self, path: &Path, place: &Place, remark: Remark) {
        let about = remark.rule.map_or_else(|| remark.message.clone(), str::to_owned);
        let spot = (path.to_path_buf(), place.start, place.end, about);
        let Remark { level, rule, message, details, related, fix, suppression, is_unneeded, release } = remark;
        let is_first = !self.by_place.contains_key(&spot);
        let entry = self.by_place.entry(spot).or_insert_with(|| Entry {
            level,
            rule,
            messages: Vec::new(),
            details: details.clone(),
            related: Vec::new(),
            fixes: Vec::new(),
            suppression,
            is_unneeded,
        });
        entry.level = entry.level.min(level);
        if !is_first {
            entry.details.retain(|known| details.contains(known));
        }
        match entry.messages.iter_mut().find(|(known, _)| *known == message) {
            Some((_, releases)) => releases.extend(release.clone()),
            None => entry.messages.push((message, release.iter().cloned().collect())),
        }
        for one in related {
            if !entry.related.iter().any(|known| known.is_same(&one)) {
                entry.related.push(one);
            }
        }
        if let Some((fix, readers)) = fix {
            let key = fix.key();
            match entry.fixes.iter_mut().find(|(known, ..)| known.key() == key) {
                Some((_, offered, _)) => offered.extend(release),
                None => entry.fixes.push((fix, release.into_iter().collect(), readers)),
            }
        }
    }

    /// By fix, the releases that offer it: in these it was tried.
    fn offered(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut offered: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (fix, by, _) in self.by_place.values().flat_map(|entry| &entry.fixes) {
            offered.entry(fix.key()).or_default().extend(by.iter().cloned());
        }
        offered
    }

    /// The safe fixes that were not tried in all releases that read what they edit, each once, and these releases.
    pub(super) fn untried(&self) -> Vec<(OfferedFix, BTreeSet<String>)> {
        let offered = self.offered();
        let mut found: BTreeMap<String, (OfferedFix, BTreeSet<String>)> = BTreeMap::new();
        for (fix, _, readers) in self.by_place.values().flat_map(|entry| &entry.fixes).filter(|(fix, ..)| fix.is_safe) {
            let key = fix.key();
            let others: BTreeSet<String> = readers.difference(offered.get(&key).unwrap_or(readers)).cloned().collect();
            if !others.is_empty() && self.trials.iter().all(|trials| !trials.contains_key(&key)) {
                found.insert(key, (fix.clone(), others));
            }
        }
        found.into_values().collect()
    }

    /// Notes that a fix was tried in a release, and whether it works there.
    pub(super) fn note_trial(&mut self, key: &str, release: String, works: bool) {
        self.trials[usize::from(!works)].entry(key.to_owned()).or_default().insert(release);
    }

    /// The problems of each file, in the order of its text.
    pub(super) fn finish(self, texts: &BTreeMap<PathBuf, Arc<[u8]>>) -> BTreeMap<PathBuf, Vec<Problem>> {
        let offered = self.offered();
        let mut found: BTreeMap<PathBuf, Vec<Problem>> = BTreeMap::new();
        for ((path, start, end, _), entry) in self.by_place {
            let text = texts.get(&path).map(|text| &text[..]).unwrap_or_default();
            let all = self.releases.get(&path);
            let message = message(&entry, all);
            // What one release does not read, another one may.
            let is_unneeded = entry.is_unneeded && entry.messages.iter().any(|(_, releases)| is_for_all(releases, all));
            let fixes = entry.fixes.into_iter().map(|(fix, _, readers)| {
                let key = fix.key();
                let of = |trials: &BTreeMap<String, BTreeSet<String>>| trials.get(&key).cloned().unwrap_or_default();
                let [good, bad] = self.trials.each_ref().map(of);
                let others = readers.difference(offered.get(&key).unwrap_or(&readers));
                let others = others.filter(|name| !good.contains(*name) && !bad.contains(*name)).cloned().collect();
                narrowed(fix, &others, &bad)
            });
            let problem = Problem {
                range: range(text, start as usize..end as usize),
                level: entry.level,
                rule: entry.rule,
                message,
                related: entry.related,
                is_unneeded,
                fixes: fixes.collect(),
                suppression: entry.suppression,
            };
            found.entry(path).or_default().push(problem);
        }
        found
    }
}

/// A fix of a file that other releases read: they were not asked, or it makes them worse.
fn narrowed(fix: OfferedFix, others: &BTreeSet<String>, worse: &BTreeSet<String>) -> OfferedFix {
    let why = match (worse.is_empty(), others.is_empty()) {
        (true, true) => return fix,
        (false, _) => format!("causes a finding in {}", listed(worse)),
        (true, false) => format!("not tried in {}", listed(others)),
    };
    OfferedFix { title: format!("{} ({why}, which reads the file too)", fix.title), is_safe: false, ..fix }
}

/// The text of a problem: its messages, then notes and help.
fn message(entry: &Entry, all: Option<&BTreeSet<String>>) -> String {
    let mut lines = Vec::new();
    for (text, releases) in entry.messages.iter().take(MOST_MESSAGES) {
        let of = if is_for_all(releases, all) { String::new() } else { format!(" ({})", listed(releases)) };
        let (first, rest) = text.split_once('\n').map_or((text.as_str(), None), |(first, rest)| (first, Some(rest)));
        lines.push(format!("{first}{of}"));
        lines.extend(rest.map(str::to_owned));
    }
    if let Some(more) = entry.messages.len().checked_sub(MOST_MESSAGES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines.extend(entry.details.iter().cloned());
    plain(lines.join("\n").trim_end())
}

/// Whether a message is about all releases of a file, so that they need not be named.
fn is_for_all(releases: &BTreeSet<String>, all: Option<&BTreeSet<String>>) -> bool {
    releases.is_empty() || all.is_some_and(|all| !all.is_empty() && all.is_subset(releases))
}

/// Releases by their names.
fn listed(releases: &BTreeSet<String>) -> String {
    let mut names: Vec<String> = releases.iter().take(MOST_RELEASES).cloned().collect();
    if releases.len() > MOST_RELEASES {
        names.push(format!("and {} more", releases.len() - MOST_RELEASES));
    }
    names.join(", ")
}

/// A range within a text; a point becomes the rest of its line.
fn range(text: &[u8], range: Range<usize>) -> Range<usize> {
    let (start, end) = (range.start.min(text.len()), range.end.min(text.len()));
    if start < end {
        return start..end;
    }
    let rest = text[start..].split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    start..start + rest.trim_ascii_end().len()
}
