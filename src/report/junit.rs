//! The report for tools that show test results: JUnit XML, with a suite for each release, a case for each image, and a case
//! for each finding that is not about an image.

use super::location::{ReportLocation, details};
use super::stream::Reports;
use super::{Report, Suppressed, neutral, plain};
use crate::finding::{Finding, Severity};
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;
use std::collections::HashMap;
use std::io::{self, Write};

/// A case: its name, its failures, and what was accepted.
struct Case<'r> {
    name: &'r str,
    failed: Vec<&'r Finding>,
    accepted: Vec<&'r Suppressed>,
}

/// Writes the document.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let (mut tests, mut failures) = (0, 0);
    reports.each(&mut |report| {
        let cases = cases(report);
        tests += cases.len();
        failures += cases.iter().filter(|case| case.fails()).count();
        Ok(())
    })?;
    let mut text = Vec::new();
    let mut xml = Writer::new_with_indent(&mut text, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "airtight"))
        .with_attribute(("tests", tests.to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .write_inner_content(|xml| {
            reports.each(&mut |report| {
                suite(report, &cases(report), xml)?;
                pass(xml.get_mut(), out)
            })
        })?;
    pass(&mut text, out)?;
    writeln!(out)
}

/// Writes the document so far, up to the end of its last line; a line begins with the preceding break.
fn pass(text: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
    let text = std::mem::take(text);
    // Printing the document to a log must not run a command.
    out.write_all(neutral(&String::from_utf8_lossy(&text), |c| format!("&#{};", u32::from(c))).as_bytes())
}

impl Case<'_> {
    /// Hints do not fail a release.
    fn fails(&self) -> bool {
        self.failed.iter().any(|finding| finding.severity != Severity::Hint)
    }

    fn is_skipped(&self) -> bool {
        !self.fails() && !self.accepted.is_empty()
    }
}

/// The cases of a release: its images by reference, then the rest.
fn cases(report: &Report) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = report
        .images
        .iter()
        .map(|image| Case { name: &image.reference, failed: Vec::new(), accepted: Vec::new() })
        .collect();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (at, case) in cases.iter().enumerate() {
        known.entry(case.name).or_insert(at);
    }
    let case_of = |finding: &'_ Finding, cases: &mut Vec<Case<'_>>| {
        let known = finding.subject.as_ref().and_then(|subject| known.get(subject.reference.as_str()).copied());
        known.unwrap_or_else(|| {
            cases.push(Case { name: finding.rule, failed: Vec::new(), accepted: Vec::new() });
            cases.len() - 1
        })
    };
    for finding in &report.findings {
        let at = case_of(finding, &mut cases);
        cases[at].failed.push(finding);
    }
    for one in &report.suppressed {
        let at = case_of(&one.finding, &mut cases);
        cases[at].accepted.push(one);
    }
    cases
}

fn suite<W: Write>(report: &Report, cases: &[Case<'_>], xml: &mut Writer<W>) -> io::Result<()> {
    let name = match report.release.full_name() {
        name if name.is_empty() => "manifests".to_owned(),
        name => name,
    };
    let count = |number: usize| number.to_string();
    xml.create_element("testsuite")
        .with_attribute(("name", text(&name).as_str()))
        .with_attribute(("tests", count(cases.len()).as_str()))
        .with_attribute(("failures", count(cases.iter().filter(|case| case.fails()).count()).as_str()))
        .with_attribute(("errors", "0"))
        .with_attribute(("skipped", count(cases.iter().filter(|case| case.is_skipped()).count()).as_str()))
        .write_inner_content(|xml| {
            cases.iter().try_for_each(|one| case(one, &name, report, xml))?;
            let assumed = report.assumed_keys.iter().map(|key| report.assumed(key));
            let lines: Vec<String> = assumed.chain([report.summary()]).collect();
            xml.create_element("system-out").write_text_content(BytesText::new(&text(&lines.join("\n")))).map(drop)
        })?;
    Ok(())
}

fn case<W: Write>(case: &Case<'_>, suite: &str, report: &Report, xml: &mut Writer<W>) -> io::Result<()> {
    let first = case.failed.first().copied().or(case.accepted.first().map(|one| &one.finding));
    let place = first.and_then(|finding| ReportLocation::of_finding(finding, report).0);
    let mut element = xml
        .create_element("testcase")
        .with_attribute(("classname", text(suite).as_str()))
        .with_attribute(("name", text(case.name).as_str()));
    if let Some(at) = place {
        element = element
            .with_attribute(("file", text(&at.path).as_str()))
            .with_attribute(("line", at.line.to_string().as_str()));
    }
    if case.failed.is_empty() && case.accepted.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|xml| {
        if case.is_skipped() {
            let reasons: Vec<String> =
                case.accepted.iter().map(|one| format!("{}: {}", one.finding.rule, one.why())).collect();
            let reasons = text(&reasons.join("; "));
            xml.create_element("skipped").with_attribute(("message", reasons.as_str())).write_empty()?;
        } else if !case.accepted.is_empty() {
            let lines: Vec<String> =
                case.accepted.iter().map(|one| format!("suppressed: {}: {}", one.what(), one.why())).collect();
            xml.create_element("system-out").write_text_content(BytesText::new(&text(&lines.join("\n"))))?;
        }
        for finding in &case.failed {
            let lines = text(&details(finding).join("\n"));
            if finding.severity == Severity::Hint {
                let said = format!("{}: {}\n{lines}", finding.rule, text(&finding.message));
                xml.create_element("system-out").write_text_content(BytesText::new(&said))?;
            } else {
                xml.create_element("failure")
                    .with_attribute(("type", finding.rule))
                    .with_attribute(("message", text(&finding.message).as_str()))
                    .write_text_content(BytesText::new(&lines))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Text of characters that XML 1.0 can hold.
fn text(text: &str) -> String {
    plain(text).chars().filter(|c| !matches!(c, '\u{FFFE}' | '\u{FFFF}')).collect()
}
