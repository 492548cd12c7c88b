//! Go's regular expressions: RE2 syntax with Go's error texts, matched by the `regex` crate.
//!
//! `syntax` reads a pattern as Go does, `class` knows its character classes, `translate` writes the same language in the
//! syntax of the `regex` crate, [`Regex`] searches Go strings, which may hold bytes that are not UTF-8. [`Cache`] keeps
//! what was compiled.
//!
//! The two engines agree on everything but syntax: leftmost-first matches, what an empty match is, which groups are set.

mod class;
mod class_names;
mod cost;
mod program;
mod replace;
mod syntax;
mod translate;

pub use program::{Cache, Error, Regex, Searched, quote_meta};
pub use replace::{Piece, Replacement};

/// What a search may use up, kept by whoever asks for it.
pub trait Bounds {
    /// What it is to have reached one.
    type Error;

    /// The most bytes of one text.
    fn most_bytes(&self) -> usize;

    /// Takes steps of work.
    ///
    /// # Errors
    /// When fewer are left.
    fn take_steps(&mut self, count: u64) -> Result<(), Self::Error>;

    /// Takes the work of making a text of so many bytes.
    ///
    /// # Errors
    /// When that is more than allowed.
    fn allow_bytes(&mut self, count: usize) -> Result<(), Self::Error>;

    /// Checks that so many bytes can be held.
    ///
    /// # Errors
    /// When there is no room for them.
    fn allow_memory(&mut self, count: usize) -> Result<(), Self::Error>;
}

/// Bytes as a text in which every byte that is not UTF-8 is U+FFFD.
fn text_of(bytes: &[u8]) -> String {
    crate::trace::Str::new(bytes).to_text().into_owned()
}
