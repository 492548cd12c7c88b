//! The report for a terminal: each finding with excerpts of the values and of the template, then what was checked.

use super::stream::Reports;
use super::totals::Totals;
use super::{Report, count, plain, plain_line};
use crate::analysis::Gated;
use crate::analysis::images::{Image, Use};
use crate::finding::{Excerpt, Finding, Severity};
use crate::source::Place;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style as Colour};
use std::collections::BTreeSet;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The style of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Whether colours are used.
    pub colour: bool,
    /// The width of the terminal, if stdout is one.
    pub width: Option<usize>,
    /// The level of detail.
    pub detail: Detail,
}

/// The level of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A line for each release, without findings.
    Verdict,
    /// The findings, and what was checked.
    Usual,
    /// Also every image, with why it counts as one.
    All,
}

const OTHER_EVENT_FAILED: &str = "templates ask whether this is an install or an upgrade, and the release does not render as \
                                  the other one: the images of that case are not known";

/// The minimum width of excerpts.
const NARROWEST: usize = 60;

/// Writes the reports, and their totals if there are several.
pub(crate) fn write(reports: &dyn Reports, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = match style.width {
        Some(width) => renderer.term_width(width.max(NARROWEST)),
        None => renderer,
    };
    let (paint, totals) = (Paint(style.colour), reports.totals());
    reports.each(&mut |one| report(one, totals, style, &renderer, out))?;
    if totals.reports > 1 {
        if style.detail != Detail::Verdict {
            registries(totals, paint, out)?;
        }
        writeln!(out, "{}", paint.by_outcome(&totals.summary(), totals.all_findings() == 0))?;
    }
    if style.detail != Detail::Verdict
        && let Some(fixable) = totals.fixable()
    {
        writeln!(out, "{fixable}")?;
    }
    Ok(())
}

/// Writes the report of one release.
fn report(report: &Report, totals: &Totals, style: Style, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    let (paint, is_one_of_several) = (Paint(style.colour), totals.reports > 1);
    let name = plain_line(&report.release.full_name());
    let is_named = is_one_of_several || report.is_listed;
    if style.detail == Detail::Verdict {
        let name = if is_named { format!("{name}: ") } else { String::new() };
        // The verdict is about values that the user does not have yet.
        let keys = report.assumed_keys.iter().map(|one| format!(", with --set {}={}", one.key, one.value));
        return writeln!(out, "{name}{}{}", paint.verdict(report), plain_line(&keys.collect::<String>()));
    }
    if is_named {
        writeln!(out, "{}:", paint.bold(&name))?;
    }
    for finding in &report.findings {
        let text = renderer.render(&[group(finding, style.width)]);
        let places = finding.excerpts.iter().map(|excerpt| &excerpt.place);
        writeln!(out, "{}\n", told_as_they_are(text, places))?;
    }
    for one in &report.suppressed {
        writeln!(out, "{}", paint.dim(&plain_line(&format!("suppressed: {}: {}", one.what(), one.why()))))?;
    }
    if style.detail == Detail::All {
        images(&report.images, paint, out)?;
        gated(&report.gated, paint, out)?;
        if report.other_event_failed {
            writeln!(out, "{OTHER_EVENT_FAILED}")?;
        }
    }
    changes(report, out)?;
    if !is_one_of_several {
        registries(totals, paint, out)?;
    }
    for key in &report.assumed_keys {
        writeln!(out, "{}", plain_line(&report.assumed(key)))?;
    }
    if !report.gated.is_empty() {
        let more = if style.detail == Detail::All { "" } else { " (--verbose lists them)" };
        writeln!(out, "{}{more}", count_gated(&report.gated))?;
    }
    writeln!(out, "{}", paint.verdict(report))?;
    if is_one_of_several {
        writeln!(out)?;
    }
    Ok(())
}

fn changes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Some(changes) = &report.changes else { return Ok(()) };
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
    Ok(())
}

/// Each image with its uses, and why it counts as one.
fn images(images: &[Image], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for image in images {
        let class = paint.class(image.class.name(), image.class.resolves());
        writeln!(out, "{}  {class}", paint.bold(&plain_line(&image.reference)))?;
        for one in &image.uses {
            writeln!(out, "  {}", plain_line(&told(one)))?;
        }
    }
    if !images.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// Each gated image, and what would enable it.
fn gated(images: &[Gated], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for image in images {
        let class =
            paint.class(if image.mirrored { "not installed, mirrored" } else { "not installed" }, image.mirrored);
        writeln!(out, "{}  {class}", paint.bold(&plain_line(&image.reference)))?;
        writeln!(out, "  {}: needs {}", plain_line(&image.template), plain_line(&image.switches.join(", ")))?;
    }
    if !images.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// The number of gated images.
fn count_gated(images: &[Gated]) -> String {
    let distinct: BTreeSet<&str> = images.iter().map(|image| image.reference.as_str()).collect();
    let bypassing: BTreeSet<&str> =
        images.iter().filter(|image| !image.mirrored).map(|image| image.reference.as_str()).collect();
    let of_them = match bypassing.len() {
        0 => String::new(),
        some => format!(", {some} of them not through the mirror"),
    };
    format!("{} not installed with these values{of_them}", count(distinct.len(), "image"))
}

fn told(one: &Use) -> String {
    let container = one.container.as_ref().map(|name| format!(", container {name}")).unwrap_or_default();
    let reason = if one.reason.is_empty() { String::new() } else { format!(": {}", one.reason) };
    format!("{}{container}, {} ({}{reason})", one.object, one.field, one.tier.name())
}

/// A row for each registry, if there are several: the number of images, and their classes.
fn registries(totals: &Totals, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let registries = totals.registries();
    if registries.len() < 2 {
        return Ok(());
    }
    let name = |registry: &str| if registry.is_empty() { "(none)".to_owned() } else { plain_line(registry) };
    let width = registries.keys().map(|registry| name(registry).width()).max().unwrap_or(0).max("registry".len());
    writeln!(out, "{}", paint.dim(&format!("registry{}  images", " ".repeat(width - "registry".len()))))?;
    for (registry, classes) in &registries {
        let registry = name(registry);
        let pad = " ".repeat(width - registry.width());
        let number: usize = classes.values().sum();
        let class = |(class, count): (&crate::images::Class, &usize)| {
            let shown = if classes.len() > 1 { format!("{count} {}", class.name()) } else { class.name().to_owned() };
            paint.class(&shown, class.resolves())
        };
        let classes: Vec<String> = classes.iter().map(class).collect();
        writeln!(out, "{registry}{pad}  {number:>6}  {}", classes.join(", "))?;
    }
    writeln!(out)
}

/// Colours, if enabled.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, colour: Colour, text: &str) -> String {
        if self.0 { format!("{colour}{text}{colour:#}") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with(Colour::new().bold(), text)
    }

    fn dim(self, text: &str) -> String {
        self.with(Colour::new().dimmed(), text)
    }

    fn class(self, text: &str, is_good: bool) -> String {
        let colour = if is_good { AnsiColor::Green } else { AnsiColor::Red };
        self.with(colour.on_default(), text)
    }

    fn by_outcome(self, text: &str, is_good: bool) -> String {
        let colour = if is_good { AnsiColor::Green } else { AnsiColor::Red };
        // Only the verdict is coloured, not what was checked.
        match text.split_once(':') {
            Some((verdict, rest)) => format!("{}:{rest}", self.with(colour.on_default().bold(), verdict)),
            None => text.to_owned(),
        }
    }

    fn verdict(self, report: &Report) -> String {
        self.by_outcome(&report.summary(), report.findings.is_empty())
    }
}

/// Text wrapped to a width; words are not broken, and leading blanks stay.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (index, word) in text.split(' ').enumerate() {
        // A bullet is not left alone on a line.
        if line.trim().len() > 1 && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        } else if index > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

fn group(finding: &Finding, width: Option<usize>) -> Group<'static> {
    // The space before a note: the column of line numbers, and its title.
    const BEFORE: usize = 14;
    let fit = |text: &str| match width {
        None => text.to_owned(),
        Some(width) => {
            let room = width.max(NARROWEST) - BEFORE;
            text.split('\n').flat_map(|line| wrapped(line, room)).collect::<Vec<_>>().join("\n")
        }
    };
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
        group = group.element(Level::NOTE.message(fit(&plain(note))));
    }
    if let Some(help) = finding.advice() {
        let patches =
            finding.fix.iter().flat_map(|fix| &fix.told().patches).map(|patch| format!("\n{}", plain(&patch.diff)));
        group = group.element(Level::HELP.message(fit(&plain_line(&help)) + patches.collect::<String>().trim_end()));
    }
    group
}

/// Corrects the columns in rendered text to those in the files, because masking changes lengths.
pub(super) fn told_as_they_are<'p>(mut text: String, places: impl Iterator<Item = &'p Place>) -> String {
    for place in places {
        if place.file.lines_before_excerpt().is_none() {
            continue;
        }
        let (spot, _) = place.spots();
        let (line, column) = place.file.line_column(place.start);
        let before = place.file.line(line).unwrap_or_default();
        let shown = before.get(..column as usize).map_or(0, |before| before.chars().count()) + 1;
        if (line, shown) == (spot.line, spot.column as usize) {
            continue;
        }
        let path = plain_line(place.file.shown());
        let (wrong, right) = (format!("{path}:{line}:{shown}"), format!("{path}:{line}:{}", spot.column));
        let is_whole = |at: &usize| !text[at + wrong.len()..].starts_with(|c: char| c.is_ascii_digit());
        if let Some(at) = text.match_indices(&wrong).map(|(at, _)| at).find(is_whole) {
            text.replace_range(at..at + wrong.len(), &right);
        }
    }
    text
}

/// One line of a source with its span marked.
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
        // Escapes moved the columns: mark the whole line.
        0..text.len()
    };
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    Snippet::source(text)
        .path(plain_line(place.file.shown()))
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

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one a-very-long-word two", 7), ["one", "a-very-long-word", "two"]);
        assert_eq!(wrapped("  - one two", 9), ["  - one", "two"]);
        assert_eq!(wrapped("  - a-very-long-word two", 9), ["  - a-very-long-word", "two"]);
        assert_eq!(wrapped("", 7), [""]);
        assert_eq!(wrapped("two  blanks", 80), ["two  blanks"]);
    }
}
