//! [`Proposal`]: a change of the user's input that may resolve a finding, before it is tried.

use crate::fix::{Edit, FixTarget, Safety, ValueAction};
use crate::provenance::{Decider, DeciderKind};
use crate::release::ReleaseInputs;
use crate::trace::{Layer, Origin, OriginData, Origins};
use crate::values_path::ValuesPath;
use serde_json::Value;
use std::collections::BTreeSet;

/// A change that may help.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    /// What to do: ``set `image.registry` to `mirror.internal` ``.
    pub(super) title: String,
    /// Who may apply it.
    pub(super) safety: Safety,
    /// The edits.
    pub(super) edits: Vec<Edit>,
}

impl Proposal {
    /// This proposal combined with another.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            title: format!("{} and {}", self.title, other.title),
            safety: self.safety.max(other.safety),
            edits: [self.edits, other.edits].concat(),
        }
    }

    /// Identifies a proposal by what it changes.
    pub(super) fn id(&self) -> String {
        id_of(&self.edits)
    }

    /// Whether two proposals change different things.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        let mut paths = Paths::default();
        paths.add(&self.edits);
        !paths.overlap(&other.edits)
    }
}

/// Identifies edits that are made together by what they change.
pub(super) fn id_of(edits: &[Edit]) -> String {
    edits.iter().map(|edit| edit.id() + "\n\n").collect()
}

/// The paths that proposals change: proposals that are tried together must change different paths.
#[derive(Debug, Default)]
pub(super) struct Paths(BTreeSet<ValuesPath>);

impl Paths {
    /// Adds the paths of a proposal's edits.
    pub(super) fn add(&mut self, edits: &[Edit]) {
        self.0.extend(edits.iter().map(|edit| edit.path.clone()));
    }

    /// Whether a proposal with these edits changes one of these paths, or a parent or child of one.
    pub(super) fn overlap(&self, edits: &[Edit]) -> bool {
        edits.iter().any(|edit| {
            let path = &edit.path;
            let is_below = || self.0.range(path.clone()..).next().is_some_and(|known| known.starts_with(path));
            (0..=path.len()).any(|length| self.0.contains(&path[..length])) || is_below()
        })
    }
}

/// A change of a user's setting in its own file or flag; `None` if it is not a user's setting.
pub(super) fn changed(origin: Origin, action: ValueAction, title: String, origins: &Origins) -> Option<Proposal> {
    let Some(OriginData::Setting(setting)) = origins.get(origin) else { return None };
    let (target, safety) = match &setting.layer {
        Layer::File(number) => (FixTarget::File { number: *number, file: setting.place.file.clone() }, Safety::Safe),
        Layer::Flag(part) => (FixTarget::Flag(part.clone()), Safety::Manual),
        Layer::Chart(_) | Layer::Tool => return None,
    };
    let path = origins.path(origin);
    let edit = Edit { target, path, place: Some(setting.place.clone()), action };
    let title = match (&edit.target, &edit.action) {
        (FixTarget::File { file, .. }, ValueAction::Remove) => format!("{title} from {}", file.shown()),
        (FixTarget::File { file, .. }, _) => format!("{title} in {}", file.shown()),
        _ => title,
    };
    Some(Proposal { title, safety, edits: vec![edit] })
}

/// A new setting: in the last of the user's values files, or in an overlay.
pub(super) fn added(path: ValuesPath, value: Value, title: String, prepared: &ReleaseInputs) -> Proposal {
    let last = prepared.user.files.iter().enumerate().next_back();
    let (target, safety) = match last {
        Some((number, file)) => (FixTarget::File { number: number as u32, file: file.clone() }, Safety::Unsafe),
        None => (FixTarget::Overlay, Safety::Manual),
    };
    let title = last.map_or(title.clone(), |(_, file)| format!("{title} in {}", file.shown()));
    Proposal { title, safety, edits: vec![Edit { target, path, place: None, action: ValueAction::Add(value) }] }
}

/// The same in an overlay.
pub(super) fn overlaid(path: ValuesPath, value: Value, title: String) -> Proposal {
    let edit = Edit { target: FixTarget::Overlay, path, place: None, action: ValueAction::Add(value) };
    Proposal { title, safety: Safety::Manual, edits: vec![edit] }
}

/// The title for removing a setting.
pub(super) fn title_of_removal(decider: &Decider) -> String {
    match &decider.source {
        DeciderKind::User(Layer::Flag(part)) => format!("remove `{}` from {}", decider.path, part.flag),
        _ => format!("remove `{}`", decider.path),
    }
}
