//! Who decided which registry a reference names.

use super::extract::ImageUse;
use crate::source::Place;
use crate::trace::{Layer, Origin, OriginData, Origins, Setting, Span};
use std::ops::Range;

/// What decided a part of a reference.
#[derive(Debug, Clone)]
pub struct Decider {
    /// What kind of thing.
    pub source: Source,
    /// Where it stands.
    pub place: Option<Place>,
    /// The values path that was set, where it is a value: `image.repository`.
    pub path: String,
    /// What the setting hid, nearest first.
    pub hides: Vec<(Layer, Place)>,
}

/// The kinds of things that decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A value that the user set, in a file or with a flag.
    User(Layer),
    /// A value that the tool set for the user: the global rewrite.
    Tool,
    /// A default in the values.yaml of the chart with this path.
    ChartDefault(String),
    /// Text of a template.
    Template,
    /// Something else: a fact of the release, a file of the chart.
    Other(String),
    /// Not known: the thread was lost in a function, or there was no tracing.
    Unknown,
}

/// Who decided the registry of a use: what wrote the host, or, where no host is written, what wrote the repository.
pub fn registry_decider(image: &ImageUse<'_>, origins: &Origins) -> Decider {
    let range = registry_bytes(image);
    let spans = image.manifest.content.spans();
    let first = spans.partition_point(|span| (span.end as usize) <= range.start);
    let overlapping = spans[first..].iter().take_while(|span| (span.start as usize) < range.end);
    let mut best: Option<Decider> = None;
    for span in overlapping {
        for (origin, at) in atoms(span, range.start, origins) {
            let decider = decider(origin, at, origins);
            // What a person set explains more than what a chart brought, and that more than literal text.
            if best.as_ref().is_none_or(|best| rank(&decider.source) < rank(&best.source)) {
                best = Some(decider);
            }
        }
    }
    best.unwrap_or(Decider { source: Source::Unknown, place: None, path: String::new(), hides: Vec::new() })
}

/// The bytes of the manifest that decide the registry: the host, or the repository where no host is written.
pub(crate) fn registry_bytes(image: &ImageUse<'_>) -> Range<usize> {
    let (start, end) = (image.start as usize, image.end as usize);
    let written = &image.manifest.content.as_bytes()[start..end];
    let text = image.text.as_bytes();
    let offset = match written {
        _ if written == text => start,
        [b'"' | b'\'', inner @ .., _] if inner == text => start + 1,
        // Escaped or folded: the whole scalar.
        _ => return start..end,
    };
    match &image.reference {
        Ok(reference) => {
            let part = reference.registry_range.clone().unwrap_or(reference.repository_range.clone());
            offset + part.start..offset + part.end
        }
        Err(_) => start..end,
    }
}

/// The origins behind a span, those of a computed text one by one, each with the byte of its own text.
fn atoms(span: &Span, from: usize, origins: &Origins) -> Vec<(Origin, u32)> {
    match origins.get(span.origin) {
        Some(OriginData::Derived(parts)) => parts.iter().map(|&part| (part, 0)).collect(),
        _ => vec![(span.origin, span.at + (from as u32).saturating_sub(span.start))],
    }
}

fn rank(source: &Source) -> u32 {
    match source {
        Source::User(_) => 0,
        Source::ChartDefault(_) => 1,
        Source::Template => 2,
        Source::Other(_) => 3,
        Source::Tool => 4,
        Source::Unknown => 5,
    }
}

fn decider(origin: Origin, at: u32, origins: &Origins) -> Decider {
    let plain = |source, place| Decider { source, place, path: String::new(), hides: Vec::new() };
    match origins.get(origin) {
        None | Some(OriginData::Derived(_)) => plain(Source::Unknown, None),
        Some(OriginData::Fact(name)) => plain(Source::Other((*name).to_owned()), None),
        Some(OriginData::File(file)) => {
            let place = Place { file: file.clone(), start: at, end: at };
            plain(Source::Other(file.name().to_owned()), Some(place))
        }
        Some(OriginData::Template { file, start }) => {
            let place = Place { file: file.clone(), start: start + at, end: start + at };
            plain(Source::Template, Some(place))
        }
        Some(OriginData::Setting(setting)) => Decider {
            source: match &setting.layer {
                Layer::Chart(chart) => Source::ChartDefault(chart.to_string()),
                Layer::Tool => Source::Tool,
                layer => Source::User(layer.clone()),
            },
            place: Some(setting.place.clone()),
            path: origins.path(origin),
            hides: origins.hidden(origin).into_iter().filter_map(|hidden| setting_of(hidden, origins)).collect(),
        },
    }
}

fn setting_of(origin: Origin, origins: &Origins) -> Option<(Layer, Place)> {
    match origins.get(origin)? {
        OriginData::Setting(Setting { layer, place, .. }) => Some((layer.clone(), place.clone())),
        _ => None,
    }
}
