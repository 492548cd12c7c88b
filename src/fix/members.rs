//! The members of a map or a list, with their syntax.

use super::Refusal;
use super::splice::{Splice, find};
use crate::yaml::{Form, Written};
use std::ops::Range;

/// The number of members of a collection.
pub(super) fn count(parent: &Written) -> usize {
    match &parent.form {
        Form::Map { entries, .. } => entries.len(),
        Form::List { items, .. } => items.len(),
        _ => 0,
    }
}

/// The byte range of a member including its dash, if any; `None` if there is no such member.
pub(super) fn span(splice: &Splice<'_>, parent: &Written, number: usize) -> Result<Option<Range<usize>>, Refusal> {
    Ok(match &parent.form {
        Form::Map { entries, .. } => entries.get(number).map(|entry| entry.key.start..entry.value.end),
        Form::List { is_flow, items } => match items.get(number) {
            Some(item) if *is_flow => Some(item.start..item.end),
            Some(item) => {
                let from = number.checked_sub(1).map_or(parent.start, |before| items[before].end);
                let dash = find(splice.slice(from..item.start.max(from)), b'-').ok_or(Refusal::Layout)?;
                Some(from + dash..item.end)
            }
            None => None,
        },
        _ => return Err(Refusal::Layout),
    })
}
