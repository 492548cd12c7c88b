//! What an edit changes in the text of its file, for those who show it.

use super::{Edit, Target, edited};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::{File, Place};
use std::sync::Arc;

/// What an edit changes in its file.
#[derive(Debug, Clone)]
pub struct TextChange {
    /// What goes away; a point where text is only added.
    pub place: Place,
    /// What comes in its place.
    pub text: String,
    /// The file with the edit in it.
    pub after: Arc<File>,
}

/// What an edit changes in the text of its file; `None` where it is not about a file, or is not made.
pub fn text_change(edit: &Edit) -> Option<TextChange> {
    let Target::File { file, .. } = &edit.target else { return None };
    let after = edited(file, edit, HelmVersion::V4, &Limits::default()).ok()?;
    let (old, new) = (std::str::from_utf8(file.bytes()).ok()?, std::str::from_utf8(after.bytes()).ok()?);
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| {
        pairs.take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum::<usize>()
    };
    let start = same(&mut old.chars().zip(new.chars()));
    let end = same(&mut old[start..].chars().rev().zip(new[start..].chars().rev()));
    let place = Place { file: file.clone(), start: start as u32, end: (old.len() - end) as u32 };
    Some(TextChange { place, text: new[start..new.len() - end].to_owned(), after: after.clone() })
}
