//! Image volumes of pod templates.

use super::{FieldAt, Finder, Hit, Hits, Shape, Tier};
use crate::objects::Step;
use std::borrow::Cow;

pub(super) static FINDER: Finder = Finder { id: "volumes", summary: "`reference` of image volumes", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if place.key() != Some("volumes") {
        return;
    }
    for (index, volume) in place.node.items().iter().enumerate() {
        let reference = volume.member("image").and_then(|image| image.member("reference"));
        let Some(text) = reference.and_then(|reference| place.object.text(reference)) else { continue };
        let hit = Hit {
            path: place.path().with(Step::Index(index)).key("image").key("reference"),
            container: None,
            text,
            tier: Tier::Certain,
            shape: Shape::Volume,
            reason: Cow::Borrowed("the reference of an image volume"),
            nodes: Vec::new(),
        };
        found.add(place.object, hit);
    }
}
