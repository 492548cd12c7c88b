//! What runs, in the words of a report.

use super::owners::HelmRelease;
use super::state::State;
use super::{Running, RunningImage, Uses};
use crate::names::count;
use crate::objects::ObjectName;
use std::collections::{BTreeMap, BTreeSet};

/// The owners that are listed of an image.
const OWNERS: usize = 10;

impl Running {
    /// Notes on an image: its pods and what they do, what the kubelet says, and who made the pods.
    pub(crate) fn notes(&self, text: &str) -> Vec<String> {
        let Some(image) = self.images.get(text) else { return Vec::new() };
        let mut by_top: BTreeMap<(ObjectName, Option<HelmRelease>), Uses> = BTreeMap::new();
        for (owner, uses) in &image.uses {
            by_top.entry(self.owners.top(owner)).or_default().and(uses);
        }
        let mut notes = Vec::new();
        // The line of a single owner says the same.
        if by_top.len() > 1 {
            notes.push(summary(image));
        }
        notes.extend(by_top.iter().take(OWNERS).map(|((top, release), uses)| made_by(top, release.as_ref(), uses)));
        let namespaces: BTreeSet<&str> = by_top.keys().skip(OWNERS).map(|(top, _)| top.namespace.as_str()).collect();
        let more = by_top.len().saturating_sub(OWNERS);
        notes.extend((more > 0).then(|| format!("and {more} more in {}", count(namespaces.len(), "namespace"))));
        let messages = image.messages.values().filter(|message| !message.is_empty());
        notes.extend(messages.map(|message| format!("the kubelet says: {message}")));
        notes
    }

    /// The kinds whose owners are not known, and why, in one sentence each.
    pub(crate) fn unread_owners(&self) -> impl Iterator<Item = String> + '_ {
        self.owners.unread.iter().map(|(kind, why)| format!("who made objects of kind {kind} is not known: {why}"))
    }
}

/// `12 pods in 3 namespaces: 10 run, 2 are in ImagePullBackOff (no such host)`
fn summary(image: &RunningImage) -> String {
    let namespaces = image.namespaces();
    let place = match (namespaces.len(), namespaces.first()) {
        (1, Some(&"")) => String::new(),
        (1, Some(namespace)) => format!(" in namespace {namespace}"),
        (several, _) => format!(" in {several} namespaces"),
    };
    let states = image.states();
    let states = told(states.iter().map(|(state, number)| (*state, *number)));
    let states = if states.is_empty() { states } else { format!(": {states}") };
    format!("{}{place}{states}", count(image.pods(), "pod"))
}

/// `Deployment shop/api (Helm release shop/shop), container api: 2 pods, 2 run, on node-1`
fn made_by(top: &ObjectName, release: Option<&HelmRelease>, uses: &Uses) -> String {
    let release = release.map(|release| format!(" ({release})")).unwrap_or_default();
    let users: Vec<String> = uses.users.iter().map(|(kind, name)| format!("{} {name}", kind.name())).collect();
    // A pod that nobody made is told by its name.
    let pods = if top.kind == "Pod" { String::new() } else { count(uses.pods, "pod") };
    let mut states: Vec<_> = uses.states.iter().map(|(state, number)| (state, *number)).collect();
    states.sort_unstable();
    let states = told(states.into_iter());
    let parts: Vec<String> = [pods, states, on(uses)].into_iter().filter(|part| !part.is_empty()).collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{top}{release}, {}{colon}{}", users.join(", "), parts.join(", "))
}

/// What containers do, in words; empty if nothing is known of them.
fn told<'s>(states: impl Iterator<Item = (&'s State, usize)> + Clone) -> String {
    if states.clone().all(|(state, _)| *state == State::Unknown) {
        return String::new();
    }
    states.map(|(state, number)| state.told(number)).collect::<Vec<_>>().join(", ")
}

/// `on node-1, node-2 and others`
fn on(uses: &Uses) -> String {
    let mut named: Vec<&str> = uses.nodes.iter().map(AsRef::as_ref).collect();
    named.sort_unstable();
    match (named.is_empty(), uses.has_more_nodes) {
        (true, _) => String::new(),
        (false, false) => format!("on {}", named.join(", ")),
        (false, true) => format!("on {} and others", named.join(", ")),
    }
}
