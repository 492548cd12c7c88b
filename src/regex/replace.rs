//! [`Replacement`]: the text that replaces each match.

use super::class::{self, Class};
use super::{Bounds, Regex, Searched, text_of};
use crate::go::decode_rune;
use crate::trace::{Buf, Str};
use std::ops::Range;

/// A parsed replacement text.
#[derive(Debug)]
pub(crate) struct Replacement {
    text: Str,
    pieces: Vec<Piece>,
}

/// A part of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Literal bytes.
    Text(Range<usize>),
    /// `$1`
    Group(usize),
    /// `$name`
    Name(Box<str>),
}

impl Replacement {
    /// A literal replacement.
    pub(crate) fn literal(text: &Str) -> Self {
        Self { text: text.clone(), pieces: vec![Piece::Text(0..text.len())] }
    }

    /// A text with `$1`, `${1}`, `$name`, `${name}` and `$$`. A name without braces is as long as it can be.
    ///
    /// Source: Go `regexp`, `expand`.
    pub(crate) fn template(text: &Str) -> Self {
        let bytes = text.as_bytes();
        let mut pieces = Vec::new();
        let mut letters = None;
        let (mut plain, mut at) = (0, 0);
        while let Some(dollar) = bytes[at..].iter().position(|&byte| byte == b'$').map(|found| at + found) {
            at = dollar + 1;
            if bytes.get(at) == Some(&b'$') {
                // The first represents both.
                pieces.push(Piece::Text(plain..at));
                at += 1;
                plain = at;
            } else if let Some((piece, size)) = reference(&bytes[at..], &mut letters) {
                pieces.push(Piece::Text(plain..dollar));
                pieces.push(piece);
                at += size;
                plain = at;
            }
        }
        pieces.push(Piece::Text(plain..bytes.len()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(range) if range.is_empty()));
        Self { text: text.clone(), pieces }
    }

    /// Whether it refers to groups, so that the pattern must be compiled with them.
    pub(crate) fn needs_groups(&self) -> bool {
        self.pieces.iter().any(|piece| !matches!(piece, Piece::Text(_) | Piece::Group(0)))
    }

    /// Replaces every match in a text. Kept parts and groups keep their origins; the rest has those of the replacement.
    ///
    /// Source: Go `regexp`, `replaceAll`.
    ///
    /// # Errors
    /// A limit was exceeded.
    pub(crate) fn replace_all<B: Bounds>(&self, bounds: &mut B, regex: &Regex, source: &Str) -> Result<Str, B::Error> {
        let text = Searched::new(source.as_bytes());
        let groups_needed = self.needs_groups();
        let mut buf = Buf::with_capacity(source.len());
        let (mut at, mut last_end) = (0, 0);
        bounds.take_steps(regex.scan_cost(text.len() as u64))?;
        while at <= text.len() {
            let groups = if groups_needed {
                regex.groups_at(&text, at)
            } else {
                regex.find_at(&text, at).map(|found| vec![Some(found)])
            };
            let whole = groups.as_ref().and_then(|groups| groups.first().cloned().flatten());
            bounds.take_steps(regex.cost_of_one(&text, whole.as_ref()))?;
            if groups_needed && let Some(whole) = &whole {
                bounds.take_steps(regex.cost_of_groups(whole))?;
            }
            let (Some(groups), Some(whole)) = (groups, whole) else { break };
            buf.push_slice(source, text.original(last_end..whole.start));
            // An empty match directly after another match does not count.
            if whole.end > last_end || whole.start == 0 {
                self.expand(regex, &text, source, &groups, &mut buf);
            }
            if buf.longest() > bounds.most_bytes() {
                bounds.allow_bytes(buf.longest())?;
            }
            last_end = whole.end;
            let next = text.next(at);
            at = if next > whole.end { next } else { whole.end };
        }
        if last_end == 0 && buf.is_empty() && at == 0 {
            return Ok(source.clone());
        }
        buf.push_slice(source, text.original(last_end..text.len()));
        bounds.allow_bytes(buf.len())?;
        Ok(buf.into_str())
    }

    fn expand(&self, regex: &Regex, text: &Searched<'_>, source: &Str, groups: &[Option<Range<usize>>], buf: &mut Buf) {
        for piece in &self.pieces {
            let group = match piece {
                Piece::Text(range) => {
                    buf.push_slice(&self.text, range.clone());
                    continue;
                }
                Piece::Group(number) => groups.get(*number).and_then(Option::as_ref),
                Piece::Name(name) => regex.named(name, groups),
            };
            if let Some(range) = group {
                buf.push_slice(source, text.original(range.clone()));
            }
        }
    }
}

/// Parses the text after a `$`: the reference and its length. `None` if it is malformed.
fn reference(text: &[u8], letters: &mut Option<Class>) -> Option<(Piece, usize)> {
    let start = usize::from(text.first() == Some(&b'{'));
    let mut end = start;
    while end < text.len() {
        let (character, size) = decode_rune(&text[end..]);
        if character != '_' && !is_letter_or_digit(character, letters) {
            break;
        }
        end += size;
    }
    if end == start || (start == 1 && text.get(end) != Some(&b'}')) {
        return None;
    }
    let name = &text[start..end];
    let digits = name.iter().all(u8::is_ascii_digit) && (name.len() == 1 || name[0] != b'0');
    let name = text_of(name);
    let number = name.parse().ok().filter(|&number: &usize| digits && number < 1_000_000_000);
    Some((number.map_or_else(|| Piece::Name(name.into()), Piece::Group), end + start))
}

/// Whether a character is a letter or a decimal digit in Go's tables. `letters` caches the table between calls.
fn is_letter_or_digit(character: char, letters: &mut Option<Class>) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    let table = letters.get_or_insert_with(|| {
        let mut table = Class::empty();
        for category in ["L", "Nd"] {
            if let Some(class) = class::property(category) {
                table.union(&class);
            }
        }
        table
    });
    class::contains(table, character)
}
