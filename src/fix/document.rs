//! [`edit`]: the text of a values file with one value of it set, taken away or added.
//!
//! The text is changed only where the value is: comments, quotes, indentation, order and line ends stay. Our own reader is
//! the judge: the values before and after differ exactly at the path, or there is no edit.

use super::locate::{Located, locate};
use super::splice::Splice;
use super::{Action, Refusal, insert, remove, replace, tree};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::trace::Key;
use crate::yaml::{Document, Form, written};
use serde_json::Value;

/// Collections in each other; whoever nests deeper edits by hand.
const DEPTH: u32 = 100;

/// A whole value that is set is taken apart into as many changes; one that takes more is written anew.
const STEPS: usize = 100;

/// The text with a value of it set, taken away with its key, or added.
///
/// Maps that are empty then go too, up to one that has other members: `image:` with nothing below it is null, which takes the
/// chart's defaults away. What is set stays what it is: `3.10` is written with quotes if it is a string.
///
/// # Errors
/// Why the text is not edited.
pub fn edit(
    text: &[u8],
    path: &[Key],
    action: &Action,
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    let limits = Limits { yaml_depth: limits.yaml_depth.min(DEPTH), ..limits.clone() };
    let before = tree::values(text, helm, &limits)?;
    if has_control(text) {
        return Err(Refusal::Template);
    }
    let mut steps = Vec::new();
    let mut wanted = before.clone();
    match action {
        Action::Set(value) => {
            let old = tree::get(&before, path).ok_or(Refusal::Missing)?;
            apart(old, value, path, &mut steps);
            if steps.len() > STEPS {
                steps = vec![(path.to_vec(), Step::Set(value.clone()))];
            }
            tree::set(&mut wanted, path, value.clone())?;
        }
        Action::Remove => {
            steps.push((path.to_vec(), Step::Remove { prunes: true }));
            tree::remove(&mut wanted, path)?;
        }
        Action::Add(value) => {
            steps.push((path.to_vec(), Step::Add(value.clone())));
            tree::add(&mut wanted, path, value.clone())?;
        }
    }
    let mut after = text.to_vec();
    for (path, step) in steps {
        after = take(&after, &path, step, helm, &limits)?;
    }
    match tree::values(&after, helm, &limits) {
        Ok(values) if values == wanted => Ok(after),
        _ => Err(Refusal::Differs),
    }
}

/// One change of the text.
enum Step {
    Set(Value),
    Remove { prunes: bool },
    Add(Value),
}

/// The changes that make one value of another.
fn apart(old: &Value, new: &Value, path: &[Key], steps: &mut Vec<(Vec<Key>, Step)>) {
    let below = |key: Key| [path, &[key]].concat();
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) if !new.is_empty() => {
            for (name, value) in new {
                let path = below(Key::Name(name.as_str().into()));
                match old.get(name) {
                    Some(old) => apart(old, value, &path, steps),
                    None => steps.push((path, Step::Add(value.clone()))),
                }
            }
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            let gone = gone.map(|name| (below(Key::Name(name.as_str().into())), Step::Remove { prunes: false }));
            steps.extend(gone);
        }
        (Value::Array(old), Value::Array(new)) if !new.is_empty() => {
            for (index, value) in new.iter().enumerate() {
                let path = below(Key::Index(index as u32));
                match old.get(index) {
                    Some(old) => apart(old, value, &path, steps),
                    None => steps.push((path, Step::Add(value.clone()))),
                }
            }
            let gone = (new.len()..old.len()).rev().map(|index| below(Key::Index(index as u32)));
            steps.extend(gone.map(|path| (path, Step::Remove { prunes: false })));
        }
        _ => steps.push((path.to_vec(), Step::Set(new.clone()))),
    }
}

fn take(text: &[u8], path: &[Key], step: Step, helm: HelmVersion, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let documents = written(text, helm, limits).map_err(|error| Refusal::Unread(error.to_string()))?;
    let mut splice = Splice::new(text);
    match step {
        Step::Set(value) => {
            let located = only(&documents, path, text)?;
            check_text(text, &located)?;
            replace::set(&mut splice, &located, &value)?;
        }
        Step::Remove { prunes } => {
            let located = only(&documents, path, text)?;
            check_text(text, &located)?;
            remove::remove(&mut splice, &located, prunes)?;
        }
        Step::Add(value) => {
            let (document, located) = nearest(&documents, path, text)?;
            let depth = located.as_ref().map_or(0, |located| located.above.len());
            match document {
                Some(document) => {
                    insert::add(&mut splice, document, located.as_ref(), &path[depth..], value)?;
                }
                None => {
                    let empty = Document { start: text.len(), end: text.len(), root: None };
                    insert::add(&mut splice, &empty, None, path, value)?;
                }
            }
        }
    }
    let after = splice.finish()?;
    // A file with nothing in it looks like a mistake.
    let is_empty = after.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&after).trim_ascii().is_empty();
    if is_empty && !text.trim_ascii().is_empty() {
        let line_break = if text.ends_with(b"\n") { Splice::new(text).line_break() } else { "" };
        return Ok([after.as_slice().trim_ascii_end(), b"{}", line_break.as_bytes()].concat());
    }
    Ok(after)
}

/// The way to a value that one document has.
fn only<'w>(documents: &'w [Document], path: &[Key], text: &[u8]) -> Result<Located<'w>, Refusal> {
    let mut found = None;
    for root in documents.iter().filter_map(|document| document.root.as_ref()) {
        if is_nothing(root) {
            continue;
        }
        let located = locate(root, path, text)?;
        if located.above.len() < path.len() {
            continue;
        }
        if found.replace(located).is_some() {
            return Err(Refusal::Documents);
        }
    }
    found.ok_or(Refusal::Missing)
}

/// The document that has most of a path, the last of them.
fn nearest<'w>(
    documents: &'w [Document],
    path: &[Key],
    text: &[u8],
) -> Result<(Option<&'w Document>, Option<Located<'w>>), Refusal> {
    let mut best: (Option<&Document>, Option<Located<'_>>) = (None, None);
    for document in documents {
        let located = match &document.root {
            None => None,
            Some(root) if is_nothing(root) => None,
            Some(root) => Some(locate(root, path, text)?),
        };
        let depth = |located: &Option<Located<'_>>| located.as_ref().map_or(0, |located| located.above.len());
        if best.0.is_none() || depth(&located) >= depth(&best.1) {
            best = (Some(document), located);
        }
    }
    Ok(best)
}

/// A document of comments, with or without its `---`.
fn is_nothing(root: &crate::yaml::Written) -> bool {
    matches!(root.form, Form::Plain) && root.start == root.end && !root.is_marked
}

/// What a template engine is to fill in is not edited.
fn check_text(text: &[u8], located: &Located<'_>) -> Result<(), Refusal> {
    let touched = text.get(located.node.start..located.node.end).unwrap_or_default();
    if memchr::memmem::find(touched, b"{{").is_some() { Err(Refusal::Template) } else { Ok(()) }
}

/// Whether template actions in comments decide which lines there are: such a text is YAML only by chance.
fn has_control(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 7] = [b"if", b"else", b"end", b"range", b"with", b"define", b"block"];
    memchr::memmem::find_iter(text, b"{{").any(|at| {
        let line_start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
        let before = text[line_start..at].trim_ascii();
        let rest = &text[at + 2..];
        let rest = rest.strip_prefix(b"-").unwrap_or(rest).trim_ascii_start();
        let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        !before.is_empty() && before.iter().all(|&byte| byte == b'#') && WORDS.contains(&&rest[..word])
    })
}
