//! The parts of a line to mask: in an excerpt, everything that is not harmless; in output that the user asked for, values whose
//! names say that they are secrets.

use super::harmless::{is_harmless, is_of_image, is_random, is_reference_with_host, is_trivial, is_word_of_commands};
use super::lines::{Before, Kind, pieces, takes_secret};
use super::names::{is_secret, words};
use super::text::secrets_in;
use std::ops::Range;

/// Keys whose values may contain anything.
const ANYTHING: &[&str] = &["value", "data", "content", "stringData", "defaultValue", "default", "text", "raw"];

/// The bytes of a line to mask: everything but keys, text that is reported anyway, and harmless text.
///
/// `own` is the range that the line is shown for, in which even a secret is shown if it is reported.
pub(super) fn denied(line: &str, before: Before, told: &str, own: Option<Range<usize>>) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    for piece in pieces(line, before) {
        let text = &line[piece.range.clone()];
        let overlaps = own.as_ref().is_some_and(|own| own.start < piece.range.end && piece.range.start < own.end);
        let touches = own.as_ref().is_some_and(|own| own.start <= piece.range.end && piece.range.start <= own.end);
        let is_told = is_told(text, told) && (overlaps || !piece.is_secret);
        let inner = |hidden: &mut Vec<Range<usize>>| {
            let start = piece.range.start;
            hidden.extend(secrets_in(text).into_iter().map(|range| start + range.start..start + range.end));
        };
        let key = piece.key.as_deref();
        match piece.kind {
            // The rules of a suppression are not secret.
            Kind::Comment if text.trim_start().starts_with("airtight:") => match text.find(']') {
                Some(end) if !overlaps => {
                    let reason = text[end + 1..].trim();
                    let start = piece.range.start + text.len() - text[end + 1..].trim_start().len();
                    hidden.push(start..start + reason.len());
                }
                _ => inner(&mut hidden),
            },
            Kind::Comment => {
                if !text.trim().is_empty() {
                    hidden.push(
                        piece.range.start + text.len() - text.trim_start().len()
                            ..piece.range.start + text.trim_end().len(),
                    );
                }
            }
            _ if is_trivial(text) => {}
            _ if is_told => inner(&mut hidden),
            Kind::Literal { is_name } => {
                if !is_plain_literal(text, is_name, piece.is_secret) {
                    hidden.push(piece.range);
                }
            }
            Kind::Value => {
                let anything = key.is_some_and(|key| ANYTHING.contains(&key));
                let of_image = key.is_some_and(|key| is_of_image(key, text) && !is_secret(key))
                    || touches && !piece.is_secret && is_path(text);
                if of_image || !piece.is_secret && !anything && is_harmless(text, key) {
                    inner(&mut hidden);
                } else {
                    let is_secret = piece.is_secret || anything;
                    hidden.extend(
                        denied_words(text, is_secret, told)
                            .into_iter()
                            .map(|range| piece.range.start + range.start..piece.range.start + range.end),
                    );
                }
            }
        }
    }
    hidden.retain(|range| !range.is_empty());
    hidden
}

/// The bytes of a line that are secrets by their names or by their form.
pub(super) fn named(line: &str, before: Before) -> Vec<Range<usize>> {
    let mut hidden = secrets_in(line);
    for piece in pieces(line, before) {
        let text = &line[piece.range.clone()];
        if piece.kind == Kind::Value
            && piece.is_secret
            && piece.key.is_some()
            && !is_trivial(text)
            && !text.starts_with('-')
        {
            hidden.push(piece.range);
        }
    }
    hidden
}

/// Whether a text is the middle of a reference: `/acme/api:1.4`.
fn is_path(text: &str) -> bool {
    let is_of_path = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._/:@-".contains(&byte);
    text.contains('/') && text.len() <= 300 && text.bytes().all(is_of_path)
}

/// Whether a text is part of the reported text; one or two characters are part of anything.
fn is_told(text: &str, told: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    text.len() > 2 && told.contains(text)
}

/// Whether a constant of an action is clearly harmless: a host, a format, a name of a template.
fn is_plain_literal(text: &str, is_name: bool, is_secret: bool) -> bool {
    let is_identifier =
        text.len() <= 80 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
    let mut rest = text.to_owned();
    for mark in ["%s", "%v", "%d", "%q", "%t", "%g", "\\n", "\\t"] {
        rest = rest.replace(mark, "");
    }
    let is_image_word = text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && words(text).last().is_some_and(|last| is_of_image(last, ""));
    rest.chars().filter(|c| c.is_alphanumeric()).count() < 2
        || is_name && is_identifier && !is_random(text)
        || !is_secret && (is_harmless(text, None) || is_image_word)
}

/// The words of a value to mask; names of flags and names before `=` are shown.
fn denied_words(text: &str, is_secret_text: bool, told: &str) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let (mut after_flag, mut last_hidden) = (None, None);
    let begin = text.as_ptr() as usize;
    for word in text.split_whitespace() {
        let start = word.as_ptr() as usize - begin;
        let bare = word.trim_matches(['"', '\'', '(', ')', ';', ',', '`']);
        let offset = start + word.find(bare).unwrap_or(0);
        let flag = bare.split('=').next().unwrap_or_default();
        let name = flag.trim_start_matches('-');
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
            && !is_random(name);
        // The value of a flag is harmless only if it is reported.
        let can_be_told = !is_secret_text && after_flag != Some(true);
        let is_strict = is_secret_text || after_flag.is_some();
        let range = match bare.split_once('=') {
            _ if !bare.contains(char::is_alphanumeric) => None,
            Some((_, "")) if is_name && bare.starts_with("--") => None,
            Some((_, value)) if is_name && !value.is_empty() => {
                let is_shown = is_trivial(value)
                    || !is_secret_text && !is_secret(name) && (is_told(value, told) || is_harmless(value, Some(name)));
                after_flag = None;
                let from = offset + flag.len() + 1;
                if is_shown {
                    hidden.extend(secrets_in(value).into_iter().map(|range| from + range.start..from + range.end));
                }
                (!is_shown).then_some(from..offset + bare.len())
            }
            None if is_name
                && (bare.starts_with("--") || bare.starts_with('-') && name.len() == 1)
                && after_flag.is_none() =>
            {
                after_flag = Some(takes_secret(bare));
                None
            }
            _ => {
                let is_shown = can_be_told && is_told(bare, told)
                    || !is_strict && (is_reference_with_host(bare) || is_word_of_commands(bare))
                    || is_trivial(bare) && !is_secret_text;
                after_flag = None;
                if is_shown {
                    hidden.extend(secrets_in(bare).into_iter().map(|range| offset + range.start..offset + range.end));
                }
                (!is_shown).then_some(offset..offset + bare.len())
            }
        };
        let Some(range) = range else {
            last_hidden = None;
            continue;
        };
        // Consecutive masked words become one.
        match last_hidden.filter(|_| range.start == offset).and_then(|at: usize| hidden.get_mut(at)) {
            Some(last) => last.end = range.end,
            None => {
                hidden.push(range);
                last_hidden = Some(hidden.len() - 1);
            }
        }
    }
    hidden
}
