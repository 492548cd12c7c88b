//! A fix in JSON.

use crate::fix::{Action, Edit, Fix, Patch, Target, path_text};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
pub(super) struct FixEntry<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<EditEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patches: Vec<PatchEntry<'a>>,
    proof: Vec<ProofEntry<'a>>,
}

#[derive(Serialize)]
struct EditEntry<'a> {
    target: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<&'a str>,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remove: Option<bool>,
}

#[derive(Serialize)]
struct PatchEntry<'a> {
    template: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    line: u32,
    diff: String,
}

#[derive(Serialize)]
struct ProofEntry<'a> {
    before: &'a str,
    after: &'a str,
}

pub(super) fn fix_entry(fix: &Fix) -> FixEntry<'_> {
    let proof = fix.proof.iter().map(|one| ProofEntry { before: &one.before, after: &one.after });
    FixEntry {
        title: &fix.title,
        safety: fix.safety.name(),
        edits: fix.edits.iter().map(edit_entry).collect(),
        patches: fix.patches.iter().map(patch_entry).collect(),
        proof: proof.collect(),
    }
}

fn patch_entry(patch: &Patch) -> PatchEntry<'_> {
    let file = &patch.place.file;
    PatchEntry { template: file.name(), file: file.path(), line: patch.place.line_column().0, diff: patch.diff() }
}

fn edit_entry(edit: &Edit) -> EditEntry<'_> {
    let (target, file, flag, argument) = match &edit.target {
        Target::File { file, .. } => ("file", Some(file.shown()), None, None),
        Target::Flag(part) => ("flag", None, Some(part.flag), Some(&*part.argument)),
        Target::Overlay => ("overlay", None, None, None),
    };
    let place = edit.place.as_ref();
    let from = place.map(|place| {
        let bytes = place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    });
    let (to, add, remove) = match &edit.action {
        Action::Set(value) => (Some(value), None, None),
        Action::Add(value) => (None, Some(value), None),
        Action::Remove => (None, None, Some(true)),
    };
    let line = place.filter(|place| !place.file.is_flag()).map(|place| place.line_column().0);
    EditEntry { target, file, flag, argument, path: path_text(&edit.path), line, from, to, add, remove }
}
