//! Secrets in YAML: in values files, and in rendered manifests.

use super::deny::named;
use super::harmless::{is_of_image, is_trivial};
use super::is_secret;
use super::lines::Before;
use super::text::secrets_in;
use crate::yaml::{Data, Node};
use std::ops::Range;

/// Calls `add` with each value of a document of values whose name says that it is a secret.
pub(super) fn secrets_of_values(document: &Node, add: &mut dyn FnMut(String)) {
    walk(document, false, &mut |leaf, is_secret| {
        if is_secret && let Some(text) = scalar(leaf) {
            add(text);
        }
    });
}

/// The byte ranges of a manifest that are secrets: the data of Secrets, and values whose names say that they are secrets.
pub(crate) fn hidden_in_manifest(content: &[u8], node: &Node) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut visit = |leaf: &Node, is_secret: bool| {
        let (start, end) = (leaf.start as usize, (leaf.end as usize).min(content.len()));
        if !is_secret && let Some(text) = content.get(start..end).and_then(|raw| std::str::from_utf8(raw).ok()) {
            hidden.extend(secrets_in(text).into_iter().map(|range| start + range.start..start + range.end));
        }
        let mut at = start;
        for raw in content.get(start..end).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            let (from, line) = (at, String::from_utf8_lossy(raw));
            at += raw.len();
            let text = line.trim();
            let begin = from + raw.len() - raw.trim_ascii_start().len();
            if is_secret {
                if !is_trivial(text) {
                    hidden.push(begin..begin + raw.trim_ascii().len());
                }
            } else if std::str::from_utf8(raw).is_ok() {
                let ranges = named(text, Before::default());
                hidden.extend(ranges.into_iter().map(|range| begin + range.start..begin + range.end));
            }
        }
    };
    objects(node, &mut visit);
    // All secrets of a line have the same comment after them, and a line may have many.
    hidden.sort_by_key(|range| range.end);
    let (mut comments, mut looked) = (Vec::new(), 0);
    for range in &hidden {
        if range.end >= looked {
            let comment = comment_behind(content, range.end);
            let line = content.get(range.end..).and_then(|rest| memchr::memchr(b'\n', rest)).map(|end| range.end + end);
            looked = comment.as_ref().map_or(line.unwrap_or(content.len()), |comment| comment.start.saturating_sub(2));
            comments.extend(comment);
        }
    }
    hidden.extend(comments);
    hidden.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    hidden
}

/// The comment on the line after a secret: it may repeat the value.
fn comment_behind(content: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = content.get(at..)?;
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let begin = at + memchr::memmem::find(line, b" #")? + 2;
    let text = content.get(begin..at + line.len())?;
    let start = begin + text.len() - text.trim_ascii_start().len();
    let range = start..start + text.trim_ascii().len();
    (!range.is_empty()).then_some(range)
}

/// Visits an object, or the items of a list of objects.
fn objects(node: &Node, visit: &mut dyn FnMut(&Node, bool)) {
    let Data::Map(entries) = &node.data else { return walk(node, false, visit) };
    let is_kind = |kind: &str| {
        entries.iter().any(|(entry, value)| entry.key == *"kind" && scalar(value).as_deref() == Some(kind))
    };
    let is_secret_kind = is_kind("Secret") || is_kind("SealedSecret");
    for (entry, value) in entries {
        match &*entry.key.to_text() {
            "data" | "stringData" if is_secret_kind => walk(value, true, visit),
            "items" => match &value.data {
                Data::Seq(items) => items.iter().for_each(|item| objects(item, visit)),
                _ => walk(value, false, visit),
            },
            "kind" | "apiVersion" => {}
            // `metadata.name` of an object may be `password`, its labels are not secrets.
            key => walk(value, is_secret(key) && key != "metadata", visit),
        }
    }
}

/// Calls `visit` for each scalar below a node, with whether its name says that it is a secret.
fn walk(node: &Node, is_held: bool, visit: &mut dyn FnMut(&Node, bool)) {
    match &node.data {
        Data::Map(entries) => {
            let text_of =
                |name: &str| entries.iter().find(|(entry, _)| entry.key == *name).and_then(|(_, value)| scalar(value));
            let by_name = text_of("name").or_else(|| text_of("key")).is_some_and(|name| is_secret(&name));
            for (entry, value) in entries {
                let key = entry.key.to_text();
                let of_image = scalar(value).is_some_and(|text| is_of_image(&key, &text));
                let is_own = is_secret(&key) || by_name && key == "value";
                walk(value, is_own || is_held && !of_image, visit);
            }
        }
        Data::Seq(items) => {
            let mut after_flag = false;
            for item in items {
                walk(item, is_held || after_flag, visit);
                let text = scalar(item).unwrap_or_default();
                after_flag = text.starts_with("--") && !text.contains(['=', ' ']) && is_secret(&text);
            }
        }
        _ => visit(node, is_held),
    }
}

fn scalar(node: &Node) -> Option<String> {
    match &node.data {
        Data::Str(text) => Some(text.to_text().into_owned()),
        Data::Int(number) => Some(number.to_string()),
        Data::Uint(number) => Some(number.to_string()),
        _ => None,
    }
}
