//! Changes the case of strings: single letters by Go's `unicode`, whole names by their words.
//!
//! Every letter becomes exactly one letter; bytes that are not UTF-8 become U+FFFD.

use super::args::string;
use crate::go::decode_rune;
use crate::go::unicode::{is_digit, is_letter, is_number, is_punct, is_title, is_upper};
use crate::go::unicode::{to_lower, to_title, to_upper};
use crate::template::{Context, Failure, Value};
use crate::trace::{Buf, Str};
use std::ops::Range;

type Result = std::result::Result<Value, Failure>;

pub(super) fn upper(_: &mut Context<'_>, args: &[Value]) -> Result {
    let text = string(args, 0)?;
    if text.as_bytes().is_ascii() {
        return Ok(text.with_text(text.as_bytes().to_ascii_uppercase()).into());
    }
    Ok(mapped(text, to_upper).into())
}

pub(super) fn lower(_: &mut Context<'_>, args: &[Value]) -> Result {
    let text = string(args, 0)?;
    if text.as_bytes().is_ascii() {
        return Ok(text.with_text(text.as_bytes().to_ascii_lowercase()).into());
    }
    Ok(mapped(text, to_lower).into())
}

/// Source: Go `strings.Title`.
pub(super) fn title(_: &mut Context<'_>, args: &[Value]) -> Result {
    let mut at_start = true;
    let begin_words = |character: char| {
        let changed = if at_start { to_title(character) } else { character };
        at_start = match character {
            '_' => false,
            _ if character.is_ascii() => !character.is_ascii_alphanumeric(),
            // Go quirk: of non-ASCII characters, only white space ends a word.
            _ => !is_letter(character) && !is_digit(character) && character.is_whitespace(),
        };
        changed
    };
    Ok(mapped(string(args, 0)?, begin_words).into())
}

/// Source: goutils `Uncapitalize`.
pub(super) fn untitle(_: &mut Context<'_>, args: &[Value]) -> Result {
    let mut at_start = true;
    let begin_words = |character: char| {
        let changed = if at_start { to_lower(character) } else { character };
        at_start = character.is_whitespace();
        changed
    };
    Ok(mapped(string(args, 0)?, begin_words).into())
}

/// Source: goutils `SwapCase`.
pub(super) fn swapcase(_: &mut Context<'_>, args: &[Value]) -> Result {
    let mut at_start = true;
    let swap = |character: char| {
        let was_start = std::mem::replace(&mut at_start, false);
        if is_upper(character) || is_title(character) {
            to_lower(character)
        } else if character.is_lowercase() && is_letter(character) {
            // goutils quirk: a lower-case letter at the start of a word gets its title case.
            if was_start { to_title(character) } else { to_upper(character) }
        } else {
            at_start = character.is_whitespace();
            character
        }
    };
    Ok(mapped(string(args, 0)?, swap).into())
}

/// The string with each character changed.
fn mapped(text: &Str, mut change: impl FnMut(char) -> char) -> Str {
    let bytes = text.as_bytes();
    let mut out = Buf::with_capacity(bytes.len());
    // Unchanged text is copied in ranges.
    let (mut kept, mut at) = (0, 0);
    while at < bytes.len() {
        let (character, size) = decode_rune(&bytes[at..]);
        let changed = change(character);
        if changed != character || size != character.len_utf8() {
            out.push_slice(text, kept..at);
            push_char(&mut out, changed, text, at..at + size);
            kept = at + size;
        }
        at += size;
    }
    if kept == 0 {
        return text.clone();
    }
    out.push_slice(text, kept..at);
    out.into_str()
}

/// Appends a character that replaces a part of a text.
fn push_char(out: &mut Buf, character: char, text: &Str, part: Range<usize>) {
    out.push_instead(character.encode_utf8(&mut [0; 4]).as_bytes(), text, part);
}

/// Characters that join words: `-`, `_`, white space.
fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || character.is_whitespace()
}

/// Letters that form words, unlike those of Chinese and Japanese.
fn is_alphabetic(character: char) -> bool {
    is_letter(character)
        && !matches!(character, '\u{3400}'..='\u{4d85}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}')
}

/// `http_server` → `HttpServer`
///
/// Source: xstrings `ToPascalCase`.
pub(super) fn camelcase(_: &mut Context<'_>, args: &[Value]) -> Result {
    let text = string(args, 0)?;
    let bytes = text.as_bytes();
    let mut out = Buf::with_capacity(bytes.len());
    // The last character, not written yet, and its position.
    let mut last: Option<(char, Range<usize>)> = None;
    // Whether the word began with a capital and had only capitals since.
    let mut capitals = false;
    let mut leading = true;
    let mut at = 0;
    while at < bytes.len() {
        let (character, size) = decode_rune(&bytes[at..]);
        let part = at..at + size;
        at += size;
        let connector = is_connector(character);
        let after_connector = last.as_ref().is_some_and(|(last, _)| is_connector(*last));
        let mut changed = character;
        if leading && connector {
            push_char(&mut out, character, text, part.clone());
            if at == bytes.len() {
                // xstrings quirk: of a text with only connectors, the last one is written twice.
                push_char(&mut out, character, text, part);
            }
            continue;
        }
        if leading || after_connector && !connector {
            // The preceding connector is dropped.
            capitals = is_upper(character);
            changed = to_upper(character);
            leading = false;
        } else {
            if let Some((last, part)) = last {
                push_char(&mut out, last, text, part);
            }
            if !connector || !after_connector {
                capitals = capitals && is_upper(character);
                changed = if capitals { to_lower(character) } else { character };
            }
        }
        last = Some((changed, part));
    }
    if let Some((last, part)) = last {
        push_char(&mut out, last, text, part);
    }
    Ok(out.into_str().into())
}

/// `HTTPServer2xx` → `http_server_2xx`
///
/// Source: xstrings `ToSnakeCase`.
pub(super) fn snakecase(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(joined(string(args, 0)?, "_").into())
}

/// `HTTPServer2xx` → `http-server-2xx`
///
/// Source: xstrings `ToKebabCase`.
pub(super) fn kebabcase(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(joined(string(args, 0)?, "-").into())
}

/// Classes of characters in the words of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Bytes that are not UTF-8, and the end.
    Nothing,
    Number,
    /// A capital and the letters that belong to it: `HTTP`, `Server`.
    Upper,
    Alpha,
    Connector,
    Punct,
    Other,
}

impl Class {
    /// Whether words of this class need no connector before them.
    fn joins_by_itself(self) -> bool {
        matches!(self, Self::Nothing | Self::Connector | Self::Punct)
    }
}

struct Words<'t> {
    text: &'t Str,
    at: usize,
}

struct Word {
    class: Class,
    part: Range<usize>,
}

impl Words<'_> {
    fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// The next valid character, or `before` if there is none, and the bytes up to its end.
    fn peek(&self, before: char) -> (char, usize) {
        let bytes = &self.text.as_bytes()[self.at..];
        let mut size = 0;
        while size < bytes.len() {
            let (character, width) = decode_rune(&bytes[size..]);
            size += width;
            if character != char::REPLACEMENT_CHARACTER {
                return (character, size);
            }
        }
        (before, size)
    }

    /// Skips characters of a kind; returns the next character.
    fn skip(&mut self, mut last: char, mut accept: impl FnMut(char) -> bool) -> char {
        while !self.at_end() {
            let (character, size) = self.peek(last);
            last = character;
            if !accept(character) {
                break;
            }
            self.at += size;
        }
        last
    }

    fn next(&mut self) -> Word {
        let start = self.at;
        let (first, size) = self.peek(char::REPLACEMENT_CHARACTER);
        self.at += size;
        let small = |character| is_alphabetic(character) && !is_upper(character);
        let class = if first == char::REPLACEMENT_CHARACTER {
            Class::Nothing
        } else if is_connector(first) {
            self.skip(first, is_connector);
            Class::Connector
        } else if is_punct(first) {
            self.skip(first, is_punct);
            Class::Punct
        } else if is_upper(first) {
            self.capital(first, small);
            Class::Upper
        } else if is_alphabetic(first) {
            self.skip(first, small);
            Class::Alpha
        } else if is_number(first) {
            self.skip(first, is_number);
            Class::Number
        } else {
            self.skip(first, |c| !is_connector(c) && !is_alphabetic(c) && !is_number(c) && !is_punct(c));
            Class::Other
        };
        Word { class, part: start..self.at }
    }

    /// The letters that belong to a capital: `TTP` of `HTTPServer`, `erver` of `Server`.
    fn capital(&mut self, first: char, small: impl Fn(char) -> bool) {
        if self.at_end() {
            return;
        }
        let (second, size) = self.peek(first);
        if !is_upper(second) {
            self.skip(first, small);
            return;
        }
        self.at += size;
        let mut last = second;
        let mut last_start = self.at - size;
        while !self.at_end() {
            let (character, size) = self.peek(last);
            last = character;
            if !is_upper(character) {
                break;
            }
            last_start = self.at;
            self.at += size;
        }
        // The last capital begins the next word.
        if !self.at_end() && is_alphabetic(last) {
            self.at = last_start;
        }
    }
}

/// The words of a name in lower case, joined with a connector.
fn joined(text: &Str, connector: &str) -> Str {
    let mut words = Words { text, at: 0 };
    let mut out = Buf::with_capacity(text.len() + text.len() / 4);
    let mut word = words.next();
    while !words.at_end() {
        if word.class != Class::Connector {
            push_word(&mut out, text, &word, connector);
        }
        let before = word;
        word = words.next();
        match before.class {
            Class::Punct => {}
            Class::Connector => push_word(&mut out, text, &before, connector),
            Class::Number => push_attached(&mut out, &mut words, &mut word, connector),
            _ if word.class != Class::Number => {
                // The end does not follow, and bytes that are not UTF-8 form a word here.
                if !matches!(word.class, Class::Connector | Class::Punct) {
                    out.push_text(connector);
                }
            }
            _ if words.at_end() => {}
            _ => {
                let number = word;
                word = words.next();
                if word.class == Class::Alpha {
                    // `HTTP2xx` is `http_2xx` …
                    out.push_text(connector);
                    push_word(&mut out, text, &number, connector);
                    push_attached(&mut out, &mut words, &mut word, connector);
                } else {
                    // … but `Bld4Floor` is `bld4_floor`.
                    push_word(&mut out, text, &number, connector);
                    if !matches!(word.class, Class::Connector | Class::Punct) {
                        out.push_text(connector);
                    }
                }
            }
        }
    }
    push_word(&mut out, text, &word, connector);
    out.into_str()
}

/// Writes the lower-case letters and numbers after a number, and the connector before the rest.
fn push_attached(out: &mut Buf, words: &mut Words<'_>, word: &mut Word, connector: &str) {
    while matches!(word.class, Class::Alpha | Class::Number) {
        push_word(out, words.text, word, connector);
        *word = words.next();
    }
    if !word.class.joins_by_itself() {
        out.push_text(connector);
    }
}

fn push_word(out: &mut Buf, text: &Str, word: &Word, connector: &str) {
    if !matches!(word.class, Class::Upper | Class::Connector) {
        out.push_slice(text, word.part.clone());
        return;
    }
    let mut at = word.part.start;
    while at < word.part.end {
        let (character, size) = decode_rune(&text.as_bytes()[at..word.part.end]);
        let part = at..at + size;
        if is_connector(character) {
            out.push_instead(connector.as_bytes(), text, part);
        } else {
            push_char(out, if is_upper(character) { to_lower(character) } else { character }, text, part);
        }
        at += size;
    }
}
