//! The report for a terminal: each finding with excerpts of the values and of the template, then what was looked at.

use super::{Report, plain, plain_line};
use crate::finding::{Excerpt, Finding, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::io::{self, Write};

/// Writes the report; with `colour`, for a terminal.
pub fn write(report: &Report, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    for finding in &report.findings {
        writeln!(out, "{}\n", renderer.render(&[group(finding)]))?;
    }
    if let Some(changes) = &report.changes {
        let lines = changes.lines();
        if !lines.is_empty() {
            writeln!(out, "images since {}:", plain_line(&changes.since))?;
        }
        for line in lines {
            writeln!(out, "  {}", plain_line(&line))?;
        }
        for note in changes.notes() {
            writeln!(out, "{}", plain_line(&note))?;
        }
    }
    for key in &report.assumed_keys {
        writeln!(out, "{}", plain_line(&report.assumed(key)))?;
    }
    writeln!(out, "{}", report.summary())
}

fn group(finding: &Finding) -> Group<'static> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO,
    };
    let mut group = level
        .primary_title(plain_line(&finding.message))
        .id(finding.rule)
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    for (index, excerpt) in finding.excerpts.iter().enumerate() {
        group = group.element(snippet(excerpt, index == 0));
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(plain(note)));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(plain_line(help)));
    }
    group
}

/// One line of a source with its place marked.
pub(super) fn snippet(excerpt: &Excerpt, primary: bool) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
    let place = &excerpt.place;
    let (line, column) = place.file.line_column(place.start);
    let raw = place.file.line(line).unwrap_or_default();
    let text = plain_line(&raw);
    let span = if text == raw {
        let blank = text.len() - text.trim_start().len();
        let start = floor(&text, (column as usize).max(blank));
        let width = (place.end - place.start) as usize;
        let end = if width == 0 { text.trim_end().len() } else { (start + width).min(text.trim_end().len()) };
        start..floor(&text, end.max(start))
    } else {
        // Escapes moved the columns: mark the line.
        0..text.len()
    };
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    Snippet::source(text)
        .path(plain_line(place.file.name()))
        .line_start(line as usize)
        .annotation(kind.span(span).label(plain_line(&excerpt.label)))
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
