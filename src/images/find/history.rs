//! Earlier states that objects carry along: nobody pulls an image that occurs only there.

use crate::objects::Object;

/// Annotations in which tools store the object as last applied, to compare it with the next one.
///
/// Sources: kubectl (`apply`), kapp (`original`), Rancher's wrangler (`applied`), Banzai Cloud's objectmatcher.
const APPLIED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "kapp.k14s.io/original",
    "objectset.rio.cattle.io/applied",
    "banzaicloud.com/last-applied",
];

/// Whether the value of a key is an earlier state of an object. `above` are the keys above it, the outermost first.
pub(super) fn is_history<'k>(
    key: &str,
    object: &Object<'_>,
    mut above: impl DoubleEndedIterator<Item = &'k str>,
) -> bool {
    if APPLIED.contains(&key) {
        return above.next_back() == Some("annotations");
    }
    // A revision that a StatefulSet or DaemonSet can roll back to.
    key == "data" && object.kind == "ControllerRevision" && object.depth == 0 && above.next().is_none()
}
