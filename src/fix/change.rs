//! The text change of an edit, for reports.

use super::{Edit, FixTarget, ValueAction, edited};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::{File, Place};
use similar::{ChangeTag, TextDiff};
use std::sync::Arc;

/// The text change of an edit.
#[derive(Debug, Clone)]
pub(crate) struct TextChange {
    /// The removed range; empty if text is only added.
    pub place: Place,
    /// The text that replaces it.
    pub text: String,
    /// The file after the edit.
    pub after: Arc<File>,
}

/// The minimal text changes of an edit; `None` if it is not about a file, cannot be made, or cannot be shown in this form.
pub(crate) fn text_changes(edit: &Edit) -> Option<Vec<TextChange>> {
    let FixTarget::File { file, .. } = &edit.target else { return None };
    let after = edited(file, edit, HelmVersion::V4, &Limits::default()).ok()?;
    let (old, new) = (std::str::from_utf8(file.bytes()).ok()?, std::str::from_utf8(after.bytes()).ok()?);
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| {
        pairs.take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum::<usize>()
    };
    let start = same(&mut old.chars().zip(new.chars()));
    let end = same(&mut old[start..].chars().rev().zip(new[start..].chars().rev()));
    let (gone, text) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let change = |start: usize, end: usize, text: &str| TextChange {
        place: Place { file: file.clone(), start: start as u32, end: end as u32 },
        text: text.to_owned(),
        after: after.clone(),
    };
    if edit.action != ValueAction::Remove {
        let is_mixed = gone.contains('\n') && text.contains('\n');
        return (!is_mixed).then(|| vec![change(start, old.len() - end, text)]);
    }
    if text.is_empty() {
        return Some(vec![change(start, old.len() - end, text)]);
    }
    // Lines between removed lines stay.
    let mut changes = Vec::new();
    let mut at = 0;
    for one in TextDiff::from_lines(old, new).iter_all_changes() {
        match one.tag() {
            ChangeTag::Insert => return None,
            ChangeTag::Delete => changes.push(change(at, at + one.value().len(), "")),
            ChangeTag::Equal => {}
        }
        at += one.value().len();
    }
    Some(changes)
}
