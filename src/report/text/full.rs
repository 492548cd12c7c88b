//! Each finding of a release, with all of its locations, or in one line.

use super::excerpt::{snippet, with_places};
use super::{Style, fit, fit_title, level};
use crate::finding::Finding;
use crate::report::location::place_name;
use crate::report::{Report, plain, plain_line};
use crate::source::Place;
use annotate_snippets::{Group, Level, Renderer, Snippet};
use std::io::{self, Write};

/// Writes each finding with its excerpts.
pub(super) fn write(report: &Report, style: Style<'_>, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let text = renderer.render(&[group(finding, style.width)]);
        writeln!(out, "{}\n", with_places(text, &finding.excerpts, style))?;
    }
    Ok(())
}

/// Writes a line for each finding: `values/prod.yaml:3:13: error[override-bypasses-mirror]: …`.
pub(super) fn lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let home = || report.home.as_ref().map(|file| Place { file: file.clone(), start: 0, end: 0 });
        let place = finding.excerpts.first().map(|excerpt| excerpt.place.clone()).or_else(home);
        let place = place.map(|place| format!("{}: ", place_name(&place))).unwrap_or_default();
        let (severity, rule) = (finding.severity.name(), finding.rule);
        writeln!(out, "{}", plain_line(&format!("{place}{severity}[{rule}]: {}", finding.message)))?;
    }
    Ok(())
}

fn group(finding: &Finding, width: Option<usize>) -> Group<'static> {
    let mut group = level(finding.severity)
        .primary_title(fit_title(&finding.message, finding.severity, finding.rule, width))
        .id(finding.rule)
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    for (index, excerpt) in finding.excerpts.iter().enumerate() {
        group = group.element(snippet(excerpt, index == 0));
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(fit(&plain(note), width)));
    }
    match help(finding, width) {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// What to do, with the patches that do it.
pub(super) fn help(finding: &Finding, width: Option<usize>) -> Option<String> {
    let patches =
        finding.fix.iter().flat_map(|fix| &fix.told().patches).map(|patch| format!("\n{}", plain(&patch.diff)));
    Some(fit(&plain_line(&finding.advice()?), width) + patches.collect::<String>().trim_end())
}
