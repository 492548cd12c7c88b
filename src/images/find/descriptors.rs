//! References joined from sibling fields: `{registry, repository, tag, digest}`, `{repository, image, version}`,
//! `image: {name, repository, tag}`, `{name, newTag}`, and `hub` and `tag` that apply to everything below them.

use super::{FieldAt, Finder, Hit, Hits, Shape, Tier};
use crate::images::find::appearance::{Naming, is_named, naming};
use crate::images::find::joined_parts::{Context, Entry, Joined, join};
use crate::objects::text::{Text, TextPiece};
use crate::yaml::Data;
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "descriptors", summary: "`{registry, repository, tag, digest}` and similar fields, joined", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    match &place.node.data {
        Data::Map(entries) => {
            let entries: Vec<Entry<'_>> = entries
                .iter()
                .filter_map(|(entry, node)| Some(Entry::node(std::str::from_utf8(entry.key.as_bytes()).ok()?, node, 0)))
                .collect();
            // An item of `images` is an image only if it has more than a repository.
            let context =
                Context { naming: place.last_key().map_or(Naming::Other, naming), alone: place.key().is_some() };
            for joined in join(place.object, &entries, context, found.hints) {
                let path = place.path().key(entries[joined.entry].name);
                let own = joined.own.places(0..joined.own.len());
                let hit = Hit {
                    path,
                    container: None,
                    tier: tier(&joined),
                    shape: if place.holds_config_data() { Shape::Nested } else { Shape::Descriptor },
                    reason: Cow::Owned(reason(&joined)),
                    nodes: joined.nodes(|entry| place.path().key(entries[entry].name)),
                    text: joined.text,
                };
                found.add_joined(place.object, hit, &own);
            }
        }
        Data::Str(_) if place.key() == Some("image") => below_hub(place, found),
        _ => {}
    }
}

/// How certain it is that the joined text is a reference.
pub(super) fn tier(joined: &Joined) -> Tier {
    if joined.is_sure { Tier::Likely } else { Tier::Possible }
}

/// The fields that a reference was joined from, for messages.
pub(super) fn reason(joined: &Joined) -> String {
    named(&joined.names)
}

/// The fields with these names that a reference was joined from, for messages.
pub(super) fn named(names: &[String]) -> String {
    match names {
        [name] => format!("`{name}` of an image"),
        [first @ .., last] => format!("joined from `{}` and `{last}`", first.join("`, `")),
        [] => String::new(),
    }
}

/// `image: proxyv2` below maps with `hub` and `tag` for all images, directly or in their `global`.
fn below_hub(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if !place.str().is_some_and(|text| is_named(text, true) && !text.contains(['/', ':', '@'])) {
        return;
    }
    let nearest = |name: &str| -> Option<Text> {
        let mut maps = place.above.iter().rev().copied();
        let value = maps.find_map(|map| map.member(name).or_else(|| map.descend(&["global", name])))?;
        place.object.text(value).filter(|text| !text.is_empty())
    };
    let (Some(hub), Some(tag), Some(own)) = (nearest("hub"), nearest("tag"), place.text()) else { return };
    let text = Text::joined(&[
        TextPiece::Found(&hub),
        TextPiece::Literal("/"),
        TextPiece::Found(&own),
        TextPiece::Literal(":"),
        TextPiece::Found(&tag),
    ]);
    if !is_named(&text, false) {
        return;
    }
    let hit = Hit {
        path: place.path(),
        container: None,
        text,
        tier: Tier::Likely,
        shape: Shape::Descriptor,
        reason: Cow::Borrowed("joined from `hub`, `image` and `tag`"),
        nodes: Vec::new(),
    };
    found.add_joined(place.object, hit, &own.places(0..own.len()));
}
