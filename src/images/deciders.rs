//! Who decided a part of an image reference.

use super::find::ImageUse;
use crate::names::names;
use crate::provenance::{Decider, DeciderKind, deciders_in, printed, rank};
use crate::source::Place;
use crate::trace::{Origin, Origins};
use crate::values_path::ValuesPath;
use std::ops::Range;

/// A part of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ReferencePart {
    /// The host, or the repository if no host is written: the part that says where to pull from.
    Registry,
    /// The path on the registry.
    Repository,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

names!(ReferencePart { Registry: "registry", Repository: "repository", Tag: "tag", Digest: "digest" });

/// The main decider of a part of the reference of a use: user's settings come before the chart's, and those before literal
/// text.
pub(crate) fn decider(image: &ImageUse, part: ReferencePart, origins: &Origins) -> Decider {
    deciders(image, part, origins).into_iter().next().unwrap_or(Decider {
        source: DeciderKind::Unknown,
        origin: Origin::NONE,
        place: None,
        path: ValuesPath::default(),
        hides: Vec::new(),
    })
}

/// All deciders of a part of the reference, the main one first.
pub(crate) fn deciders(image: &ImageUse, part: ReferencePart, origins: &Origins) -> Vec<Decider> {
    deciders_at(image, part_places(image, part), origins)
}

/// The same for a byte range of the reference's text.
pub(crate) fn deciders_of(image: &ImageUse, range: Range<usize>, origins: &Origins) -> Vec<Decider> {
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

/// The bytes of the manifest from which a part of the reference was read.
pub(crate) fn part_places(image: &ImageUse, part: ReferencePart) -> Vec<Range<u32>> {
    match image.known() {
        Some(reference) => {
            let range = match part {
                ReferencePart::Registry => {
                    reference.registry_range.clone().or(Some(reference.repository_range.clone()))
                }
                ReferencePart::Repository => Some(reference.repository_range.clone()),
                ReferencePart::Tag => reference.tag_range(),
                ReferencePart::Digest => reference.digest_range(),
            };
            range.map(|range| image.text.places(range)).unwrap_or_default()
        }
        None => vec![image.text.whole()],
    }
}

/// The template action that printed the registry of an image, from `{{` to `}}`, or its literal text.
pub(crate) fn printed_at(image: &ImageUse) -> Option<Place> {
    let part = part_places(image, ReferencePart::Registry).into_iter().next()?;
    printed(&image.manifest, part)
}
