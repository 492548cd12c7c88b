//! Go templates nested in texts, and any other text that is not a document: read line by line.

use super::judge::is_database;
use super::lines::lines;
use super::{FieldAt, Hit, Hits, Shape, Tier, commands, descriptors, dockerfile, groovy, properties};
use crate::objects::text::Text;
use std::borrow::Cow;

/// Adds the references in the lines of a text; `name` is the name of the text, `shape` its form if it is not a template.
pub(super) fn by_line(place: &FieldAt<'_>, text: &Text, name: &str, shape: Shape, found: &mut Hits<'_>) {
    let is_template = text.contains("{{");
    formats(place, text, name, shape, found);
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

/// Adds the images of known text formats: Dockerfiles, scripts, pipelines, settings.
fn formats(place: &FieldAt<'_>, text: &Text, name: &str, shape: Shape, found: &mut Hits<'_>) {
    let hints = found.hints;
    let mut add = |image: Text, own: &Text, tier: Tier, reason: String| {
        let hit = Hit {
            path: place.path(),
            container: place.container(),
            text: image,
            tier,
            shape: if text.contains("{{") { Shape::Template } else { shape },
            reason: Cow::Owned(reason),
            nodes: Vec::new(),
        };
        found.add_joined(place.object, hit, &own.places(0..own.len()));
    };
    if dockerfile::is_one(name, text) {
        for base in dockerfile::bases(text) {
            add(base.text.clone(), &base.text, Tier::Likely, format!("`{}` of a Dockerfile", base.by));
        }
    }
    for range in dockerfile::written(text) {
        for base in dockerfile::bases(&text.slice(range)) {
            add(base.text.clone(), &base.text, Tier::Likely, format!("`{}` of a Dockerfile", base.by));
        }
    }
    for image in commands::in_script(text) {
        let reference = text.slice(image.range);
        add(reference.clone(), &reference, Tier::Likely, format!("`{}` pulls an image", image.command));
    }
    for (range, by) in groovy::images(text) {
        let reference = text.slice(range);
        add(reference.clone(), &reference, Tier::Likely, format!("`{by}` of a pipeline"));
    }
    for setting in properties::images(place, text, hints) {
        let tier = if setting.is_sure { Tier::Likely } else { Tier::Possible };
        add(setting.text, &setting.own, tier, descriptors::named(&setting.names));
    }
}
