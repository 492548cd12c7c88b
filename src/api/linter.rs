//! [`Linter`]: judges the images of a release.

use super::on_large_stack;
use super::rendered::location;
use super::renderer::Renderer;
use crate::compiler::Compiler;
use crate::error::{Error, ErrorKind, Location};
use crate::finding::{self, Severity};
use crate::lint::lint;
use crate::reference::{Layout, Mirror};
use crate::report::stream::Kept;
use crate::report::text::{self, Detail, Style};
use crate::report::{self, json};
use crate::settings::Settings;
use crate::template::keys::Keys;
use std::fmt;
use std::io;

/// Says which images of a release bypass the mirror, and who decided so.
#[derive(Debug, Clone)]
pub struct Linter {
    settings: Settings,
}

/// What a lint found.
///
/// Its `Display` is the report that `airtight lint` prints. Secrets of values and flags are not in it.
#[derive(Debug)]
pub struct Report {
    report: report::Report,
    findings: Vec<Finding>,
}

/// Something about a release that its owner should change, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's id: `override-bypasses-mirror`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
    /// The image reference that it is about, as it was rendered.
    pub reference: Option<String>,
    /// Where to change something: of the values where they decide, else of the chart.
    pub location: Option<Location>,
}

impl Linter {
    /// Judges by a mirror, `"mirror.internal".parse()?`, and the usual rules.
    pub fn new(mirror: Mirror) -> Self {
        Self { settings: Settings::new(mirror) }
    }

    /// Says where images are on the mirror.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.settings.layout = layout;
        self
    }

    /// Renders a release as often as it takes, and judges it. A chart that does not render is a finding. A release with
    /// values of its own is judged as it is given; of a chart alone it is said what its rewrite would leave.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] where the values or flags cannot be used.
    pub fn lint(&self, renderer: &Renderer) -> Result<Report, Error> {
        let mut prepared = renderer.prepared.afresh();
        // Nobody keeps the keys, and two lints say the same.
        prepared.env = prepared.env.repeatable();
        prepared.env.keys = Keys::shared();
        let mut report = on_large_stack(|| lint(&prepared, &self.settings, &mut Compiler::new(), &mut Vec::new()))?
            .map_err(|text| Error::new(ErrorKind::Input, text))?;
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

    /// What was found, in the order of the templates.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The verdict in one line, with what was looked at.
    pub fn summary(&self) -> String {
        self.report.summary()
    }

    /// Writes the report as `airtight lint --format json` does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        json::write(&Kept::of(std::slice::from_ref(&self.report)), out)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        let style = Style { colour: false, width: None, detail: Detail::Usual };
        text::write(&Kept::of(std::slice::from_ref(&self.report)), style, &mut out).map_err(|_| fmt::Error)?;
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
