//! A fix in JSON, and its one-line change.

use crate::finding::Finding;
use crate::fix::{Fix, Shown, ShownEdit, ShownPatch, ValueAction, text_changes};
use crate::report::plain_line;
use crate::secrets::Secrets;
use crate::source::{File, Place};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

#[derive(Serialize)]
pub(super) struct FixEntry<'a> {
    title: &'a str,
    safety: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edits: Option<Vec<EditEntry<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patches: Vec<PatchEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Vec<ProofEntry<'a>>>,
}

#[derive(Serialize)]
struct EditEntry<'a> {
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<&'a str>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
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
    diff: &'a str,
}

#[derive(Serialize)]
struct ProofEntry<'a> {
    before: &'a str,
    after: &'a str,
}

/// The fixes that were written for a list of findings: fixes with the same content are written once, with the first
/// finding. Many images often share one fix, which names all of them.
#[derive(Default)]
pub(super) struct Told(HashMap<[u8; 32], (usize, [u8; 32])>);

impl Told {
    /// The fix of the finding with this index in the list.
    pub(super) fn fix<'a>(&mut self, number: usize, finding: &'a Finding) -> Option<FixEntry<'a>> {
        let fix = finding.fix.as_ref()?;
        let Shown { edits, patches, .. } = fix.told();
        let edits: Vec<EditEntry<'_>> = edits.iter().map(edit_entry).collect();
        let patches: Vec<PatchEntry<'_>> = patches.iter().map(patch_entry).collect();
        let proof = fix.proof.iter().map(|one| ProofEntry { before: &one.before, after: &one.after });
        let proof: Vec<ProofEntry<'_>> = proof.collect();
        let (title, safety) = (fix.title.as_str(), fix.safety.name());
        let told = self.0.entry(digest(&(&edits, &patches))).or_insert((number, digest(&proof)));
        if told.0 == number {
            return Some(FixEntry { title, safety, same_as: None, edits: Some(edits), patches, proof: Some(proof) });
        }
        let proof = Some(proof).filter(|proof| digest(proof) != told.1);
        Some(FixEntry { title, safety, same_as: Some(told.0), edits: None, patches: Vec::new(), proof })
    }
}

/// Identifies equal entries.
fn digest(entries: &impl Serialize) -> [u8; 32] {
    struct Hash(Sha256);
    impl io::Write for Hash {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Hash(Sha256::new());
    // Serialization to text and hashing cannot fail.
    let _ = serde_json::to_writer(&mut hash, entries);
    hash.0.finalize().into()
}

fn patch_entry(patch: &ShownPatch) -> PatchEntry<'_> {
    PatchEntry { template: &patch.template, file: patch.file.as_deref(), line: patch.line, diff: &patch.diff }
}

fn edit_entry(edit: &ShownEdit) -> EditEntry<'_> {
    let (to, add, remove) = match &edit.action {
        ValueAction::Set(value) => (Some(value), None, None),
        ValueAction::Add(value) => (None, Some(value), None),
        ValueAction::Remove => (None, None, Some(true)),
    };
    EditEntry {
        target: &edit.target,
        file: edit.file.as_deref(),
        flag: edit.flag.as_ref().map(|(flag, _)| flag.as_ref()),
        argument: edit.flag.as_ref().map(|(_, argument)| argument.as_str()),
        path: &edit.path,
        line: edit.line,
        from: edit.from.as_deref(),
        to,
        add,
        remove,
    }
}

/// The one line that a fix replaces or removes, as a diff; `None` if it does more, or if the line has a secret.
pub(super) fn changed_line(fix: &Fix, secrets: &Secrets) -> Option<String> {
    let [edit] = &fix.edits[..] else { return None };
    if !fix.patches.is_empty() {
        return None;
    }
    let changes = text_changes(edit)?;
    let [change] = &changes[..] else { return None };
    let ends = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
    let (line, _) = change.place.file.line_column(change.place.start);
    let removed = change.place.file.bytes().get(change.place.start as usize..change.place.end as usize)?;
    let is_gone = edit.action == ValueAction::Remove && ends(removed) == 1 && change.text.is_empty();
    if !is_gone && (ends(removed) > 0 || change.text.contains('\n')) {
        return None;
    }
    // If the ends of both lines are equal, it is not known to which line they belong.
    let line = edit.place.as_ref().filter(|_| is_gone).map_or(line, |place| place.line_column().0);
    let shown = |file: &Arc<File>, line: u32| {
        let text = file.line(line)?;
        let start = file.start_of_line(line)?;
        let place = Place { file: file.clone(), start, end: start };
        let told = format!("{} {}", fix.title, text.trim());
        let hidden = secrets.hide(&place, &told).file.line(line)?;
        let is_plain = plain_line(&text) == text && !text.contains('`');
        (hidden == text && secrets.hide_in(&text, true) == text && is_plain).then_some(text)
    };
    let old = shown(&change.place.file, line)?;
    if is_gone {
        return Some(format!("-{old}"));
    }
    Some(format!("-{old}\n+{}", shown(&change.after, line)?))
}
