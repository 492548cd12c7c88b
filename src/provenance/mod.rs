//! Who decided a text of a manifest (the user's values, a chart's defaults, the template), and which action printed it.

use crate::render::manifest::Manifest;
use crate::secrets::shown_argument;
use crate::source::Place;
use crate::trace::{Layer, Origin, OriginData, Origins, Setting, Span};
use crate::values_path::ValuesPath;
use crate::yaml;
use std::ops::Range;

/// What decided a part of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decider {
    /// The kind of decider.
    pub source: DeciderKind,
    /// The origin, to look up in [`Origins`]; [`Origin::NONE`] if unknown.
    pub origin: Origin,
    /// Its location.
    pub place: Option<Place>,
    /// For a value, the values path as in the file or flag: `image.repository`.
    pub path: ValuesPath,
    /// The settings that it hides, nearest first.
    pub hides: Vec<(Layer, Place)>,
}

/// The kinds of deciders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeciderKind {
    /// A value that the user set, in a file or with a flag.
    User(Layer),
    /// A value that the tool set for the user: the global rewrite.
    Tool,
    /// A default in the values.yaml of the chart with this full path.
    ChartDefault(String),
    /// Text of a template.
    Template,
    /// Something else: a fact of the release, a file of the chart.
    Other(String),
    /// Unknown: the origin was lost in a function, or nothing was traced.
    Unknown,
}

impl DeciderKind {
    /// Whether the user set it.
    pub(crate) fn is_user(&self) -> bool {
        matches!(self, Self::User(_))
    }

    /// Whether it is a value, not text.
    pub(crate) fn is_setting(&self) -> bool {
        matches!(self, Self::User(_) | Self::ChartDefault(_))
    }
}

/// The template action that printed a byte range of a manifest, from `{{` to `}}`, or its literal text.
pub(crate) fn printed<N>(manifest: &Manifest<N>, part: Range<u32>) -> Option<Place> {
    let (first, last) = (manifest.start + part.start, manifest.start + part.end);
    let emit = *manifest.emits.get(manifest.emits.partition_point(|emit| emit.end <= first))?;
    let (start, end) = if emit.is_text {
        (emit.at + first.saturating_sub(emit.start), emit.at + last.min(emit.end).saturating_sub(emit.start))
    } else {
        action_around(manifest.source.bytes(), emit.at)
    };
    Some(Place { file: manifest.source.clone(), start, end })
}

/// The location of a byte range of a manifest: the action that printed it, or the file itself if no template did.
pub(crate) fn written_at(manifest: &Manifest, part: Range<u32>) -> Option<Place> {
    let of_file = || {
        let (start, end) = (manifest.start + part.start, manifest.start + part.end);
        let is_there = manifest.emits.is_empty() && end as usize <= manifest.source.bytes().len();
        is_there.then(|| Place { file: manifest.source.clone(), start, end })
    };
    printed(manifest, part.clone()).or_else(of_file)
}

/// The action at a position of a template, with its delimiters.
fn action_around(text: &[u8], at: u32) -> (u32, u32) {
    let at = (at as usize).min(text.len());
    let start = text[..at].windows(2).rposition(|pair| pair == b"{{").unwrap_or(at);
    let end = text[at..].windows(2).position(|pair| pair == b"}}").map_or(at, |end| at + end + 2);
    (start as u32, end as u32)
}

/// The deciders of a span's text from a byte on.
pub(crate) fn deciders_in<'o>(span: &'o Span, from: u32, origins: &'o Origins) -> impl Iterator<Item = Decider> + 'o {
    atoms(span, from, origins).into_iter().map(|(origin, at)| match span.origin == origin {
        true => decider_at(origin, at, origins),
        false => decider_of(origin, at, origins),
    })
}

/// The origins of a span, expanded for computed text, each with an offset in its own text.
pub(crate) fn atoms(span: &Span, from: u32, origins: &Origins) -> Vec<(Origin, u32)> {
    match origins.get(span.origin) {
        Some(OriginData::Derived(parts)) => parts.iter().map(|&part| (part, 0)).collect(),
        _ => vec![(span.origin, span.at + from.saturating_sub(span.start))],
    }
}

/// How much a decider explains, the most first: a setting of a person, of the tool, of a chart, then literal text.
pub(crate) fn rank(decider: &Decider) -> u32 {
    match &decider.source {
        DeciderKind::User(_) => 0,
        DeciderKind::Tool => 1,
        DeciderKind::ChartDefault(_) => 2,
        // A file of the chart is more specific than the text around it: the version from Chart.yaml than the `v` before it.
        DeciderKind::Other(_) if decider.place.is_some() => 3,
        DeciderKind::Template => 4,
        DeciderKind::Other(_) => 5,
        DeciderKind::Unknown => 6,
    }
}

/// The decider at a byte of an origin's own text; for a multi-line value, that line.
pub(crate) fn decider_at(origin: Origin, at: u32, origins: &Origins) -> Decider {
    let mut decider = decider_of(origin, at, origins);
    if let (true, Some(place)) = (decider.source.is_setting(), &mut decider.place)
        && !place.file.is_flag()
        && let Some(range) = yaml::within(&place.file, place.start as usize..place.end as usize, at as usize)
    {
        (place.start, place.end) = (range.start as u32, range.end as u32);
    }
    decider
}

/// The decider of an origin; `at` is a byte of its own text.
pub(crate) fn decider_of(origin: Origin, at: u32, origins: &Origins) -> Decider {
    let plain = |source, place| Decider { source, origin, place, path: ValuesPath::default(), hides: Vec::new() };
    match origins.get(origin) {
        None | Some(OriginData::Derived(_)) => plain(DeciderKind::Unknown, None),
        Some(OriginData::Fact(name)) => plain(DeciderKind::Other((*name).to_owned()), None),
        Some(OriginData::File(file)) => {
            let place = Place { file: file.clone(), start: at, end: at };
            plain(DeciderKind::Other(file.name().to_owned()), Some(place))
        }
        Some(OriginData::Field(place)) => plain(DeciderKind::Other(place.file.name().to_owned()), Some(place.clone())),
        Some(OriginData::Template { file, start }) => {
            let place = Place { file: file.clone(), start: start + at, end: start + at };
            plain(DeciderKind::Template, Some(place))
        }
        Some(OriginData::Setting(setting)) => Decider {
            source: match &setting.layer {
                Layer::Chart(chart) => DeciderKind::ChartDefault(chart.to_string()),
                Layer::Tool => DeciderKind::Tool,
                layer => DeciderKind::User(layer.clone()),
            },
            origin,
            place: Some(assignment(setting)),
            path: origins.path(origin),
            hides: origins.hidden(origin).into_iter().filter_map(|hidden| setting_of(hidden, origins)).collect(),
        },
    }
}

/// The location of a setting; if a flag leaves it empty, `image.tag=`, including its name.
fn assignment(setting: &Setting) -> Place {
    let place = setting.place.clone();
    if place.start < place.end || !matches!(setting.layer, Layer::Flag(_)) {
        return place;
    }
    let before = &place.file.bytes()[..place.start as usize];
    let start = before.iter().rposition(|&byte| byte == b',').map_or(0, |comma| comma + 1);
    Place { start: start as u32, ..place }
}

fn setting_of(origin: Origin, origins: &Origins) -> Option<(Layer, Place)> {
    match origins.get(origin)? {
        OriginData::Setting(Setting { layer, place, .. }) => Some((layer.clone(), place.clone())),
        _ => None,
    }
}

/// A layer, for messages; for a flag with a secret, only its name.
pub(crate) fn layer_name(layer: &Layer) -> String {
    match layer {
        Layer::Chart(chart) => format!("the default of chart {chart}"),
        Layer::File(_) => "the value".to_owned(),
        Layer::Flag(part) => format!("{} {}", part.flag, shown_argument(&part.argument)),
        Layer::Tool => "the global rewrite".to_owned(),
    }
}
