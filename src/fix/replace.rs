//! Replaces a value in the text of a document.

use super::Refusal;
use super::locate::{Located, check_inside};
use super::members::span;
use super::splice::{Splice, find, is_blank};
use super::write::{Quotes, inline};
use crate::yaml::{Form, Written};
use serde_json::Value;

/// Sets the value at a location.
pub(super) fn set(splice: &mut Splice<'_>, located: &Located<'_>, value: &Value) -> Result<(), Refusal> {
    check_inside(located.node)?;
    let quotes = match located.node.form {
        Form::Block => return Err(Refusal::BlockScalar),
        Form::Single => Quotes::Single,
        Form::Double => Quotes::Double,
        _ => Quotes::None,
    };
    let is_of_others = !located.above.is_empty() && is_in_flow(&located.above);
    replace(splice, &located.above, located.node, &inline(value, quotes, is_of_others))
}

fn is_in_flow(above: &[(&Written, usize)]) -> bool {
    above
        .iter()
        .any(|(node, _)| matches!(node.form, Form::Map { is_flow: true, .. } | Form::List { is_flow: true, .. }))
}

/// Replaces a node by text on one line.
pub(super) fn replace(
    splice: &mut Splice<'_>,
    above: &[(&Written, usize)],
    node: &Written,
    by: &str,
) -> Result<(), Refusal> {
    let is_block = matches!(node.form, Form::Map { is_flow: false, .. } | Form::List { is_flow: false, .. });
    if node.start == node.end {
        // An omitted value: insert after the colon or the dash.
        let before = splice.slice(0..node.start).trim_ascii_end();
        let text = if before.ends_with(b":") || before.ends_with(b"-") { format!(" {by}") } else { format!(": {by}") };
        splice.replace(before.len()..before.len(), text);
        return Ok(());
    }
    if !is_block || !splice.begins_line(node.start) {
        splice.replace(node.start..node.end, by);
        return Ok(());
    }
    // A block below its key: the text goes after the colon, and the lines are removed.
    let Some(&(parent, number)) = above.last() else { return Err(Refusal::Layout) };
    let behind = match &parent.form {
        Form::Map { entries, .. } => {
            let end = entries[number].key.end;
            let colon = end + find(splice.slice(end..node.start), b':').ok_or(Refusal::Layout)?;
            if !is_blank(splice.slice(end..colon)) {
                return Err(Refusal::Layout);
            }
            colon + 1
        }
        Form::List { .. } => span(splice, parent, number)?.ok_or(Refusal::Missing)?.start + 1,
        _ => return Err(Refusal::Layout),
    };
    if !splice.ends_line(behind) || !splice.ends_line(node.end) {
        return Err(Refusal::Layout);
    }
    splice.replace(behind..behind, format!(" {by}"));
    splice.remove_lines(node.start, node.end);
    Ok(())
}
