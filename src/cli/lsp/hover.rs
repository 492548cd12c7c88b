//! [`hover`]: who decides what is under the cursor in each release, and what it feeds.

use super::Checker;
use super::cursor::{key_at, read_at};
use super::place::Placing;
use super::workspace::{Workspace, configurations};
use crate::analysis::{Blamed, Traced, blame};
use crate::blame::fed::{fed, images, printed_images};
use crate::blame::value::trail;
use crate::chart::{Chart, owner_of};
use crate::cli::blame::with_values;
use crate::compiler::Compiler;
use crate::images::ImageUse;
use crate::limits::Limits;
use crate::lsp::{HoverText, Open};
use crate::release::ReleaseInputs;
use crate::report::blame::markdown::{code, of_image, of_trail};
use crate::secrets::{Secrets, redacted};
use crate::source::{File, Place};
use crate::values_path::ValuesPath;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The releases that are explained; others are counted.
const MOST_RELEASES: usize = 6;

/// The images of one place that are explained for a release.
const MOST_IMAGES: usize = 4;

/// What the cursor is on.
struct Subject {
    /// The path of a value from the top chart.
    value: Option<ValuesPath>,
    /// Whether it is in a template, where images are printed.
    is_template: bool,
    range: Range<usize>,
}

/// Explains what is at a byte of an open file; `None` if it belongs to no release, or says nothing about a value or an image.
pub(super) fn hover(checker: &Checker, open: &Open, path: &Path, at: usize) -> Option<HoverText> {
    let text = open.files.get(path)?;
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    let mut range = None;
    let mut left_out = 0;
    for config in configurations(checker, open) {
        let Ok(mut workspace) = Workspace::read(checker, &config, open) else { continue };
        let numbers: Vec<usize> = workspace.releases_of(path).collect();
        left_out += numbers.len().saturating_sub(MOST_RELEASES);
        let numbers: BTreeSet<usize> = numbers.into_iter().take(MOST_RELEASES).collect();
        let missing = workspace.take_fetched(checker, &numbers);
        for number in numbers.into_iter().filter(|number| !missing.contains(number)) {
            let explained = workspace.explain(number, open, (path, text, at));
            let Some((text, of)) = explained else { continue };
            range = range.or(Some(of));
            let name = workspace.jobs[number].full_name();
            match told.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(name),
                None => told.push((text, vec![name])),
            }
        }
    }
    let part = |(text, names): &(String, Vec<String>)| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        format!("**{}**\n\n{text}", names.join(", "))
    };
    let mut parts: Vec<String> = told.iter().map(part).collect();
    if left_out > 0 {
        parts.push(format!("and {left_out} more releases"));
    }
    Some(HoverText { markdown: parts.join("\n\n---\n\n"), range: range? })
}

impl Workspace {
    /// What is to be said for a release, and the bytes that it is about.
    fn explain(
        &self,
        number: usize,
        open: &Open,
        (path, text, at): (&Path, &[u8], usize),
    ) -> Option<(String, Range<usize>)> {
        let job = self.jobs.get(number)?;
        let placing = Placing::new(self, open);
        let is_open = |file: &File| placing.path_of(file).as_deref() == Some(path);
        let prepared = job.flags.prepare(&job.name, &job.chart, &self.store, &mut Vec::new()).ok()?;
        let Subject { value, is_template, range } = subject(&prepared, text, at, &is_open)?;
        let mut compiler = Compiler::of(&prepared.chart, &self.store.chart_cache(&prepared.chart));
        let failed = |why: &str| format!("not known: {}", code(redacted(why).lines().next().unwrap_or_default()));
        let (traced, blamed) = match blame(&prepared, &job.settings, &mut compiler, &mut Vec::new()) {
            Ok((mut traced, blamed)) => {
                let failure = traced.failure.as_ref().map(|failure| failure.message.clone());
                if let Some(why) = failure
                    && !with_values(&mut traced, &prepared)
                {
                    return Some((failed(&why), range));
                }
                (traced, blamed)
            }
            Err(error) => return Some((failed(error.helm_text()), range)),
        };
        let found = images(&traced, &job.settings, &prepared.limits);
        let mut parts = Vec::new();
        let line = line_of(text, range.start);
        let is_here = |place: &Place| is_open(&place.file) && meets(place, &line);
        if let Some(value) = &value {
            parts.extend(of_value(&traced, &blamed, &found, value, &is_here));
        }
        if is_template {
            let secrets = Secrets::of(&traced.origins);
            let there = printed_images(&found, &is_here).into_iter().take(MOST_IMAGES);
            parts.extend(there.map(|image| of_image(image, &traced.origins, &secrets, &is_here)));
        }
        (!parts.is_empty()).then(|| (parts.join("\n\n"), range))
    }
}

fn of_value(
    traced: &Traced,
    blamed: &[Blamed],
    images: &[ImageUse],
    path: &ValuesPath,
    is_here: &dyn Fn(&Place) -> bool,
) -> Option<String> {
    let mut trail = trail(traced, &path.to_string()).ok()?;
    trail.hide_secrets();
    let fed = fed(images, path, blamed, &traced.origins);
    Some(of_trail(&trail, &fed, is_here))
}

/// What the cursor is on in a file of a release: a values file, or a file of its chart.
fn subject(prepared: &ReleaseInputs, text: &[u8], at: usize, is_open: &dyn Fn(&File) -> bool) -> Option<Subject> {
    let of_key = |chart: &str, limits: &Limits| {
        let (path, range) = key_at(text, at, limits)?;
        Some(Subject { value: Some(path.of_user(chart)), is_template: false, range })
    };
    if prepared.user.files.iter().any(|file| is_open(file)) {
        return of_key("", &prepared.limits);
    }
    let file = file_in(&prepared.chart, is_open)?;
    match file.name().strip_suffix("/values.yaml") {
        Some(chart) => of_key(chart, &prepared.limits),
        None => {
            let (value, range) = read_at(text, at, owner_of(file.name())).unzip();
            Some(Subject { value, is_template: true, range: range.unwrap_or_else(|| line_of(text, at)) })
        }
    }
}

/// The values file or template of a chart, or of a chart in it, that is open.
fn file_in<'c>(chart: &'c Chart, is_open: &dyn Fn(&File) -> bool) -> Option<&'c Arc<File>> {
    let files = chart.values.iter().map(|values| &values.file).chain(chart.templates.iter().map(|one| &one.file));
    let mut files = files.filter(|file| is_open(file));
    files.next().or_else(|| chart.subcharts.iter().find_map(|below| file_in(below, is_open)))
}

/// The bytes of a line without the blanks around its text.
fn line_of(text: &[u8], at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
    let line = &text[start..end];
    let start = start + (line.len() - line.trim_ascii_start().len());
    start..(start + line.trim_ascii().len()).max(start)
}

fn meets(place: &Place, range: &Range<usize>) -> bool {
    let (start, end) = (place.start as usize, place.end as usize);
    start <= range.end && range.start <= end
}
