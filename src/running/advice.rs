//! What to change so that pods pull another image: who made them, and the next step there.

use super::owners::HelmRelease;
use super::{Running, UserKind, Uses};
use crate::objects::{ObjectName, is_subdomain};
use crate::reference::Reference;
use std::collections::BTreeSet;

/// The kinds whose image `kubectl set image` changes so that new pods follow.
const SETTABLE: &[&str] = &["CronJob", "DaemonSet", "Deployment", "StatefulSet"];

impl Running {
    /// What to change so that the pods with an image pull another one, `to` if it is known; `None` if no pod has it.
    pub(crate) fn advice(&self, text: &str, to: Option<&str>) -> Option<String> {
        let image = self.images.get(text)?;
        let (owner, uses) = image.uses.iter().next()?;
        let (top, release) = self.owners.top(owner);
        let tops: BTreeSet<_> = image.uses.keys().map(|owner| self.owners.top(owner)).collect();
        let more = match tops.len() {
            1 => String::new(),
            2 => "; the other one in the same way".to_owned(),
            several => format!("; the other {} in the same way", several - 1),
        };
        Some(format!("{}{more}", step(&top, release.as_ref(), uses, to)))
    }
}

/// The next step for one owner.
fn step(top: &ObjectName, release: Option<&HelmRelease>, uses: &Uses, to: Option<&str>) -> String {
    let image = to.map_or("another image".to_owned(), |to| format!("the image {to}"));
    if let Some(release) = release {
        return format!(
            "give {release} values with {image}, and upgrade it: airtight verify --from-releases names the line of its values"
        );
    }
    let user = uses.users.first().map(|(kind, name)| (*kind, name.as_ref()));
    let change = format!("write {image} into the manifest of {top}");
    match (top.kind.as_str(), user) {
        (_, Some((UserKind::Ephemeral, _))) => {
            let command = to.map(|to| format!("; then use kubectl debug --image {to}")).unwrap_or_default();
            format!("delete the pod of {top}, of which an ephemeral container remains a part{command}")
        }
        (kind, Some((UserKind::Container | UserKind::Init | UserKind::Sidecar, container)))
            if SETTABLE.contains(&kind) =>
        {
            match to.and_then(|to| set_image(top, container, to)) {
                Some(command) => format!("{change}; at once: {command}"),
                None => change,
            }
        }
        (kind, _) if SETTABLE.contains(&kind) => change,
        ("Pod", _) => {
            format!(
                "{change}; that of a static pod is a file on its node, in /etc/kubernetes/manifests unless the kubelet is told otherwise"
            )
        }
        ("Job", _) => format!("{change}, delete the Job, and create it again: the image of a Job cannot be changed"),
        // What made these is not known: it is gone, or must not be read.
        ("ReplicaSet" | "ReplicationController", _) => {
            format!("give what made {top} {image}: its labels, annotations and managedFields tell what that is")
        }
        _ => format!("give {top}, or the operator that reads it, {image}"),
    }
}

/// The command that changes the image of a container; `None` if a name cannot be a part of a command.
fn set_image(top: &ObjectName, container: &str, to: &str) -> Option<String> {
    let names = [top.name.as_str(), container, top.namespace.as_str()];
    if !names.into_iter().all(is_subdomain) || Reference::parse(to).is_err() {
        return None;
    }
    let kind = top.kind.to_ascii_lowercase();
    Some(format!("kubectl set image {kind}/{} {container}={to} --namespace {}", top.name, top.namespace))
}
