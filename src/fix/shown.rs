//! [`Shown`]: what reports show of a fix, independent of its files.

use super::{Edit, Fix, FixTarget, Patch, TextChange, ValueAction, text_changes};
use crate::source::Spot;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What reports show of a fix, computed before the files are dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Its edits.
    pub edits: Vec<ShownEdit>,
    /// Its patches.
    pub patches: Vec<ShownPatch>,
    /// The one line that it replaces or removes, as a diff; `None` if it does more, or was not requested.
    pub line: Option<String>,
}

/// An edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownEdit {
    /// `file`, `flag` or `overlay`.
    pub target: Cow<'static, str>,
    /// The file, as displayed.
    pub file: Option<String>,
    /// The flag, and its argument.
    pub flag: Option<(Cow<'static, str>, String)>,
    /// The values path.
    pub path: String,
    /// The line of the old value.
    pub line: Option<u32>,
    /// The old value.
    pub from: Option<String>,
    /// What to do with it.
    pub action: ValueAction,
    /// Its text changes; `None` if they cannot be shown, or were not requested.
    pub changes: Option<Vec<ShownChange>>,
}

/// A patch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownPatch {
    /// The template, under helm's name.
    pub template: String,
    /// Its path on the disk.
    pub file: Option<String>,
    /// The first line.
    pub line: u32,
    /// The patch as a unified diff.
    pub diff: String,
    /// The patch as a change of the text.
    pub change: ShownChange,
}

/// A change of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownChange {
    /// The file.
    pub path: Option<String>,
    /// The start and end of the removed range.
    pub region: (Spot, Spot),
    /// The text that replaces it.
    pub text: String,
}

impl Shown {
    /// The content of a fix; `changes`: including its text changes.
    pub(crate) fn of(fix: &Fix, changes: bool) -> Self {
        Self {
            edits: fix.edits.iter().map(|one| edit(one, changes)).collect(),
            patches: fix.patches.iter().map(patch).collect(),
            line: None,
        }
    }
}

fn edit(edit: &Edit, changes: bool) -> ShownEdit {
    let (target, file, flag) = match &edit.target {
        FixTarget::File { file, .. } => ("file", Some(file.shown().to_owned()), None),
        FixTarget::Flag(part) => ("flag", None, Some((part.flag.into(), part.argument.to_string()))),
        FixTarget::Overlay => ("overlay", None, None),
    };
    let place = edit.place.as_ref();
    let from = place.map(|place| {
        let bytes = place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    });
    let changes = if changes { text_changes(edit) } else { None };
    ShownEdit {
        target: target.into(),
        file,
        flag,
        path: edit.path.to_string(),
        line: place.filter(|place| !place.file.is_flag()).map(|place| place.line_column().0),
        from,
        action: edit.action.clone(),
        changes: changes.map(|changes| changes.into_iter().map(change).collect()),
    }
}

fn patch(patch: &Patch) -> ShownPatch {
    let file = &patch.place.file;
    ShownPatch {
        template: file.name().to_owned(),
        file: file.path().map(str::to_owned),
        line: patch.place.line_column().0,
        diff: patch.diff(),
        change: change(patch.text_change()),
    }
}

fn change(change: TextChange) -> ShownChange {
    let (start, end) = change.place.spots();
    let path = change.place.file.path().map(str::to_owned);
    ShownChange { path, region: (start, end.unwrap_or(start)), text: change.text }
}
