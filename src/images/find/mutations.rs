//! Gatekeeper's AssignImage, which rewrites the images of pods: `assignDomain`, `assignPath` and `assignTag` are parts of
//! one reference.

use super::{FieldAt, Finder, Hit, Hits, Shape, Tier, place};
use crate::objects::text::{Text, TextPiece};
use crate::yaml::Data;
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "mutations", summary: "`assignDomain`, `assignPath` and `assignTag` of Gatekeeper, joined", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if place.object.kind != "AssignImage" || !matches!(place.node.data, Data::Map(_)) {
        return;
    }
    let part = |name| place::text_of(place.object, place.node, name);
    let (domain, path, tag) = (part("assignDomain"), part("assignPath"), part("assignTag"));
    // Without a path or a domain, the images keep their own.
    let Some(path) = path else { return };
    let mut pieces = Vec::new();
    if let Some(domain) = &domain {
        pieces.extend([TextPiece::Found(domain), TextPiece::Literal("/")]);
    }
    pieces.push(TextPiece::Found(&path));
    pieces.extend(tag.as_ref().map(TextPiece::Found));
    let hit = Hit {
        path: place.path().key("assignPath"),
        container: None,
        text: Text::joined(&pieces),
        tier: if domain.is_some() { Tier::Likely } else { Tier::Possible },
        shape: Shape::Descriptor,
        reason: Cow::Borrowed("joined from `assignDomain`, `assignPath` and `assignTag`"),
        nodes: Vec::new(),
    };
    found.add_joined(place.object, hit, &path.places(0..path.len()));
}
