//! Findings as text, for people and for machines: one file a format.

pub mod blame;
pub mod changes;
pub mod csv;
mod event;
mod exact;
mod fingerprint;
mod fix;
pub mod github;
pub mod gitlab;
mod hide;
#[cfg(feature = "html")]
pub mod html;
pub mod inventory;
pub mod json;
pub mod junit;
pub mod location;
#[cfg(feature = "html")]
pub mod markdown;
#[cfg(feature = "html")]
pub mod page;
mod plain;
pub mod sarif;
pub mod store;
pub mod stream;
pub mod text;
pub mod totals;

use crate::analysis::images::Image;
use crate::analysis::{Assumed, Gated};
use crate::finding::Finding;
use crate::secrets::Secrets;
use crate::source::{File, Place};
use changes::Changes;
pub use exact::write_json;
pub use fingerprint::Fingerprint;
pub use hide::{hide_in_gated, hide_in_images};
pub use plain::{escape, neutral, plain, plain_line, quiet};
use std::sync::Arc;

/// What a lint comes to.
#[derive(Debug)]
pub struct Report {
    /// Which release.
    pub release: ReleaseName,
    /// Whether the configuration lists it, so that it is one of several, whatever this run is about.
    pub is_listed: bool,
    /// Whether it is no release but what a branch changes about the check itself: it looks at no manifest.
    pub is_policy: bool,
    /// The file that a finding without a place of its own is told at: Chart.yaml, or the first of the manifests.
    pub home: Option<Arc<File>>,
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// The findings that somebody accepted, in order.
    pub suppressed: Vec<Suppressed>,
    /// What became different since another state of the same release, where that was asked for.
    pub changes: Option<Changes>,
    /// The distinct references, by reference.
    pub images: Vec<Image>,
    /// Images that the release does not bring as it is.
    pub gated: Vec<Gated>,
    /// Whether the release, an install, does not render as an upgrade, or the other way about, though templates ask which
    /// it is: what it brings then is not known.
    pub other_event_failed: bool,
    /// What was looked at.
    pub coverage: Coverage,
    /// The mirror, as people write it.
    pub mirror: String,
    /// The values keys of the rewrite that the user did not set, so that the tool did.
    pub assumed_keys: Vec<Assumed>,
    /// Whether the user said that others set them at install time.
    pub is_told: bool,
    /// The secrets that stand in files, flags and defaults.
    pub secrets: Secrets,
}

/// A finding that somebody accepted.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
    /// What accepts it.
    pub by: By,
    /// Where that stands: the comment, the entry, or its line in the baseline.
    pub place: Place,
}

/// What accepts a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A comment beside what it accepts.
    Comment,
    /// An entry of `suppressions`.
    Configuration,
    /// The findings of the day a team began.
    Baseline,
}

impl By {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
        }
    }
}

impl Suppressed {
    /// What was accepted: the rule and the reference in its object, or else the message.
    pub fn what(&self) -> String {
        let finding = &self.finding;
        match &finding.subject {
            Some(subject) => format!("{}, {} ({})", finding.rule, subject.reference, subject.object),
            None => format!("{}, {}", finding.rule, finding.message),
        }
    }

    /// Why, and by whom: `the vendor has no other registry yet (airtight.yaml:12:5)`.
    pub fn why(&self) -> String {
        format!("{} ({})", self.reason, self.place)
    }
}

/// What a release is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseName {
    /// Its name.
    pub name: String,
    /// Its chart, by name.
    pub chart: String,
    /// Its namespace.
    pub namespace: String,
    /// The environment, of a release that the configuration gives several.
    pub environment: Option<String>,
}

impl ReleaseName {
    /// `shop`, `shop/prod`; empty where there is no release.
    pub fn full_name(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{}/{environment}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Report {
    /// What the reader has to know of a key that the tool set.
    pub fn assumed(&self, Assumed { key, value }: &Assumed) -> String {
        if self.is_told {
            return format!("as told, something else sets {key} to {value} at install time");
        }
        let set = format!("the mirror was set as {key}, which your values do not set");
        // Nobody installs what does not render with it.
        match self.findings.iter().any(|finding| finding.rule == "render-failed") {
            true => set,
            false => format!("{set}: install with --set {key}={value}"),
        }
    }

    /// The verdict in one line, with what was looked at.
    pub fn summary(&self) -> String {
        if self.is_policy {
            let hints =
                self.findings.iter().filter(|finding| finding.severity == crate::finding::Severity::Hint).count();
            let found = match self.findings.len() {
                0 => "clean".to_owned(),
                found if found == hints => count(found, "hint"),
                found => count(found, "finding"),
            };
            let accepted = if self.suppressed.is_empty() {
                String::new()
            } else {
                format!(", {} suppressed", self.suppressed.len())
            };
            return format!("{found}{accepted}: what the branch changes about the check");
        }
        let coverage = self.coverage;
        let looked = format!(
            "{} in {}: {} through {}",
            count(coverage.images, "image reference"),
            count(coverage.manifests, "manifest"),
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
        match self.findings.len() {
            0 => format!("clean{accepted}: {looked}{secrets}"),
            found => format!("{}{accepted}: {looked}{secrets}", count(found, "finding")),
        }
    }
}

/// What is added to a verdict that says nothing of pull secrets.
const NO_PULL_SECRET: &str = "; pull secrets not looked at";

/// `1 finding`, `2 findings`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What a lint looked at: without this line nobody can tell "clean" from "did not look".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Manifests read, hooks included.
    pub manifests: usize,
    /// Image references found in them.
    pub images: usize,
    /// Those that resolve through the mirror.
    pub mirrored: usize,
    /// Whether pods pull from the mirror, and nobody said with which pull secret, so that none was looked for.
    pub no_pull_secret: bool,
}
