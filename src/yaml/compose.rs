//! From a [`Tree`] to a [`Node`]: what go-yaml's decoder and the JSON bridge of sigs.k8s.io/yaml make of a document.
//!
//! Aliases are copied, merges are applied, keys are strings, and the last of equal keys is used.

use super::bridge;
use super::error::Error;
use super::keys::{float_key, is_merge, merged, wants_maps};
use super::map::{ELEMENT, ENTRY, Map, TEXT};
use super::node::{Data, Entry, Node};
use super::parse::{Content, Id, Tree};
use super::resolve::{Scalar, resolve};
use crate::limits::Limits;
use crate::trace::{Str, go_text};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub(super) struct Composer<'t, 'a> {
    tree: &'t Tree<'a>,
    max_nodes: u64,
    max_depth: u32,
    /// Bytes of the nodes so far, and the most that they may take in addition to the tree.
    bytes: usize,
    max_bytes: usize,
    memory_bytes: usize,
    depth: u32,
    /// Decoded nodes, and how many of them are copies made for an alias.
    decoded: u64,
    copied: u64,
    /// Aliases whose content is being decoded.
    open: HashSet<usize>,
    keys: HashMap<&'t [u8], Str, foldhash::fast::RandomState>,
    /// Whether there was anything that JSON cannot express.
    exotic: bool,
    /// Which entries of the top-level map are wanted; the others are only checked for errors.
    wanted: fn(&[u8]) -> bool,
    /// Inside an entry that is not wanted: its value is not kept.
    skims: bool,
}

/// Makes the node of a document; entries of its map that are not `wanted` are checked for errors, but have no value.
pub(super) fn compose(tree: &Tree<'_>, root: Id, limits: &Limits, wanted: fn(&[u8]) -> bool) -> Result<Node, Error> {
    let mut composer = Composer {
        tree,
        max_nodes: limits.yaml_nodes,
        max_depth: limits.yaml_depth,
        bytes: 0,
        max_bytes: limits.memory_bytes.saturating_sub(tree.size()),
        memory_bytes: limits.memory_bytes,
        depth: 0,
        // The document itself is the first node.
        decoded: 1,
        copied: 0,
        open: HashSet::new(),
        keys: HashMap::default(),
        exotic: false,
        wanted,
        skims: false,
    };
    let node = composer.node(root)?;
    if composer.exotic {
        bridge::check(tree, root)?;
    }
    Ok(node)
}

impl<'t> Composer<'t, '_> {
    fn node(&mut self, id: Id) -> Result<Node, Error> {
        self.count()?;
        let tree = self.tree;
        let raw = tree.get(id);
        let data = match &raw.content {
            Content::Scalar { text, tag, plain } => match resolve(text, *tag, *plain)? {
                Scalar::Null => Data::Null,
                Scalar::Bool(value) => Data::Bool(value),
                Scalar::Int(value) => Data::Int(value),
                Scalar::Uint(value) => Data::Uint(value),
                Scalar::Float(value) => {
                    self.exotic |= !value.is_finite();
                    Data::Float(value)
                }
                Scalar::Str(_) if self.skims => Data::Null,
                Scalar::Str(Cow::Borrowed(text)) => {
                    self.grow(TEXT + text.len())?;
                    Data::Str(Str::new(text))
                }
                Scalar::Str(Cow::Owned(text)) => Data::Str(json_text(text)),
            },
            Content::Alias { name, target } => {
                self.open(id, name)?;
                let node = self.node(*target)?;
                self.close(id);
                return Ok(node);
            }
            Content::Seq(first) => {
                self.deeper()?;
                let mut elements = Vec::new();
                let mut next = *first;
                while let Some(child) = next {
                    let element = self.node(child)?;
                    if !self.skims {
                        self.grow(ELEMENT)?;
                        elements.push(element);
                    }
                    next = tree.get(child).next;
                }
                self.depth -= 1;
                Data::Seq(elements)
            }
            Content::Map(first) => {
                self.deeper()?;
                let mut map = Map::default();
                self.entries(*first, &mut map)?;
                self.depth -= 1;
                Data::Map(map.entries)
            }
        };
        Ok(Node { data, start: raw.start, end: raw.end, line: raw.line })
    }

    fn entries(&mut self, first: Option<Id>, map: &mut Map) -> Result<(), Error> {
        let tree = self.tree;
        let mut next = first;
        while let Some(key) = next {
            let Some(value) = tree.get(key).next else { break };
            next = tree.get(value).next;
            if is_merge(tree, key) {
                for id in merged(tree, value)? {
                    self.merge(id, map)?;
                }
                continue;
            }
            if self.skims {
                self.skim_key(key)?;
                self.node(value)?;
                continue;
            }
            let entry = self.key(key)?;
            self.skims = self.depth == 1 && !(self.wanted)(entry.key.as_bytes());
            let node = self.node(value)?;
            self.skims = false;
            self.grow(ENTRY)?;
            map.insert(entry, node);
        }
        Ok(())
    }

    /// Counts memory for the document.
    fn grow(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes += bytes;
        if self.bytes > self.max_bytes { Err(Error::too_large(self.memory_bytes)) } else { Ok(()) }
    }

    fn merge(&mut self, id: Id, map: &mut Map) -> Result<(), Error> {
        let tree = self.tree;
        match &tree.get(id).content {
            Content::Map(first) => {
                self.count()?;
                self.entries(*first, map)
            }
            Content::Alias { name, target } => {
                let Content::Map(first) = tree.get(*target).content else { return Err(wants_maps()) };
                self.count()?;
                self.open(id, name)?;
                self.count()?;
                self.entries(first, map)?;
                self.close(id);
                Ok(())
            }
            _ => Err(wants_maps()),
        }
    }

    /// Checks a key that is not kept for errors.
    fn skim_key(&mut self, id: Id) -> Result<(), Error> {
        if let Content::Scalar { text, tag, plain } = &self.tree.get(id).content
            && let Scalar::Str(_) = resolve(text, *tag, *plain)?
        {
            return self.count();
        }
        self.key(id).map(|_| ())
    }

    fn key(&mut self, id: Id) -> Result<Entry, Error> {
        let tree = self.tree;
        let raw = tree.get(id);
        let (start, end, line) = (raw.start, raw.end, raw.line);
        if let Content::Scalar { text, tag, plain } = &raw.content
            && let Scalar::Str(Cow::Borrowed(text)) = resolve(text, *tag, *plain)?
        {
            self.count()?;
            let key = self.keys.entry(text).or_insert_with(|| Str::new(text)).clone();
            return Ok(Entry { key, start, end, line });
        }
        let node = self.node(id)?;
        let key = match node.data {
            Data::Str(text) => text,
            Data::Bool(value) => Str::new(if value { "true" } else { "false" }),
            Data::Int(value) => Str::new(value.to_string()),
            Data::Float(value) => Str::new(float_key(value)),
            Data::Null | Data::Uint(_) => {
                // An error, unless a later key replaces the whole map.
                self.exotic = true;
                Str::new("")
            }
            Data::Seq(_) | Data::Map(_) => return Err(bridge::invalid_key(tree, id)),
        };
        Ok(Entry { key, start, end, line })
    }

    /// Counts the collections around a node, including those of aliases; the scanner has checked those in the text.
    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.max_depth {
            // The limit is that of Go's JSON.
            return Err(Error {
                line: None,
                message: "exceeded max depth".to_owned(),
                bridge: true,
                limit: false,
                at: None,
            });
        }
        Ok(())
    }

    fn open(&mut self, alias: Id, name: &[u8]) -> Result<(), Error> {
        if self.open.insert(alias.index()) {
            return Ok(());
        }
        let name = String::from_utf8_lossy(name);
        Err(Error::without_line(format!("anchor '{name}' value contains itself")))
    }

    fn close(&mut self, alias: Id) {
        self.open.remove(&alias.index());
    }

    fn count(&mut self) -> Result<(), Error> {
        self.decoded += 1;
        if !self.open.is_empty() {
            self.copied += 1;
        }
        if self.copied > 100 && self.decoded > 1000 {
            let ratio = self.copied as f64 / self.decoded as f64;
            if ratio > allowed_copies(self.decoded) {
                return Err(Error::without_line("document contains excessive aliasing".to_owned()));
            }
        }
        if self.decoded > self.max_nodes {
            let message = format!("document has more than {} nodes (--limit yaml-nodes)", self.max_nodes);
            return Err(Error::limit(message));
        }
        Ok(())
    }
}

/// The fraction of a document's nodes that may be copies: 0.99 for small documents, 0.1 for large ones.
fn allowed_copies(decoded: u64) -> f64 {
    const SMALL: f64 = 400_000.0;
    const LARGE: f64 = 4_000_000.0;
    let decoded = decoded as f64;
    if decoded <= SMALL {
        0.99
    } else if decoded >= LARGE {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - SMALL) / (LARGE - SMALL))
    }
}

/// The text of `!!binary` as it comes out of JSON: bytes that are not UTF-8 become U+FFFD.
fn json_text(text: Vec<u8>) -> Str {
    match go_text(&text) {
        Cow::Owned(text) => Str::new(text),
        Cow::Borrowed(_) => Str::new(text),
    }
}
