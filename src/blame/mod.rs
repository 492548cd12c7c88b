//! The decider of each line of the rendered manifests, as `git blame` names the author of each line of a file.

#[cfg(feature = "lsp")]
pub(crate) mod fed;
pub(crate) mod select;
pub(crate) mod value;

use crate::analysis::{Blamed, Otherwise};
use crate::images::ReferencePart;
use crate::images::deciders::part_places;
use crate::objects::{Object, ObjectName};
use crate::provenance::{Decider, DeciderKind, deciders_in, printed, rank};
use crate::render::manifest::Manifest;
use crate::secrets::{MASK, Secrets, hidden_in_manifest};
use crate::trace::{Origin, Origins};
use crate::values_path::ValuesPath;
use std::ops::Range;
use std::sync::Arc;

/// A manifest with the deciders of its lines. Lines are made one at a time when they are written, because there may be millions.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    /// The name of its object.
    pub object: ObjectName,
    manifest: &'a Arc<Manifest>,
    /// The selected byte ranges, sorted and without overlaps; `None` selects all.
    wanted: Option<Vec<Range<u32>>>,
    /// Images whose decider is not printed, sorted by where they begin.
    decided: Vec<(u32, &'a Blamed)>,
    /// The masked byte ranges, sorted by start, each with the largest end up to and including it.
    hidden: Vec<(Range<usize>, usize)>,
    origins: &'a Origins,
    secrets: Option<&'a Secrets>,
}

/// A line of a manifest.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number in the manifest, from 1.
    pub number: u32,
    /// Its text, without the line break.
    pub text: String,
    /// The contributors, the main one first: user's settings, then the chart's, then template text.
    pub shares: Vec<Share>,
    /// Images in it whose deciders print nothing of them.
    pub decided: Vec<Decided>,
}

/// An image of a line whose decider prints nothing of it: a switch, an empty registry, a rewrite that is not set.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The reference.
    pub reference: String,
    /// The deciders, all together; empty if the rewrite is not set.
    pub by: Vec<Decider>,
    /// The image without their settings, if known.
    pub otherwise: Option<Otherwise>,
}

/// The contribution of one origin to a line.
#[derive(Debug)]
pub(crate) struct Share {
    /// The decider.
    pub decider: Decider,
    /// The part of the line from this origin; for computed text, all of it.
    pub text: String,
}

impl<'a> Document<'a> {
    /// The lines of a manifest that contain some of the `wanted` bytes, or all lines; secrets are masked unless they are to be
    /// shown.
    pub(crate) fn of(
        manifest: &'a Arc<Manifest>,
        wanted: Option<&[Range<u32>]>,
        blamed: &'a [Blamed],
        origins: &'a Origins,
        secrets: Option<&'a Secrets>,
    ) -> Self {
        let own = blamed.iter().filter(|one| Arc::ptr_eq(&one.image.manifest, manifest));
        // The start of the registry, or of the part that there is.
        let begin = |one: &'a Blamed| Some((part_places(&one.image, ReferencePart::Registry).first()?.start, one));
        let mut decided: Vec<(u32, &Blamed)> = own.filter_map(begin).collect();
        decided.sort_by_key(|(start, _)| *start);
        let content = manifest.content.as_bytes();
        let mut reach = 0;
        let hidden = if secrets.is_some() { hidden_in_manifest(content, &manifest.node) } else { Vec::new() };
        let reaching = |range: Range<usize>| {
            reach = range.end.max(reach);
            (range, reach)
        };
        let hidden = hidden.into_iter().map(reaching).collect();
        let object = Object::all(manifest).into_iter().next().map(|object| object.name).unwrap_or_default();
        Self { object, manifest, wanted: wanted.map(joined), decided, hidden, origins, secrets }
    }

    /// The full name of the template file.
    pub(crate) fn template(&self) -> &str {
        &self.manifest.name
    }

    /// The cost of writing the lines, in steps.
    pub(crate) fn steps(&self) -> u64 {
        /// The cost of a line.
        const LINE: u64 = 40;
        let content = self.manifest.content.as_bytes();
        let spans = self.manifest.content.spans().len();
        memchr::memchr_iter(b'\n', content).count() as u64 * LINE + 4 * spans as u64 + content.len() as u64 / 16
    }

    /// The selected lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        let content = self.manifest.content.as_bytes();
        let mut start = 0;
        content.split_inclusive(|&byte| byte == b'\n').enumerate().filter_map(move |(number, raw)| {
            let (from, to) = (start as u32, (start + raw.len()) as u32);
            start += raw.len();
            self.is_wanted(from..to).then(|| self.line(number as u32 + 1, raw, from))
        })
    }

    fn is_wanted(&self, line: Range<u32>) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        let next = wanted.partition_point(|range| range.end <= line.start);
        wanted.get(next).is_some_and(|range| range.start < line.end)
    }

    fn line(&self, number: u32, raw: &[u8], from: u32) -> Line {
        let to = from + raw.len() as u32;
        let text = raw.trim_ascii_end();
        let blank = text.len() - text.trim_ascii_start().len();
        let range = from + blank as u32..from + text.len() as u32;
        let first = self.decided.partition_point(|(start, _)| *start < from);
        let own = self.decided[first..].iter().take_while(|(start, _)| *start < to);
        Line {
            number,
            text: self.shown(from..from + text.len() as u32),
            shares: shares(self.manifest, range, self.origins, &|range| self.shown(range)),
            decided: own.map(|(_, one)| decided(one, self.secrets)).collect(),
        }
    }

    /// A byte range of the manifest with secrets masked.
    fn shown(&self, range: Range<u32>) -> String {
        let (start, end) = (range.start as usize, range.end as usize);
        // No range before this one ends after the start.
        let first = self.hidden.partition_point(|(_, reach)| *reach <= start);
        let hidden = self.hidden[first..].iter().map(|(range, _)| range).take_while(|range| range.start < end);
        let text = masked(self.manifest.content.as_bytes(), start..end, hidden);
        self.secrets.map_or_else(|| text.clone(), |secrets| secrets.hide_in(&text, false))
    }
}

/// Sorts ranges and merges those that overlap; an empty range counts as one byte.
fn joined(ranges: &[Range<u32>]) -> Vec<Range<u32>> {
    let mut sorted: Vec<Range<u32>> = ranges.iter().map(|range| range.start..range.end.max(range.start + 1)).collect();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u32>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn decided(blamed: &Blamed, secrets: Option<&Secrets>) -> Decided {
    let shown = |text: &str| secrets.map_or_else(|| text.to_owned(), |secrets| secrets.hide_in(text, false));
    let otherwise = blamed.otherwise.clone().map(|otherwise| Otherwise {
        reference: shown(&otherwise.reference),
        with: otherwise.with.map(|(key, value)| (key, shown(&value))),
        ..otherwise
    });
    Decided { reference: shown(&blamed.image.text), by: blamed.by.clone(), otherwise }
}

/// A text with the hidden ranges masked; the ranges are sorted.
fn masked<'h>(content: &[u8], range: Range<usize>, hidden: impl Iterator<Item = &'h Range<usize>>) -> String {
    let Range { start: mut at, end } = range;
    let mut text = String::new();
    for one in hidden {
        if one.end <= at {
            continue;
        }
        text.push_str(&String::from_utf8_lossy(&content[at..one.start.max(at)]));
        text.push_str(MASK);
        at = one.end.min(end);
    }
    text.push_str(&String::from_utf8_lossy(&content[at..end]));
    text
}

/// The contributors to a byte range of a line.
fn shares(
    manifest: &Manifest,
    line: Range<u32>,
    origins: &Origins,
    shown: &dyn Fn(Range<u32>) -> String,
) -> Vec<Share> {
    let content = manifest.content.as_bytes();
    let spans = manifest.content.spans();
    let mut found: Vec<Share> = Vec::new();
    let first = spans.partition_point(|span| span.end <= line.start);
    for span in spans[first..].iter().take_while(|span| span.start < line.end) {
        let from = span.start.max(line.start);
        let range = from..span.end.min(line.end);
        if content[range.start as usize..range.end as usize].trim_ascii().is_empty() {
            continue;
        }
        let text = shown(range);
        for decider in deciders_in(span, from, origins) {
            match found.iter_mut().find(|share| is_same(&share.decider, &decider)) {
                Some(share) => share.text.push_str(&text),
                None => found.push(Share { decider, text: text.clone() }),
            }
        }
    }
    found.retain(|share| share.decider.source != DeciderKind::Unknown);
    // The origin of the text is unknown, but the action that printed it is known.
    if found.is_empty() && !line.is_empty() {
        found.extend(printed(manifest, line.clone()).map(|place| Share {
            text: shown(line.clone()),
            decider: Decider {
                source: DeciderKind::Template,
                origin: Origin::NONE,
                place: Some(place),
                path: ValuesPath::default(),
                hides: Vec::new(),
            },
        }));
    }
    found.sort_by_key(|share| (rank(&share.decider), std::cmp::Reverse(share.text.len())));
    found
}

fn is_same(a: &Decider, b: &Decider) -> bool {
    let line =
        |decider: &Decider| decider.place.as_ref().map(|place| (place.file.name().to_owned(), place.line_column().0));
    a.source == b.source && line(a) == line(b) && a.path == b.path
}
