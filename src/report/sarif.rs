//! The report as SARIF 2.1.0, for code scanning: the location to edit is the primary one, the template is related.
//!
//! Source: OASIS, Static Analysis Results Interchange Format Version 2.1.0. GitHub distinguishes results only by
//! `primaryLocationLineHash`, so the name that survives moved lines is written there too.

use super::location::{Ordinals, ReportLocation, ValuesPaths, details, identity};
use super::stream::{Entries, Listed, Reports};
use super::{AcceptedBy, Report, plain, write_json};
use crate::finding::{Finding, Severity};
use crate::fix::{Fix, ShownChange};
use crate::rules::{RULES, Rule};
use serde::Serialize;
use serde::ser::SerializeSeq;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The depth to which the document has its own lines: the members of a result.
const LINES: usize = 5;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The base of paths: the working folder.
const ROOT: &str = "SRCROOT";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Listed<'a, Results>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<RuleEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleEntry {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: [&'static str; 3],
}

#[derive(Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultEntry {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: Vec<LocationEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<LocationEntry>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: ResultProperties,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints {
    #[serde(rename = "airtight/v1")]
    identity: String,
    primary_location_line_hash: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixEntry {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    inserted_content: Option<Text>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationEntry>,
}

#[derive(Serialize)]
struct ResultProperties {
    release: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

/// Writes the log.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let told = &reports.totals().rules;
    let rules: Vec<&Rule> = RULES.iter().copied().filter(|rule| told.contains(rule.id)).collect();
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: rules.iter().map(|rule| rule_entry(rule)).collect(),
    };
    let results = Results { rules, ordinals: RefCell::default() };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results: Listed(reports, results) };
    write_json(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, LINES, out)
}

/// The results of all releases.
struct Results {
    rules: Vec<&'static Rule>,
    ordinals: RefCell<Ordinals>,
}

impl Entries for Results {
    fn add<S: SerializeSeq>(&self, report: &Report, list: &mut S) -> Result<(), S::Error> {
        let (paths, mut ordinals) = (ValuesPaths::of(report), self.ordinals.borrow_mut());
        for finding in &report.findings {
            list.serialize_element(&result(finding, Vec::new(), report, &self.rules, &paths, &mut ordinals))?;
        }
        for one in &report.suppressed {
            let suppression = Suppression {
                // A comment beside the code, or an entry in another file.
                kind: if one.by == AcceptedBy::Comment { "inSource" } else { "external" },
                status: "accepted",
                justification: plain(&one.reason),
                location: ReportLocation::of(&one.place).map(|at| location_entry(&at, None)),
            };
            list.serialize_element(&result(
                &one.finding,
                vec![suppression],
                report,
                &self.rules,
                &paths,
                &mut ordinals,
            ))?;
        }
        Ok(())
    }
}

fn rule_entry(rule: &Rule) -> RuleEntry {
    let page = rule.markdown();
    let first = page.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    RuleEntry {
        id: rule.id,
        name: pascal_case(rule.id),
        short_description: Text { text: rule.summary.to_owned(), markdown: None },
        full_description: Text { text: first.trim().to_owned(), markdown: None },
        help: Text { text: page.clone(), markdown: Some(page) },
        default_configuration: Configuration { enabled: rule.on, level: level(rule.severity) },
        properties: RuleProperties { tags: ["air-gap", "container-images", "helm"] },
    }
}

fn result(
    finding: &Finding,
    suppressions: Vec<Suppression>,
    report: &Report,
    rules: &[&Rule],
    paths: &ValuesPaths<'_>,
    ordinals: &mut Ordinals,
) -> ResultEntry {
    let identity = identity(finding, report, paths);
    let ordinal = ordinals.next(&identity);
    let (primary, related) = ReportLocation::of_finding(finding, report);
    let mut location = match &primary {
        Some(primary) => location_entry(primary, None),
        None => LocationEntry { id: None, physical_location: None, logical_locations: Vec::new(), message: None },
    };
    location.logical_locations = finding.subject.iter().map(logical).collect();
    let related = related.iter().enumerate().map(|(index, (at, label))| LocationEntry {
        id: Some(index + 1),
        message: Some(Text { text: plain(label), markdown: None }),
        ..location_entry(at, None)
    });
    let lines: Vec<String> = std::iter::once(finding.message.clone()).chain(details(finding)).collect();
    let subject = finding.subject.as_ref();
    ResultEntry {
        rule_id: finding.rule,
        rule_index: rules.iter().position(|rule| rule.id == finding.rule).unwrap_or_default(),
        level: level(finding.severity),
        message: Text { text: message_text(&lines.join("\n")), markdown: None },
        locations: vec![location],
        related_locations: related.collect(),
        partial_fingerprints: Fingerprints { primary_location_line_hash: format!("{identity}:{ordinal}"), identity },
        fixes: finding.fix.iter().filter_map(fix_entry).collect(),
        suppressions,
        properties: ResultProperties {
            release: report.release.full_name(),
            reference: subject.map(|subject| subject.reference.clone()),
            class: subject.map(|subject| subject.class.name()),
            tier: subject.map(|subject| subject.tier.name()),
        },
    }
}

/// A fix of files, as the replacements in each; `None` if it changes anything else too. Replacements in one file refer to
/// the original file, so only fixes that change each file once can be written.
fn fix_entry(fix: &Fix) -> Option<FixEntry> {
    let (mut changes, mut seen) = (Vec::new(), BTreeSet::new());
    let told = fix.told();
    let of_edits = told.edits.iter().map(|edit| edit.changes.as_deref());
    let of_patches = told.patches.iter().map(|patch| Some(std::slice::from_ref(&patch.change)));
    for parts in of_edits.chain(of_patches) {
        let parts = parts?;
        let path = parts.first()?.path.as_deref()?;
        if !seen.insert(path) {
            return None;
        }
        changes.push(ArtifactChange {
            artifact_location: ArtifactLocation { uri: uri(path), uri_base_id: ROOT },
            replacements: parts.iter().map(replacement).collect(),
        });
    }
    let description = Text { text: plain(&fix.title), markdown: None };
    (!changes.is_empty()).then_some(FixEntry { description, artifact_changes: changes })
}

fn replacement(change: &ShownChange) -> Replacement {
    let (start, end) = change.region;
    let deleted_region = Region {
        start_line: start.line,
        start_column: start.column,
        end_line: Some(end.line),
        end_column: Some(end.column),
    };
    let text = Some(&change.text).filter(|text| !text.is_empty());
    let inserted_content = text.map(|text| Text { text: text.clone(), markdown: None });
    Replacement { deleted_region, inserted_content }
}

fn logical(subject: &crate::finding::Subject) -> LogicalLocation {
    LogicalLocation {
        name: subject.container.clone().unwrap_or_else(|| subject.field.clone()),
        fully_qualified_name: format!("{}, {}", subject.object, subject.field),
        kind: "resource",
    }
}

fn location_entry(at: &ReportLocation, id: Option<usize>) -> LocationEntry {
    let region = Region {
        start_line: at.line,
        start_column: at.column,
        end_line: at.end.map(|(line, _)| line),
        end_column: at.end.map(|(_, column)| column),
    };
    let artifact_location = ArtifactLocation { uri: uri(&at.path), uri_base_id: ROOT };
    LocationEntry {
        id,
        physical_location: Some(PhysicalLocation { artifact_location, region }),
        logical_locations: Vec::new(),
        message: None,
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

/// Text of a message, in which `[text](1)` would be a link and `{0}` a placeholder.
fn message_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '{' | '}' => out.extend([c, c]),
            '[' | ']' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// `unmirrored-image` as `UnmirroredImage`.
fn pascal_case(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    id.split('-').map(word).collect()
}

/// A path as a relative reference of RFC 3986, percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b'=' => {
                uri.push(char::from(byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::{message_text, pascal_case, uri};

    #[test]
    fn text_and_paths_are_escaped() {
        assert_eq!(uri("values/prod eu#1:ä.yaml"), "values/prod%20eu%231%3A%C3%A4.yaml");
        assert_eq!(message_text("spec.containers[0] {{ .Values }}"), "spec.containers\\[0\\] {{{{ .Values }}}}");
        assert_eq!(pascal_case("unmirrored-image"), "UnmirroredImage");
    }
}
