//! Who decided what a part of a reference is, and which action of a template printed it.

use super::find::ImageUse;
use crate::render::manifest::Manifest;
use crate::secrets::shown_argument;
use crate::source::Place;
use crate::trace::{Layer, Origin, OriginData, Origins, Setting, Span};
use crate::yaml;
use std::ops::Range;

/// A part of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The host, or, where none is written, the repository: what says where to pull from.
    Registry,
    /// The path on the registry.
    Repository,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

impl Part {
    /// All parts in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Registry, Self::Repository, Self::Tag, Self::Digest];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Repository => "repository",
            Self::Tag => "tag",
            Self::Digest => "digest",
        }
    }
}

/// What decided a part of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    /// What kind of thing.
    pub source: Source,
    /// The origin, for what [`Origins`] tells of it; [`Origin::NONE`] where nothing is known.
    pub origin: Origin,
    /// Where it stands.
    pub place: Option<Place>,
    /// The values path that was set, where it is a value, as the file or flag writes it: `image.repository`.
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

impl Source {
    /// Whether a person set it.
    pub fn is_user(&self) -> bool {
        matches!(self, Self::User(_))
    }

    /// Whether it is a value that somebody set, and no text.
    pub fn is_setting(&self) -> bool {
        matches!(self, Self::User(_) | Self::ChartDefault(_))
    }
}

/// Who decided a part of the reference of a use, and it alone where several did: what a person set explains more than
/// what a chart brought, and that more than literal text.
pub fn decider(image: &ImageUse, part: Part, origins: &Origins) -> Decider {
    deciders(image, part, origins).into_iter().next().unwrap_or(Decider {
        source: Source::Unknown,
        origin: Origin::NONE,
        place: None,
        path: String::new(),
        hides: Vec::new(),
    })
}

/// All that had a share in a part of the reference, the one that explains most first.
pub fn deciders(image: &ImageUse, part: Part, origins: &Origins) -> Vec<Decider> {
    deciders_at(image, part_places(image, part), origins)
}

/// The same for some bytes of the reference's text.
pub fn deciders_of(image: &ImageUse, range: Range<usize>, origins: &Origins) -> Vec<Decider> {
    deciders_at(image, image.text.places(range), origins)
}

fn deciders_at(image: &ImageUse, places: Vec<Range<u32>>, origins: &Origins) -> Vec<Decider> {
    let spans = image.manifest.content.spans();
    let mut found: Vec<Decider> = Vec::new();
    for place in places {
        let first = spans.partition_point(|span| span.end <= place.start);
        for span in spans[first..].iter().take_while(|span| span.start < place.end.max(place.start + 1)) {
            for decider in deciders_in(span, place.start, origins) {
                let is_known = |known: &Decider| {
                    *known == decider || known.origin == decider.origin && decider.source.is_setting()
                };
                if !found.iter().any(is_known) {
                    found.push(decider);
                }
            }
        }
    }
    found.sort_by_key(rank);
    found
}

/// The bytes of the manifest that a part of the reference was written as.
pub fn part_places(image: &ImageUse, part: Part) -> Vec<Range<u32>> {
    match image.known() {
        Some(reference) => {
            let range = match part {
                Part::Registry => reference.registry_range.clone().or(Some(reference.repository_range.clone())),
                Part::Repository => Some(reference.repository_range.clone()),
                Part::Tag => reference.tag_range(),
                Part::Digest => reference.digest_range(),
            };
            range.map(|range| image.text.places(range)).unwrap_or_default()
        }
        None => vec![image.text.whole()],
    }
}

/// The action of the template file that printed the registry of an image, from `{{` to `}}`, or its literal text.
pub fn printed_at(image: &ImageUse) -> Option<Place> {
    let part = part_places(image, Part::Registry).into_iter().next()?;
    printed(&image.manifest, part)
}

/// The action of the template file that printed some bytes of a manifest, from `{{` to `}}`, or its literal text.
pub fn printed<N>(manifest: &Manifest<N>, part: Range<u32>) -> Option<Place> {
    let (first, last) = (manifest.start + part.start, manifest.start + part.end);
    let emit = *manifest.emits.get(manifest.emits.partition_point(|emit| emit.end <= first))?;
    let (start, end) = if emit.is_text {
        (emit.at + first.saturating_sub(emit.start), emit.at + last.min(emit.end).saturating_sub(emit.start))
    } else {
        action_around(manifest.source.bytes(), emit.at)
    };
    Some(Place { file: manifest.source.clone(), start, end })
}

/// Where some bytes of a manifest come from: the action that printed them, or, where no template did, the file that holds
/// them.
pub fn written_at(manifest: &Manifest, part: Range<u32>) -> Option<Place> {
    let of_file = || {
        let (start, end) = (manifest.start + part.start, manifest.start + part.end);
        let is_there = manifest.emits.is_empty() && end as usize <= manifest.source.bytes().len();
        is_there.then(|| Place { file: manifest.source.clone(), start, end })
    };
    printed(manifest, part.clone()).or_else(of_file)
}

/// The action that holds a position of a template, with its delimiters.
fn action_around(text: &[u8], at: u32) -> (u32, u32) {
    let at = (at as usize).min(text.len());
    let start = text[..at].windows(2).rposition(|pair| pair == b"{{").unwrap_or(at);
    let end = text[at..].windows(2).position(|pair| pair == b"}}").map_or(at, |end| at + end + 2);
    (start as u32, end as u32)
}

/// What had a share in a span's text from a byte on.
pub fn deciders_in<'o>(span: &'o Span, from: u32, origins: &'o Origins) -> impl Iterator<Item = Decider> + 'o {
    atoms(span, from, origins).into_iter().map(|(origin, at)| match span.origin == origin {
        true => decider_at(origin, at, origins),
        false => decider_of(origin, at, origins),
    })
}

/// The origins behind a span, those of a computed text one by one, each with the byte of its own text.
pub fn atoms(span: &Span, from: u32, origins: &Origins) -> Vec<(Origin, u32)> {
    match origins.get(span.origin) {
        Some(OriginData::Derived(parts)) => parts.iter().map(|&part| (part, 0)).collect(),
        _ => vec![(span.origin, span.at + from.saturating_sub(span.start))],
    }
}

fn rank(decider: &Decider) -> u32 {
    match &decider.source {
        Source::User(_) => 0,
        Source::ChartDefault(_) => 1,
        // A version of Chart.yaml says more than the `v` that a template puts before it.
        Source::Other(_) if decider.place.as_ref().is_some_and(|place| place.start < place.end) => 2,
        Source::Template => 3,
        Source::Other(_) => 4,
        Source::Tool => 5,
        Source::Unknown => 6,
    }
}

/// What an origin is to a reader, at a byte of its own text: of a value that goes over several lines, that line.
pub fn decider_at(origin: Origin, at: u32, origins: &Origins) -> Decider {
    let mut decider = decider_of(origin, at, origins);
    if let (true, Some(place)) = (decider.source.is_setting(), &mut decider.place)
        && !place.file.is_flag()
        && let Some(range) = yaml::within(&place.file, place.start as usize..place.end as usize, at as usize)
    {
        (place.start, place.end) = (range.start as u32, range.end as u32);
    }
    decider
}

/// What an origin is to a reader; `at` is a byte of its own text.
pub fn decider_of(origin: Origin, at: u32, origins: &Origins) -> Decider {
    let plain = |source, place| Decider { source, origin, place, path: String::new(), hides: Vec::new() };
    match origins.get(origin) {
        None | Some(OriginData::Derived(_)) => plain(Source::Unknown, None),
        Some(OriginData::Fact(name)) => plain(Source::Other((*name).to_owned()), None),
        Some(OriginData::File(file)) => {
            let place = Place { file: file.clone(), start: at, end: at };
            plain(Source::Other(file.name().to_owned()), Some(place))
        }
        Some(OriginData::Field(place)) => plain(Source::Other(place.file.name().to_owned()), Some(place.clone())),
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
            origin,
            place: Some(assignment(setting)),
            path: origins.path(origin),
            hides: origins.hidden(origin).into_iter().filter_map(|hidden| setting_of(hidden, origins)).collect(),
        },
    }
}

/// Where a setting stands; of one that a flag leaves empty, `image.tag=`, with its name.
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

/// A layer in words; of a flag that names a secret only which flag it is.
pub fn layer_name(layer: &Layer) -> String {
    match layer {
        Layer::Chart(chart) => format!("the default of chart {chart}"),
        Layer::File(_) => "the value".to_owned(),
        Layer::Flag(part) => format!("{} {}", part.flag, shown_argument(&part.argument)),
        Layer::Tool => "the global rewrite".to_owned(),
    }
}

/// The path under which a user reaches a value of a chart: `db.image.registry` for `image.registry` of `app/charts/db`.
pub fn user_path(chart: &str, path: &str) -> String {
    let mut parts: Vec<&str> = chart.split("/charts/").skip(1).collect();
    parts.push(path);
    parts.join(".")
}
