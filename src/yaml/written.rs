//! [`written`]: the syntax of a text, for editing it: block and flow collections, the quotes of scalars, anchors, tags and
//! aliases.

use super::documents::ranges;
use super::error::Error;
use super::keys::{float_key, is_merge};
use super::parse::{Content, Id, Tree, parse};
use super::resolve::{Scalar, resolve};
use super::scan::Scanner;
use super::text::Text;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::borrow::Cow;

/// A document of a text.
#[derive(Debug)]
pub(crate) struct WrittenDocument {
    /// The byte after its last.
    pub(crate) end: usize,
    /// Its content; `None` if there are only comments.
    pub(crate) root: Option<Written>,
}

/// A node with its syntax.
#[derive(Debug)]
pub(crate) struct Written {
    /// Its form.
    pub(crate) form: Form,
    /// Its first byte, after anchor and tag.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
    /// Whether there is an anchor or a tag before it.
    pub(crate) is_marked: bool,
}

/// The form of a node.
#[derive(Debug)]
pub(crate) enum Form {
    /// A plain scalar; empty if a value is omitted.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|` or `>`
    Block,
    /// `*name`
    Alias,
    /// A list.
    List {
        /// `[…]`
        is_flow: bool,
        /// The elements.
        items: Vec<Written>,
    },
    /// A map.
    Map {
        /// `{…}`
        is_flow: bool,
        /// `[key: value]`, a map without braces in a flow list.
        is_pair: bool,
        /// The entries, in order.
        entries: Vec<WrittenEntry>,
    },
}

/// An entry of a map.
#[derive(Debug)]
pub(crate) struct WrittenEntry {
    /// The key as in JSON; `None` if it is not a scalar, or JSON cannot express it.
    pub(crate) name: Option<String>,
    /// The key with its syntax.
    pub(crate) key: Written,
    /// `? key`
    pub(crate) is_explicit: bool,
    /// `<<`
    pub(crate) is_merge: bool,
    /// The value.
    pub(crate) value: Written,
}

/// Parses the syntax of the documents of a values file; [`read_documents`](super::read_documents) gives their values.
///
/// # Errors
/// A document is not YAML, or not in UTF-8.
pub(crate) fn written(text: &[u8], helm: HelmVersion, limits: &Limits) -> Result<Vec<WrittenDocument>, Error> {
    let mut documents = Vec::new();
    for range in ranges(text, helm) {
        let bytes = text.get(range.clone()).unwrap_or_default();
        if bytes.len() > limits.yaml_bytes {
            let message = format!("document has more than {} bytes (--limit yaml-bytes)", limits.yaml_bytes);
            return Err(Error::limit(message));
        }
        let decoded = Text::new(bytes);
        if let Cow::Owned(_) = decoded.bytes {
            return Err(Error {
                line: None,
                message: "the text is not in UTF-8".to_owned(),
                bridge: true,
                limit: false,
                at: None,
            });
        }
        let root = parse(Scanner::new(&decoded, limits))?;
        let root = root.map(|(tree, root)| {
            let reader = Reader { tree: &tree, text: bytes, shift: range.start };
            reader.node(root, decoded.start, false)
        });
        documents.push(WrittenDocument { end: range.end, root });
    }
    Ok(documents)
}

struct Reader<'t, 'a> {
    tree: &'t Tree<'a>,
    text: &'a [u8],
    /// Bytes before the document.
    shift: usize,
}

impl Reader<'_, '_> {
    /// A node; `gap` is the start of what may precede it.
    fn node(&self, id: Id, gap: usize, in_flow: bool) -> Written {
        let raw = self.tree.get(id);
        let (start, end) = (raw.start as usize, raw.end as usize);
        let byte = self.text.get(start).copied();
        let form = match &raw.content {
            Content::Alias { .. } => Form::Alias,
            Content::Scalar { .. } if start == end => Form::Plain,
            Content::Scalar { .. } => match byte {
                Some(b'\'') => Form::Single,
                Some(b'"') => Form::Double,
                Some(b'|' | b'>') => Form::Block,
                _ => Form::Plain,
            },
            Content::Seq(first) => {
                let is_flow = byte == Some(b'[');
                let mut gap = start + usize::from(is_flow);
                let mut items = Vec::new();
                for id in self.children(*first) {
                    items.push(self.node(id, gap, in_flow || is_flow));
                    gap = self.tree.get(id).end as usize;
                }
                Form::List { is_flow, items }
            }
            Content::Map(first) => {
                let parts: Vec<Id> = self.children(*first).collect();
                // A block map begins with its first key.
                let begins_with_key = parts.first().is_some_and(|&key| self.tree.get(key).start as usize == start);
                let is_flow = byte == Some(b'{') && !begins_with_key;
                let mut gap = start + usize::from(is_flow);
                let mut entries = Vec::with_capacity(parts.len() / 2);
                for pair in parts.chunks_exact(2) {
                    let (key, value) = (self.tree.get(pair[0]), self.tree.get(pair[1]));
                    entries.push(WrittenEntry {
                        name: self.name(pair[0]),
                        is_explicit: self.holds(gap, key.start as usize, b"?") || self.text.get(start) == Some(&b'?'),
                        key: self.node(pair[0], gap, in_flow || is_flow),
                        is_merge: is_merge(self.tree, pair[0]),
                        value: self.node(pair[1], key.end as usize, in_flow || is_flow),
                    });
                    gap = value.end as usize;
                }
                Form::Map { is_flow, is_pair: in_flow && !is_flow, entries }
            }
        };
        let is_marked = self.holds(gap, start, b"&!");
        Written { form, start: start + self.shift, end: end + self.shift, is_marked }
    }

    fn children(&self, first: Option<Id>) -> impl Iterator<Item = Id> {
        std::iter::successors(first, |&id| self.tree.get(id).next)
    }

    /// Whether one of these bytes is between two nodes, outside comments.
    fn holds(&self, from: usize, to: usize, wanted: &[u8]) -> bool {
        let between = self.text.get(from..to).unwrap_or_default();
        let mut is_comment = false;
        let mut before = from.checked_sub(1).and_then(|at| self.text.get(at)).copied().unwrap_or(b'\n');
        for &byte in between {
            match byte {
                b'\n' | b'\r' => is_comment = false,
                b'#' if matches!(before, b' ' | b'\t' | b'\n' | b'\r') => is_comment = true,
                _ if !is_comment && wanted.contains(&byte) => return true,
                _ => {}
            }
            before = byte;
        }
        false
    }

    fn name(&self, key: Id) -> Option<String> {
        let Content::Scalar { text, tag, plain } = &self.tree.get(key).content else { return None };
        match resolve(text, *tag, *plain).ok()? {
            Scalar::Str(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            Scalar::Bool(value) => Some(value.to_string()),
            Scalar::Int(value) => Some(value.to_string()),
            Scalar::Float(value) => Some(float_key(value)),
            Scalar::Null | Scalar::Uint(_) => None,
        }
    }
}
