//! Adds a value to the text of a document.

use super::Refusal;
use super::locate::{Located, is_null};
use super::members::{count, span};
use super::replace::replace;
use super::splice::{Splice, find, has_comment, is_blank};
use super::tree::built;
use super::write::{Quotes, entry, entry_lines, inline, item_lines};
use crate::values_path::Key;
use crate::yaml::{Form, Written, WrittenDocument};
use serde_json::Value;

/// Adds a value below a location; `rest` is the part of the path that does not exist.
pub(super) fn add(
    splice: &mut Splice<'_>,
    document: &WrittenDocument,
    located: Option<&Located<'_>>,
    rest: &[Key],
    value: Value,
) -> Result<(), Refusal> {
    let Some((key, below)) = rest.split_first() else { return Err(Refusal::Exists) };
    let value = built(below, value)?;
    let width = document.root.as_ref().and_then(|root| width(splice, root)).unwrap_or(2);
    let lines = |indent: usize| {
        let mut lines = Vec::new();
        match key {
            Key::Name(name) => entry_lines(name, &value, indent, width, &mut lines),
            Key::Index(_) => item_lines(&value, indent, width, &mut lines),
        }
        lines
    };
    let member = || match key {
        Key::Name(name) => entry(name, &value, true),
        Key::Index(_) => inline(&value, Quotes::None, true),
    };
    let Some(located) = located else {
        splice.insert_lines(document.end, &lines(0));
        return Ok(());
    };
    let node = located.node;
    let is_root = located.above.is_empty();
    match (&node.form, key) {
        (Form::Map { is_flow: true, entries, .. }, Key::Name(_)) if entries.is_empty() && is_root => {
            // Within a block, flow style would be unusual.
            check_empty(splice, node)?;
            let text = lines(splice.column(node.start)).join(splice.line_break());
            splice.replace(node.start..node.end, text.trim_start());
            Ok(())
        }
        (Form::Map { is_flow: true, .. }, Key::Name(_)) | (Form::List { is_flow: true, .. }, Key::Index(_)) => {
            flow_member(splice, node, &member())
        }
        (Form::Map { .. }, Key::Name(_)) | (Form::List { .. }, Key::Index(_)) => {
            let (Some(first), Some(last)) = (span(splice, node, 0)?, last_span(splice, node)?) else {
                return Err(Refusal::Layout);
            };
            let at = behind_lines(splice, node, last.end)?;
            splice.insert_lines(at, &lines(splice.column(first.start)));
            Ok(())
        }
        _ if is_null(node, splice.text) => null(splice, document, located, &lines, &member()),
        _ => Err(Refusal::NoCollection),
    }
}

fn last_span(splice: &Splice<'_>, node: &Written) -> Result<Option<std::ops::Range<usize>>, Refusal> {
    count(node).checked_sub(1).map_or(Ok(None), |last| span(splice, node, last))
}

/// Replaces null by the first member.
fn null(
    splice: &mut Splice<'_>,
    document: &WrittenDocument,
    located: &Located<'_>,
    lines: &dyn Fn(usize) -> Vec<String>,
    member: &str,
) -> Result<(), Refusal> {
    let node = located.node;
    let Some(&(parent, number)) = located.above.last() else {
        if node.start == node.end {
            splice.insert_lines(document.end, &lines(0));
        } else {
            splice.replace(node.start..node.end, lines(0).join(splice.line_break()));
        }
        return Ok(());
    };
    let is_item = member_is_item(member, lines);
    if let Form::Map { is_flow: false, entries, .. } = &parent.form
        && !located.in_flow
        && node.start == node.end
    {
        if !splice.ends_line(node.end) {
            return Err(Refusal::Layout);
        }
        let width = document.root.as_ref().and_then(|root| width(splice, root)).unwrap_or(2);
        let indent = splice.column(entries[number].key.start) + width;
        let at = splice.next_line(node.end);
        splice.insert_lines(at, &lines(indent));
        return Ok(());
    }
    let text = if is_item { format!("[{member}]") } else { format!("{{{member}}}") };
    replace(splice, &located.above, node, &text)
}

fn member_is_item(_: &str, lines: &dyn Fn(usize) -> Vec<String>) -> bool {
    lines(0).first().is_some_and(|line| line.starts_with("- "))
}

/// Checks that only blanks are between the braces.
fn check_empty(splice: &Splice<'_>, node: &Written) -> Result<(), Refusal> {
    let inside = splice.slice(node.start + 1..node.end - 1);
    if has_comment(inside) { Err(Refusal::Comment) } else { Ok(()) }
}

fn flow_member(splice: &mut Splice<'_>, node: &Written, member: &str) -> Result<(), Refusal> {
    let close = node.end - 1;
    let Some(last) = last_span(splice, node)? else {
        check_empty(splice, node)?;
        splice.replace(node.start + 1..close, member);
        return Ok(());
    };
    let comma = find(splice.slice(last.end..close), b',').map(|at| last.end + at + 1);
    let behind = comma.unwrap_or(last.end);
    let line = splice.line_end(last.end);
    if splice.begins_line(last.start) && splice.ends_line(behind) && behind <= line && line < close {
        // One member a line.
        let indent = String::from_utf8_lossy(splice.slice(splice.line_start(last.start)..last.start)).into_owned();
        if comma.is_none() {
            splice.replace(last.end..last.end, ",");
        }
        let end = if comma.is_some() { "," } else { "" };
        splice.insert_lines(line + 1, &[format!("{indent}{member}{end}")]);
        return Ok(());
    }
    let text = if comma.is_some() { format!(" {member}") } else { format!(", {member}") };
    splice.replace(behind..behind, text);
    Ok(())
}

/// Where to insert lines after a block collection.
fn behind_lines(splice: &Splice<'_>, node: &Written, end: usize) -> Result<usize, Refusal> {
    if !splice.ends_line(end) {
        return Err(Refusal::Layout);
    }
    let mut at = splice.next_line(end);
    // The blank lines after it belong to a block scalar that keeps them.
    let leaf = last_leaf(node);
    if matches!(leaf.form, Form::Block) {
        let header = splice.slice(leaf.start..splice.line_end(leaf.start));
        let header = header.split(|&byte| byte == b'#').next().unwrap_or_default();
        while header.contains(&b'+') && at < splice.text.len() {
            let line = splice.slice(at..splice.line_end(at));
            if !is_blank(line.strip_suffix(b"\r").unwrap_or(line)) {
                break;
            }
            at = splice.next_line(at);
        }
    }
    Ok(at)
}

fn last_leaf(node: &Written) -> &Written {
    match &node.form {
        Form::Map { entries, .. } => entries.last().map_or(node, |entry| last_leaf(&entry.value)),
        Form::List { items, .. } => items.last().map_or(node, last_leaf),
        _ => node,
    }
}

/// The indentation of the first map within a map.
fn width(splice: &Splice<'_>, node: &Written) -> Option<usize> {
    let Form::Map { is_flow: false, entries, .. } = &node.form else { return None };
    entries.iter().find_map(|entry| match &entry.value.form {
        Form::Map { is_flow: false, .. } => {
            splice.column(entry.value.start).checked_sub(splice.column(entry.key.start)).filter(|&width| width > 0)
        }
        _ => None,
    })
}
