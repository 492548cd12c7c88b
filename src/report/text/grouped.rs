//! The findings of a release by what has to be changed, and the values that change it.

use super::excerpt::{snippet, with_places};
use super::full::help;
use super::{NARROWEST, Paint, Style, fit, fit_title, level, wrapped};
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::fix::compact_lines;
use crate::report::groups::{Group, GroupedImage, groups, resolved, told_object};
use crate::report::location::place_name;
use crate::report::{Report, count, plain, plain_line};
use annotate_snippets::{Group as Drawn, Level, Renderer, Snippet};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The most images of a group, and the most notes, that are shown.
const MOST: usize = 20;

/// The columns for values, if the width of the terminal is not known.
const WIDTH: usize = 100;

/// Writes the groups, then the values.
pub(super) fn write(report: &Report, style: Style<'_>, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    let all = groups(report);
    let overlay = report.overlay().filter(|_| {
        let in_overlay = || all.iter().filter(|group| group.is_in_overlay());
        in_overlay().count() > 1 && in_overlay().any(|group| !group.is_own)
    });
    // What the values resolve is listed; where and how to change it is said by the values.
    let is_listed = |group: &Group<'_>| overlay.is_some() && group.is_in_overlay() && !group.is_own;
    let (mut rest, mut after_list) = (&all[..], false);
    while let Some(first) = rest.first() {
        let length = match is_listed(first) {
            true => rest.iter().take_while(|one| is_listed(one) && is_alike(first, one)).count(),
            false => 1,
        };
        let (block, after) = rest.split_at(length);
        if is_listed(first) {
            list(block, style, renderer, out)?;
        } else {
            if after_list {
                writeln!(out)?;
            }
            let text = renderer.render(&[drawn(first, style.width)]);
            writeln!(out, "{}\n", with_places(text, &first.lead().excerpts, style))?;
        }
        (rest, after_list) = (after, is_listed(first));
    }
    if after_list {
        writeln!(out)?;
    }
    let Some(values) = overlay else { return Ok(()) };
    let title = format!(
        "{}: passed after all other values (--overlay FILE writes them), these resolve {} of {}:",
        Paint(style.colour).bold("help"),
        resolved(&all),
        count(report.findings.len() + report.left_out, "finding"),
    );
    writeln!(out, "{title}")?;
    for line in compact_lines(&values, style.width.unwrap_or(WIDTH).max(NARROWEST) - 2) {
        writeln!(out, "  {}", plain_line(&line))?;
    }
    writeln!(out)
}

/// Whether two groups are listed together: they have the same cause, or none, and the same rule.
fn is_alike(a: &Group<'_>, b: &Group<'_>) -> bool {
    let cause = |group: &Group<'_>| group.cause.map(|(number, _)| number);
    let rule = |group: &Group<'_>| (group.lead().rule, group.severity());
    cause(a) == cause(b) && (a.cause.is_some() || rule(a) == rule(b))
}

/// Groups that the values resolve: a title, and a line for each image with what decides it.
fn list(block: &[Group<'_>], style: Style<'_>, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    let severity = block.iter().map(Group::severity).min().unwrap_or(Severity::Hint);
    let lead = block.iter().map(Group::lead).find(|lead| lead.severity == severity).unwrap_or_else(|| block[0].lead());
    let together = Group { findings: block.iter().flat_map(|group| group.findings.clone()).collect(), ..block[0] };
    let title = together.cause.map_or_else(|| together.title(), |(_, cause)| cause.message.clone());
    // The title of one image names it.
    let named = together.lead().subject.as_ref().map(|subject| subject.reference.as_str());
    let named = named.filter(|reference| title.starts_with(reference));
    let title = level(severity).primary_title(fit_title(&title, severity, lead.rule, style.width)).id(lead.rule);
    let title = title.elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    writeln!(out, "{}", renderer.render(&[title]))?;
    let mut left_out = 0;
    for group in block {
        let mut images = group.images();
        left_out += images.len().saturating_sub(MOST);
        images.truncate(MOST);
        for image in images {
            let told = told(&image);
            let told = told.strip_prefix(named.unwrap_or_default()).map_or(told.as_str(), str::trim_start);
            let what = format!("{told}{}{}", decided_by(group, image.reference), to_set(group));
            line(&what, style, out)?;
        }
        if group.findings.iter().all(|(_, finding)| finding.subject.is_none()) {
            for note in notes(group) {
                line(&note, style, out)?;
            }
        }
    }
    if left_out > 0 {
        line(&format!("and {left_out} more (--output-style full shows all)"), style, out)?;
    }
    Ok(())
}

fn line(text: &str, style: Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let text = plain_line(text);
    let lines = match style.width {
        Some(width) => wrapped(&text, width.max(NARROWEST) - 4),
        None => vec![text],
    };
    for (number, line) in lines.iter().enumerate() {
        writeln!(out, "{}{line}", if number == 0 { "  " } else { "    " })?;
    }
    Ok(())
}

/// What decides an image of a group: `, decided by app/values.yaml:4:13`.
fn decided_by(group: &Group<'_>, reference: &str) -> String {
    let is_of = |subject: &Subject| subject.reference == reference;
    let mut findings = group.findings.iter().map(|(_, finding)| *finding);
    let finding = findings.find(|finding| finding.subject.as_ref().is_some_and(is_of));
    let place = finding.and_then(|finding| finding.excerpts.first()).map(|excerpt| place_name(&excerpt.place));
    place.map(|place| format!(", decided by {place}")).unwrap_or_default()
}

/// The values that resolve a group: ``; set `image.registry` ``.
fn to_set(group: &Group<'_>) -> String {
    let values = group.lead().fix.iter().flat_map(|fix| &fix.overlay);
    let paths: Vec<String> = values.map(|one| format!("`{}`", one.path)).collect();
    if paths.is_empty() { String::new() } else { format!("; set {}", paths.join(" and ")) }
}

/// An image with its objects: `quay.io/acme/api:1.4 in Deployment api (2 containers)`.
fn told(image: &GroupedImage<'_>) -> String {
    const MOST_OBJECTS: usize = 2;
    let objects: Vec<String> = image.objects.iter().take(MOST_OBJECTS).map(told_object).collect();
    let more = image.objects.len().saturating_sub(MOST_OBJECTS);
    let more = if more > 0 { format!(" and {}", count(more, "more object")) } else { String::new() };
    format!("{} in {}{more}", image.reference, objects.join(", "))
}

/// A group with the location to edit.
fn drawn(group: &Group<'_>, width: Option<usize>) -> Drawn<'static> {
    let lead = group.lead();
    let mut drawn = level(group.severity())
        .primary_title(fit_title(&group.title(), group.severity(), lead.rule, width))
        .id(lead.rule)
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    // Of an image, the line that decides is shown, and where it is printed is said; of anything else, all lines.
    let shown = if lead.subject.is_some() { lead.excerpts.len().min(1) } else { lead.excerpts.len() };
    for (number, excerpt) in lead.excerpts.iter().take(shown).enumerate() {
        drawn = drawn.element(snippet(excerpt, number == 0));
    }
    let mut said: Vec<String> = match group.findings.len() {
        1 => lead.excerpts.iter().skip(shown).map(place_and_label).collect(),
        _ => {
            let images = group.images();
            let more = images.len().saturating_sub(MOST);
            let more = (more > 0).then(|| format!("and {more} more (--output-style full shows all)"));
            images.iter().take(MOST).map(told).chain(more).collect()
        }
    };
    said.extend(group.cause.map(|(_, cause)| cause.message.clone()));
    said.extend(notes(group));
    for note in said {
        drawn = drawn.element(Level::NOTE.message(fit(&plain(&note), width)));
    }
    match help(lead, width) {
        Some(help) => drawn.element(Level::HELP.message(help)),
        None => drawn,
    }
}

fn place_and_label(excerpt: &Excerpt) -> String {
    format!("{}: {}", place_name(&excerpt.place), excerpt.label)
}

/// The notes of a group, each once.
fn notes(group: &Group<'_>) -> Vec<String> {
    let mut said = BTreeSet::new();
    let all = group.findings.iter().flat_map(|(_, finding): &(usize, &Finding)| &finding.notes);
    let mut notes: Vec<String> = all.filter(|note| said.insert(note.as_str())).cloned().collect();
    if group.findings.len() > 1 && notes.len() > MOST {
        let more = notes.len() - MOST;
        notes.truncate(MOST);
        notes.push(format!("and {} (--output-style full shows all)", count(more, "more note")));
    }
    notes
}
