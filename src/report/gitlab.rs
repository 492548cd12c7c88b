//! The report for GitLab's code quality widget.
//!
//! Source: GitLab, "Code Quality", "Code Quality report format". Fingerprints must differ within a report.

use super::location::{Location, Ordinals, ValuesPaths, details, identity};
use super::{Report, plain, write_json};
use crate::finding::{Finding, Severity};
use serde::Serialize;
use std::io::{self, Write};

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
pub fn write(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    let mut ordinals = Ordinals::default();
    let mut issues = Vec::new();
    for report in reports {
        let paths = ValuesPaths::of(report);
        issues.extend(report.findings.iter().map(|finding| issue(finding, report, &paths, &mut ordinals)));
        // The widget knows no suppressions: they are told as what needs nothing done.
        issues.extend(report.suppressed.iter().map(|one| {
            let issue = issue(&one.finding, report, &paths, &mut ordinals);
            Issue {
                description: plain(&format!("suppressed: {}: {}", one.finding.message, one.why())),
                fingerprint: format!("{}-suppressed", issue.fingerprint),
                severity: "info",
                ..issue
            }
        }));
    }
    write_json(&issues, out)
}

fn issue(finding: &Finding, report: &Report, paths: &ValuesPaths<'_>, ordinals: &mut Ordinals) -> Issue {
    let identity = identity(finding, report, paths);
    let fingerprint = match ordinals.next(&identity) {
        1 => identity,
        ordinal => format!("{identity}-{ordinal}"),
    };
    // The widget shows one line, and a place is required.
    let (primary, _) = Location::of_finding(finding, report);
    let primary = primary.unwrap_or(Location { path: ".".to_owned(), line: 1, column: 1, end: None });
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
