//! [`Linter`]: judges the images of a release.

use super::on_large_stack;
use super::rendered::location;
use super::renderer::Renderer;
use crate::compiler::Compiler;
use crate::error::{Error, Location};
use crate::finding::{self, Severity};
use crate::lint::lint;
use crate::reference::{Layout, Mirror};
use crate::report::stream::KeptReports;
use crate::report::text::{self, Detail, Style, TextLayout};
use crate::report::{self, json};
use crate::settings::Settings;
use crate::template::keys::Keys;
use std::fmt;
use std::io;

/// Reports which images of a release bypass the mirror, and who decided so.
#[derive(Debug, Clone)]
pub struct Linter {
    settings: Settings,
}

/// The result of a lint.
///
/// `Display` prints the report of `airtight lint`. Secrets in values and flags are masked.
#[derive(Debug)]
pub struct Report {
    report: report::Report,
    findings: Vec<Finding>,
}

/// A problem of a release that its owner should fix, and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's id: `override-bypasses-mirror`.
    pub rule: &'static str,
    /// The severity.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do, if known.
    pub help: Option<String>,
    /// The image reference that it is about, as rendered.
    pub reference: Option<String>,
    /// Where to change something: in the values if they decide, otherwise in the chart.
    pub location: Option<Location>,
}

impl Linter {
    /// A linter for a mirror, `"mirror.internal".parse()?`, with the default rules.
    pub fn new(mirror: Mirror) -> Self {
        Self { settings: Settings::new(mirror) }
    }

    /// Sets the layout of images on the mirror.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.settings.layout = layout;
        self
    }

    /// Renders a release as often as needed, and judges it. A chart that does not render is a finding. A release with values is
    /// judged as given; for a chart without values the linter sets the rewrite itself and reports what it does not reach.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if the values or flags cannot be used.
    pub fn lint(&self, renderer: &Renderer) -> Result<Report, Error> {
        let mut prepared = renderer.prepared.afresh();
        // The keys are discarded, and two lints must give the same result.
        prepared.env = prepared.env.repeatable();
        prepared.env.keys = Keys::shared();
        let mut report = on_large_stack(|| lint(&prepared, &self.settings, &mut Compiler::new(), &mut Vec::new()))??;
        report.hide_secrets(true);
        let findings = report.findings.iter().map(Finding::of).collect();
        Ok(Report { report, findings })
    }
}

impl Report {
    /// Whether every image resolves through the mirror, and nothing was left out.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// The findings, in the order of the templates.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The verdict in one line, with what was checked.
    pub fn summary(&self) -> String {
        self.report.summary()
    }

    /// Writes the report as `airtight lint --format json` does.
    ///
    /// # Errors
    /// The report cannot be written.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        json::write(&KeptReports::of(std::slice::from_ref(&self.report)), out)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        let (detail, layout) = (Detail::Usual, TextLayout::default());
        let style = Style { colour: false, width: None, detail, layout, links: None };
        text::write(&KeptReports::of(std::slice::from_ref(&self.report)), style, &mut out).map_err(|_| fmt::Error)?;
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Finding {
    fn of(finding: &finding::Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            message: finding.message.clone(),
            help: finding.advice(),
            reference: finding.subject.as_ref().map(|subject| subject.reference.clone()),
            location: finding.excerpts.first().map(|excerpt| location(&excerpt.place)),
        }
    }
}
