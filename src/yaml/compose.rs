//! From a [`Tree`] to a [`Node`]: what go-yaml's decoder and the JSON bridge of sigs.k8s.io/yaml make of a document.
//!
//! Aliases are copied, merges are applied, keys are strings, and the last of equal keys is used.

use super::exotic;
use super::node::{Data, Entry, Node};
use super::parse::{Content, Id, Tree};
use super::read::Error;
use super::resolve::{Scalar, Tag, resolve};
use crate::limits::Limits;
use crate::trace::{Str, go_text};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Memory of a node in bytes, including the spare capacity of lists.
pub(super) const TEXT: usize = 112;
pub(super) const ELEMENT: usize = 3 * size_of::<Node>() / 2;
pub(super) const ENTRY: usize = 3 * size_of::<(Entry, Node)>() / 2;
/// Maps with more entries than this get an index.
const SMALL_MAP: usize = 16;

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
        exotic::check(tree, root)?;
    }
    Ok(node)
}

/// Whether a key is a merge key.
pub(super) fn is_merge(tree: &Tree<'_>, key: Id) -> bool {
    match &tree.get(key).content {
        Content::Scalar { text, tag, plain } => text.as_ref() == b"<<" && (*plain || *tag == Tag::Merge),
        _ => false,
    }
}

/// The maps that `<<: value` merges, in the order in which they are applied.
pub(super) fn merged(tree: &Tree<'_>, value: Id) -> Result<Vec<Id>, Error> {
    let is_map = |id: Id| match tree.get(id).content {
        Content::Map(_) => true,
        Content::Alias { target, .. } => matches!(tree.get(target).content, Content::Map(_)),
        _ => false,
    };
    if is_map(value) {
        return Ok(vec![value]);
    }
    let Content::Seq(first) = tree.get(value).content else { return Err(wants_maps()) };
    let mut maps: Vec<Id> = std::iter::successors(first, |&id| tree.get(id).next).collect();
    // The first map of a list takes precedence.
    maps.reverse();
    Ok(maps)
}

/// The error for merging something that is not a map.
pub(super) fn wants_maps() -> Error {
    Error::without_line("map merge requires map or sequence of maps as the value".to_owned())
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
            Data::Seq(_) | Data::Map(_) => return Err(exotic::invalid_key(tree, id)),
        };
        Ok(Entry { key, start, end, line })
    }

    /// Counts the collections around a node, including those of aliases; the scanner has checked those in the text.
    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.max_depth {
            // The limit is that of Go's JSON.
            return Err(Error { line: None, message: "exceeded max depth".to_owned(), bridge: true, limit: false });
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

/// A float key: Go's shortest form of a 32-bit float.
pub(super) fn float_key(value: f64) -> String {
    // Go quirk: sigs.k8s.io/yaml formats with 32 bits.
    let value = value as f32;
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() }
    } else {
        shortest(&format!("{value:e}"))
    }
}

/// Go's `%g` with the fewest digits, from Rust's `{:e}`.
pub(super) fn shortest(scientific: &str) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific.to_owned() };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific.to_owned() };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let (before, after) = match exponent {
        0..6 => {
            let whole = exponent as usize + 1;
            let digits = format!("{digits:0<whole$}");
            (digits[..whole].to_owned(), digits[whole..].to_owned())
        }
        -4..0 => ("0".to_owned(), "0".repeat((-exponent) as usize - 1) + &digits),
        _ => {
            let sign_of_exponent = if exponent < 0 { '-' } else { '+' };
            return format!("{sign}{mantissa}e{sign_of_exponent}{:02}", exponent.abs());
        }
    };
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}

/// A map being filled.
#[derive(Default)]
pub(super) struct Map {
    pub(super) entries: Vec<(Entry, Node)>,
    /// The index of each key, once there are many.
    index: HashMap<Str, usize, foldhash::fast::RandomState>,
}

impl Map {
    pub(super) fn insert(&mut self, entry: Entry, node: Node) {
        let known = if self.index.is_empty() {
            self.entries.iter().position(|(known, _)| known.key == entry.key)
        } else {
            self.index.get(&entry.key).copied()
        };
        if let Some(at) = known {
            self.entries[at] = (entry, node);
            return;
        }
        if !self.index.is_empty() {
            self.index.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push((entry, node));
        if self.index.is_empty() && self.entries.len() > SMALL_MAP {
            self.index = self.entries.iter().enumerate().map(|(at, (entry, _))| (entry.key.clone(), at)).collect();
        }
    }
}
