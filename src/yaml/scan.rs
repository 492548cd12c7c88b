//! [`Scanner`]: from text to tokens, with the rules of libyaml's scanner as in go-yaml v2.
//!
//! Indentation becomes block tokens, and `key: value` is recognised at its `:`, which is why tokens wait in a queue:
//! a [`Kind::Key`] goes in front of tokens that were read before it.

use super::chars::{is_alpha, is_break, line_break};
use super::error::Error;
use super::text::{BYTE_ORDER_MARK, Pieces, Text};
use crate::limits::Limits;
use std::borrow::Cow;
use std::collections::VecDeque;

/// A simple key must end within this many characters.
const MAX_KEY: usize = 1024;

/// Bytes of the longest lookahead.
const MARGIN: usize = 64;

/// A position in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// In bytes.
    pub(super) at: u32,
    /// From 0, counted in YAML's line breaks.
    pub(super) line: u32,
}

/// A token with its position.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    StreamEnd,
    /// `%YAML 1.1`
    VersionDirective(u8, u8),
    /// `%TAG !e! tag:example.com,2000:`
    TagDirective(Box<Tag<'a>>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a [u8]),
    Anchor(&'a [u8]),
    Tag(Box<Tag<'a>>),
    Scalar {
        text: Cow<'a, [u8]>,
        plain: bool,
    },
}

/// A tag, or the value of a `%TAG` directive.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// `!`, `!!`, `!e!`; empty for `!<tag:…>` and for `!` alone.
    pub(super) handle: &'a [u8],
    /// The rest of the tag.
    pub(super) suffix: Vec<u8>,
}

/// Where a key without `?` may begin.
struct SimpleKey {
    possible: bool,
    /// A line at this indentation must be a key.
    required: bool,
    token: u32,
    mark: Mark,
    index: usize,
    column: usize,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a [u8],
    pub(super) pos: usize,
    /// Bytes before `pos` that do not begin a character; `pos - extra` counts characters.
    pub(super) extra: usize,
    pub(super) line: u32,
    /// The position of the line's first character.
    pub(super) line_start: usize,
    /// How far the text has been read; to its end for a text without [`Pieces`].
    pub(super) fed: usize,
    pieces: Option<&'a Pieces>,
    next_piece: usize,
    buffer_start: usize,

    max_depth: usize,
    /// The memory limit of the tree.
    pub(super) memory_bytes: usize,
    pub(super) flow_level: usize,
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) simple_key_allowed: bool,
    /// One for each flow level.
    simple_keys: Vec<SimpleKey>,
    /// Token number → index in `simple_keys`, sorted by number. Includes entries that go-yaml forgets to remove.
    keys_by_token: VecDeque<(u32, u32)>,

    queue: VecDeque<Token<'a>>,
    /// The number of the token at the head of the queue.
    parsed: u32,
    available: bool,
}

impl<'a> Scanner<'a> {
    /// Of the limits, `yaml_depth` applies to nested flow collections, and to nested block collections.
    pub(super) fn new(text: &'a Text<'_>, limits: &Limits) -> Self {
        let pieces = text.pieces.as_ref();
        Self {
            text: &text.bytes,
            pos: text.start,
            extra: text.start,
            line: 0,
            line_start: 0,
            fed: if pieces.is_some() { text.start } else { usize::MAX },
            pieces,
            next_piece: 0,
            buffer_start: text.start,
            max_depth: limits.yaml_depth as usize,
            memory_bytes: limits.memory_bytes,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey {
                possible: false,
                required: false,
                token: 0,
                mark: Mark { at: 0, line: 0 },
                index: 0,
                column: 0,
            }],
            keys_by_token: VecDeque::new(),
            queue: VecDeque::new(),
            parsed: 0,
            available: false,
        }
    }

    /// The next token, without consuming it.
    pub(super) fn peek(&mut self) -> Result<&Token<'a>, Error> {
        if !self.available {
            self.fetch_more()?;
        }
        // `fetch_more` leaves at least one token.
        self.queue.front().ok_or_else(|| self.error("did not find expected <stream-start>"))
    }

    /// Consumes the next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Error> {
        self.peek()?;
        self.available = false;
        self.parsed += 1;
        self.queue.pop_front().ok_or_else(|| self.error("did not find expected <stream-start>"))
    }

    // Reading characters.

    /// The byte `ahead` of the next one; 0 after the end.
    pub(super) fn peek_byte(&self, ahead: usize) -> u8 {
        self.text.get(self.pos + ahead).copied().unwrap_or(0)
    }

    /// The remaining text.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(super) fn column(&self) -> usize {
        self.pos - self.extra - self.line_start
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.pos.min(self.text.len()) as u32, line: self.line }
    }

    /// Reads on until a number of characters is available, which may reveal invalid ones.
    #[inline]
    pub(super) fn need(&mut self, characters: usize) -> Result<(), Error> {
        if self.pos + 4 * characters <= self.fed { Ok(()) } else { self.feed(characters) }
    }

    #[cold]
    fn feed(&mut self, characters: usize) -> Result<(), Error> {
        let Some(pieces) = self.pieces else { return Ok(()) };
        let count = |from: usize, to: usize| {
            let inside = self.text.get(from.min(self.text.len())..to.min(self.text.len())).unwrap_or_default();
            let behind = to.saturating_sub(from.max(self.text.len()));
            inside.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + behind
        };
        let mut unread = count(self.pos, self.fed);
        if unread >= characters {
            return Ok(());
        }
        self.buffer_start = self.pos;
        while unread < characters {
            if let Some(&end) = pieces.ends.get(self.next_piece) {
                unread += count(self.fed, end);
                self.fed = end;
                self.next_piece += 1;
            } else if let Some(problem) = pieces.problem {
                return Err(Error { line: None, message: problem.to_owned(), bridge: false, limit: false, at: None });
            } else {
                // After the end there are only zeros.
                self.fed += 1;
                break;
            }
        }
        Ok(())
    }

    /// Skips a character that is not a line break.
    #[inline]
    pub(super) fn skip(&mut self) {
        let width = match self.peek_byte(0) {
            0x00..=0x7F => 1,
            0x80..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => 4,
        };
        self.pos += width;
        self.extra += width - 1;
    }

    /// Skips a line break and returns its form in a scalar; empty if there is none.
    pub(super) fn skip_break(&mut self) -> &'static [u8] {
        let (width, characters, text) = line_break(self.rest());
        if width > 0 {
            self.pos += width;
            self.extra += width - characters;
            self.line += 1;
            self.line_start = self.pos - self.extra;
        }
        text
    }

    /// Skips spaces and tabs.
    pub(super) fn skip_blanks(&mut self) -> Result<(), Error> {
        self.need(1)?;
        while matches!(self.peek_byte(0), b' ' | b'\t') {
            self.pos += 1;
            self.need(1)?;
        }
        Ok(())
    }

    /// Skips a comment, if one begins here, up to the end of the line.
    pub(super) fn skip_comment(&mut self) -> Result<(), Error> {
        if self.peek_byte(0) == b'#' {
            self.skip_line()?;
        }
        Ok(())
    }

    /// Skips to the end of the line.
    pub(super) fn skip_line(&mut self) -> Result<(), Error> {
        loop {
            self.pos += self.near().iter().take_while(|&&byte| matches!(byte, b' '..=0x7E | b'\t')).count();
            if self.is_breakz(0) {
                return Ok(());
            }
            self.skip();
            self.need(1)?;
        }
    }

    /// The text that may be skipped without reading more: it does not contain the last character read.
    #[inline]
    pub(super) fn near(&self) -> &'a [u8] {
        let end = self.text.len().min(self.fed.saturating_sub(MARGIN));
        self.text.get(self.pos..end).unwrap_or_default()
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        is_break(self.text.get(self.pos + ahead..).unwrap_or_default())
    }

    /// A line break or the end.
    #[inline]
    pub(super) fn is_breakz(&self, ahead: usize) -> bool {
        match self.peek_byte(ahead) {
            0 => true,
            b'\r' | b'\n' | 0xC2 | 0xE2 => self.is_break(ahead),
            _ => false,
        }
    }

    /// White space, a line break or the end.
    #[inline]
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        matches!(self.peek_byte(ahead), b' ' | b'\t') || self.is_breakz(ahead)
    }

    /// A line that is `---` or `...`.
    pub(super) fn at_document_indicator(&self) -> bool {
        matches!(self.peek_byte(0), b'-' | b'.')
            && self.column() == 0
            && (self.rest().starts_with(b"---") || self.rest().starts_with(b"..."))
            && self.is_blankz(3)
    }

    /// An error at the current line.
    #[cold]
    pub(super) fn error(&self, message: &str) -> Error {
        // Go quirk: lines count from 0 here, one is added, and the first line is not named.
        let line = if self.line > 0 { Some(self.line + 1) } else { None };
        Error { line, message: message.to_owned(), bridge: false, limit: false, at: u32::try_from(self.pos).ok() }
    }

    // The queue.

    /// Reads tokens until it is certain that the first one does not begin a simple key.
    fn fetch_more(&mut self) -> Result<(), Error> {
        loop {
            if !self.queue.is_empty() {
                while self.keys_by_token.front().is_some_and(|&(token, _)| token < self.parsed) {
                    self.keys_by_token.pop_front();
                }
                match self.keys_by_token.front().copied() {
                    Some((token, key)) if token == self.parsed && self.is_simple_key(key as usize)? => {}
                    _ => break,
                }
            }
            self.fetch()?;
        }
        self.available = true;
        Ok(())
    }

    fn push(&mut self, kind: Kind<'a>, start: Mark) {
        let end = self.mark();
        self.queue.push_back(Token { kind, start, end });
    }

    /// Inserts a token without text before the token with this number, or at the end if that one is gone.
    fn insert(&mut self, token: Option<u32>, kind: Kind<'a>, mark: Mark) {
        let token = token.and_then(|token| token.checked_sub(self.parsed)).map(|at| at as usize);
        let at = token.filter(|&at| at <= self.queue.len()).unwrap_or(self.queue.len());
        self.queue.insert(at, Token { kind, start: mark, end: mark });
    }

    fn next_token(&self) -> u32 {
        self.parsed + self.queue.len() as u32
    }

    fn fetch(&mut self) -> Result<(), Error> {
        self.need(1)?;
        self.skip_to_token()?;
        self.unroll_indent(self.column() as isize);
        self.need(4)?;
        let byte = self.peek_byte(0);
        if byte == 0 {
            return self.fetch_stream_end();
        }
        if self.column() == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_indicator() {
                let kind = if byte == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd };
                return self.fetch_document_indicator(kind);
            }
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.is_blankz(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blankz(1) => self.fetch_key(),
            b':' if in_flow || self.is_blankz(1) => self.fetch_value(),
            b'*' | b'&' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.fetch_anchor(byte == b'*')
            }
            b'!' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.fetch_tag()
            }
            b'|' | b'>' if !in_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                let start = self.mark();
                let (kind, end) = self.block_scalar(byte == b'|')?;
                self.queue.push_back(Token { kind, start, end });
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let start = self.mark();
                let text = self.quoted_scalar(byte)?;
                self.push(Kind::Scalar { text, plain: false }, start);
                Ok(())
            }
            b' ' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.no_token()),
            _ if self.is_blankz(0) => Err(self.no_token()),
            _ => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let start = self.mark();
                let (kind, end) = self.plain_scalar()?;
                self.queue.push_back(Token { kind, start, end });
                Ok(())
            }
        }
    }

    fn no_token(&self) -> Error {
        self.error("found character that cannot start any token")
    }

    /// Skips white space, comments and line breaks.
    fn skip_to_token(&mut self) -> Result<(), Error> {
        loop {
            self.need(1)?;
            // Go quirk: the byte order mark is searched at the start of the buffer, not at the current position; while
            // one is there, the first character of each line is lost.
            if self.pieces.is_some()
                && self.column() == 0
                && self.text.get(self.buffer_start..).is_some_and(|buffer| buffer.starts_with(BYTE_ORDER_MARK))
            {
                self.skip();
            }
            self.need(1)?;
            // Tabs are not allowed where a simple key may begin.
            while self.peek_byte(0) == b' '
                || (self.peek_byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed))
            {
                self.pos += 1;
                self.need(1)?;
            }
            self.skip_comment()?;
            if !self.is_break(0) {
                return Ok(());
            }
            self.need(2)?;
            self.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    // Simple keys.

    fn is_simple_key(&mut self, index: usize) -> Result<bool, Error> {
        let (line, now) = (self.line, self.pos - self.extra);
        let Some(key) = self.simple_keys.get_mut(index).filter(|key| key.possible) else { return Ok(false) };
        if key.mark.line >= line && key.index + MAX_KEY >= now {
            return Ok(true);
        }
        if key.required {
            return Err(self.error("could not find expected ':'"));
        }
        key.possible = false;
        Ok(false)
    }

    fn save_simple_key(&mut self) -> Result<(), Error> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let key = SimpleKey {
            possible: true,
            required: self.flow_level == 0 && self.indent == self.column() as isize,
            token: self.next_token(),
            mark: self.mark(),
            index: self.pos - self.extra,
            column: self.column(),
        };
        self.remove_simple_key()?;
        let token = key.token;
        if let Some(last) = self.simple_keys.last_mut() {
            *last = key;
        }
        self.forget_key(token);
        self.keys_by_token.push_back((token, self.simple_keys.len() as u32 - 1));
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Error> {
        let Some(key) = self.simple_keys.last_mut().filter(|key| key.possible) else { return Ok(()) };
        if key.required {
            return Err(self.error("could not find expected ':'"));
        }
        key.possible = false;
        let token = key.token;
        self.forget_key(token);
        Ok(())
    }

    fn forget_key(&mut self, token: u32) {
        let later = self.keys_by_token.iter().rev().take_while(|entry| entry.0 > token).count();
        let at = self.keys_by_token.len() - later;
        if at > 0 && self.keys_by_token[at - 1].0 == token {
            self.keys_by_token.remove(at - 1);
        }
    }

    // Indentation.

    /// Begins a block collection if the column is deeper than the last one.
    fn roll_indent(&mut self, column: usize, before: Option<u32>, kind: Kind<'a>, mark: Mark) -> Result<(), Error> {
        if self.flow_level == 0 && self.indent < column as isize {
            self.indents.push(self.indent);
            self.indent = column as isize;
            if self.indents.len() > self.max_depth {
                return Err(self.error(&format!("exceeded max depth of {}", self.max_depth)));
            }
            self.insert(before, kind, mark);
        }
        Ok(())
    }

    /// Ends the block collections that are deeper than a column.
    fn unroll_indent(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            let mark = self.mark();
            self.insert(None, Kind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // Tokens.

    fn fetch_stream_end(&mut self) -> Result<(), Error> {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.pos - self.extra;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(Kind::StreamEnd, self.mark());
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: Kind<'a>) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.pos += 3;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey {
            possible: false,
            required: false,
            token: self.next_token(),
            mark: self.mark(),
            index: 0,
            column: 0,
        });
        self.flow_level += 1;
        if self.flow_level > self.max_depth {
            return Err(self.error(&format!("exceeded max depth of {}", self.max_depth)));
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Result<(), Error> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            // Go quirk: for a collection without simple keys of its own this forgets that the collection itself may
            // be a key, so that `[]: x` is the list, and the rest is ignored.
            if let Some(key) = self.simple_keys.pop() {
                self.forget_key(key.token);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(Kind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            self.roll_indent(self.column(), None, Kind::BlockSequenceStart, self.mark())?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(Kind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            self.roll_indent(self.column(), None, Kind::BlockMappingStart, self.mark())?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(Kind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        let last = self.simple_keys.len() - 1;
        if self.is_simple_key(last)? {
            let key = &mut self.simple_keys[last];
            key.possible = false;
            let (token, mark, column) = (key.token, key.mark, key.column);
            self.insert(Some(token), Kind::Key, mark);
            self.roll_indent(column, Some(token), Kind::BlockMappingStart, mark)?;
            self.forget_key(token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                self.roll_indent(self.column(), None, Kind::BlockMappingStart, self.mark())?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(Kind::Value);
        Ok(())
    }

    fn push_indicator(&mut self, kind: Kind<'a>) {
        let start = self.mark();
        self.pos += 1;
        self.push(kind, start);
    }

    fn fetch_anchor(&mut self, is_alias: bool) -> Result<(), Error> {
        let start = self.mark();
        self.pos += 1;
        let name = self.word()?;
        let ends =
            self.is_blankz(0) || matches!(self.peek_byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        self.push(if is_alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start);
        Ok(())
    }

    /// Letters, digits, `_` and `-`.
    fn word(&mut self) -> Result<&'a [u8], Error> {
        let start = self.pos;
        self.need(1)?;
        while is_alpha(self.peek_byte(0)) {
            self.pos += 1;
            self.need(1)?;
        }
        Ok(self.text.get(start..self.pos).unwrap_or_default())
    }

    // Directives.

    fn fetch_directive(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.pos += 1;
        let name = self.word()?;
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.is_blankz(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        let kind = match name {
            b"YAML" => self.version_directive()?,
            b"TAG" => self.tag_directive()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        let end = self.mark();
        self.end_line()?;
        self.queue.push_back(Token { kind, start, end });
        Ok(())
    }

    /// Skips the rest of a line, which may contain only a comment.
    pub(super) fn end_line(&mut self) -> Result<(), Error> {
        self.skip_blanks()?;
        self.skip_comment()?;
        if !self.is_breakz(0) {
            return Err(self.error("did not find expected comment or line break"));
        }
        if self.is_break(0) {
            self.need(2)?;
            self.skip_break();
        }
        Ok(())
    }

    fn version_directive(&mut self) -> Result<Kind<'a>, Error> {
        self.skip_blanks()?;
        let major = self.version_number()?;
        if self.peek_byte(0) != b'.' {
            return Err(self.error("did not find expected digit or '.' character"));
        }
        self.pos += 1;
        Ok(Kind::VersionDirective(major, self.version_number()?))
    }

    fn version_number(&mut self) -> Result<u8, Error> {
        self.need(1)?;
        let (mut value, mut digits) = (0, 0);
        while self.peek_byte(0).is_ascii_digit() {
            digits += 1;
            if digits > 2 {
                return Err(self.error("found extremely long version number"));
            }
            value = value * 10 + (self.peek_byte(0) - b'0');
            self.pos += 1;
            self.need(1)?;
        }
        if digits == 0 { Err(self.error("did not find expected version number")) } else { Ok(value) }
    }

    fn tag_directive(&mut self) -> Result<Kind<'a>, Error> {
        self.skip_blanks()?;
        let handle = self.tag_handle(true)?;
        self.need(1)?;
        if !matches!(self.peek_byte(0), b' ' | b'\t') {
            return Err(self.error("did not find expected whitespace"));
        }
        self.skip_blanks()?;
        let suffix = self.tag_uri(None)?;
        self.need(1)?;
        if !self.is_blankz(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(Kind::TagDirective(Box::new(Tag { handle, suffix })))
    }

    // Tags.

    fn fetch_tag(&mut self) -> Result<(), Error> {
        let start = self.mark();
        self.need(2)?;
        let tag = if self.peek_byte(1) == b'<' {
            self.pos += 2;
            let suffix = self.tag_uri(None)?;
            if self.peek_byte(0) != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.pos += 1;
            Tag { handle: b"", suffix }
        } else {
            let handle = self.tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with(b"!") {
                Tag { handle, suffix: self.tag_uri(None)? }
            } else {
                let suffix = self.tag_uri(Some(handle))?;
                if suffix.is_empty() {
                    Tag { handle: b"", suffix: b"!".to_vec() }
                } else {
                    Tag { handle: b"!", suffix }
                }
            }
        };
        self.need(1)?;
        if !self.is_blankz(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        self.push(Kind::Tag(Box::new(tag)), start);
        Ok(())
    }

    /// `!`, `!!`, `!e!`, or the beginning of a tag such as `!foo`.
    fn tag_handle(&mut self, in_directive: bool) -> Result<&'a [u8], Error> {
        self.need(1)?;
        if self.peek_byte(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let start = self.pos;
        self.pos += 1;
        self.word()?;
        if self.peek_byte(0) == b'!' {
            self.pos += 1;
        } else if in_directive && self.pos != start + 1 {
            return Err(self.error("did not find expected '!'"));
        }
        Ok(self.text.get(start..self.pos).unwrap_or_default())
    }

    fn tag_uri(&mut self, head: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let mut uri = head.and_then(|head| head.get(1..)).unwrap_or_default().to_vec();
        let mut found = head.is_some();
        self.need(1)?;
        loop {
            let byte = self.peek_byte(0);
            if byte == b'%' {
                self.uri_escape(&mut uri)?;
            } else if is_alpha(byte) || (byte != 0 && b";/?:@&=+$,.!~*'()[]".contains(&byte)) {
                uri.push(byte);
                self.pos += 1;
            } else {
                break;
            }
            self.need(1)?;
            found = true;
        }
        if found { Ok(uri) } else { Err(self.error("did not find expected tag URI")) }
    }

    /// `%C3%A9`, all the bytes of one character.
    fn uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = None;
        loop {
            self.need(3)?;
            let digit = |ahead: usize| char::from(self.peek_byte(ahead)).to_digit(16);
            let octet = match (self.peek_byte(0), digit(1), digit(2)) {
                (b'%', Some(high), Some(low)) => (high << 4 | low) as u8,
                _ => return Err(self.error("did not find URI escaped octet")),
            };
            let more = match left {
                None => match octet {
                    0x00..=0x7F => 0,
                    0xC0..=0xDF => 1,
                    0xE0..=0xEF => 2,
                    0xF0..=0xF7 => 3,
                    _ => return Err(self.error("found an incorrect leading UTF-8 octet")),
                },
                Some(_) if octet & 0xC0 != 0x80 => {
                    return Err(self.error("found an incorrect trailing UTF-8 octet"));
                }
                Some(left) => left - 1,
            };
            uri.push(octet);
            self.pos += 3;
            if more == 0 {
                return Ok(());
            }
            left = Some(more);
        }
    }
}
