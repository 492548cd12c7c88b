//! Checks of charts, and all report formats.

use super::templates::prepared;
use super::{Parts, limits};
use crate::compiler::Compiler;
use crate::fix::{Originals, Safety, apply};
use crate::helm::HelmVersion;
use crate::lint::{lint as judge, lint_manifests};
use crate::reference::{Mirror, Reference};
use crate::release::ReleaseInputs;
use crate::render::manifest::{Manifests, manifests};
use crate::report::spool::Spool;
use crate::report::stream::{KeptReports, Reports};
use crate::report::text::{Detail, Style, TextLayout};
use crate::report::{self, Report};
use crate::settings::Settings;
use crate::source::File;
use crate::yaml::{Data, Node};
use serde_json::Value;
use std::io::{self, Write};

const MIRROR: &str = "mirror.internal";

fn settings() -> Option<Settings> {
    Some(Settings::new(Mirror::parse(MIRROR).ok()?))
}

fn judged(prepared: &ReleaseInputs, settings: &Settings) -> Option<Report> {
    judge(prepared, settings, &mut Compiler::new(), &mut Vec::new()).ok()
}

/// A chart with a user's values, checked twice; a pod that pulls from elsewhere must lead to a finding.
pub(super) fn lint(data: &[u8]) {
    let (Some(prepared), Some(settings)) = (prepared(data), settings()) else { return };
    let (Some(mut one), Some(other)) = (judged(&prepared, &settings), judged(&prepared, &settings)) else { return };
    let is_clean = one.findings.is_empty() && one.suppressed.is_empty();
    // A chart alone is checked with the rewrite, which the render here does not contain.
    let is_as_given = one.assumed_keys.is_empty();
    let both =
        [&one, &other].map(|report| written(&KeptReports::of(std::slice::from_ref(report)), report::json::write));
    assert_eq!(both[0], both[1], "the same release is judged otherwise");
    if is_clean && is_as_given {
        for image in pods(&prepared) {
            let is_there = Reference::parse(&image).is_ok_and(|image| settings.mirror.serves(&image));
            assert!(is_there, "{image:?} is not on the mirror, and nothing is found");
        }
    }
    one.hide_secrets(true);
    is_had_back(one);
}

/// A report that was stored and loaded again is written with the same bytes.
fn is_had_back(report: Report) {
    type Written = fn(&dyn Reports, &mut dyn Write) -> io::Result<()>;
    const FORMATS: [Written; 9] = [
        text,
        report::html::write,
        report::json::write,
        report::sarif::write,
        report::junit::write,
        report::github::write,
        report::gitlab::write,
        report::markdown::write,
        report::csv::write,
    ];
    let told = |reports: &dyn Reports| FORMATS.map(|write| written(reports, write));
    let before = told(&KeptReports::of(std::slice::from_ref(&report)));
    // The only report of a run is kept in memory.
    let store = Spool::new(2);
    let kept = store.keep(1, report).map_err(io::Error::other).and_then(|()| store.in_order(|_, _| {}));
    let after = told(&kept.unwrap_or_else(|error| panic!("a report cannot be had back: {error}")));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "a report is another one when it is had back");
    }
}

/// The images of plain pods, found without the finders.
fn pods(prepared: &ReleaseInputs) -> Vec<String> {
    let Ok(outcome) = prepared.render(&mut Compiler::new(), &[], None, None) else { return Vec::new() };
    let read: Result<Manifests<Node>, _> = manifests(&outcome.rendered, HelmVersion::V4, &prepared.limits);
    let Ok(read) = read else { return Vec::new() };
    let mut images = Vec::new();
    for manifest in read.ordinary.iter().filter(|manifest| manifest.kind == "Pod" && manifest.api_version == "v1") {
        let spec = member(&manifest.node, "spec");
        let Some(Data::Seq(containers)) = spec.and_then(|spec| member(spec, "containers")).map(|node| &node.data)
        else {
            continue;
        };
        for container in containers {
            if let Some(Data::Str(text)) = member(container, "image").map(|node| &node.data) {
                images.push(text.to_text().into_owned());
            }
        }
    }
    images
}

/// The entry of a key that occurs once.
fn member<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Data::Map(entries) = &node.data else { return None };
    let mut found = entries.iter().filter(|(entry, _)| entry.key.as_bytes() == key.as_bytes());
    found.next().filter(|_| found.next().is_none()).map(|(_, value)| value)
}

/// A fix that is called safe can be applied, and then the finding is gone.
pub(super) fn fixes(data: &[u8]) {
    let (Some(prepared), Some(settings)) = (prepared(data), settings()) else { return };
    let Some(before) = judged(&prepared, &settings) else { return };
    for finding in &before.findings {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safety != Safety::Manual) else { continue };
        let user = apply(&prepared.user, &fix.edits, HelmVersion::V4, &prepared.limits, &Originals::default())
            .unwrap_or_else(|why| panic!("{}: {} cannot be applied: {why:?}", finding.rule, fix.title));
        let fixed = ReleaseInputs { user, is_given: true, ..prepared.clone() };
        let Some(after) = judged(&fixed, &settings) else { panic!("{}: nothing can be said after it", fix.title) };
        let is_left = after
            .findings
            .iter()
            .any(|left| left.rule == finding.rule && left.subject.is_some() && left.subject == finding.subject);
        assert!(!is_left, "{}: it is there after {}, too", finding.message, fix.title);
    }
}

/// Manifests whose findings are written in every format, each parsed again.
pub(super) fn formats(data: &[u8]) {
    let Some(settings) = settings() else { return };
    let parts = Parts::of(data);
    let mut files: Vec<_> =
        parts.iter().map(|(name, content)| File::on_disk(name, Some(name.to_owned()), content)).collect();
    if files.is_empty() {
        files.push(File::on_disk("a.yaml", Some("a.yaml".to_owned()), data));
    }
    let mut report = lint_manifests(&files, &settings, &limits());
    report.hide_secrets(true);
    let findings = report.findings.len();
    let reports = KeptReports::of(std::slice::from_ref(&report));

    let document = read_json(&written(&reports, report::json::write));
    let told = document["findings"].as_array().map(Vec::len);
    assert_eq!(told.or_else(|| document["releases"][0]["findings"].as_array().map(Vec::len)), Some(findings), "JSON");
    let sarif = read_json(&written(&reports, report::sarif::write));
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(findings), "SARIF");
    let gitlab = read_json(&written(&reports, report::gitlab::write));
    assert_eq!(gitlab.as_array().map(Vec::len), Some(findings), "GitLab");

    let xml = written(&reports, report::junit::write);
    let mut reader = quick_xml::Reader::from_str(&xml);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("JUnit: {error}\n{xml}"),
        }
    }
    let rows = written(&reports, report::csv::write);
    let mut table = csv::Reader::from_reader(rows.as_bytes());
    let width = table.headers().map(csv::StringRecord::len).unwrap_or_default();
    for row in table.records() {
        assert_eq!(row.map(|row| row.len()).unwrap_or_default(), width, "CSV: {rows}");
    }
    for (format, text) in [
        ("text", written(&reports, text)),
        ("GitHub", written(&reports, report::github::write)),
        ("Markdown", written(&reports, report::markdown::write)),
        ("HTML", written(&reports, report::html::write)),
    ] {
        // A terminal and a page must not interpret characters from outside.
        let obeyed = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(obeyed, None, "{format} holds a control character");
    }
    is_had_back(report);
}

fn text(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    report::text::write(
        reports,
        Style { colour: false, width: Some(100), detail: Detail::All, layout: TextLayout::Full, links: None },
        out,
    )
}

fn written(reports: &dyn Reports, write: fn(&dyn Reports, &mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    let told = write(reports, &mut out);
    assert!(told.is_ok(), "a report cannot be written: {told:?}");
    String::from_utf8(out).unwrap_or_else(|error| panic!("a report is not UTF-8: {error}"))
}

fn read_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("a report is not JSON: {error}\n{text}"))
}
