//! The documents of a text without a chart: YAML, JSON, several of each in one stream.
//!
//! No text is skipped: everything after a document is a document too, and what cannot be parsed is reported.

use crate::error::{Error, ErrorKind};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::render::manifest::{Manifest, more, split};
use crate::source::File;
use crate::trace::Str;
use crate::values::json;
use crate::yaml::{self, Data, Node};
use std::sync::Arc;

/// A document of a text.
pub(super) struct Document {
    /// Its byte offset in the text.
    pub(super) start: u32,
    /// Its text, which node positions refer to.
    pub(super) content: Str,
    /// Its objects, or why it cannot be parsed.
    pub(super) read: Result<Vec<Node>, Error>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The documents of a text in order, without those that contain only comments.
///
/// A line that begins with `---` or is `...` ends a document. A document that begins with a bracket is a stream of JSON
/// values, or YAML.
pub(super) fn documents(text: &Str, limits: &Limits) -> Vec<Document> {
    let mut found = Vec::new();
    let marks = leading_marks(text.as_bytes());
    let whole = text.slice(marks..text.len());
    for range in split(whole.as_bytes(), HelmVersion::V4) {
        let start = range.start as u32;
        for (at, content) in cut_at_ends(&whole.slice(range)) {
            add(marks as u32 + start + at, content, limits, &mut found);
        }
    }
    found
}

/// Length of the byte order marks, and of the white space between them, at the start of a text.
fn leading_marks(bytes: &[u8]) -> usize {
    let mut end = 0;
    loop {
        let blank = bytes[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match bytes[end + blank..].starts_with(BYTE_ORDER_MARK) {
            true => end += blank + BYTE_ORDER_MARK.len(),
            false => return end,
        }
    }
}

/// The parts of a text between `...` lines, each with its byte offset.
fn cut_at_ends(text: &Str) -> Vec<(u32, Str)> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let rest = line.strip_prefix(b"...");
        if rest.is_some_and(|rest| rest.is_empty() || rest[0].is_ascii_whitespace()) {
            parts.push((from as u32, text.slice(from..at)));
            // The rest of the line is a comment, or stray text that is reported as it is.
            from = at + 3;
        }
        at += line.len();
    }
    parts.push((from as u32, text.slice(from..bytes.len())));
    parts
}

/// Adds the documents of a part between two separators.
fn add(start: u32, text: Str, limits: &Limits, found: &mut Vec<Document>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += leading_marks(&bytes[at..]);
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &bytes[at..];
        if is_comment(rest) {
            return;
        }
        let is_json = matches!(rest.first(), Some(b'{' | b'['));
        let value =
            is_json.then(|| std::str::from_utf8(rest).ok()).flatten().and_then(|rest| json::read_value(rest, 0));
        let content = |end: usize| text.slice(at..at + end);
        match value {
            Some((node, end)) => {
                found.push(Document { start: start + at as u32, content: content(end), read: objects(node) });
                at += end;
            }
            // Text that is not JSON is YAML to its end, in which a bracket may begin a map.
            None => {
                let read = yaml::read_whole(rest, limits).map_err(|error| match is_json && is_cut_off(rest) {
                    true => Error::manifest("the text ends in the middle of a JSON value"),
                    false => Error::new(error.kind(ErrorKind::Manifest), error.to_string()),
                });
                let read = read.and_then(objects);
                found.push(Document { start: start + at as u32, content: content(rest.len()), read });
                return;
            }
        }
    }
}

/// Whether a text is the beginning of a JSON value.
fn is_cut_off(text: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
    matches!(values.next(), Some(Err(error)) if error.is_eof())
}

/// Whether a text contains only comments and directives.
fn is_comment(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .all(|line| matches!(line.first(), None | Some(b'#' | b'%')))
}

/// The objects of a document: itself, or the elements of a list of objects.
fn objects(node: Node) -> Result<Vec<Node>, Error> {
    let has_kind = |node: &Node| !node.text_of("kind").is_empty();
    match node.data {
        Data::Null => Ok(Vec::new()),
        Data::Map(_) if has_kind(&node) => Ok(vec![node]),
        Data::Map(_) => Err(Error::manifest("it has no kind")),
        Data::Seq(items) if !items.is_empty() && items.iter().all(has_kind) => Ok(items),
        // Like an empty `List` it contains nothing, and proves nothing.
        Data::Seq(items) if items.is_empty() => Ok(Vec::new()),
        _ => Err(Error::manifest("it is not a map")),
    }
}

/// The manifest of a document of a file, as far as it can be determined without a template.
pub(super) fn document(file: &Arc<File>, start: u32, content: Str, node: Node) -> Manifest {
    let hook = node.descend(&["metadata", "annotations", "helm.sh/hook"]);
    let hook = hook.map(|hook| hook.text().split(',').map(|event| event.trim().to_owned()).collect());
    Manifest {
        name: template_of(&content).unwrap_or_else(|| file.name().to_owned()),
        source: file.clone(),
        start,
        emits: Arc::new([]),
        api_version: node.text_of("apiVersion"),
        kind: node.text_of("kind"),
        object_name: node.text_at(&["metadata", "name"]),
        hook,
        more: more(&content, &node),
        content,
        node,
    }
}

/// The template in helm's comment at the head of a document: `# Source: app/templates/x.yaml`.
fn template_of(content: &Str) -> Option<String> {
    let head = content.as_bytes().split(|&byte| byte == b'\n').take_while(|line| line.starts_with(b"#"));
    let mut named = head.filter_map(|line| line.strip_prefix(b"# Source: "));
    named.next().map(|name| String::from_utf8_lossy(name).trim().to_owned())
}
