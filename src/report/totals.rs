//! [`Totals`]: what the reports of one run come to together.

use super::{NO_PULL_SECRET, Report, count, plain_line};
use crate::finding::Severity;
use crate::images::Class;
use std::collections::{BTreeMap, BTreeSet};

/// What the reports of one run come to together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
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
    /// Distinct references by registry, and of each by what became of the rewrite; where releases differ, the worst.
    pub registries: BTreeMap<String, BTreeMap<Class, usize>>,
}

impl Totals {
    /// Adds up.
    pub fn of(reports: &[Report]) -> Self {
        let mut totals = Self::default();
        let mut images: BTreeMap<&str, (&str, Class)> = BTreeMap::new();
        for report in reports {
            totals.releases += usize::from(!report.is_policy);
            totals.clean += usize::from(!report.is_policy && report.findings.is_empty());
            for finding in &report.findings {
                totals.findings[severity_index(finding.severity)] += 1;
            }
            totals.suppressed += report.suppressed.len();
            totals.manifests += report.coverage.manifests;
            totals.uses += report.coverage.images;
            totals.mirrored += report.coverage.mirrored;
            totals.no_pull_secret += usize::from(report.coverage.no_pull_secret);
            for image in &report.images {
                let known = images.entry(&image.reference).or_insert((&image.registry, image.class));
                known.1 = known.1.max(image.class);
            }
        }
        for (registry, class) in images.into_values() {
            *totals.registries.entry(registry.to_owned()).or_default().entry(class).or_default() += 1;
        }
        totals
    }

    /// All findings.
    pub fn all_findings(&self) -> usize {
        self.findings.iter().sum()
    }

    /// Distinct references.
    pub fn images(&self) -> usize {
        self.registries.values().flat_map(BTreeMap::values).sum()
    }

    /// Distinct references by what became of the rewrite.
    pub fn classes(&self) -> BTreeMap<Class, usize> {
        let mut classes = BTreeMap::new();
        for (class, count) in self.registries.values().flatten() {
            *classes.entry(*class).or_default() += count;
        }
        classes
    }

    /// The verdict on several releases in one line.
    pub fn summary(&self, reports: &[Report]) -> String {
        if reports.is_empty() {
            return "nothing was checked".to_owned();
        }
        let mirrors: BTreeSet<&str> =
            reports.iter().filter(|report| !report.is_policy).map(|report| report.mirror.as_str()).collect();
        let mirrors: Vec<String> = mirrors.into_iter().map(plain_line).collect();
        let mut accepted =
            if self.suppressed == 0 { String::new() } else { format!(", {} suppressed", self.suppressed) };
        let known: usize = reports.iter().filter_map(|report| Some(report.changes.as_ref()?.known)).sum();
        if known > 0 {
            accepted.push_str(&format!(", {known} not new"));
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
