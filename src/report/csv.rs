//! The report for a spreadsheet: comma-separated values (RFC 4180), one row for each finding, including accepted ones.

use super::inventory::csv::cell;
use super::location::{ReportLocation, ValuesPaths};
use super::stream::Reports;
use super::{Report, Suppressed};
use crate::finding::Finding;
use std::io::{self, Write};

const COLUMNS: [&str; 20] = [
    "release",
    "rule",
    "severity",
    "message",
    "reference",
    "class",
    "tier",
    "kind",
    "namespace",
    "name",
    "container",
    "field",
    "file",
    "line",
    "column",
    "values_path",
    "notes",
    "help",
    "suppressed_because",
    "suppressed_by",
];

/// Writes one row for each finding.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    reports.each(&mut |report| {
        let paths = ValuesPaths::of(report);
        for finding in &report.findings {
            table.write_record(row(finding, None, report, &paths).map(|text| cell(&text)))?;
        }
        for one in &report.suppressed {
            table.write_record(row(&one.finding, Some(one), report, &paths).map(|text| cell(&text)))?;
        }
        Ok(())
    })?;
    table.flush()
}

fn row(
    finding: &Finding,
    accepted: Option<&Suppressed>,
    report: &Report,
    paths: &ValuesPaths<'_>,
) -> [String; COLUMNS.len()] {
    let subject = finding.subject.clone();
    let of_subject = |get: fn(&crate::finding::Subject) -> String| subject.as_ref().map(get).unwrap_or_default();
    let at = ReportLocation::inside(finding, report);
    [
        report.release.full_name(),
        finding.rule.to_owned(),
        finding.severity.name().to_owned(),
        finding.message.clone(),
        of_subject(|subject| subject.reference.clone()),
        of_subject(|subject| subject.class.name().to_owned()),
        of_subject(|subject| subject.tier.name().to_owned()),
        of_subject(|subject| subject.object.kind.clone()),
        of_subject(|subject| subject.object.namespace.clone()),
        of_subject(|subject| subject.object.name.clone()),
        of_subject(|subject| subject.container.clone().unwrap_or_default()),
        of_subject(|subject| subject.field.clone()),
        at.as_ref().map(|at| at.path.clone()).unwrap_or_default(),
        at.as_ref().map(|at| at.line.to_string()).unwrap_or_default(),
        at.as_ref().map(|at| at.column.to_string()).unwrap_or_default(),
        paths.path(finding).to_owned(),
        finding.notes.join("; "),
        finding.advice().unwrap_or_default(),
        accepted.map(|one| one.reason.clone()).unwrap_or_default(),
        accepted.map(|one| one.place.to_string()).unwrap_or_default(),
    ]
}
