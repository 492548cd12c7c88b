//! Go's regular expressions: RE2 syntax with Go's error texts, matched by the `regex` crate.
//!
//! `syntax` reads a pattern as Go does, `class` knows its character classes, `translate` writes the same language in the
//! syntax of the `regex` crate, [`Regex`] searches Go strings, which may hold bytes that are not UTF-8. [`Cache`] keeps
//! what was compiled.
//!
//! The two engines agree on everything but syntax: leftmost-first matches, what an empty match is, which groups are set.

mod class;
mod class_names;
mod program;
mod replace;
mod syntax;
mod translate;

pub use program::{Cache, Error, Regex, Searched, quote_meta};
pub use replace::{Piece, Replacement};

/// Bytes as a text in which every byte that is not UTF-8 is U+FFFD.
fn text_of(bytes: &[u8]) -> String {
    crate::trace::Str::new(bytes).to_text().into_owned()
}
