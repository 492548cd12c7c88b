//! [`overlay`]: edits as a separate values file, to be passed after all others.

use super::write::entry_lines;
use super::{Edit, FixTarget, Refusal, ValueAction, tree};
use crate::values_path::Key;
use serde_json::{Map, Value};

/// The text of a values file that makes all edits of [`FixTarget::Overlay`]; empty if there are none.
///
/// # Errors
/// Helm merges maps, but a list replaces another, and null removes the chart's default: such a file can neither set an
/// element of a list nor remove a value.
pub(crate) fn overlay(edits: &[Edit]) -> Result<String, Refusal> {
    let mut values = Value::Object(Map::new());
    for edit in edits.iter().filter(|edit| matches!(edit.target, FixTarget::Overlay)) {
        let (ValueAction::Set(value) | ValueAction::Add(value)) = &edit.action else { return Err(Refusal::Overlay) };
        if edit.path.iter().any(Key::is_index) {
            return Err(Refusal::Overlay);
        }
        match tree::get(&values, &edit.path) {
            Some(_) => tree::set(&mut values, &edit.path, value.clone())?,
            None => tree::add(&mut values, &edit.path, value.clone())?,
        }
    }
    let mut lines = Vec::new();
    for (key, value) in values.as_object().into_iter().flatten() {
        entry_lines(key, value, 0, 2, &mut lines);
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}
