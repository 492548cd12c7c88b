//! Removes a value from the text of a document.

use super::Refusal;
use super::locate::{Located, check_inside};
use super::members::span;
use super::replace::replace;
use super::splice::{Splice, has_comment, is_blank};
use crate::yaml::{Form, Written};
use std::ops::Range;

/// Removes the value at a location with its key; with `prunes`, also the maps above it of which it is the only member.
pub(super) fn remove(splice: &mut Splice<'_>, located: &Located<'_>, prunes: bool) -> Result<(), Refusal> {
    check_inside(located.node)?;
    let mut depth = located.above.len();
    if prunes {
        // The topmost map, and an element of a list, stay as empty maps.
        while depth > 1 && is_only_entry(located.above[depth - 1].0) && is_map(located.above[depth - 2].0) {
            depth -= 1;
        }
    }
    let Some(&(parent, number)) = depth.checked_sub(1).and_then(|at| located.above.get(at)) else {
        return Err(Refusal::Missing);
    };
    let kept = comments_between(splice, &located.above[depth - 1..]);
    take_out(splice, located, depth, (parent, number), &kept)
}

/// Removes a map, each value separately: comments on their own lines stay.
pub(super) fn clear(splice: &mut Splice<'_>, located: &Located<'_>) -> Result<(), Refusal> {
    check_inside(located.node)?;
    let Some(&(parent, number)) = located.above.last() else { return Err(Refusal::Missing) };
    let mut kept = Vec::new();
    if let Form::Map { entries, .. } = &parent.form {
        comments_in(splice, located.node, splice.next_line(entries[number].key.end), &mut kept);
    }
    take_out(splice, located, located.above.len(), (parent, number), &kept)
}

/// Removes the member at a depth from its collection.
fn take_out(
    splice: &mut Splice<'_>,
    located: &Located<'_>,
    depth: usize,
    (parent, number): (&Written, usize),
    kept: &[u8],
) -> Result<(), Refusal> {
    match &parent.form {
        Form::Map { is_flow: true, .. } | Form::List { is_flow: true, .. } => {
            flow_member(splice, parent, number, parent.start + 1..parent.end - 1)
        }
        Form::Map { entries, .. } if entries.len() == 1 && depth > 1 => replace_all(splice, located, depth - 1, "{}"),
        Form::List { items, .. } if items.len() == 1 => replace_all(splice, located, depth - 1, "[]"),
        Form::Map { .. } | Form::List { .. } => block_member(splice, parent, number, kept),
        _ => Err(Refusal::Layout),
    }
}

/// The comments on their own lines in a map, from a line on.
fn comments_in(splice: &Splice<'_>, node: &Written, mut from: usize, kept: &mut Vec<u8>) {
    let Form::Map { is_flow: false, entries, .. } = &node.form else { return };
    for entry in entries {
        push_comments(splice, from..splice.line_start(entry.key.start), kept);
        comments_in(splice, &entry.value, splice.next_line(entry.key.end), kept);
        from = splice.next_line(entry.value.end);
    }
}

fn push_comments(splice: &Splice<'_>, lines: Range<usize>, kept: &mut Vec<u8>) {
    for line in splice.slice(lines.start..lines.end.max(lines.start)).split_inclusive(|&byte| byte == b'\n') {
        if line.trim_ascii_start().starts_with(b"#") {
            kept.extend_from_slice(line);
        }
    }
}

fn is_map(node: &Written) -> bool {
    matches!(node.form, Form::Map { .. })
}

fn is_only_entry(node: &Written) -> bool {
    matches!(&node.form, Form::Map { entries, .. } if entries.len() == 1)
}

/// Replaces the collection at a depth by an empty one.
fn replace_all(splice: &mut Splice<'_>, located: &Located<'_>, depth: usize, by: &str) -> Result<(), Refusal> {
    let (node, _) = located.above[depth];
    replace(splice, &located.above[..depth], node, by)
}

/// The comments on their own lines between the key of a removed map and the key of the value in it: they stay.
fn comments_between(splice: &Splice<'_>, way: &[(&Written, usize)]) -> Vec<u8> {
    let mut kept = Vec::new();
    for &(parent, number) in way.iter().take(way.len().saturating_sub(1)) {
        let Form::Map { entries, .. } = &parent.form else { continue };
        let entry = &entries[number];
        push_comments(splice, splice.next_line(entry.key.end)..splice.line_start(entry.value.start), &mut kept);
    }
    kept
}

fn block_member(splice: &mut Splice<'_>, parent: &Written, number: usize, kept: &[u8]) -> Result<(), Refusal> {
    let Range { start, end } = span(splice, parent, number)?.ok_or(Refusal::Missing)?;
    if !splice.ends_line(end) {
        return Err(Refusal::Layout);
    }
    if splice.begins_line(start) {
        if !kept.is_empty() {
            let lines = splice.line_start(start)..splice.next_line(end);
            splice.replace(lines, kept);
            return Ok(());
        }
        splice.remove_lines(start, end);
        return Ok(());
    }
    // It shares its line with a dash: the next member takes its place.
    let Some(next) = span(splice, parent, number + 1)? else { return Err(Refusal::Layout) };
    if !kept.is_empty() {
        return Err(Refusal::Comment);
    }
    let behind = splice.next_line(end);
    let blanks = splice.slice(behind..next.start).iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    splice.replace(start..behind + blanks, b"");
    Ok(())
}

fn flow_member(splice: &mut Splice<'_>, parent: &Written, number: usize, inside: Range<usize>) -> Result<(), Refusal> {
    let Range { start, end } = span(splice, parent, number)?.ok_or(Refusal::Missing)?;
    let before = match number.checked_sub(1) {
        Some(before) => span(splice, parent, before)?.map(|before| before.end),
        None => None,
    };
    let next = span(splice, parent, number + 1)?.map(|next| next.start);
    let (cut, gaps) = match (before, next) {
        (None, None) => (inside.clone(), [inside.start..start, end..inside.end]),
        (_, Some(next)) => (start..next, [start..start, end..next]),
        (Some(before), None) => (before..end, [before..start, end..end]),
    };
    if !gaps.into_iter().any(|gap| has_comment(splice.slice(gap))) {
        splice.replace(cut, b"");
        return Ok(());
    }
    // Whole lines are removed, but not the comments of other lines; a trailing comma is allowed.
    let rest = splice.slice(end..splice.line_end(end)).trim_ascii_start();
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let is_whole = splice.begins_line(start) && (is_blank(rest.trim_ascii_end()) || rest.trim_ascii_start()[0] == b'#');
    if !is_whole {
        return Err(Refusal::Comment);
    }
    splice.remove_lines(start, end);
    Ok(())
}
