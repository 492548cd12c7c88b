//! Encoded texts in a manifest: base64, gzip, `data:` URLs. They are decoded and searched like other texts: files of
//! cloud-init and of Ignition, the bootstrap data of Cluster API, variables, Secrets.

use super::{FieldAt, Finder, Hits, decode, nested};
use crate::yaml::Data;
use crate::yaml::Node;

pub(super) static FINDER: Finder =
    Finder { id: "encoded", summary: "texts in base64, packed with gzip, in `data:` URLs", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if !matches!(place.node.data, Data::Str(_)) || place.is_base64() {
        return;
    }
    let Some(string) = place.str() else { return };
    if string.starts_with("data:") || is_packed(place) || decode::may_be_encoded(string) {
        let Some(text) = place.text() else { return };
        nested::read_encoded(place, &text, found);
    }
}

/// Whether a sibling field says that a text is encoded: `encoding: gzip+base64`.
fn is_packed(place: &FieldAt<'_>) -> bool {
    // Check the field's own name first: comparing all members of a map with each other would be quadratic.
    if place.key() != Some("content") {
        return false;
    }
    let encoding = place.parent().and_then(|map| map.member("encoding")).and_then(Node::str);
    encoding.is_some_and(|encoding| !encoding.is_empty())
}
