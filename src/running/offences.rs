//! [`Offences`]: what is wrong in a cluster that is watched, and how it changes: each change is told once, whatever number of pods shares it
//! and however often they are listed again.

use super::owners::{name_in, owner_of_pod};
use super::state::{PullFault, State};
use super::{Against, PulledFrom, UserKind, users};
use crate::cluster::objects::Pod;
use crate::objects::ObjectName;
use std::collections::{BTreeMap, BTreeSet};

/// Something wrong with an image of the pods of one owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Offence {
    /// The text in the pods.
    pub image: String,
    /// The owner of the pods.
    pub owner: ObjectName,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// It does not come from the mirror.
    Bypasses,
    /// It comes from the mirror, and cannot be pulled.
    CannotBePulled(PullFault),
}

/// A change of what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What is wrong, or was.
    pub offence: Offence,
    /// Whether it is new.
    pub is_new: bool,
}

/// A pod, by namespace and name.
type PodName = (String, String);

/// What is wrong now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offences {
    /// The pods with something wrong.
    pods: BTreeMap<PodName, BTreeSet<Offence>>,
    /// What is wrong, with the number of pods.
    counts: BTreeMap<Offence, usize>,
    /// The pods that are not there yet with all their images: something may turn out to be wrong with them.
    unfinished: BTreeSet<PodName>,
    /// All pods.
    pub pods_seen: BTreeSet<PodName>,
}

impl Offences {
    /// Notes a pod as it is now, and returns what that changes.
    pub(crate) fn set(&mut self, pod: &Pod<'_>, against: Against<'_>) -> Vec<Change> {
        let name = name_of(pod);
        self.note_progress(&name, pod);
        let offences = offences(pod, against);
        self.replace(name, offences)
    }

    /// Notes that a pod is gone.
    pub(crate) fn remove(&mut self, pod: &Pod<'_>) -> Vec<Change> {
        let name = name_of(pod);
        self.pods_seen.remove(&name);
        self.unfinished.remove(&name);
        self.replace(name, BTreeSet::new())
    }

    /// Replaces everything by what another list found, and returns the difference alone.
    pub(crate) fn update(&mut self, other: Self) -> Vec<Change> {
        let gone = self.counts.keys().filter(|offence| !other.counts.contains_key(*offence)).cloned();
        let mut changes: Vec<Change> = gone.map(|offence| Change { offence, is_new: false }).collect();
        let new = other.counts.keys().filter(|offence| !self.counts.contains_key(*offence)).cloned();
        changes.extend(new.map(|offence| Change { offence, is_new: true }));
        *self = other;
        changes
    }

    /// The things that are wrong.
    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing is wrong, there are pods, and all of them have their images.
    pub(crate) fn is_clean(&self) -> bool {
        self.counts.is_empty() && self.unfinished.is_empty() && !self.pods_seen.is_empty()
    }

    fn note_progress(&mut self, name: &PodName, pod: &Pod<'_>) {
        let has_image = |state: State| match state {
            State::Runs | State::Ended => true,
            State::Waits(reason) => reason == "CrashLoopBackOff",
            State::PullFails { .. } | State::Unknown => false,
        };
        // A pod that was evicted never gets its images.
        let has_ended = matches!(pod.status.phase.as_ref(), "Succeeded" | "Failed");
        let mut containers = users(pod).filter(|user| user.kind != UserKind::Volume);
        let is_finished = has_ended || containers.all(|user| has_image(State::of(user.status, user.image)));
        self.pods_seen.insert(name.clone());
        match is_finished {
            true => self.unfinished.remove(name),
            false => self.unfinished.insert(name.clone()),
        };
    }

    fn replace(&mut self, name: PodName, offences: BTreeSet<Offence>) -> Vec<Change> {
        let before = match offences.is_empty() {
            true => self.pods.remove(&name),
            false => self.pods.insert(name, offences.clone()),
        };
        let before = before.unwrap_or_default();
        let mut changes = Vec::new();
        // What is new first: an image that moves from one owner to another is never told as gone alone.
        for offence in offences.difference(&before) {
            let count = self.counts.entry(offence.clone()).or_default();
            *count += 1;
            if *count == 1 {
                changes.push(Change { offence: offence.clone(), is_new: true });
            }
        }
        for offence in before.difference(&offences) {
            let Some(count) = self.counts.get_mut(offence) else { continue };
            *count -= 1;
            if *count == 0 {
                self.counts.remove(offence);
                changes.push(Change { offence: offence.clone(), is_new: false });
            }
        }
        changes
    }
}

fn name_of(pod: &Pod<'_>) -> PodName {
    (pod.metadata.namespace.clone().into_owned(), pod.metadata.name.clone().into_owned())
}

fn offences(pod: &Pod<'_>, against: Against<'_>) -> BTreeSet<Offence> {
    let owner = owner_of_pod(&pod.metadata).unwrap_or_else(|| name_in(&pod.metadata, "Pod"));
    let wrong = |image: &str, state: State| match against.pulled_from(image) {
        PulledFrom::Elsewhere => Some(Wrong::Bypasses),
        PulledFrom::Mirror | PulledFrom::NodeMirror => state.fault().map(Wrong::CannotBePulled),
    };
    users(pod)
        .filter_map(|user| {
            let wrong = wrong(user.image, State::of(user.status, user.image))?;
            Some(Offence { image: user.image.to_owned(), owner: owner.clone(), wrong })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Mirror;
    use crate::running::node_mirrors::NodeMirrors;
    use serde::Deserialize as _;
    use serde_json::json;

    #[test]
    fn each_change_is_told_once() {
        let (mirror, node_mirrors) = (Mirror::parse("mirror.internal").expect("a mirror"), NodeMirrors::default());
        let against = Against { mirror: &mirror, node_mirrors: &node_mirrors };
        let pod = |name: &str, image: &str, state: serde_json::Value| {
            Pod::deserialize(json!({
                "metadata": {"name": name, "namespace": "shop", "ownerReferences": [{"kind": "ReplicaSet", "name": "api"}]},
                "spec": {"containers": [{"name": "api", "image": image}]},
                "status": {"containerStatuses": [{"name": "api", "state": state}]},
            }))
            .expect("a pod")
        };
        let told = |changes: Vec<Change>| changes.iter().map(|one| (one.is_new, one.offence.wrong)).collect::<Vec<_>>();
        let runs = || json!({"running": {}});
        let fails = || json!({"waiting": {"reason": "ErrImagePull", "message": "x: not found"}});
        let mut found = Offences::default();
        assert!(!found.is_clean(), "no pods prove nothing");
        assert_eq!(told(found.set(&pod("a", "quay.io/x:1", runs()), against)), [(true, Wrong::Bypasses)]);
        assert_eq!(told(found.set(&pod("b", "quay.io/x:1", runs()), against)), []);
        assert_eq!(told(found.set(&pod("a", "quay.io/x:1", fails()), against)), []);
        assert_eq!(told(found.remove(&pod("a", "quay.io/x:1", runs()))), []);
        let missing = Wrong::CannotBePulled(PullFault::NotFound);
        assert_eq!(
            told(found.set(&pod("b", "mirror.internal/x:1", fails()), against)),
            [(true, missing), (false, Wrong::Bypasses)]
        );
        assert_eq!(told(found.set(&pod("b", "mirror.internal/x:1", runs()), against)), [(false, missing)]);
        assert!(found.is_clean());
        let creating = json!({"waiting": {"reason": "ContainerCreating"}});
        assert_eq!(told(found.set(&pod("c", "mirror.internal/x:1", creating), against)), []);
        assert!(!found.is_clean(), "its image is not there yet");
        let mut evicted = pod("c", "mirror.internal/x:1", json!({}));
        evicted.status.phase = "Failed".into();
        assert_eq!(told(found.set(&evicted, against)), []);
        assert!(found.is_clean());
        let mut listed = Offences::default();
        listed.set(&pod("b", "quay.io/x:1", runs()), against);
        assert_eq!(told(found.update(listed.clone())), [(true, Wrong::Bypasses)]);
        assert_eq!(told(found.update(listed)), []);
    }
}
