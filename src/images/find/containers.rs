//! Containers of pod templates: of the known kinds, and of anything with the same shape.

use super::{FieldAt, Finder, Hit, Hits, Shape, Tier, variables};
use crate::objects::Step;
use crate::objects::injection;
use crate::objects::pods::CONTAINER_LISTS;
use crate::objects::text::Text;
use crate::reference::open::OpenReference;
use crate::yaml::Node;
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "containers", summary: "`image` of containers, init containers and ephemeral containers", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if !place.key().is_some_and(|key| CONTAINER_LISTS.contains(&key)) {
        return;
    }
    let template = place.above.len().checked_sub(2).map(|at| place.above[at]);
    for (index, container) in place.node.items().iter().enumerate() {
        // It is reported as the image of an operator.
        if template.is_some_and(|template| injection::fills_in(template, container)) {
            continue;
        }
        let Some(text) = container.member("image").and_then(|image| place.object.text(image)) else { continue };
        // A container without an image is reported by another rule.
        if text.is_empty() && place.object.depth == 0 {
            continue;
        }
        let own = text.places(0..text.len());
        let text = match is_workload(&place.object.kind) && place.object.depth == 0 {
            true => text,
            // Templates of other kinds contain variables, and policies contain patterns.
            false => match image(place, container, text) {
                Some(text) => text,
                None => continue,
            },
        };
        let name = container.text_of("name");
        let hit = Hit {
            path: place.path().with(Step::Index(index)).key("image"),
            container: Some(name),
            text,
            tier: Tier::Certain,
            shape: Shape::Container,
            reason: Cow::Borrowed("a container's image"),
            nodes: Vec::new(),
        };
        found.add_joined(place.object, hit, &own);
    }
}

/// The image of a container in something that is not a pod yet, with its variables filled in as far as possible; `None` for a
/// pattern, and for a text that is only variables.
fn image(place: &FieldAt<'_>, container: &Node, text: Text) -> Option<Text> {
    let text = variables::filled_in(place, container, &text).unwrap_or(text);
    if OpenReference::parse(&text).is_some() {
        return Some(text);
    }
    let is_nested_pod = place.object.depth > 0 && is_workload(&place.object.kind);
    (is_nested_pod || !text.contains(['*', '!', '?', '{', '$'])).then_some(text)
}

/// The kinds of Kubernetes that contain pods.
pub(super) fn is_workload(kind: &str) -> bool {
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
