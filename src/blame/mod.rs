//! Who decided each line of the rendered manifests, as `git blame` says who wrote each line of a file.

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

/// A manifest with who decided its lines.
#[derive(Debug)]
pub struct Document {
    /// Full name of the template file.
    pub template: String,
    /// What its object is called.
    pub object: ObjectName,
    /// The lines that were asked for.
    pub lines: Vec<Line>,
}

/// A line of a manifest.
#[derive(Debug)]
pub struct Line {
    /// Its number in the manifest, from 1.
    pub number: u32,
    /// Its text, without the line break.
    pub text: String,
    /// Who had a share in it, the most telling first: what a person set, then what a chart set, then its text.
    pub shares: Vec<Share>,
    /// Images in it that somebody decided of whom nothing is printed.
    pub decided: Vec<Decided>,
}

/// An image of a line that somebody decided of whom nothing is printed: a switch, an empty registry, a rewrite that is not
/// set.
#[derive(Debug)]
pub struct Decided {
    /// The reference.
    pub reference: String,
    /// Who, all of them together; none where nobody set the rewrite.
    pub by: Vec<Decider>,
    /// What becomes of it otherwise, where that is known.
    pub otherwise: Option<Otherwise>,
}

/// What one origin brought to a line.
#[derive(Debug)]
pub struct Share {
    /// Who.
    pub decider: Decider,
    /// The text of the line that is from there; of a computed text all of it.
    pub text: String,
}

/// The lines of a manifest, those that hold some of the `wanted` bytes, or all; without its secrets and those that are
/// known, unless everything is to be seen.
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

/// Whether the registry of an image, or what there is of it, begins in some bytes of its manifest.
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

/// A text without the ranges that are hidden.
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

/// Who had a share in some bytes of a line.
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
    // Nothing is known of the text itself, but the action that printed it is.
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
