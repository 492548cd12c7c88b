//! [`Regex`]: a compiled pattern that searches Go strings; [`Cache`]: those of the renders of a release.

use super::Bounds;
use super::cost::Cost;
use super::syntax::{self, SyntaxError};
use super::translate::{translate, weight};
use crate::helm::HelmVersion;
use crate::trace::{Buf, Str};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// The longest pattern.
const MAX_PATTERN_BYTES: usize = 1 << 20;
/// The most states of one program, by our estimate.
const MAX_WEIGHT: u64 = 2_000_000;
/// The most states times groups, which the memory of a search grows with.
const MAX_GROUP_WEIGHT: u64 = 16_000_000;
/// The largest compiled program, in bytes.
const MAX_PROGRAM_BYTES: usize = 128 << 20;
/// The most patterns in a cache, and the most states of all of them.
const CACHED_PATTERNS: usize = 256;
const CACHED_WEIGHT: u64 = 4_000_000;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Regex {
    program: regex::Regex,
    names: Vec<Option<Box<str>>>,
    weight: u64,
    cost: Cost,
}

/// Why a pattern was not compiled.
#[derive(Debug, Clone)]
pub(crate) enum Error {
    /// Go rejects it: `` error parsing regexp: missing closing ]: `[a` ``.
    Syntax(String),
    /// It is larger than allowed.
    Limit(&'static str),
}

/// A Go string prepared for searching: one U+FFFD for each byte that is not UTF-8.
#[derive(Debug)]
pub(crate) struct Searched<'t> {
    text: Cow<'t, str>,
    /// The positions of these in `text`, in order: the offsets after them.
    replaced: Vec<usize>,
}

type Compiled = Result<Rc<Regex>, Error>;

/// The compiled patterns of a release's renders, one after the other: a bounded number of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cache {
    /// By pattern, whether groups are needed, and helm's version.
    entries: HashMap<(Box<[u8]>, bool, HelmVersion), Compiled>,
    weight: u64,
}

/// Bytes of a match: its range, and its text in a list.
const MATCH: usize = 160;
/// The cost of compiling a pattern: a minimum, and for each unit of its weight.
const COMPILING: u64 = 300;
const COMPILING_WEIGHT: u64 = 12;

impl Cache {
    /// The compiled form of a pattern, and the cost if it was compiled now.
    ///
    /// # Errors
    /// The pattern is invalid or too large; the error is cached as well.
    pub(crate) fn get(&mut self, pattern: &[u8], groups: bool, helm: HelmVersion) -> (Compiled, u64) {
        let key = (Box::from(pattern), groups, helm);
        if let Some(known) = self.entries.get(&key) {
            return (known.clone(), 0);
        }
        let compiled = Regex::new(pattern, groups, helm).map(Rc::new);
        let weight = compiled.as_ref().map_or(0, |regex| regex.weight) + pattern.len() as u64;
        if self.entries.len() >= CACHED_PATTERNS || self.weight + weight > CACHED_WEIGHT {
            self.entries.clear();
            self.weight = 0;
        }
        self.weight += weight;
        self.entries.insert(key, compiled.clone());
        (compiled, COMPILING + weight * COMPILING_WEIGHT)
    }
}

impl Regex {
    /// Compiles a pattern. Without `groups`, searching is cheaper and larger patterns are possible.
    ///
    /// # Errors
    /// Go would reject the pattern, or the program would be too large.
    pub(crate) fn new(pattern: &[u8], groups: bool, helm: HelmVersion) -> Result<Self, Error> {
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(Error::Limit("a regular expression of more than 1048576 bytes"));
        }
        let parsed = syntax::parse(pattern, helm).map_err(|error: SyntaxError| Error::Syntax(error.text()))?;
        let weight = weight(&parsed.root);
        let count = if groups { parsed.names.len() as u64 + 1 } else { 1 };
        if weight > MAX_WEIGHT || weight.saturating_mul(count) > MAX_GROUP_WEIGHT {
            return Err(Error::Limit("a regular expression whose program is too large"));
        }
        let program = regex::RegexBuilder::new(&translate(&parsed.root, groups))
            .size_limit(MAX_PROGRAM_BYTES)
            // Includes the parentheses that translation adds.
            .nest_limit(100_000)
            .build()
            .map_err(|_| Error::Limit("a regular expression whose program is too large"))?;
        Ok(Self { program, names: parsed.names, weight, cost: Cost::of(&parsed.root) })
    }

    /// The pattern in the syntax of the `regex` crate.
    pub(crate) fn translated(&self) -> &str {
        self.program.as_str()
    }

    /// An estimate of the states of its program.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    /// Whether there is a match anywhere.
    pub(crate) fn is_match(&self, text: &Searched<'_>) -> bool {
        self.program.is_match(&text.text)
    }

    /// The leftmost match that starts at or after an offset.
    pub(super) fn find_at(&self, text: &Searched<'_>, start: usize) -> Option<Range<usize>> {
        self.program.find_at(&text.text, start).map(|found| found.range())
    }

    /// The same with all its groups; the first is the whole match. Needs a regex compiled with groups.
    pub(super) fn groups_at(&self, text: &Searched<'_>, start: usize) -> Option<Vec<Option<Range<usize>>>> {
        let found = self.program.captures_at(&text.text, start)?;
        Some(found.iter().map(|group| group.map(|group| group.range())).collect())
    }

    /// The first match, as a byte range of the string.
    pub(crate) fn find(&self, text: &Searched<'_>) -> Option<Range<usize>> {
        self.find_at(text, 0).map(|found| text.original(found))
    }

    /// Up to `most` matches that do not overlap, as byte ranges of the string; an empty match directly after another
    /// one does not count.
    ///
    /// Source: Go `regexp`, `allMatches`.
    ///
    /// # Errors
    /// A limit was exceeded.
    pub(crate) fn find_all<B: Bounds>(
        &self,
        text: &Searched<'_>,
        most: usize,
        bounds: &mut B,
    ) -> Result<Vec<Range<usize>>, B::Error> {
        let mut found = Vec::new();
        let (mut at, mut last_end) = (0, None);
        bounds.take_steps(self.scan_cost(text.text.len() as u64))?;
        while found.len() < most && at <= text.text.len() {
            let next = self.find_at(text, at);
            bounds.take_steps(self.cost_of_one(text, next.as_ref()))?;
            let Some(range) = next else { break };
            let mut accept = true;
            if range.end == at {
                // An empty match at the end of the previous one is skipped, together with a character.
                accept = last_end != Some(range.start);
                at = text.next(at);
            } else {
                at = range.end;
            }
            last_end = Some(range.end);
            if accept {
                found.push(text.original(range));
                // A text is made from each.
                bounds.allow_memory(found.len() * MATCH)?;
            }
        }
        Ok(found)
    }

    /// The number of the first group of a name that is set, and its range.
    pub(super) fn named<'g>(&self, name: &str, groups: &'g [Option<Range<usize>>]) -> Option<&'g Range<usize>> {
        let named = self.names.iter().zip(groups.get(1..)?).filter(|(known, _)| known.as_deref() == Some(name));
        named.filter_map(|(_, range)| range.as_ref()).next()
    }

    /// The cost of one search among those for all matches of a text, besides the cost of reading the text once.
    pub(super) fn cost_of_one(&self, text: &Searched<'_>, found: Option<&Range<usize>>) -> u64 {
        1 + found.map_or(0, |range| self.cost.look_ahead(text.text.len().saturating_sub(range.end) as u64))
    }

    /// The cost of finding the groups of a match.
    pub(super) fn cost_of_groups(&self, found: &Range<usize>) -> u64 {
        self.cost.groups(found.len() as u64, self.names.len() as u64, self.weight)
    }

    /// The cost of searching a number of bytes: large programs are slower.
    pub(crate) fn scan_cost(&self, bytes: u64) -> u64 {
        self.cost.scan(bytes)
    }
}

impl<'t> Searched<'t> {
    /// Prepares a string.
    pub(crate) fn new(text: &'t [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(text) {
            return Self { text: Cow::Borrowed(text), replaced: Vec::new() };
        }
        let (mut out, mut replaced) = (String::with_capacity(text.len()), Vec::new());
        for chunk in text.utf8_chunks() {
            out.push_str(chunk.valid());
            for _ in chunk.invalid() {
                out.push(char::REPLACEMENT_CHARACTER);
                replaced.push(out.len());
            }
        }
        Self { text: Cow::Owned(out), replaced }
    }

    /// The length of the prepared text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The range of the string for a range of the prepared text.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        // Each mark has three bytes and represents one.
        let offset = |at: usize| at - 2 * self.replaced.partition_point(|&end| end <= at);
        offset(range.start)..offset(range.end)
    }

    /// The offset after the character at `at`; past the end at the end.
    pub(super) fn next(&self, at: usize) -> usize {
        at + self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    }
}

/// A text with a backslash before each special character.
///
/// Source: Go `regexp.QuoteMeta`.
pub(crate) fn quote_meta(text: &Str) -> Str {
    let mut buf = Buf::with_capacity(text.len());
    let mut plain = 0;
    for (at, byte) in text.as_bytes().iter().enumerate() {
        if br"\.+*?()|[]{}^$".contains(byte) {
            buf.push_slice(text, plain..at);
            buf.push_instead(&[b'\\', *byte], text, at..at + 1);
            plain = at + 1;
        }
    }
    buf.push_slice(text, plain..text.len());
    buf.into_str()
}
