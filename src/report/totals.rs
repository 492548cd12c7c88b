//! [`Totals`]: what the reports of one run come to together.

use super::{NO_PULL_SECRET, Report, count, plain_line};
use crate::finding::Severity;
use crate::fix::Safety;
use crate::images::Class;
use std::collections::{BTreeMap, BTreeSet};

/// What the reports of one run come to together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// All reports, those that are about no release too.
    pub reports: usize,
    /// Releases that were checked.
    pub releases: usize,
    /// Those of them without a finding.
    pub clean: usize,
    /// Findings by how bad they are: errors, warnings, hints.
    pub findings: [usize; 3],
    /// Findings that somebody accepted.
    pub suppressed: usize,
    /// Manifests read, hooks included.
    pub manifests: usize,
    /// Image references found in them.
    pub uses: usize,
    /// Those that resolve through the mirror.
    pub mirrored: usize,
    /// Releases whose pods nobody said a pull secret for.
    pub no_pull_secret: usize,
    /// Findings that another state of their release has, too.
    known: usize,
    /// Findings that `--fix` takes away, and those that `--unsafe-fixes` does.
    fixable: [usize; 2],
    /// The rules that found something, accepted or not.
    pub rules: BTreeSet<&'static str>,
    /// The mirrors, and whether one is of a release.
    mirrors: BTreeMap<String, bool>,
    /// The name and the verdict of the first report.
    first: Option<First>,
    /// Distinct references, each with its registry and what became of the rewrite; where releases differ, the worst.
    images: BTreeMap<String, (String, Class)>,
}

/// What is told of the only report of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    /// `shop/prod`, where the configuration lists it.
    name: Option<String>,
    summary: String,
}

impl Totals {
    /// Of one report.
    pub fn of(report: &Report) -> Self {
        let mut totals = Self::default();
        totals.add(report);
        totals
    }

    /// Adds a report.
    pub fn add(&mut self, report: &Report) {
        self.reports += 1;
        self.first.get_or_insert_with(|| First {
            name: report.is_listed.then(|| report.release.full_name()),
            summary: report.summary(),
        });
        self.releases += usize::from(!report.is_policy);
        self.clean += usize::from(!report.is_policy && report.findings.is_empty());
        for finding in &report.findings {
            self.findings[severity_index(finding.severity)] += 1;
            match finding.fix.as_ref().map(|fix| fix.safety) {
                Some(Safety::Safe) => self.fixable[0] += 1,
                Some(Safety::Unsafe) => self.fixable[1] += 1,
                _ => {}
            }
        }
        let accepted = report.suppressed.iter().map(|one| &one.finding);
        self.rules.extend(report.findings.iter().chain(accepted).map(|finding| finding.rule));
        self.suppressed += report.suppressed.len();
        self.manifests += report.coverage.manifests;
        self.uses += report.coverage.images;
        self.mirrored += report.coverage.mirrored;
        self.no_pull_secret += usize::from(report.coverage.no_pull_secret);
        self.known += report.changes.as_ref().map_or(0, |changes| changes.known);
        if !self.mirrors.get(&report.mirror).is_some_and(|of_release| *of_release) {
            self.mirrors.insert(report.mirror.clone(), !report.is_policy);
        }
        for image in &report.images {
            match self.images.get_mut(&image.reference) {
                Some((_, class)) => *class = (*class).max(image.class),
                None => {
                    self.images.insert(image.reference.clone(), (image.registry.clone(), image.class));
                }
            }
        }
    }

    /// All findings.
    pub fn all_findings(&self) -> usize {
        self.findings.iter().sum()
    }

    /// Whether there is nothing but hints.
    pub fn is_clean(&self) -> bool {
        self.findings[severity_index(Severity::Error)] + self.findings[severity_index(Severity::Warning)] == 0
    }

    /// Distinct references.
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// Distinct references by registry, and of each by what became of the rewrite.
    pub fn registries(&self) -> BTreeMap<&str, BTreeMap<Class, usize>> {
        let mut registries: BTreeMap<&str, BTreeMap<Class, usize>> = BTreeMap::new();
        for (registry, class) in self.images.values() {
            *registries.entry(registry).or_default().entry(*class).or_default() += 1;
        }
        registries
    }

    /// Distinct references by what became of the rewrite.
    pub fn classes(&self) -> BTreeMap<Class, usize> {
        let mut classes = BTreeMap::new();
        for (_, class) in self.images.values() {
            *classes.entry(*class).or_default() += 1;
        }
        classes
    }

    /// The mirrors of all reports, by name.
    pub fn mirrors(&self) -> impl Iterator<Item = &str> {
        self.mirrors.keys().map(String::as_str)
    }

    /// How many findings `lint --fix` takes away; `None` where there is none.
    pub fn fixable(&self) -> Option<String> {
        match self.fixable {
            [0, 0] => None,
            [0, more] => Some(format!("{more} fixable with --fix --unsafe-fixes")),
            [safe, 0] => Some(format!("{safe} fixable with --fix")),
            [safe, more] => Some(format!("{safe} fixable with --fix ({more} more with --unsafe-fixes)")),
        }
    }

    /// The verdict in one line, of one report or of several.
    pub fn verdict(&self) -> String {
        match &self.first {
            Some(first) if self.reports == 1 => first.summary.clone(),
            _ => self.summary(),
        }
    }

    /// The name of the only report, where the configuration lists its release.
    pub fn only_name(&self) -> Option<&str> {
        self.first.as_ref().filter(|_| self.reports == 1)?.name.as_deref()
    }

    /// The verdict on several releases in one line.
    pub fn summary(&self) -> String {
        if self.reports == 0 {
            return "nothing was checked".to_owned();
        }
        let mirrors = self.mirrors.iter().filter(|(_, of_release)| **of_release);
        let mirrors: Vec<String> = mirrors.map(|(mirror, _)| plain_line(mirror)).collect();
        let mut accepted =
            if self.suppressed == 0 { String::new() } else { format!(", {} suppressed", self.suppressed) };
        if self.known > 0 {
            accepted.push_str(&format!(", {} not new", self.known));
        }
        let verdict = match self.all_findings() {
            0 => format!("clean{accepted}"),
            found => format!("{}{accepted}", count(found, "finding")),
        };
        format!(
            "{verdict} in {}, {} of them clean: {} in {}: {} through {}{}",
            count(self.releases, "release"),
            self.clean,
            count(self.uses, "image reference"),
            count(self.manifests, "manifest"),
            self.mirrored,
            mirrors.join(", "),
            match self.no_pull_secret {
                0 => String::new(),
                all if all == self.releases => NO_PULL_SECRET.to_owned(),
                some => format!("{NO_PULL_SECRET} in {}", count(some, "release")),
            },
        )
    }
}

fn severity_index(severity: Severity) -> usize {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Hint => 2,
    }
}
