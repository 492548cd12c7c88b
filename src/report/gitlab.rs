//! The report for GitLab's code quality widget.
//!
//! Source: GitLab, "Code Quality", "Code Quality report format". Fingerprints must differ within a report.

use super::location::{Ordinals, ReportLocation, ValuesPaths, details, identity};
use super::stream::{Entries, Listed, Reports};
use super::{Report, plain, write_json};
use crate::finding::{Finding, Severity};
use serde::Serialize;
use serde::ser::SerializeSeq;
use std::cell::RefCell;
use std::io::{self, Write};

/// The depth to which a document has its own lines: the members of an issue.
const LINES: usize = 2;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<u32>,
}

/// Writes the list of findings.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    write_json(&Listed(reports, Issues(RefCell::default())), LINES, out)
}

/// The findings of all releases, with ordinals for those of one name.
struct Issues(RefCell<Ordinals>);

impl Entries for Issues {
    fn add<S: SerializeSeq>(&self, report: &Report, list: &mut S) -> Result<(), S::Error> {
        let (paths, mut ordinals) = (ValuesPaths::of(report), self.0.borrow_mut());
        for finding in &report.findings {
            list.serialize_element(&issue(finding, report, &paths, &mut ordinals))?;
        }
        // The widget has no suppressions: they are written as resolved information.
        for one in &report.suppressed {
            let issue = issue(&one.finding, report, &paths, &mut ordinals);
            list.serialize_element(&Issue {
                description: plain(&format!("suppressed: {}: {}", one.finding.message, one.why())),
                fingerprint: format!("{}-suppressed", issue.fingerprint),
                severity: "info",
                ..issue
            })?;
        }
        Ok(())
    }
}

fn issue(finding: &Finding, report: &Report, paths: &ValuesPaths<'_>, ordinals: &mut Ordinals) -> Issue {
    let identity = identity(finding, report, paths);
    let fingerprint = match ordinals.next(&identity) {
        1 => identity,
        ordinal => format!("{identity}-{ordinal}"),
    };
    // The widget shows one line, and a location is required.
    let (primary, _) = ReportLocation::of_finding(finding, report);
    let primary = primary.unwrap_or(ReportLocation { path: ".".to_owned(), line: 1, column: 1, end: None });
    let help = details(finding).pop().filter(|last| last.starts_with("help: "));
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    Issue {
        description: plain(&format!("{}{help}", finding.message)),
        check_name: finding.rule,
        fingerprint,
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Hint => "info",
        },
        location: Place {
            path: primary.path,
            lines: Lines { begin: primary.line, end: primary.end.map(|(line, _)| line) },
        },
    }
}
