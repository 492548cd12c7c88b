//! Containers of pod templates: of the known kinds and of anything shaped like one.

use super::{Finder, Found, Hit, Place, Shape, Tier};
use crate::images::object::{Step, items, member, string};
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "containers", summary: "`image` of containers, init containers and ephemeral containers", visit };

/// The lists of containers of a pod.
pub(super) const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

fn visit(place: &Place<'_>, found: &mut Found<'_>) {
    if !place.key().is_some_and(|key| LISTS.contains(&key)) {
        return;
    }
    for (index, container) in items(place.node).iter().enumerate() {
        let Some(text) = member(container, "image").and_then(|image| place.object.text(image)) else { continue };
        // Policies and templates of other kinds hold patterns for containers.
        if !is_workload(&place.object.kind) && text.contains(['*', '!', '?', '{', '$']) {
            continue;
        }
        let name = string(member(container, "name"));
        let hit = Hit {
            path: place.path().with(Step::Index(index)).key("image"),
            container: Some(name),
            text,
            tier: Tier::Certain,
            shape: Shape::Container,
            reason: Cow::Borrowed("a container's image"),
        };
        found.add(place.object, hit);
    }
}

/// The kinds of Kubernetes that hold pods.
fn is_workload(kind: &str) -> bool {
    const KINDS: &[&str] = &[
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    ];
    KINDS.contains(&kind)
}
