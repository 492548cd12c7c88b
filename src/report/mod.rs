//! Reports for people and machines: one file for each format.

pub(crate) mod blame;
pub(crate) mod changes;
pub(crate) mod closure;
pub(crate) mod comparison;
pub(crate) mod csv;
mod event;
mod exact;
mod fingerprint;
mod fix;
pub(crate) mod github;
pub(crate) mod gitlab;
mod groups;
mod held;
mod hide;
#[cfg(feature = "html")]
pub(crate) mod html;
pub(crate) mod inventory;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod kept;
pub(crate) mod location;
#[cfg(feature = "html")]
pub(crate) mod markdown;
#[cfg(feature = "registry")]
pub(crate) mod mirror;
pub(crate) mod page;
mod plain;
pub(crate) mod sarif;
pub(crate) mod spool;
pub(crate) mod stream;
pub(crate) mod text;
pub(crate) mod totals;

use crate::analysis::images::Image;
use crate::analysis::{Assumed, Gated};
use crate::finding::Finding;
use crate::fix::overlay_of;
use crate::names::{count, names};
use crate::rule_ids;
use crate::secrets::Secrets;
use crate::source::{File, Place};
use changes::Changes;
pub(crate) use exact::write_json;
pub(crate) use fingerprint::Fingerprint;
use held::Held;
pub(crate) use hide::{hide_in_finding, hide_in_gated, hide_in_images};
pub(crate) use plain::{escape, neutral, plain, plain_line, quiet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The result of a lint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Which release.
    pub release: ReleaseName,
    /// Whether the configuration lists it: then it is one of several, whatever this run checks.
    pub is_listed: bool,
    /// What it is about.
    pub about: ReportAbout,
    /// The file for findings without their own location: Chart.yaml, or the first of the manifests.
    #[serde(with = "kept::start_of_file")]
    pub home: Option<Arc<File>>,
    /// What the names of files in an archive begin with, `shop/charts/db/`, and the line of the repository that brings the archive.
    pub archives: Vec<(String, Place)>,
    /// The user's own values files, as displayed.
    pub own_files: Vec<String>,
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// The number of findings that are left out of `findings`, because no more are to be shown.
    pub left_out: usize,
    /// The accepted findings, in order.
    pub suppressed: Vec<Suppressed>,
    /// The changes since another state of the same release, if requested.
    pub changes: Option<Changes>,
    /// The distinct references, sorted.
    pub images: Vec<Image>,
    /// Gated images.
    pub gated: Vec<Gated>,
    /// Whether templates ask for install or upgrade, but the release does not render as the other one: then the images of
    /// that case are not known.
    pub other_event_failed: bool,
    /// What was checked.
    pub coverage: Coverage,
    /// The mirror, as displayed.
    pub mirror: String,
    /// The values keys of the rewrite that the tool set, because the user did not.
    pub assumed_keys: Vec<Assumed>,
    /// Whether the user said that something else sets them at install time.
    pub is_told: bool,
    /// The secrets in files, flags and defaults.
    #[serde(skip)]
    pub secrets: Secrets,
}

/// An accepted finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason.
    pub reason: String,
    /// What accepts it.
    pub by: AcceptedBy,
    /// The location of the comment, the entry, or the line in the baseline.
    pub place: Place,
}

/// What accepts a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AcceptedBy {
    /// A comment beside the accepted lines.
    Comment,
    /// An entry of `suppressions`.
    Configuration,
    /// The findings that existed when a team adopted the tool.
    Baseline,
}

names!(AcceptedBy { Comment: "comment", Configuration: "configuration", Baseline: "baseline" });

impl Suppressed {
    /// What was accepted: the rule and the reference in its object, or the message.
    pub(crate) fn what(&self) -> String {
        let finding = &self.finding;
        match &finding.subject {
            Some(subject) => format!("{}, {} ({})", finding.rule, subject.reference, subject.object),
            None => format!("{}, {}", finding.rule, finding.message),
        }
    }

    /// The reason and its location: `the vendor has no other registry yet (airtight.yaml:12:5)`.
    pub(crate) fn why(&self) -> String {
        format!("{} ({})", self.reason, self.place)
    }
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReportAbout {
    /// A release, or manifests.
    Release,
    /// The changes of a branch to the check itself.
    Policy,
    /// Lists of what is mirrored.
    Lists,
}

impl ReportAbout {
    /// For a verdict, where there are no manifests to count.
    fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Release => None,
            Self::Policy => Some("changes of the branch to the check itself"),
            Self::Lists => Some("the lists of what is mirrored"),
        }
    }
}

/// The name of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ReleaseName {
    /// Its name.
    pub name: String,
    /// Its chart, by name.
    pub chart: String,
    /// Its namespace.
    pub namespace: String,
    /// The environment, if the configuration gives the release several.
    pub environment: Option<String>,
}

impl ReleaseName {
    /// `shop`, `shop/prod`; empty if there is no release.
    pub(crate) fn full_name(&self) -> String {
        crate::config::full_name(&self.name, self.environment.as_deref())
    }
}

impl Report {
    /// Findings about something that is no release: the changes of a branch to the check itself, lists. There are no manifests.
    pub(crate) fn without_manifests(
        about: ReportAbout,
        name: ReleaseName,
        findings: Vec<Finding>,
        home: Option<Arc<File>>,
    ) -> Self {
        Self {
            release: name,
            is_listed: false,
            about,
            home,
            archives: Vec::new(),
            own_files: Vec::new(),
            findings,
            left_out: 0,
            suppressed: Vec::new(),
            changes: None,
            images: Vec::new(),
            gated: Vec::new(),
            other_event_failed: false,
            coverage: Coverage::default(),
            mirror: String::new(),
            assumed_keys: Vec::new(),
            is_told: false,
            secrets: Secrets::default(),
        }
    }

    /// What the reader must know about a key that the tool set.
    pub(crate) fn assumed(&self, Assumed { key, value }: &Assumed) -> String {
        if self.is_told {
            return format!("assumed: something else sets {key} to {value} at install time");
        }
        let set = format!("the mirror was set as {key}, which your values do not set");
        // Nobody installs a release that does not render with it.
        match self.findings.iter().any(|finding| finding.rule == rule_ids::RENDER_FAILED) {
            true => set,
            false => format!("{set}: install with --set {key}={value}"),
        }
    }

    /// The values that resolve the findings whose fixes have such values, if they are passed after all others: a map; `None` if there are
    /// no such findings.
    pub(crate) fn overlay(&self) -> Option<serde_json::Value> {
        let fixes = self.findings.iter().filter_map(|finding| finding.fix.as_ref());
        let mut values: Vec<_> = fixes.flat_map(|fix| &fix.overlay).map(|one| (&one.path, one.value.clone())).collect();
        if values.is_empty() {
            return None;
        }
        // What the tool set because there were no values must be among them, once there are values.
        if !self.is_told {
            values.extend(self.assumed_keys.iter().map(|one| (&one.key, one.value.as_str().into())));
        }
        overlay_of(values.iter().map(|(path, value)| (*path, value))).ok()
    }

    /// How many of its images the mirror has, if it was asked.
    pub(crate) fn held(&self) -> Option<Held> {
        Held::of(self.images.iter().map(|image| image.on_mirror))
    }

    /// The number of findings, including those that are not shown.
    fn all_findings(&self) -> usize {
        self.findings.len() + self.left_out
    }

    /// Whether there are none.
    pub(crate) fn is_clean(&self) -> bool {
        self.all_findings() == 0
    }

    /// The verdict in one line, with what was checked.
    pub(crate) fn summary(&self) -> String {
        if let Some(about) = self.about.in_words() {
            let hints =
                self.findings.iter().filter(|finding| finding.severity == crate::finding::Severity::Hint).count();
            let found = match self.all_findings() {
                0 => "clean".to_owned(),
                found if found == hints => count(found, "hint"),
                found => count(found, "finding"),
            };
            let accepted = if self.suppressed.is_empty() {
                String::new()
            } else {
                format!(", {} suppressed", self.suppressed.len())
            };
            return format!("{found}{accepted}: {about}");
        }
        let coverage = self.coverage;
        let looked = format!(
            "{} in {}: {} through {}",
            count(coverage.images, "image reference"),
            coverage.places(),
            coverage.mirrored,
            plain_line(&self.mirror),
        );
        let mut accepted = match self.suppressed.len() {
            0 => String::new(),
            accepted => format!(", {accepted} suppressed"),
        };
        if let Some(changes) = self.changes.as_ref().filter(|changes| changes.known > 0) {
            accepted.push_str(&format!(", {} not new", changes.known));
        }
        let secrets = if coverage.no_pull_secret { NO_PULL_SECRET } else { "" };
        let held = self.held().map(Held::told).unwrap_or_default();
        match self.all_findings() {
            0 => format!("clean{accepted}: {looked}{held}{secrets}"),
            found => format!("{}{accepted}: {looked}{held}{secrets}", count(found, "finding")),
        }
    }
}

/// Appended to a verdict if pull secrets were not checked.
const NO_PULL_SECRET: &str = "; pull secrets not checked";

/// What a lint checked: without it, "clean" and "not checked" look the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Coverage {
    /// Manifests, including hooks; beside pods, the other objects that name images.
    pub manifests: usize,
    /// Pods that run, or should.
    pub pods: usize,
    /// Image references in the manifests.
    pub images: usize,
    /// References that resolve through the mirror.
    pub mirrored: usize,
    /// Whether pods pull from the mirror, but no pull secret is known, so that none was checked.
    pub no_pull_secret: bool,
}

impl Coverage {
    /// `3 manifests`; `600 pods`; `600 pods and 2 other objects`.
    fn places(&self) -> String {
        match (self.pods, self.manifests) {
            (0, manifests) => count(manifests, "manifest"),
            (pods, 0) => count(pods, "pod"),
            (pods, others) => format!("{} and {}", count(pods, "pod"), count(others, "other object")),
        }
    }
}
