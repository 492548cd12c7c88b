//! Findings as text, for people and for machines: one file a format.

pub mod blame;
pub mod changes;
pub mod csv;
mod fingerprint;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod images;
pub mod inventory;
pub mod json;
pub mod junit;
pub mod location;
pub mod markdown;
pub mod page;
pub mod sarif;
pub mod text;
pub mod totals;

use crate::analysis::Gated;
use crate::finding::Finding;
use crate::secrets::Secrets;
use crate::source::{File, Place};
use changes::Changes;
pub use fingerprint::Fingerprint;
use images::Image;
use std::sync::Arc;

/// What a lint comes to.
#[derive(Debug)]
pub struct Report {
    /// Which release.
    pub release: ReleaseName,
    /// Whether the configuration lists it, so that it is one of several, whatever this run is about.
    pub is_listed: bool,
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
    /// What was looked at.
    pub coverage: Coverage,
    /// The mirror, as people write it.
    pub mirror: String,
    /// The values keys of the rewrite that the user did not set, so that the tool did.
    pub assumed_keys: Vec<String>,
    /// The secrets that stand in the user's files and flags.
    pub secrets: Secrets,
}

/// A finding that somebody accepted.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
    /// Where that stands; `None` for a baseline.
    pub place: Option<Place>,
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
    pub fn assumed(&self, key: &str) -> String {
        let mirror = &self.mirror;
        let set = format!("the mirror was set as {key}, which your values do not set");
        // Nobody installs what does not render with it.
        match self.findings.iter().any(|finding| finding.rule == "render-failed") {
            true => set,
            false => format!("{set}: install with --set {key}={mirror}"),
        }
    }

    /// Takes the user's secrets out of the sources that findings show; what a message tells anyway stays.
    pub fn hide_secrets(&mut self) {
        let suppressed = self.suppressed.iter_mut().map(|one| &mut one.finding);
        for finding in self.findings.iter_mut().chain(suppressed) {
            for excerpt in &mut finding.excerpts {
                let place = &excerpt.place;
                let own = place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default();
                let own = String::from_utf8_lossy(own);
                let is_told = !own.is_empty() && finding.message.contains(own.trim_matches(['"', '\'']));
                excerpt.place = self.secrets.hide(place, is_told);
            }
        }
    }

    /// The verdict in one line, with what was looked at.
    pub fn summary(&self) -> String {
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
        match self.findings.len() {
            0 => format!("clean{accepted}: {looked}"),
            found => format!("{}{accepted}: {looked}", count(found, "finding")),
        }
    }
}

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
}

/// Text without anything that a terminal would obey or show out of order: control characters and bidirectional marks
/// become visible escapes. Tabs and line breaks stay.
///
/// Chart text is untrusted text.
pub fn plain(text: &str) -> String {
    let is_hostile = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_hostile) {
        out.push_str(&rest[..at]);
        let c = rest[at..].chars().next().unwrap_or_default();
        out.extend(c.escape_unicode());
        rest = &rest[at + c.len_utf8()..];
    }
    out.push_str(rest);
    out
}

/// [`plain`] text none of whose lines is a command to a CI system, as `::error::` and `##vso[` are.
pub fn quiet(text: &str) -> String {
    let text = plain(text);
    let lines = text.split('\n').map(|line| match line {
        line if line.starts_with("::") || line.starts_with("##") => format!("  {line}"),
        line => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// [`plain`] text on one line.
pub fn plain_line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}
