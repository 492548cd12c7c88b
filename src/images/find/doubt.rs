//! Fields with references that most likely nobody pulls: examples, patterns of policies, documents that are not objects. Such
//! references are kept as possible.

use super::{ImageUse, Tier};
/// Lowers the tier of a reference that most likely nobody pulls.
pub(super) fn lower(image: &mut ImageUse) {
    if image.tier != Tier::Possible && (is_example(&image.field) || is_matcher(&image.field) || is_no_object(image)) {
        image.tier = Tier::Possible;
    }
}

/// `data._example`, `data["values.yaml.example"]`
fn is_example(field: &str) -> bool {
    field.contains("._example") || field.contains(".example\"]") || field.contains(".sample\"]")
}

/// Patterns with which policies and scanners compare images: `spec.selectors[0].images[1]`.
fn is_matcher(field: &str) -> bool {
    const NAMES: &[&str] = &["selectors", "matchImages", "matchImageReferences", "excludeImages", "ignoreImages"];
    let keys = || field.split(['.', '[', ']', ' ']).filter(|key| !key.is_empty());
    keys().any(|key| NAMES.contains(&key)) && !keys().any(|key| key == "template")
}

/// A manifest without a kind, such as a test of helm-unittest: a cluster rejects it.
fn is_no_object(image: &ImageUse) -> bool {
    image.manifest.kind.is_empty()
}
