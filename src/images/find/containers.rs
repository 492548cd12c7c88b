//! Containers of pod templates, and image volumes: of the known kinds and of anything shaped like one.

use super::{Finder, Found, Hit, Shape, Tier};
use crate::images::object::{Object, Path, Step, items, member, string};
use crate::yaml::{Data, Node};
use std::borrow::Cow;

pub(super) static FINDER: Finder = Finder {
    id: "containers",
    summary: "`image` of containers, init containers and ephemeral containers, and `reference` of image volumes",
    find,
};

/// The lists of containers of a pod.
const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

fn find(object: &Object<'_>, found: &mut Found<'_>) {
    object.walk(&mut |path, node, _| {
        let Data::Map(entries) = &node.data else { return true };
        for (entry, value) in entries {
            let Ok(key) = std::str::from_utf8(entry.key.as_bytes()) else { continue };
            if LISTS.contains(&key) {
                containers(object, &path.key(key), value, found);
            } else if key == "volumes" {
                volumes(object, &path.key(key), value, found);
            }
        }
        // A schema describes fields named `containers`; it holds none.
        !is_schema(path)
    });
}

/// Whether a path leads into the schema of a custom resource.
pub(super) fn is_schema(path: &Path) -> bool {
    path.last_key() == Some("openAPIV3Schema")
}

fn containers(object: &Object<'_>, path: &Path, list: &Node, found: &mut Found<'_>) {
    for (index, container) in items(list).iter().enumerate() {
        let Some(image) = member(container, "image") else { continue };
        let Some(text) = object.text(image) else { continue };
        let name = string(member(container, "name"));
        found.add(
            object,
            Hit {
                path: path.with(Step::Index(index)).key("image"),
                container: Some(name),
                text,
                tier: Tier::Certain,
                shape: Shape::Container,
                reason: Cow::Borrowed("a container's image"),
            },
        );
    }
}

fn volumes(object: &Object<'_>, path: &Path, list: &Node, found: &mut Found<'_>) {
    for (index, volume) in items(list).iter().enumerate() {
        let reference = member(volume, "image").and_then(|image| member(image, "reference"));
        let Some(text) = reference.and_then(|reference| object.text(reference)) else { continue };
        found.add(
            object,
            Hit {
                path: path.with(Step::Index(index)).key("image").key("reference"),
                container: None,
                text,
                tier: Tier::Certain,
                shape: Shape::Volume,
                reason: Cow::Borrowed("the reference of an image volume"),
            },
        );
    }
}
