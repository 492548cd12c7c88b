//! [`edit_all`]: sets, removes or adds values in the text of a values file.
//!
//! The text changes only where the values are: comments, quotes, indentation, order and line ends stay. Every edit is
//! verified with our own reader: the values before and after must differ exactly at the paths, otherwise the edit is
//! refused. However many edits there are, the text is parsed once before and once after.

use super::locate::{Located, Names, locate};
use super::plan::{self, PlannedChange, STEPS, Step};
use super::splice::Splice;
use super::{Refusal, ValueAction, insert, remove, replace, tree};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::values_path::Key;
use crate::yaml::{Form, WrittenDocument, written};
use serde_json::Value;
use std::collections::BTreeMap;

/// The nesting depth up to which files are edited.
const DEPTH: u32 = 100;

/// The most edits that are made one by one if they cannot be made together: each needs another parse.
const MOST_ALONE: usize = 64;

/// The content of a text before it is edited; read once for all edits.
#[derive(Debug)]
pub(super) struct Before {
    values: Result<Value, Refusal>,
    documents: Result<Vec<WrittenDocument>, Refusal>,
}

impl Before {
    /// Reads a text.
    pub(super) fn of(text: &[u8], helm: HelmVersion, limits: &Limits) -> Self {
        let limits = bounded(limits);
        let values = read(text, helm, &limits);
        let documents = values.as_ref().map_err(Clone::clone).and_then(|_| documents(text, helm, &limits));
        Self { values, documents }
    }
}

/// Sets a value in the text, removes it with its key, or adds it: [`edit_all`] with one edit, for tests.
///
/// # Errors
/// Why the text is not edited.
#[cfg(test)]
pub(crate) fn edit(
    text: &[u8],
    path: &[Key],
    action: &ValueAction,
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    edit_all(text, &[(path, action)], helm, limits)
}

/// Sets values in the text, removes them with their keys, or adds them.
///
/// Maps that become empty are removed too, up to one with other members: `image:` with nothing below it would be null, which
/// removes the chart's defaults. Types stay: `3.10` is written with quotes if it is a string. Paths refer to the original
/// text.
///
/// # Errors
/// Why one of the edits, or all of them together, cannot be made.
pub(crate) fn edit_all(
    text: &[u8],
    edits: &[PlannedChange<'_>],
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    edit_read(text, &Before::of(text, helm, limits), edits, helm, limits)
}

/// The same for a text that was read already.
pub(super) fn edit_read(
    text: &[u8],
    Before { values: before, documents: read }: &Before,
    edits: &[PlannedChange<'_>],
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    let limits = bounded(limits);
    let before = before.as_ref().map_err(Clone::clone)?;
    let mut known: BTreeMap<&[Key], &ValueAction> = BTreeMap::new();
    let mut own: Vec<PlannedChange<'_>> = Vec::with_capacity(edits.len());
    for &(path, action) in edits {
        if known.insert(path, action) != Some(action) {
            own.push((path, action));
        }
    }
    let wanted = plan::wanted(before, &own)?;
    let steps = plan::steps(before, &own)?;
    let judged = |after: Vec<u8>| match tree::values(&after, helm, &limits) {
        Ok(values) if values == wanted => Ok(after),
        _ => Err(Refusal::Differs),
    };
    let read = read.as_ref().map_err(Clone::clone);
    let at_once = read.and_then(|read| take(text, read, &steps)).and_then(judged);
    let most = if own.len() == 1 { STEPS } else { MOST_ALONE };
    if at_once.is_ok() || steps.len() < 2 || steps.len() > most {
        return at_once;
    }
    // Edits that are close together may conflict.
    let mut after = text.to_vec();
    for step in steps.chunks(1) {
        after = take(&after, &documents(&after, helm, &limits)?, step)?;
    }
    judged(after)
}

/// Why each edit cannot be made, as far as that is known without trying it.
pub(super) fn refusals(text: &[u8], read: &Before, edits: &[PlannedChange<'_>]) -> Vec<Option<Refusal>> {
    let (before, documents) = match (&read.values, &read.documents) {
        (Ok(before), Ok(documents)) => (before, documents),
        (Err(why), _) | (_, Err(why)) => return edits.iter().map(|_| Some(why.clone())).collect(),
    };
    let mut names = Names::default();
    let mut tried = |edit: &PlannedChange<'_>| {
        let mut splice = Splice::new(text);
        plan::steps(before, std::slice::from_ref(edit))?
            .iter()
            .try_for_each(|(path, step)| put(&mut splice, documents, &mut names, path, step))
    };
    edits.iter().map(|edit| tried(edit).err()).collect()
}

fn bounded(limits: &Limits) -> Limits {
    Limits { yaml_depth: limits.yaml_depth.min(DEPTH), ..limits.clone() }
}

fn read(text: &[u8], helm: HelmVersion, limits: &Limits) -> Result<Value, Refusal> {
    let values = tree::values(text, helm, limits)?;
    if has_control(text) { Err(Refusal::Template) } else { Ok(values) }
}

fn documents(text: &[u8], helm: HelmVersion, limits: &Limits) -> Result<Vec<WrittenDocument>, Refusal> {
    written(text, helm, limits).map_err(|error| Refusal::Unread(error.to_string()))
}

/// Makes changes of a text, all at once.
fn take(text: &[u8], documents: &[WrittenDocument], steps: &[(Vec<Key>, Step)]) -> Result<Vec<u8>, Refusal> {
    let (mut splice, mut names) = (Splice::new(text), Names::default());
    for (path, step) in steps {
        put(&mut splice, documents, &mut names, path, step)?;
    }
    let after = splice.finish()?;
    // An empty file looks like a mistake.
    let is_empty = after.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&after).trim_ascii().is_empty();
    if is_empty && !text.trim_ascii().is_empty() {
        let line_break = if text.ends_with(b"\n") { Splice::new(text).line_break() } else { "" };
        return Ok([after.as_slice().trim_ascii_end(), b"{}", line_break.as_bytes()].concat());
    }
    Ok(after)
}

/// Records the pieces of the text that a change replaces.
fn put<'w>(
    splice: &mut Splice<'_>,
    documents: &'w [WrittenDocument],
    names: &mut Names<'w>,
    path: &[Key],
    step: &Step,
) -> Result<(), Refusal> {
    let text = splice.text;
    match step {
        Step::Set(value) => {
            let located = only(documents, names, path, text)?;
            check_text(text, &located)?;
            replace::set(splice, &located, value)
        }
        Step::Remove { .. } | Step::Clear => {
            let located = only(documents, names, path, text)?;
            check_text(text, &located)?;
            match step {
                Step::Clear => remove::clear(splice, &located),
                step => remove::remove(splice, &located, matches!(step, Step::Remove { prunes: true })),
            }
        }
        Step::Add(value) => {
            let (document, located) = nearest(documents, names, path, text)?;
            let depth = located.as_ref().map_or(0, |located| located.above.len());
            match document {
                Some(document) => insert::add(splice, document, located.as_ref(), &path[depth..], value.clone()),
                None => {
                    let empty = WrittenDocument { end: text.len(), root: None };
                    insert::add(splice, &empty, None, path, value.clone())
                }
            }
        }
    }
}

/// The location of a value that exactly one document has.
fn only<'w>(
    documents: &'w [WrittenDocument],
    names: &mut Names<'w>,
    path: &[Key],
    text: &[u8],
) -> Result<Located<'w>, Refusal> {
    let mut found = None;
    for root in documents.iter().filter_map(|document| document.root.as_ref()) {
        if is_nothing(root) {
            continue;
        }
        let located = locate(root, names, path, text)?;
        if located.above.len() < path.len() {
            continue;
        }
        if found.replace(located).is_some() {
            return Err(Refusal::Documents);
        }
    }
    found.ok_or(Refusal::Missing)
}

/// The last document that contains the longest part of a path.
fn nearest<'w>(
    documents: &'w [WrittenDocument],
    names: &mut Names<'w>,
    path: &[Key],
    text: &[u8],
) -> Result<(Option<&'w WrittenDocument>, Option<Located<'w>>), Refusal> {
    let mut best: (Option<&WrittenDocument>, Option<Located<'_>>) = (None, None);
    for document in documents {
        let located = match &document.root {
            None => None,
            Some(root) if is_nothing(root) => None,
            Some(root) => Some(locate(root, names, path, text)?),
        };
        let depth = |located: &Option<Located<'_>>| located.as_ref().map_or(0, |located| located.above.len());
        if best.0.is_none() || depth(&located) >= depth(&best.1) {
            best = (Some(document), located);
        }
    }
    Ok(best)
}

/// A document with only comments, with or without its `---`.
fn is_nothing(root: &crate::yaml::Written) -> bool {
    matches!(root.form, Form::Plain) && root.start == root.end && !root.is_marked
}

/// Text that a template engine fills in is not edited.
fn check_text(text: &[u8], located: &Located<'_>) -> Result<(), Refusal> {
    let touched = text.get(located.node.start..located.node.end).unwrap_or_default();
    if memchr::memmem::find(touched, b"{{").is_some() { Err(Refusal::Template) } else { Ok(()) }
}

/// Whether template actions in comments control which lines exist: such a text is valid YAML only by chance.
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
