//! A range of a source with its context, with secrets masked.

use super::deny::denied;
use super::lines::{Before, takes_secret};
use super::{MASK, Secrets, own_text};
use crate::source::{File, Place};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Lines of context that are kept before and after a range.
const AROUND: u32 = 2;

/// How many lines above a line are searched for the keys that contain it.
const ABOVE: u32 = 2_000;

/// The longest line that is shown in full, in bytes.
const LONGEST: usize = 4096;

/// The longest line that is analysed, in bytes: of longer ones, only text that is reported is shown.
const LONGEST_ANALYSED: usize = 16 << 10;

/// The context of a range within a longer line, in bytes.
const BESIDE: usize = 256;

/// Written for the rest of a longer line.
const REST: &str = "…";

/// A span whose own text is masked, with masked context.
pub(crate) fn masked(place: &Place) -> Place {
    Secrets::default().and([place.clone()]).hide(place, "")
}

/// The masked ranges of lines that are too long to be analysed for each span in them.
#[derive(Debug, Default)]
pub(super) struct LongLines(Mutex<HashMap<(usize, u32), LongLine>>);

/// The file, which is kept so that its address stays unique, and the masked byte ranges, in order.
type LongLine = (Arc<File>, Arc<[Range<usize>]>);

/// A masked range, and its replacement.
type Hidden = (Range<usize>, &'static str);

/// A span in an excerpt of its file with secrets masked.
pub(super) fn shown(place: &Place, secrets: &Secrets, told: &str) -> Place {
    let file = &place.file;
    let bytes = file.bytes();
    let (start, end) = (place.start as usize, (place.end as usize).min(bytes.len()));
    let is_told = place.end as usize - place.start as usize <= LONGEST && {
        let own = String::from_utf8_lossy(own_text(place)).into_owned();
        let own = own.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        !own.is_empty() && told.contains(own)
    };
    let (line, _) = file.line_column(place.start);
    let first = line.saturating_sub(AROUND).max(1);
    let mut hidden: Vec<Hidden> = Vec::new();
    let mask = |range: Range<usize>| (range, MASK);
    let offset = |line: u32| file.start_of_line(line).map_or(bytes.len(), |at| at as usize);
    let (from, to) = (offset(first), offset(line + AROUND + 1));
    for number in first..=line + AROUND {
        let Some(at) = file.start_of_line(number).map(|at| at as usize) else { break };
        let raw = &bytes[at..offset(number + 1)];
        if raw.len() > LONGEST {
            let own = if number == line { start..end.max(start) } else { at..at };
            let window = window(bytes, at..at + raw.trim_ascii_end().len(), own.clone());
            hidden.push((at..window.start, REST));
            hidden.push((window.end..at + raw.trim_ascii_end().len(), REST));
            let all = long_line(file, number, at, raw, secrets);
            let begin = all.partition_point(|range| range.end <= window.start);
            for range in all[begin..].iter().take_while(|range| range.start < window.end) {
                let range = range.start.max(window.start)..range.end.min(window.end);
                // Text that is reported anyway is shown at the span itself.
                let parts = match is_told {
                    true => [range.start..range.end.min(own.start), range.start.max(own.end)..range.end],
                    false => [range.clone(), 0..0],
                };
                hidden.extend(parts.into_iter().filter(|part| part.start < part.end).map(mask));
            }
            continue;
        }
        let Ok(text) = std::str::from_utf8(raw) else {
            hidden.extend(trimmed(raw, at).map(mask));
            continue;
        };
        let text = text.trim_end_matches(['\n', '\r']);
        let own = (start < at + raw.len() && at < end.max(start + 1))
            .then(|| start.saturating_sub(at)..end.saturating_sub(at).min(text.len()));
        let before = before(file, number, at);
        hidden.extend(denied(text, before, told, own).into_iter().map(|range| mask(at + range.start..at + range.end)));
        for secret in secrets.known_in(text) {
            let all = text.match_indices(secret.as_str()).map(|(found, _)| at + found..at + found + secret.len());
            hidden.extend(all.filter(|range| !(is_told && range.start < end && start < range.end)).map(mask));
        }
    }
    for secret in secrets.places_in(file, from..to) {
        let (begin, stop) = (secret.start as usize, secret.end as usize);
        if is_told && begin < end && start < stop {
            continue;
        }
        let begin = begin.max(from);
        let mut at = begin;
        for raw in bytes.get(begin..stop.min(to)).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            hidden.extend(trimmed(raw, at).map(mask));
            at += raw.len();
        }
    }
    hidden.retain(|(range, _)| from <= range.start && range.start < to && !range.is_empty());
    hidden.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    // The span keeps its displayed location; its range in the excerpt is adjusted.
    let mut made: Vec<u8> = Vec::new();
    let (mut at, mut new_start, mut new_end) = (from, None, None);
    for (range, instead) in hidden {
        if range.start < at {
            // Ranges may be nested; what sticks out is masked too.
            at = at.max(range.end);
            continue;
        }
        made.extend_from_slice(&bytes[at..range.start]);
        // Text before the mask has not moved since the last one; text inside it becomes the mask.
        if new_start.is_none() && start < range.end {
            new_start = Some(made.len() - range.start.saturating_sub(start.max(at)));
        }
        if new_end.is_none() && end <= range.start {
            new_end = Some(made.len() - (range.start - end.max(at)));
        }
        made.extend_from_slice(instead.as_bytes());
        if new_end.is_none() && end <= range.end {
            new_end = Some(made.len());
        }
        at = range.end;
    }
    let moved = |offset: usize| made.len() + offset.clamp(at, to.max(at)) - at;
    let new_start = new_start.unwrap_or_else(|| moved(start));
    let new_end = new_end.unwrap_or_else(|| moved(end)).max(new_start);
    made.extend_from_slice(bytes.get(at..to).unwrap_or_default());
    Place { file: File::excerpt(place, first, made), start: new_start as u32, end: new_end as u32 }
}

/// The shown part of a long line: the span, up to the maximum, and some bytes of context.
fn window(bytes: &[u8], line: Range<usize>, own: Range<usize>) -> Range<usize> {
    let is_whole = |at: usize| bytes.get(at).is_none_or(|byte| !matches!(byte, 0x80..=0xBF));
    let start = own.start.clamp(line.start, line.end).saturating_sub(BESIDE).max(line.start);
    let end = (own.end.min(own.start + LONGEST) + BESIDE).clamp(start, line.end);
    let start = (line.start..=start).rev().find(|&at| is_whole(at)).unwrap_or(line.start);
    let end = (end..=line.end).find(|&at| is_whole(at)).unwrap_or(line.end);
    start..end
}

/// The masked ranges of a long line, whatever is reported.
fn long_line(file: &Arc<File>, number: u32, at: usize, raw: &[u8], secrets: &Secrets) -> Arc<[Range<usize>]> {
    let key = (Arc::as_ptr(file) as usize, number);
    let lock = || secrets.long_lines.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = lock().get(&key) {
        return known.clone();
    }
    let mut found: Vec<Range<usize>> = match std::str::from_utf8(raw) {
        Ok(text) if raw.len() <= LONGEST_ANALYSED => {
            let mut found = denied(text.trim_end_matches(['\n', '\r']), before(file, number, at), "", None);
            for secret in secrets.known_in(text) {
                found.extend(text.match_indices(secret.as_str()).map(|(found, _)| found..found + secret.len()));
            }
            found
        }
        _ => trimmed(raw, 0).into_iter().collect(),
    };
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if at + range.start < last.end => last.end = last.end.max(at + range.end),
            _ => apart.push(at + range.start..at + range.end),
        }
    }
    let found: Arc<[Range<usize>]> = apart.into();
    lock().insert(key, (file.clone(), found.clone()));
    found
}

/// A text with ranges masked, in any order.
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

/// The byte range of a line without surrounding blanks.
fn trimmed(line: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + line.len() - line.trim_ascii_start().len();
    let range = start..start + line.trim_ascii().len();
    (!range.is_empty()).then_some(range)
}

/// What earlier lines say about a line.
fn before(file: &File, number: u32, at: usize) -> Before {
    if file.is_flag() {
        return Before { is_flag: true, ..Before::default() };
    }
    let above = &file.bytes()[..at];
    let mut before = Before { is_secret: is_held_by_a_secret(file, number), ..Before::default() };
    // Braces are plain text outside templates.
    let is_template = file.name().contains("/templates/") || file.name().starts_with("templates/");
    if let Some(open) = file.outline().open_action(at).filter(|_| is_template) {
        let action = above[open + 2..].trim_ascii_start();
        let action = action.strip_prefix(b"-").unwrap_or(action).trim_ascii_start();
        before.in_comment = action.starts_with(b"/*") && memchr::memmem::find(action, b"*/").is_none();
        before.in_action = !before.in_comment;
    }
    before
}

/// Whether a key above a line says that its content is secret, or the line before is a flag that takes a value.
fn is_held_by_a_secret(file: &File, number: u32) -> bool {
    let outline = file.outline();
    let text = |number: u32| file.line(number).unwrap_or_default();
    let is_near = |line: &u32| number - line <= ABOVE;
    if text(number).trim_start().starts_with("- ")
        && let Some(line) = outline.line_before(number).filter(is_near)
        && takes_secret(text(line).trim().trim_start_matches("- ").trim_matches(['"', '\'', ',']))
    {
        return true;
    }
    let mut line = outline.holder(number);
    while let Some(holder) = line.filter(is_near) {
        let held = text(holder);
        let key = held.trim().trim_start_matches("- ").split([':', '=']).next().unwrap_or_default();
        if super::is_secret(key.trim().trim_matches(['"', '\''])) {
            return true;
        }
        line = outline.holder(holder);
    }
    false
}
