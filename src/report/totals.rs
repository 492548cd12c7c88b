//! [`Totals`]: the sums over the reports of one run.

use super::held::Held;
use super::{Coverage, NO_PULL_SECRET, Report, ReportAbout, count, plain_line};
use crate::finding::Severity;
use crate::fix::Safety;
use crate::holdings::Holding;
use crate::images::Class;
use std::collections::{BTreeMap, BTreeSet};

/// The sums over the reports of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// All reports, including those that are not about a release.
    pub(crate) reports: usize,
    /// Releases that were checked.
    pub(crate) releases: usize,
    /// Releases without a finding.
    pub(crate) clean: usize,
    /// Findings by severity: errors, warnings, hints.
    pub(crate) findings: [usize; 3],
    /// Findings that say that something was not checked; hints are left out.
    pub(crate) unseen: usize,
    /// Accepted findings.
    pub(crate) suppressed: usize,
    /// Manifests, including hooks.
    pub(crate) manifests: usize,
    /// Pods that run, or should.
    pub(crate) pods: usize,
    /// Image references in the manifests.
    pub(crate) uses: usize,
    /// References that resolve through the mirror.
    pub(crate) mirrored: usize,
    /// Releases whose pull secrets were not checked.
    pub(crate) no_pull_secret: usize,
    /// Findings that another state of the release has, too.
    known: usize,
    /// Findings that `--fix` resolves, and those that need `--unsafe-fixes`.
    fixable: [usize; 2],
    /// Findings by rule and severity.
    by_rule: BTreeMap<(&'static str, Severity), usize>,
    /// The rules with findings, accepted or not.
    pub(crate) rules: BTreeSet<&'static str>,
    /// The mirrors, and whether a release uses each.
    mirrors: BTreeMap<String, bool>,
    /// The name and the verdict of the first report.
    first: Option<First>,
    /// Distinct references, each with its registry and class; if releases differ, the worst class.
    images: BTreeMap<String, (String, Class)>,
    /// Whether the mirror has each distinct reference for which it was asked.
    on_mirror: BTreeMap<String, Holding>,
}

/// The name and verdict of the first report.
#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    /// `shop/prod`, if the configuration lists it.
    name: Option<String>,
    summary: String,
}

impl Totals {
    /// The totals of one report.
    pub(crate) fn of(report: &Report) -> Self {
        let mut totals = Self::default();
        totals.add(report);
        totals
    }

    /// Adds a report.
    pub(crate) fn add(&mut self, report: &Report) {
        self.reports += 1;
        self.first.get_or_insert_with(|| First {
            name: report.is_listed.then(|| report.release.full_name()),
            summary: report.summary(),
        });
        let is_release = report.about == ReportAbout::Release;
        self.releases += usize::from(is_release);
        self.clean += usize::from(is_release && report.findings.is_empty());
        for finding in &report.findings {
            self.findings[severity_index(finding.severity)] += 1;
            *self.by_rule.entry((finding.rule, finding.severity)).or_default() += 1;
            self.unseen += usize::from(finding.is_unseen() && finding.severity != Severity::Hint);
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
        self.pods += report.coverage.pods;
        self.uses += report.coverage.images;
        self.mirrored += report.coverage.mirrored;
        self.no_pull_secret += usize::from(report.coverage.no_pull_secret);
        self.known += report.changes.as_ref().map_or(0, |changes| changes.known);
        if !self.mirrors.get(&report.mirror).is_some_and(|of_release| *of_release) {
            self.mirrors.insert(report.mirror.clone(), is_release);
        }
        let asked = report.images.iter().filter_map(|image| Some((image, image.on_mirror?)));
        self.on_mirror.extend(asked.map(|(image, holding)| (image.reference.clone(), holding)));
        for image in &report.images {
            match self.images.get_mut(&image.reference) {
                Some((_, class)) => *class = (*class).max(image.class),
                None => {
                    self.images.insert(image.reference.clone(), (image.registry.clone(), image.class));
                }
            }
        }
    }

    /// Where the references are: `3 manifests`, `600 pods`.
    pub(crate) fn places(&self) -> String {
        Coverage { manifests: self.manifests, pods: self.pods, ..Coverage::default() }.places()
    }

    /// The rules with findings, with their severity and number.
    pub(crate) fn by_rule(&self) -> impl Iterator<Item = (&'static str, Severity, usize)> {
        self.by_rule.iter().map(|((rule, severity), count)| (*rule, *severity, *count))
    }

    /// All findings.
    pub(crate) fn all_findings(&self) -> usize {
        self.findings.iter().sum()
    }

    /// The findings of at least this severity.
    pub(crate) fn findings_from(&self, least: Severity) -> usize {
        self.findings[..=severity_index(least)].iter().sum()
    }

    /// How many of the distinct references the mirror has, if it was asked.
    pub(crate) fn held(&self) -> Option<Held> {
        Held::of(self.on_mirror.values().copied().map(Some))
    }

    /// Distinct references.
    pub(crate) fn images(&self) -> usize {
        self.images.len()
    }

    /// Distinct references by registry and class.
    pub(crate) fn registries(&self) -> BTreeMap<&str, BTreeMap<Class, usize>> {
        let mut registries: BTreeMap<&str, BTreeMap<Class, usize>> = BTreeMap::new();
        for (registry, class) in self.images.values() {
            *registries.entry(registry).or_default().entry(*class).or_default() += 1;
        }
        registries
    }

    /// Distinct references by class.
    pub(crate) fn classes(&self) -> BTreeMap<Class, usize> {
        let mut classes = BTreeMap::new();
        for (_, class) in self.images.values() {
            *classes.entry(*class).or_default() += 1;
        }
        classes
    }

    /// The mirrors of all reports, sorted.
    pub(crate) fn mirrors(&self) -> impl Iterator<Item = &str> {
        self.mirrors.keys().map(String::as_str)
    }

    /// The number of findings that `lint --fix` resolves; `None` if there are none.
    pub(crate) fn fixable(&self) -> Option<String> {
        match self.fixable {
            [0, 0] => None,
            [0, more] => Some(format!("{more} fixable with --fix --unsafe-fixes")),
            [safe, 0] => Some(format!("{safe} fixable with --fix")),
            [safe, more] => Some(format!("{safe} fixable with --fix ({more} more with --unsafe-fixes)")),
        }
    }

    /// The verdict in one line, of one report or of several.
    pub(crate) fn verdict(&self) -> String {
        match &self.first {
            Some(first) if self.reports == 1 => first.summary.clone(),
            _ => self.summary(),
        }
    }

    /// The name of the only report, if the configuration lists its release.
    pub(crate) fn only_name(&self) -> Option<&str> {
        self.first.as_ref().filter(|_| self.reports == 1)?.name.as_deref()
    }

    /// The verdict on several releases in one line.
    pub(crate) fn summary(&self) -> String {
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
            "{verdict} in {}, {} of them clean: {} in {}: {} through {}{}{}",
            count(self.releases, "release"),
            self.clean,
            count(self.uses, "image reference"),
            self.places(),
            self.mirrored,
            mirrors.join(", "),
            self.held().map(Held::told).unwrap_or_default(),
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
