//! Typed YAML in the files of other tools: read with positions, and written.

use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Listed, placed_error};
use crate::error::Error;
use crate::reference::Reference;
use crate::source::{File, Place};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_saphyr::{Location, Spanned};
use std::fmt;
use std::sync::Arc;

/// A text with its position.
pub(super) type Text = Spanned<String>;

/// A field that is looked at only to see whether it is there.
pub(super) type Present = Option<Spanned<Anything>>;

/// Any value, which is skipped.
#[derive(Debug, Default)]
pub(super) struct Anything {
    /// Whether it contains something: not null, `false`, or an empty text, list or map.
    pub is_something: bool,
}

/// The bytes of one file.
const MOST_BYTES: usize = 32 << 20;

/// The limits for one file: what people and tools write is far below, and what aliases multiply is far above.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 2_000_000,
            max_depth: 64,
            max_documents: 10_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 100_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
        },
        with_snippet: false,
    }
}

/// The text of a file.
pub(super) fn text_of(file: &File) -> Result<&str, Error> {
    if file.bytes().len() > MOST_BYTES {
        return Err(Error::limit(format!("{} has more than {} MiB", file.shown(), MOST_BYTES >> 20)));
    }
    let text = std::str::from_utf8(file.bytes());
    let text = text.map_err(|_| Error::input(format!("{} is not UTF-8", file.shown())))?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// The documents of a file. Empty ones are left out.
pub(super) fn documents<T: DeserializeOwned>(file: &Arc<File>, what: &str) -> Result<Vec<T>, Error> {
    let text = text_of(file)?;
    serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| {
        let words = words_of(&error);
        match error.location() {
            Some(at) => {
                let (line, column) = (at.line(), at.column());
                let words = words.trim_end_matches(&format!(" at line {line}, column {column}"));
                Error::input(format!("{}:{line}:{column}: {what}: {words}", file.shown()))
            }
            None => Error::input(format!("{}: {what}: {words}", file.shown())),
        }
    })
}

/// What is wrong, with the position behind it.
fn words_of(error: &serde_saphyr::Error) -> String {
    let words = error.to_string();
    let is_limit = ["budget breached", "recursion limit", "alias expansion", "alias replay"];
    match is_limit.iter().any(|limit| words.contains(limit)) {
        true => "it is nested too deeply, has too many parts, or has aliases that multiply it".to_owned(),
        false => words,
    }
}

/// The value of a text in another text, such as an annotation.
pub(super) fn nested<T: DeserializeOwned>(file: &Arc<File>, at: &Text, what: &str) -> Result<Vec<T>, Error> {
    let documents: Result<Vec<T>, _> = serde_saphyr::from_multiple_with_options(&at.value, options());
    documents.map_err(|error| error_at(file, at, format_args!("`{what}`: {}, counted from here", words_of(&error))))
}

/// The documents as one text.
pub(crate) fn written<T: Serialize>(documents: &[T]) -> String {
    let options = || serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let one = |document: &T| serde_saphyr::to_string_with_options(document, options()).unwrap_or_default();
    documents.iter().map(one).collect::<Vec<_>>().join("---\n")
}

/// A text that is written.
pub(super) fn plain(text: impl Into<String>) -> Text {
    Spanned::new(text.into(), Location::UNKNOWN, Location::UNKNOWN)
}

/// Where a value is in its file.
pub(super) fn place<T>(file: &Arc<File>, at: &Spanned<T>) -> Place {
    let span = at.referenced.span();
    let skipped = file.bytes().starts_with("\u{feff}".as_bytes());
    let start = span.byte_offset().unwrap_or(0) as u32 + if skipped { 3 } else { 0 };
    let end = start + span.byte_len().unwrap_or(0) as u32;
    let most = file.bytes().len() as u32;
    Place { file: file.clone(), start: start.min(most), end: end.min(most) }
}

/// Where a text is, without the quotes around it.
pub(super) fn place_of_text(file: &Arc<File>, at: &Text, text: &str) -> Place {
    let whole = place(file, at);
    let rest = file.bytes().get(whole.start as usize..).unwrap_or_default();
    // A block begins at its indicator, so the text may be behind the span.
    match memchr::memmem::find(rest, text.as_bytes()) {
        Some(after) if !text.is_empty() => {
            let start = whole.start + after as u32;
            Place { file: file.clone(), start, end: start + text.len() as u32 }
        }
        _ => whole,
    }
}

/// An error about a value, with its position.
pub(super) fn error_at<T>(file: &Arc<File>, at: &Spanned<T>, why: impl fmt::Display) -> Error {
    placed_error(&place(file, at), why)
}

/// Refuses a field with something in it.
pub(super) fn refuse(file: &Arc<File>, field: &str, at: &Present, why: &str) -> Result<(), Error> {
    match at {
        Some(at) if at.value.is_something => Err(error_at(file, at, format_args!("`{field}`: {why}"))),
        _ => Ok(()),
    }
}

/// The artifact of a reference.
pub(super) fn artifact(file: &Arc<File>, at: &Text, kind: ArtifactKind) -> Result<Listed, Error> {
    artifact_of(file, at, at.value.trim(), kind)
}

/// The artifact of a reference that is made from a text.
pub(super) fn artifact_of(file: &Arc<File>, at: &Text, name: &str, kind: ArtifactKind) -> Result<Listed, Error> {
    let reference = reference(file, at, name)?;
    Ok(Listed { artifact: Artifact::new(kind, reference), place: place_of_text(file, at, &at.value) })
}

/// The bytes of a reference that is made from parts, so that a long part does not count many times.
const MOST_OF_A_REFERENCE: usize = 1024;

/// The most platforms of an artifact.
const MOST_PLATFORMS: usize = 64;

/// The platforms of an artifact, each such as `linux/amd64` or `linux/arm/v7`.
pub(super) fn platforms<T>(
    file: &Arc<File>,
    at: &Spanned<T>,
    platforms: impl IntoIterator<Item = String>,
) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    for platform in platforms {
        let parts: Vec<&str> = platform.split('/').collect();
        let is_word = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if platform.len() > 64 || !(2..=3).contains(&parts.len()) || !parts.iter().all(is_word) {
            let shown: String = platform.chars().take(64).collect();
            return Err(error_at(file, at, format_args!("{shown:?} is not a platform, such as linux/amd64")));
        }
        if all.len() == MOST_PLATFORMS {
            return Err(error_at(file, at, format_args!("more than {MOST_PLATFORMS} platforms")));
        }
        all.push(platform);
    }
    Ok(all)
}

/// A reference that is made from a text.
pub(super) fn reference(file: &Arc<File>, at: &Text, name: &str) -> Result<Reference, Error> {
    if name.len() > MOST_OF_A_REFERENCE {
        let why = format!("a reference must not be longer than {MOST_OF_A_REFERENCE} characters");
        return Err(error_at(file, at, why));
    }
    Reference::parse(name).map_err(|why| {
        let written = &at.value;
        let shown = if written == name { format!("{name:?}") } else { format!("{written:?} ({name})") };
        error_at(file, at, format_args!("{shown}: {why}"))
    })
}

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnythingVisitor)
    }
}

struct AnythingVisitor;

impl<'de> serde::de::Visitor<'de> for AnythingVisitor {
    type Value = Anything;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Anything, E> {
        Ok(Anything { is_something: value })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Anything, E> {
        Ok(Anything { is_something: true })
    }

    fn visit_u64<E>(self, _: u64) -> Result<Anything, E> {
        Ok(Anything { is_something: true })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Anything, E> {
        Ok(Anything { is_something: true })
    }

    fn visit_str<E>(self, text: &str) -> Result<Anything, E> {
        Ok(Anything { is_something: !text.is_empty() })
    }

    fn visit_unit<E>(self) -> Result<Anything, E> {
        Ok(Anything::default())
    }

    fn visit_none<E>(self) -> Result<Anything, E> {
        Ok(Anything::default())
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Anything, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Anything, A::Error> {
        let mut is_something = false;
        while items.next_element::<serde::de::IgnoredAny>()?.is_some() {
            is_something = true;
        }
        Ok(Anything { is_something })
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Anything, A::Error> {
        let mut is_something = false;
        while members.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {
            is_something = true;
        }
        Ok(Anything { is_something })
    }
}
