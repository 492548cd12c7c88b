//! Prose, recognized by the name of its key: descriptions, examples, release notes.

use super::place::str_of;
use crate::images::object::{Object, member};
use crate::yaml::{Data, Node};

/// Whether the value of a key is prose according to its name. `above` are the keys above it.
pub(super) fn is_prose<'k>(key: &str, object: &Object<'_>, mut above: impl Iterator<Item = &'k str>) -> bool {
    const NAMES: &[&str] = &[
        "description",
        "summary",
        "example",
        "examples",
        "alm-examples",
        "$comment",
        "changelog",
        "artifacthub.io/changes",
    ];
    const ENDS: &[&str] = &[".md", ".markdown", ".rst", ".adoc"];
    let is_named = NAMES.contains(&key)
        || ENDS.iter().any(|end| key.len() > end.len() && key.ends_with(end))
        || ["readme", "notes.txt", "license"].iter().any(|name| key.eq_ignore_ascii_case(name));
    // In values it may be the name of a subchart.
    let is_values = |key| matches!(key, "values" | "valuesObject" | "helmValues") && object.depth == 0;
    is_named && !above.any(is_values)
}

/// Whether a document is a Grafana dashboard: full of queries and texts about images, but without an image.
pub(super) fn is_dashboard(node: &Node) -> bool {
    member(node, "panels").is_some_and(|panels| matches!(panels.data, Data::Seq(_)))
        && member(node, "schemaVersion").is_some_and(|version| str_of(version).is_none())
}
