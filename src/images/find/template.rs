//! Go templates nested in texts, and any other text that is no document: read line by line.

use super::artifacts::is_database;
use super::lines::lines;
use super::{Found, Hit, Place, Shape, Tier};
use crate::images::text::Text;
use std::borrow::Cow;

/// Adds the references that stand in the lines of a text; `name` is what the text is called, `shape` what it is if it is
/// no template.
pub(super) fn by_line(place: &Place<'_>, text: &Text, name: &str, shape: Shape, found: &mut Found<'_>) {
    let is_template = text.contains("{{");
    for line in lines(text, Some(name), found.hints) {
        let (tier, mut reason) = match &line.name {
            Some(name) if is_database(name) => (Tier::Likely, format!("`{name}` names databases")),
            Some(name) => (Tier::Likely, format!("`{name}` names an image")),
            None => (Tier::Possible, "a reference in a text".to_owned()),
        };
        if is_template {
            reason.push_str(", in a template");
        }
        let hit = Hit {
            path: place.path(),
            container: place.container(),
            text: text.slice(line.range),
            tier,
            shape: match &line.name {
                _ if is_template => Shape::Template,
                Some(name) if is_database(name) => Shape::Artifact,
                _ => shape,
            },
            reason: Cow::Owned(reason),
            nodes: Vec::new(),
        };
        found.add(place.object, hit);
    }
}
