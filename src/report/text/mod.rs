//! The report for a terminal: each finding with excerpts of the values and of the template, then what was checked.

pub(crate) mod excerpt;
mod full;
mod grouped;
mod links;

use super::stream::Reports;
use super::totals::Totals;
use super::{Report, count, plain_line};
use crate::analysis::Gated;
use crate::analysis::images::{Image, Use};
use crate::finding::Severity;
use annotate_snippets::{Level, Renderer};
use anstyle::{AnsiColor, Style as Colour};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// The style of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style<'s> {
    /// Whether colours are used.
    pub colour: bool,
    /// The width of the terminal, if stdout is one.
    pub width: Option<usize>,
    /// The level of detail.
    pub detail: Detail,
    /// How findings are shown.
    pub layout: TextLayout,
    /// The folder that paths are relative to, if places are links to their files.
    pub links: Option<&'s Path>,
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TextLayout {
    /// A line for each finding: `values/prod.yaml:3:13: error[override-bypasses-mirror]: …`.
    Concise,
    /// What has to be changed, with everything that it decides.
    #[default]
    Grouped,
    /// Each finding, with all locations.
    Full,
}

/// The level of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A line for each release, without findings.
    Verdict,
    /// The findings by rule, and the images by registry and class.
    Statistics,
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
pub(crate) fn write(reports: &dyn Reports, style: Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = match style.width {
        Some(width) => renderer.term_width(width.max(NARROWEST)),
        None => renderer,
    };
    let (paint, totals) = (Paint(style.colour), reports.totals());
    if style.detail == Detail::Statistics {
        statistics(totals, paint, out)?;
        return writeln!(out, "{}", paint.by_outcome(&totals.verdict(), totals.all_findings() == 0));
    }
    // What holds for several releases is said once, with their names.
    let mut assumed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    reports.each(&mut |one| {
        if totals.reports > 1 && style.detail != Detail::Verdict {
            for key in &one.assumed_keys {
                assumed.entry(one.assumed(key)).or_default().push(one.release.full_name());
            }
        }
        report(one, totals, style, &renderer, out)
    })?;
    if totals.reports > 1 {
        for (said, releases) in &assumed {
            let of = match releases.len() {
                _ if totals.releases == 1 => String::new(),
                all if all == totals.releases => " (all releases)".to_owned(),
                _ => format!(" ({})", releases.join(", ")),
            };
            writeln!(out, "{}", plain_line(&format!("{said}{of}")))?;
        }
        if style.detail == Detail::All {
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
fn report(
    report: &Report,
    totals: &Totals,
    style: Style<'_>,
    renderer: &Renderer,
    out: &mut dyn Write,
) -> io::Result<()> {
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
    match style.layout {
        TextLayout::Concise => full::lines(report, out)?,
        TextLayout::Grouped => grouped::write(report, style, renderer, out)?,
        TextLayout::Full => full::write(report, style, renderer, out)?,
    }
    if report.left_out > 0 {
        writeln!(out, "{} not shown (--max-findings)", count(report.left_out, "more finding"))?;
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
        if style.detail == Detail::All {
            registries(totals, paint, out)?;
        }
        for key in &report.assumed_keys {
            writeln!(out, "{}", plain_line(&report.assumed(key)))?;
        }
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

/// A row for each rule with findings, the most frequent first, then a row for each registry.
fn statistics(totals: &Totals, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<(&str, Severity, usize)> = totals.by_rule().collect();
    rules.sort_by_key(|(rule, severity, count)| (std::cmp::Reverse(*count), *severity, *rule));
    let width = rules.iter().map(|(rule, ..)| rule.len()).max().unwrap_or(0).max("rule".len());
    if !rules.is_empty() {
        writeln!(out, "{}", paint.dim(&format!("{:width$}  findings  severity", "rule")))?;
        for (rule, severity, count) in rules {
            writeln!(out, "{rule:width$}  {count:>8}  {}", severity.name())?;
        }
        writeln!(out)?;
    }
    registries(totals, paint, out)
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
        let class = paint.class(image.class.name(), image.class.is_in_place());
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

/// A row for each registry: the number of images, and their classes.
fn registries(totals: &Totals, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let registries = totals.registries();
    if registries.is_empty() {
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
            paint.class(&shown, class.is_in_place())
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
        self.by_outcome(&report.summary(), report.is_clean())
    }
}

/// The level of a severity, under its own name.
fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name(Severity::Hint.name()),
    }
}

/// A title wrapped to the room beside its severity and rule.
fn fit_title(text: &str, severity: Severity, rule: &str, width: Option<usize>) -> String {
    const NARROWEST_TITLE: usize = 40;
    let text = plain_line(text);
    match width {
        None => text,
        Some(width) => {
            // `error[rule]: `
            let before = severity.name().len() + rule.len() + "[]: ".len();
            wrapped(&text, width.saturating_sub(before).max(NARROWEST_TITLE)).join("\n")
        }
    }
}

/// Text wrapped to the room beside a column of line numbers and the title of a note; unchanged if no width is known.
fn fit(text: &str, width: Option<usize>) -> String {
    // The space before a note: the column of line numbers, and its title.
    const BEFORE: usize = 14;
    match width {
        None => text.to_owned(),
        Some(width) => {
            let room = width.max(NARROWEST) - BEFORE;
            text.split('\n').flat_map(|line| wrapped(line, room)).collect::<Vec<_>>().join("\n")
        }
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
