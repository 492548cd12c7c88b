//! Fields whose names say image in any object, `image`, `proxyImage`, `imageRef`; and any other scalar that is unmistakably
//! a reference.

use super::hints::Hints;
use super::judge::{is_other_artifact, is_prefix, judge};
use super::schema::is_definition;
use super::{FieldAt, Finder, Hit, Hits, Shape, Tier, variables};
use crate::images::find::appearance::{is_named, is_tagged_name, is_tagged_path, may_be_bare, words};
use crate::images::find::joined_parts::role_of_part;
use crate::objects::text::Text;
use crate::yaml::Data;
use std::borrow::Cow;

pub(super) static FINDER: Finder = Finder {
    id: "fields",
    summary: "`image` and fields with similar names, and unmistakable references in any field",
    visit,
};

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if !matches!(place.node.data, Data::Str(_)) || place.is_base64() {
        return;
    }
    let Some(string) = place.str().filter(|string| string.len() <= 1024) else { return };
    // Their keys are not field names.
    let is_named_elsewhere = || place.variable().is_some() || place.is_argument();
    if let Some((tier, reason)) = named(place, string, found.hints) {
        if let Some(text) = place.text().filter(|_| !is_named_elsewhere()) {
            add(place, text, tier, reason, found);
        }
    } else if variables::may_have(string)
        && !is_label(place)
        && !is_named_elsewhere()
        && let (Some(key), Some(text)) = (place.last_key(), place.text())
    {
        let shape = if place.is_config_data() { Shape::Nested } else { Shape::Field };
        variables::add(place, place.path(), key, &text, shape, found);
    }
}

/// What the name of a field says about its text, and why.
pub(super) fn named(place: &FieldAt<'_>, string: &str, hints: Hints<'_>) -> Option<(Tier, String)> {
    let key = place.last_key()?;
    if is_label(place) {
        return None;
    }
    // A list of images names each of them; a bare word is an image only directly below a name that ends in `image`.
    let bare = place.key().is_some_and(|key| is_of_image(place, key)) && !is_machine(place);
    let tier = judge(key, string, bare, hints);
    if tier != Some(Tier::Likely)
        && let Some(images) = place.keys().nth(1).filter(|_| string.contains([':', '@']))
        && words(images).last().is_some_and(|word| word == "images")
        && place.key().is_some_and(|key| role_of_part(key).is_none())
        && is_named(string, false)
    {
        return Some((Tier::Likely, format!("`{key}` of `{images}` names an image")));
    }
    if tier.is_none() && is_short_name(place, key, string) {
        return Some((Tier::Possible, format!("the field `{key}` contains a path and a version")));
    }
    let tier = tier?;
    // Policies and detectors list allowed or known repositories; the version is decided elsewhere.
    let has_version = string.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    if tier == Tier::Possible && place.item_of().is_some() && !has_version {
        return None;
    }
    // An image in a program's sense need not be a container image.
    let is_bare = !string.contains(['/', ':', '@']);
    // `{repository: "", image: driver}` is meant to be filled in.
    let is_part = || place.parent().is_some_and(|map| map.member("repository").is_some());
    if is_bare && is_part() {
        return None;
    }
    if is_bare && place.object.depth > 0 {
        return Some((Tier::Possible, format!("the field `{key}` may name an image")));
    }
    let reason = match tier {
        Tier::Possible => format!("the field `{key}` contains a reference"),
        _ => format!("the field `{key}` names an image"),
    };
    Some((tier, reason))
}

/// Adds the text of a field.
pub(super) fn add(place: &FieldAt<'_>, text: Text, tier: Tier, reason: String, found: &mut Hits<'_>) {
    let shape = if place.is_config_data() { Shape::Nested } else { Shape::Field };
    let hit =
        Hit { path: place.path(), container: None, text, tier, shape, reason: Cow::Owned(reason), nodes: Vec::new() };
    found.add(place.object, hit);
}

/// Whether the value directly below a key must be an image, `image`, `containerImage`; Kubernetes' own kinds have only the
/// first, except in annotations.
fn is_of_image(place: &FieldAt<'_>, key: &str) -> bool {
    let is_open = || {
        is_custom(place)
            || is_definition(&place.object.kind)
            || place.is_config_data()
            || place.object.depth > 0
            || key.contains('/')
    };
    key == "image" || may_be_bare(key) && !is_picture(key) && is_open()
}

/// Whether the object is a custom resource.
fn is_custom(place: &FieldAt<'_>) -> bool {
    let group = place.object.api_version.split('/').next().unwrap_or_default();
    group.contains('.') && !group.ends_with(".k8s.io")
}

/// Pictures, and disk images.
fn is_picture(key: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: &[&str] = &[
        "ami", "avatar", "backdrop", "background", "banner", "boot", "cloud", "cover", "disk", "hero", "icon", "iso",
        "login", "logo", "machine", "node", "os", "preview", "profile", "splash", "thumbnail", "vm",
    ];
    words(key).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// `runner: acme/runner:1` in a custom resource: a short name in a field with a neutral name.
fn is_short_name(place: &FieldAt<'_>, key: &str, string: &str) -> bool {
    place.object.depth == 0
        && is_custom(place)
        && !is_prefix(key)
        && !is_other_artifact(key)
        && (is_tagged_path(string) || is_container(key) && is_tagged_name(string))
}

/// Names that say what is run: `docker: maven:3`.
fn is_container(key: &str) -> bool {
    words(key).iter().any(|word| matches!(word.as_str(), "container" | "docker" | "oci"))
}

/// Machine images are images of another kind.
fn is_machine(place: &FieldAt<'_>) -> bool {
    const GROUPS: &[&str] = &["cluster.k8s.io", "cluster.x-k8s.io", "karpenter", "machine"];
    GROUPS.iter().any(|group| place.object.api_version.contains(group))
        || place.keys().any(|key| matches!(key, "cloudProviderSpec" | "providerSpec"))
}

/// Labels and selectors consist of words, some of which look like references.
fn is_label(place: &FieldAt<'_>) -> bool {
    let mut keys = place.keys().skip(1);
    keys.next().is_some_and(|key| matches!(key, "labels" | "matchLabels" | "nodeSelector" | "selector"))
}
