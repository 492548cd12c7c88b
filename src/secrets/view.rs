//! A place of a source with the lines around it, without what not everybody may see.

use super::deny::denied;
use super::lines::{Before, takes_secret};
use super::{MASK, own_text};
use crate::source::{File, Place};
use std::collections::BTreeSet;
use std::ops::Range;

/// Lines before and after the one of a place that are kept.
const AROUND: u32 = 2;

/// How far above a line the keys that hold it are looked for.
const ABOVE: usize = 2_000;

/// A place whose own text is hidden, and what not everybody may see around it.
pub fn masked(place: &Place) -> Place {
    shown(place, std::iter::once(place), "", &BTreeSet::new())
}

/// A place in a file that has the lines around it, without secrets: `secrets` are places of such, `known` texts.
pub(super) fn shown<'s>(
    place: &Place,
    secrets: impl Iterator<Item = &'s Place>,
    told: &str,
    known: &BTreeSet<String>,
) -> Place {
    let file = &place.file;
    let bytes = file.bytes();
    let (start, end) = (place.start as usize, (place.end as usize).min(bytes.len()));
    let own = String::from_utf8_lossy(own_text(place)).into_owned();
    let is_told = {
        let own = own.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        !own.is_empty() && told.contains(own)
    };
    let (line, _) = file.line_column(place.start);
    let first = line.saturating_sub(AROUND).max(1);
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let offset = |line: u32| file.start_of_line(line).map_or(bytes.len(), |at| at as usize);
    let (from, to) = (offset(first), offset(line + AROUND + 1));
    for number in first..=line + AROUND {
        let Some(at) = file.start_of_line(number).map(|at| at as usize) else { break };
        let raw = &bytes[at..offset(number + 1)];
        let Ok(text) = std::str::from_utf8(raw) else {
            hidden.extend(trimmed(raw, at));
            continue;
        };
        let text = text.trim_end_matches(['\n', '\r']);
        let own = (start < at + raw.len() && at < end.max(start + 1))
            .then(|| start.saturating_sub(at)..end.saturating_sub(at).min(text.len()));
        let before = before(file, number, at);
        hidden.extend(denied(text, before, told, own).into_iter().map(|range| at + range.start..at + range.end));
        for secret in known.iter().filter(|secret| text.contains(secret.as_str())) {
            let all = text.match_indices(secret.as_str()).map(|(found, _)| at + found..at + found + secret.len());
            hidden.extend(all.filter(|range| !(is_told && range.start < end && start < range.end)));
        }
    }
    for secret in secrets {
        let (begin, stop) = (secret.start as usize, secret.end as usize);
        if is_told && begin < end && start < stop {
            continue;
        }
        let mut at = begin;
        for raw in bytes.get(begin..stop).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            hidden.extend(trimmed(raw, at));
            at += raw.len();
        }
    }
    hidden.retain(|range| from <= range.start && range.start < to && !range.is_empty());
    hidden.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    // The place is told as it is; what it is in what is shown follows.
    let mut made: Vec<u8> = vec![b'\n'; first as usize - 1];
    let (mut at, mut new_start, mut new_end) = (from, None, None);
    for range in hidden {
        if range.start < at {
            // One within another; what sticks out of it is hidden too.
            at = at.max(range.end);
            continue;
        }
        made.extend_from_slice(&bytes[at..range.start]);
        // What lies before the mask has not moved since the last one; what lies in it becomes all of it.
        if new_start.is_none() && start < range.end {
            new_start = Some(made.len() - range.start.saturating_sub(start));
        }
        if new_end.is_none() && end <= range.start {
            new_end = Some(made.len() - (range.start - end));
        }
        made.extend_from_slice(MASK.as_bytes());
        if new_end.is_none() && end <= range.end {
            new_end = Some(made.len());
        }
        at = range.end;
    }
    let moved = |offset: usize| made.len() + offset.clamp(at, to.max(at)) - at;
    let new_start = new_start.unwrap_or_else(|| moved(start));
    let new_end = new_end.unwrap_or_else(|| moved(end)).max(new_start);
    made.extend_from_slice(bytes.get(at..to).unwrap_or_default());
    Place { file: File::excerpt(place, made), start: new_start as u32, end: new_end as u32 }
}

/// A text with ranges masked, which are in any order.
pub(super) fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut ranges = ranges.to_vec();
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for range in ranges {
        if range.start >= at {
            out.push_str(&text[at..range.start]);
            out.push_str(MASK);
        }
        at = at.max(range.end);
    }
    out.push_str(&text[at..]);
    out
}

/// The bytes of a line without the blanks around them.
fn trimmed(line: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + line.len() - line.trim_ascii_start().len();
    let range = start..start + line.trim_ascii().len();
    (!range.is_empty()).then_some(range)
}

/// What the lines before a line say of it.
fn before(file: &File, number: u32, at: usize) -> Before {
    if file.is_flag() {
        return Before { is_flag: true, ..Before::default() };
    }
    let above = &file.bytes()[..at];
    let mut before = Before { is_secret: is_held_by_a_secret(file, number), ..Before::default() };
    // Elsewhere braces are text.
    if file.name().contains("/templates/") || file.name().starts_with("templates/") {
        let open = memchr::memmem::rfind(above, b"{{");
        let closed = memchr::memmem::rfind(above, b"}}");
        if let Some(open) = open.filter(|open| closed.is_none_or(|closed| closed < *open)) {
            let action = above[open + 2..].trim_ascii_start();
            let action = action.strip_prefix(b"-").unwrap_or(action).trim_ascii_start();
            before.in_comment = action.starts_with(b"/*") && memchr::memmem::find(action, b"*/").is_none();
            before.in_action = !before.in_comment;
        }
    }
    before
}

/// Whether a key around a line says that all in it is secret, or the line before is a flag that takes a value.
fn is_held_by_a_secret(file: &File, number: u32) -> bool {
    let text = |number: u32| file.line(number).unwrap_or_default();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = text(number);
    let (mut depth, mut is_item) = (indent(&own), own.trim_start().starts_with("- "));
    let mut is_next = true;
    for number in (1..number).rev().take(ABOVE) {
        let line = text(number);
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        if std::mem::take(&mut is_next) && is_item {
            let word = bare.trim_start_matches("- ").trim_matches(['"', '\'', ',']);
            if takes_secret(word) {
                return true;
            }
        }
        let own = indent(&line);
        let is_above = own < depth || is_item && own == depth && !bare.starts_with("- ");
        if !is_above {
            continue;
        }
        let key = bare.trim_start_matches("- ").split([':', '=']).next().unwrap_or_default();
        if super::is_secret(key.trim().trim_matches(['"', '\''])) {
            return true;
        }
        (depth, is_item) = (own, bare.starts_with("- "));
        if depth == 0 && !is_item {
            return false;
        }
    }
    false
}
