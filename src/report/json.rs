//! The report for programs: one JSON document, described by `docs/report.schema.json`.

use super::fix::{FixEntry, Told};
use super::groups::{Group, groups};
use super::held::Held;
use super::inventory::json::{GatedEntry, entry, gated_entry};
use super::location::{ReportLocation, ValuesPaths, identity};
use super::stream::{Entries, Lazily, Listed, Reports};
use super::{ReleaseName, Report, write_json};
use crate::finding::{Excerpt, Finding};
use crate::source::Place;
use serde::Serialize;
use serde::ser::SerializeSeq;
use std::io::{self, Write};

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 2;

/// The depth to which the document has its own lines: one line for each location and each use of an image.
const LINES: usize = 6;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    summary: Summary,
    releases: Listed<'a, Releases>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    releases: usize,
    clean: usize,
    errors: usize,
    warnings: usize,
    hints: usize,
    suppressed: usize,
    manifests: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pods: usize,
    references: usize,
    mirrored: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_mirror: Option<OnMirror>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How many distinct images the mirror has, if it was asked.
#[derive(Serialize)]
struct OnMirror {
    there: usize,
    missing: usize,
    not_known: usize,
}

impl From<Held> for OnMirror {
    fn from(held: Held) -> Self {
        Self { there: held.there, missing: held.missing, not_known: held.not_known }
    }
}

#[derive(Serialize)]
struct Release<'a, I: Serialize> {
    release: Name<'a>,
    mirror: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumed_keys: Vec<String>,
    coverage: Coverage,
    findings: Vec<FindingEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlay: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed: Vec<SuppressedEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangesEntry<'a>>,
    images: I,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gated: Vec<GatedEntry<'a>>,
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    chart: &'a str,
    namespace: &'a str,
}

#[derive(Serialize)]
struct Coverage {
    manifests: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pods: usize,
    references: usize,
    mirrored: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_pull_secret: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    other_event_failed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_mirror: Option<OnMirror>,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    rule: &'a str,
    severity: &'static str,
    message: &'a str,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectEntry<'a>>,
    places: Vec<PlaceEntry<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixEntry<'a>>,
}

/// Findings that one change resolves, by their indexes in `findings`.
#[derive(Serialize)]
struct GroupEntry {
    title: String,
    severity: &'static str,
    findings: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
    own: bool,
    in_overlay: bool,
}

impl From<&Group<'_>> for GroupEntry {
    fn from(group: &Group<'_>) -> Self {
        Self {
            title: group.title(),
            severity: group.severity().name(),
            findings: group.findings.iter().map(|(number, _)| *number).collect(),
            cause: group.cause.map(|(number, _)| number),
            own: group.is_own,
            in_overlay: group.is_in_overlay(),
        }
    }
}

#[derive(Serialize)]
struct SubjectEntry<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    template: &'a str,
    reference: &'a str,
    class: &'static str,
    tier: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    values_path: &'a str,
}

#[derive(Serialize)]
struct PlaceEntry<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<String>,
    line: u32,
    column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

#[derive(Serialize)]
struct SuppressedEntry<'a> {
    reason: &'a str,
    by: &'static str,
    place: PlaceEntry<'a>,
    finding: FindingEntry<'a>,
}

#[derive(Serialize)]
struct ChangesEntry<'a> {
    since: &'a str,
    new: &'a [String],
    gone: &'a [String],
    changed: Vec<ReplacedEntry<'a>>,
    known: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'a str>,
}

#[derive(Serialize)]
struct ReplacedEntry<'a> {
    before: &'a str,
    after: &'a str,
}

/// Writes the document.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let totals = reports.totals();
    let [errors, warnings, hints] = totals.findings;
    let document = Document {
        version: VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        summary: Summary {
            releases: totals.releases,
            clean: totals.clean,
            errors,
            warnings,
            hints,
            suppressed: totals.suppressed,
            manifests: totals.manifests,
            pods: totals.pods,
            references: totals.uses,
            mirrored: totals.mirrored,
            on_mirror: totals.held().map(OnMirror::from),
        },
        releases: Listed(reports, Releases),
    };
    write_json(&document, LINES, out)
}

/// The part of the document about each release.
struct Releases;

impl Entries for Releases {
    fn add<S: SerializeSeq>(&self, report: &Report, list: &mut S) -> Result<(), S::Error> {
        list.serialize_element(&release(report))
    }
}

fn release(report: &Report) -> impl Serialize {
    let ReleaseName { name, chart, namespace, environment } = &report.release;
    let paths = ValuesPaths::of(report);
    let mut told = Told::default();
    let suppressed = report.suppressed.iter().enumerate().map(|(number, one)| SuppressedEntry {
        reason: &one.reason,
        by: one.by.name(),
        place: place(&one.place, ""),
        finding: finding(&one.finding, report, &paths, told.fix(number, &one.finding)),
    });
    let suppressed = suppressed.collect();
    let mut told = Told::default();
    let findings = report.findings.iter().enumerate();
    let findings = findings.map(|(number, one)| finding(one, report, &paths, told.fix(number, one))).collect();
    Release {
        release: Name { name, environment: environment.as_deref(), chart, namespace },
        mirror: &report.mirror,
        assumed_keys: report.assumed_keys.iter().map(|one| one.key.to_string()).collect(),
        coverage: Coverage {
            manifests: report.coverage.manifests,
            pods: report.coverage.pods,
            references: report.coverage.images,
            mirrored: report.coverage.mirrored,
            no_pull_secret: report.coverage.no_pull_secret,
            other_event_failed: report.other_event_failed,
            on_mirror: report.held().map(OnMirror::from),
        },
        findings,
        groups: groups(report).iter().map(GroupEntry::from).collect(),
        overlay: report.overlay(),
        suppressed,
        changes: report.changes.as_ref().map(|changes| ChangesEntry {
            since: &changes.since,
            new: &changes.new,
            gone: &changes.gone,
            changed: changes
                .changed
                .iter()
                .map(|one| ReplacedEntry { before: &one.before, after: &one.after })
                .collect(),
            known: changes.known,
            unknown: changes.unknown.as_deref(),
        }),
        images: Lazily(|| report.images.iter().map(|image| entry(image, true))),
        gated: report.gated.iter().map(gated_entry).collect(),
    }
}

fn finding<'a>(
    finding: &'a Finding,
    report: &'a Report,
    paths: &ValuesPaths<'a>,
    fix: Option<FixEntry<'a>>,
) -> FindingEntry<'a> {
    let labelled = |excerpt: &'a Excerpt| place(&excerpt.place, &excerpt.label);
    FindingEntry {
        rule: finding.rule,
        severity: finding.severity.name(),
        message: &finding.message,
        fingerprint: identity(finding, report, paths),
        subject: finding.subject.as_ref().map(|subject| SubjectEntry {
            kind: &subject.object.kind,
            namespace: &subject.object.namespace,
            name: &subject.object.name,
            field: &subject.field,
            container: subject.container.as_deref(),
            template: &subject.template,
            reference: &subject.reference,
            class: subject.class.name(),
            tier: subject.tier.name(),
            values_path: paths.path(finding),
        }),
        places: finding.excerpts.iter().map(labelled).collect(),
        notes: &finding.notes,
        help: finding.advice(),
        fix,
    }
}

fn place<'a>(place: &'a Place, label: &'a str) -> PlaceEntry<'a> {
    let file = &place.file;
    let location = ReportLocation::of(place);
    let (line, column) = location.as_ref().map_or_else(|| place.line_column(), |at| (at.line, at.column));
    let end = location.as_ref().and_then(|at| at.end);
    PlaceEntry {
        file: file.name(),
        path: file.path(),
        argument: file.is_flag().then(|| String::from_utf8_lossy(file.bytes()).into_owned()),
        line,
        column,
        end_line: end.map(|(line, _)| line),
        end_column: end.map(|(_, column)| column),
        label,
    }
}
