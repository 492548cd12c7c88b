//! Prose, recognized by the name of its key: descriptions, examples, release notes.

use crate::objects::Object;
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
    node.member("panels").is_some_and(|panels| matches!(panels.data, Data::Seq(_)))
        && node.member("schemaVersion").is_some_and(|version| version.str().is_none())
}
