//! What tells of things instead of being them, as far as its name says: descriptions, examples, notes of a release.

use crate::objects::Object;
use crate::yaml::{Data, Node};

/// Whether what stands under a key tells of things by its name. `above` are the keys on the way.
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
    // In values it is a subchart that may be called so.
    let is_values = |key| matches!(key, "values" | "valuesObject" | "helmValues") && object.depth == 0;
    is_named && !above.any(is_values)
}

/// Whether a document is a dashboard of Grafana: full of queries and texts about images, without one.
pub(super) fn is_dashboard(node: &Node) -> bool {
    node.member("panels").is_some_and(|panels| matches!(panels.data, Data::Seq(_)))
        && node.member("schemaVersion").is_some_and(|version| version.str().is_none())
}
