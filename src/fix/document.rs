//! [`edit`]: the text of a values file with values of it set, taken away or added.
//!
//! The text is changed only where the values are: comments, quotes, indentation, order and line ends stay. Our own reader is
//! the judge: the values before and after differ exactly at the paths, or there is no edit. However many edits there are, the
//! text is read once before and once after.

use super::locate::{Located, Names, locate};
use super::plan::{self, Change, STEPS, Step};
use super::splice::Splice;
use super::{Action, Refusal, insert, remove, replace, tree};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::trace::Key;
use crate::yaml::{Document, Form, written};
use serde_json::Value;
use std::collections::BTreeMap;

/// Collections in each other; whoever nests deeper edits by hand.
const DEPTH: u32 = 100;

/// Most edits that are made one after the other where they cannot be made at once: each is a reading of the text.
const MOST_ALONE: usize = 64;

/// What a text holds before it is edited: read once, however often that is.
#[derive(Debug)]
pub(super) struct Before {
    values: Result<Value, Refusal>,
    documents: Result<Vec<Document>, Refusal>,
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

/// The text with a value of it set, taken away with its key, or added: [`edit_all`] with one edit.
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
    edit_all(text, &[(path, action)], helm, limits)
}

/// The text with values of it set, taken away with their keys, or added.
///
/// Maps that are empty then go too, up to one that has other members: `image:` with nothing below it is null, which takes the
/// chart's defaults away. What is set stays what it is: `3.10` is written with quotes if it is a string. Paths are those of
/// the text as it is.
///
/// # Errors
/// Why one of the edits, or all of them together, are not made.
pub fn edit_all(text: &[u8], edits: &[Change<'_>], helm: HelmVersion, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    edit_read(text, &Before::of(text, helm, limits), edits, helm, limits)
}

/// The same of a text that was read.
pub(super) fn edit_read(
    text: &[u8],
    Before { values: before, documents: read }: &Before,
    edits: &[Change<'_>],
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    let limits = bounded(limits);
    let before = before.as_ref().map_err(Clone::clone)?;
    let mut known: BTreeMap<&[Key], &Action> = BTreeMap::new();
    let mut own: Vec<Change<'_>> = Vec::with_capacity(edits.len());
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
    // What is close to each other may be in each other's way.
    let mut after = text.to_vec();
    for step in steps.chunks(1) {
        after = take(&after, &documents(&after, helm, &limits)?, step)?;
    }
    judged(after)
}

/// Why edits are not made, each for itself, as far as that is known before it is tried.
pub(super) fn refusals(text: &[u8], read: &Before, edits: &[Change<'_>]) -> Vec<Option<Refusal>> {
    let (before, documents) = match (&read.values, &read.documents) {
        (Ok(before), Ok(documents)) => (before, documents),
        (Err(why), _) | (_, Err(why)) => return edits.iter().map(|_| Some(why.clone())).collect(),
    };
    let mut names = Names::default();
    let mut tried = |edit: &Change<'_>| {
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

fn documents(text: &[u8], helm: HelmVersion, limits: &Limits) -> Result<Vec<Document>, Refusal> {
    written(text, helm, limits).map_err(|error| Refusal::Unread(error.to_string()))
}

/// Makes changes of a text, all at once.
fn take(text: &[u8], documents: &[Document], steps: &[(Vec<Key>, Step)]) -> Result<Vec<u8>, Refusal> {
    let (mut splice, mut names) = (Splice::new(text), Names::default());
    for (path, step) in steps {
        put(&mut splice, documents, &mut names, path, step)?;
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

/// Notes the pieces of the text that a change replaces.
fn put<'w>(
    splice: &mut Splice<'_>,
    documents: &'w [Document],
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
                    let empty = Document { start: text.len(), end: text.len(), root: None };
                    insert::add(splice, &empty, None, path, value.clone())
                }
            }
        }
    }
}

/// The way to a value that one document has.
fn only<'w>(
    documents: &'w [Document],
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

/// The document that has most of a path, the last of them.
fn nearest<'w>(
    documents: &'w [Document],
    names: &mut Names<'w>,
    path: &[Key],
    text: &[u8],
) -> Result<(Option<&'w Document>, Option<Located<'w>>), Refusal> {
    let mut best: (Option<&Document>, Option<Located<'_>>) = (None, None);
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
