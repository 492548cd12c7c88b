//! From tokens to a [`Tree`]: the grammar of libyaml's parser, for the first document of a text.
//!
//! Aliases are linked to their anchors; nothing else is interpreted yet. Errors are reported in go-yaml's order, so no token
//! is read earlier than there.

use super::error::Error;
use super::resolve::Tag;
use super::scan::{Kind, Mark, Scanner, Token};
use std::borrow::Cow;
use std::collections::HashMap;

/// A node of a [`Tree`], by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(u32);

/// The syntax tree of a document.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    nodes: Vec<Raw<'a>>,
}

/// A node of the syntax tree.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    pub(super) content: Content<'a>,
    /// The next child of the same parent.
    pub(super) next: Option<Id>,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) line: u32,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    /// `plain`: without quotes and tag.
    Scalar {
        text: Cow<'a, [u8]>,
        tag: Tag,
        plain: bool,
    },
    /// The first element, if any.
    Seq(Option<Id>),
    /// The first key, if any; its `next` is its value.
    Map(Option<Id>),
    Alias {
        name: &'a [u8],
        target: Id,
    },
}

impl<'a> Tree<'a> {
    pub(super) fn get(&self, id: Id) -> &Raw<'a> {
        &self.nodes[id.0 as usize]
    }

    /// The bytes that the tree takes in memory.
    pub(super) fn size(&self) -> usize {
        self.nodes.capacity() * size_of::<Raw<'_>>()
    }

    fn add(&mut self, content: Content<'a>, start: Mark, end: Mark) -> Id {
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(Raw { content, next: None, start: start.at, end: end.at, line: start.line + 1 });
        id
    }

    fn add_empty(&mut self, at: Mark) -> Id {
        let content = Content::Scalar { text: Cow::Borrowed(b""), tag: Tag::None, plain: true };
        self.add(content, at, at)
    }

    fn close(&mut self, id: Id, content: Content<'a>, end: u32) {
        let node = &mut self.nodes[id.0 as usize];
        node.content = content;
        node.end = end;
    }
}

impl Id {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Children of a collection, linked as they come.
#[derive(Default)]
struct Children {
    first: Option<Id>,
    last: Option<Id>,
}

impl Children {
    fn add(&mut self, tree: &mut Tree<'_>, id: Id) {
        match self.last {
            Some(last) => tree.nodes[last.0 as usize].next = Some(id),
            None => self.first = Some(id),
        }
        self.last = Some(id);
    }

    /// Where the last one ends.
    fn end(&self, tree: &Tree<'_>) -> Option<u32> {
        self.last.map(|id| tree.get(id).end)
    }
}

/// Where a node is parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Flow,
    Block,
    /// A key or value of a block map, where a sequence needs no indentation.
    BlockMap,
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    tree: Tree<'a>,
    anchors: HashMap<&'a [u8], Id>,
    /// `%TAG` handles and their prefixes.
    tags: HashMap<&'a [u8], Vec<u8>>,
}

/// Parses the first document; `None` if there is none.
pub(super) fn parse(scanner: Scanner<'_>) -> Result<Option<(Tree<'_>, Id)>, Error> {
    let mut parser = Parser { scanner, tree: Tree::default(), anchors: HashMap::new(), tags: HashMap::new() };
    let Some(root) = parser.document()? else { return Ok(None) };
    Ok(Some((parser.tree, root)))
}

/// Parses a text that must be one document.
pub(super) fn parse_whole(scanner: Scanner<'_>) -> Result<Option<(Tree<'_>, Id)>, Error> {
    let mut parser = Parser { scanner, tree: Tree::default(), anchors: HashMap::new(), tags: HashMap::new() };
    let Some(root) = parser.document()? else { return Ok(None) };
    loop {
        let token = parser.scanner.next()?;
        match token.kind {
            Kind::StreamEnd => return Ok(Some((parser.tree, root))),
            Kind::DocumentEnd => {}
            _ => return Err(error("did not find expected <document start>", token.start)),
        }
    }
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<Option<Id>, Error> {
        let is_explicit = match self.scanner.peek()?.kind {
            Kind::StreamEnd => return Ok(None),
            Kind::VersionDirective(..) | Kind::TagDirective(_) | Kind::DocumentStart => true,
            _ => false,
        };
        self.directives()?;
        if is_explicit {
            let token = self.scanner.peek()?;
            if !matches!(token.kind, Kind::DocumentStart) {
                return Err(error("did not find expected <document start>", token.start));
            }
            self.scanner.next()?;
        }
        let token = self.scanner.peek()?;
        let is_empty = is_explicit
            && matches!(
                token.kind,
                Kind::VersionDirective(..)
                    | Kind::TagDirective(_)
                    | Kind::DocumentStart
                    | Kind::DocumentEnd
                    | Kind::StreamEnd
            );
        let root = if is_empty {
            let start = token.start;
            self.tree.add_empty(start)
        } else {
            self.node(Place::Block)?
        };
        // Any token ends the document, but one must follow.
        self.scanner.peek()?;
        Ok(Some(root))
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut has_version = false;
        loop {
            match self.scanner.peek()? {
                Token { kind: Kind::VersionDirective(major, minor), start, .. } => {
                    if has_version {
                        return Err(error("found duplicate %YAML directive", *start));
                    }
                    if (*major, *minor) != (1, 1) {
                        return Err(error("found incompatible YAML document", *start));
                    }
                    has_version = true;
                }
                Token { kind: Kind::TagDirective(tag), start, .. } => {
                    if self.tags.contains_key(tag.handle) {
                        return Err(error("found duplicate %TAG directive", *start));
                    }
                    self.tags.insert(tag.handle, tag.suffix.clone());
                }
                _ => break,
            }
            self.scanner.next()?;
        }
        for (handle, prefix) in [(&b"!"[..], &b"!"[..]), (b"!!", b"tag:yaml.org,2002:")] {
            self.tags.entry(handle).or_insert_with(|| prefix.to_vec());
        }
        Ok(())
    }

    /// A node with its anchor and tag.
    fn node(&mut self, place: Place) -> Result<Id, Error> {
        if self.tree.size() > self.scanner.memory_bytes {
            return Err(Error::too_large(self.scanner.memory_bytes));
        }
        let token = self.scanner.peek()?;
        if matches!(token.kind, Kind::Scalar { .. }) {
            return self.content(place, None, None);
        }
        let start = token.start;
        if let Kind::Alias(name) = token.kind {
            let token = self.scanner.next()?;
            let Some(&target) = self.anchors.get(name) else {
                let name = String::from_utf8_lossy(name);
                return Err(Error::without_line(format!("unknown anchor '{name}' referenced")).at(token.start.at));
            };
            return Ok(self.tree.add(Content::Alias { name, target }, start, token.end));
        }
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.scanner.peek()?.kind {
                Kind::Anchor(name) if anchor.is_none() => {
                    anchor = Some(name);
                    self.scanner.next()?;
                }
                Kind::Tag(_) if tag.is_none() => {
                    let token = self.scanner.next()?;
                    if let Kind::Tag(found) = token.kind {
                        tag = Some((found, token.start));
                    }
                }
                _ => break,
            }
        }
        let tag = match tag {
            None => None,
            Some((tag, _)) if tag.handle.is_empty() => Some(tag.suffix),
            Some((tag, mark)) => {
                let prefix = self.tags.get(tag.handle);
                let name = prefix.map(|prefix| [&prefix[..], &tag.suffix].concat()).unwrap_or_default();
                if name.is_empty() {
                    return Err(error("found undefined tag handle", mark));
                }
                Some(name)
            }
        };
        self.content(place, anchor, tag)
    }

    fn content(&mut self, place: Place, anchor: Option<&'a [u8]>, tag: Option<Vec<u8>>) -> Result<Id, Error> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        let is_block = place != Place::Flow;
        let content = match token.kind {
            Kind::Scalar { .. } => {
                let Token { kind: Kind::Scalar { text, plain }, .. } = self.scanner.next()? else {
                    return Err(error("did not find expected node content", start));
                };
                // Of all tags, only `!` makes a quoted scalar plain.
                let (tag, plain) = match tag {
                    None => (Tag::None, plain),
                    Some(tag) => (Tag::new(&tag), tag == b"!"),
                };
                let id = self.tree.add(Content::Scalar { text, tag, plain }, start, end);
                if let Some(anchor) = anchor {
                    self.anchors.insert(anchor, id);
                }
                return Ok(id);
            }
            Kind::FlowSequenceStart | Kind::BlockSequenceStart if is_block => Content::Seq(None),
            Kind::FlowSequenceStart => Content::Seq(None),
            Kind::BlockEntry if place == Place::BlockMap => Content::Seq(None),
            Kind::FlowMappingStart => Content::Map(None),
            Kind::BlockMappingStart if is_block => Content::Map(None),
            _ if anchor.is_some() || tag.is_some() => {
                let plain = tag.is_none();
                let tag = tag.map_or(Tag::None, |tag| Tag::new(&tag));
                let content = Content::Scalar { text: Cow::Borrowed(b""), tag, plain };
                let id = self.tree.add(content, start, start);
                if let Some(anchor) = anchor {
                    self.anchors.insert(anchor, id);
                }
                return Ok(id);
            }
            _ => return Err(error("did not find expected node content", start)),
        };
        // The anchor is known inside its own node.
        let id = self.tree.add(content, start, start);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        let kind = match self.scanner.peek()?.kind {
            Kind::BlockEntry => return self.indentless_sequence(id),
            _ => self.scanner.next()?.kind,
        };
        match kind {
            Kind::FlowSequenceStart => self.flow_sequence(id),
            Kind::BlockSequenceStart => self.block_sequence(id),
            Kind::FlowMappingStart => self.flow_mapping(id),
            _ => self.block_mapping(id, start),
        }
    }

    fn block_sequence(&mut self, id: Id) -> Result<Id, Error> {
        let mut children = Children::default();
        loop {
            let token = self.scanner.peek()?;
            match token.kind {
                Kind::BlockEntry => {
                    let mark = self.scanner.next()?.end;
                    let child = match self.scanner.peek()?.kind {
                        Kind::BlockEntry | Kind::BlockEnd => self.tree.add_empty(mark),
                        _ => self.node(Place::Block)?,
                    };
                    children.add(&mut self.tree, child);
                }
                Kind::BlockEnd => {
                    self.scanner.next()?;
                    return Ok(self.close_sequence(id, children));
                }
                _ => return Err(error("did not find expected '-' indicator", token.start)),
            }
        }
    }

    fn indentless_sequence(&mut self, id: Id) -> Result<Id, Error> {
        let mut children = Children::default();
        while matches!(self.scanner.peek()?.kind, Kind::BlockEntry) {
            let mark = self.scanner.next()?.end;
            let child = match self.scanner.peek()?.kind {
                Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => self.tree.add_empty(mark),
                _ => self.node(Place::Block)?,
            };
            children.add(&mut self.tree, child);
        }
        Ok(self.close_sequence(id, children))
    }

    fn close_sequence(&mut self, id: Id, children: Children) -> Id {
        let end = children.end(&self.tree).unwrap_or(self.tree.get(id).start);
        self.tree.close(id, Content::Seq(children.first), end);
        id
    }

    fn block_mapping(&mut self, id: Id, start: Mark) -> Result<Id, Error> {
        let mut children = Children::default();
        loop {
            let token = self.scanner.peek()?;
            match token.kind {
                Kind::Key => {
                    let mark = self.scanner.next()?.end;
                    let key = self.block_mapping_part(mark)?;
                    children.add(&mut self.tree, key);
                }
                Kind::BlockEnd => {
                    self.scanner.next()?;
                    let end = children.end(&self.tree).unwrap_or(start.at);
                    self.tree.close(id, Content::Map(children.first), end);
                    return Ok(id);
                }
                _ => return Err(error("did not find expected key", token.start)),
            }
            let token = self.scanner.peek()?;
            let value = match token.kind {
                Kind::Value => {
                    let mark = self.scanner.next()?.end;
                    self.block_mapping_part(mark)?
                }
                _ => {
                    let start = token.start;
                    self.tree.add_empty(start)
                }
            };
            children.add(&mut self.tree, value);
        }
    }

    /// A key or a value, which may be omitted.
    fn block_mapping_part(&mut self, mark: Mark) -> Result<Id, Error> {
        match self.scanner.peek()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok(self.tree.add_empty(mark)),
            _ => self.node(Place::BlockMap),
        }
    }

    fn flow_sequence(&mut self, id: Id) -> Result<Id, Error> {
        let mut children = Children::default();
        loop {
            let token = self.scanner.peek()?;
            if !matches!(token.kind, Kind::FlowSequenceEnd) && children.first.is_some() {
                if !matches!(token.kind, Kind::FlowEntry) {
                    return Err(error("did not find expected ',' or ']'", token.start));
                }
                self.scanner.next()?;
            }
            let token = self.scanner.peek()?;
            let child = match token.kind {
                Kind::FlowSequenceEnd => {
                    let end = self.scanner.next()?.end;
                    self.tree.close(id, Content::Seq(children.first), end.at);
                    return Ok(id);
                }
                Kind::Key => self.flow_pair()?,
                _ => self.node(Place::Flow)?,
            };
            children.add(&mut self.tree, child);
        }
    }

    /// A map of one entry inside a flow sequence: `[a: b]`.
    fn flow_pair(&mut self) -> Result<Id, Error> {
        let start = self.scanner.next()?.start;
        let id = self.tree.add(Content::Map(None), start, start);
        let token = self.scanner.peek()?;
        let key = match token.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // Go quirk: the token is lost, so `[? : b]` is an error.
                let mark = self.scanner.next()?.end;
                self.tree.add_empty(mark)
            }
            _ => self.node(Place::Flow)?,
        };
        let value = self.flow_value(Kind::FlowSequenceEnd)?;
        // The pair ends only once the next token can be read.
        self.scanner.peek()?;
        let mut children = Children::default();
        children.add(&mut self.tree, key);
        children.add(&mut self.tree, value);
        let end = children.end(&self.tree).unwrap_or(start.at);
        self.tree.close(id, Content::Map(children.first), end);
        Ok(id)
    }

    /// `: value` in a flow collection that ends with `end`; both parts may be omitted.
    fn flow_value(&mut self, end: Kind<'a>) -> Result<Id, Error> {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, Kind::Value) {
            self.scanner.next()?;
            token = self.scanner.peek()?;
            let is_end = std::mem::discriminant(&token.kind) == std::mem::discriminant(&end);
            if !is_end && !matches!(token.kind, Kind::FlowEntry) {
                return self.node(Place::Flow);
            }
        }
        let start = token.start;
        Ok(self.tree.add_empty(start))
    }

    fn flow_mapping(&mut self, id: Id) -> Result<Id, Error> {
        let mut children = Children::default();
        loop {
            let token = self.scanner.peek()?;
            if !matches!(token.kind, Kind::FlowMappingEnd) && children.first.is_some() {
                if !matches!(token.kind, Kind::FlowEntry) {
                    return Err(error("did not find expected ',' or '}'", token.start));
                }
                self.scanner.next()?;
            }
            let token = self.scanner.peek()?;
            match token.kind {
                Kind::FlowMappingEnd => {
                    let end = self.scanner.next()?.end;
                    self.tree.close(id, Content::Map(children.first), end.at);
                    return Ok(id);
                }
                Kind::Key => {
                    self.scanner.next()?;
                    let token = self.scanner.peek()?;
                    let key = match token.kind {
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                            let start = token.start;
                            self.tree.add_empty(start)
                        }
                        _ => self.node(Place::Flow)?,
                    };
                    children.add(&mut self.tree, key);
                    let value = self.flow_value(Kind::FlowMappingEnd)?;
                    children.add(&mut self.tree, value);
                }
                _ => {
                    let key = self.node(Place::Flow)?;
                    children.add(&mut self.tree, key);
                    let start = self.scanner.peek()?.start;
                    let value = self.tree.add_empty(start);
                    children.add(&mut self.tree, value);
                }
            }
        }
    }
}

/// An error at a token.
fn error(message: &str, mark: Mark) -> Error {
    // Go quirk: these lines count from 0, and the first line is not named.
    let line = if mark.line > 0 { Some(mark.line) } else { None };
    Error { line, message: message.to_owned(), bridge: false, limit: false, at: Some(mark.at) }
}
