//! The decider of each line of the rendered manifests, as `git blame` names the author of each line of a file.

pub mod path;
pub mod select;
pub mod value;

use crate::analysis::{Blamed, Otherwise};
use crate::images::Part;
use crate::images::deciders::part_places;
use crate::objects::{Object, ObjectName};
use crate::provenance::{Decider, Source, deciders_in, printed, rank};
use crate::render::manifest::Manifest;
use crate::secrets::{MASK, Secrets, hidden_in_manifest};
use crate::trace::{Origin, Origins};
use std::ops::Range;
use std::sync::Arc;

/// A manifest with the deciders of its lines.
#[derive(Debug)]
pub struct Document {
    /// The full name of the template file.
    pub template: String,
    /// The name of its object.
    pub object: ObjectName,
    /// The selected lines.
    pub lines: Vec<Line>,
}

/// A line of a manifest.
#[derive(Debug)]
pub struct Line {
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
pub struct Decided {
    /// The reference.
    pub reference: String,
    /// The deciders, all together; empty if the rewrite is not set.
    pub by: Vec<Decider>,
    /// The image without their settings, if known.
    pub otherwise: Option<Otherwise>,
}

/// The contribution of one origin to a line.
#[derive(Debug)]
pub struct Share {
    /// The decider.
    pub decider: Decider,
    /// The part of the line from this origin; for computed text, all of it.
    pub text: String,
}

/// The lines of a manifest that contain some of the `wanted` bytes, or all lines; secrets are masked unless they are to be
/// shown.
pub fn document(
    manifest: &Arc<Manifest>,
    wanted: Option<&[Range<u32>]>,
    blamed: &[Blamed],
    origins: &Origins,
    secrets: Option<&Secrets>,
) -> Document {
    let own: Vec<&Blamed> = blamed.iter().filter(|one| Arc::ptr_eq(&one.image.manifest, manifest)).collect();
    let content = manifest.content.as_bytes();
    let hidden = if secrets.is_some() { hidden_in_manifest(content, &manifest.node) } else { Vec::new() };
    let shown = |range: Range<u32>| match secrets {
        Some(secrets) => secrets.hide_in(&masked(content, range, &hidden), false),
        None => masked(content, range, &hidden),
    };
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, raw) in content.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let (from, to) = (start as u32, (start + raw.len()) as u32);
        start += raw.len();
        let holds = |range: &Range<u32>| range.start < to && from < range.end.max(range.start + 1);
        if wanted.is_some_and(|wanted| !wanted.iter().any(holds)) {
            continue;
        }
        let text = raw.trim_ascii_end();
        let blank = text.len() - text.trim_ascii_start().len();
        let range = from + blank as u32..from + text.len() as u32;
        lines.push(Line {
            number: number as u32 + 1,
            text: shown(from..from + text.len() as u32),
            shares: shares(manifest, range, origins, &shown),
            decided: own.iter().filter(|one| begins_in(one, from..to)).map(|one| decided(one, secrets)).collect(),
        });
    }
    let object = Object::all(manifest).into_iter().next().map(|object| object.name).unwrap_or_default();
    Document { template: manifest.name.clone(), object, lines }
}

/// Whether the registry of an image, or the part that there is, begins in a byte range of its manifest.
fn begins_in(blamed: &Blamed, line: Range<u32>) -> bool {
    let place = part_places(&blamed.image, Part::Registry).into_iter().next();
    place.is_some_and(|place| line.contains(&place.start))
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

/// A text with the hidden ranges masked.
fn masked(content: &[u8], range: Range<u32>, hidden: &[Range<usize>]) -> String {
    let (mut at, end) = (range.start as usize, range.end as usize);
    let mut text = String::new();
    for one in hidden.iter().filter(|one| one.start < end) {
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
    found.retain(|share| share.decider.source != Source::Unknown);
    // The origin of the text is unknown, but the action that printed it is known.
    if found.is_empty() && !line.is_empty() {
        found.extend(printed(manifest, line.clone()).map(|place| Share {
            text: shown(line.clone()),
            decider: Decider {
                source: Source::Template,
                origin: Origin::NONE,
                place: Some(place),
                path: String::new(),
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
