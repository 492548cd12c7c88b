//! Go's regular expressions: RE2 syntax with Go's error texts, matched by the `regex` crate.
//!
//! `syntax` parses a pattern as Go does, `class` has its character classes, `translate` writes the same language in the
//! syntax of the `regex` crate, [`Regex`] searches Go strings, which may contain bytes that are not UTF-8. [`Cache`] keeps
//! compiled patterns.
//!
//! The two engines agree on everything except syntax: leftmost-first matches, empty matches, and groups.

mod class;
mod class_names;
mod cost;
mod program;
mod replace;
mod syntax;
mod translate;

pub(crate) use program::{Cache, Error, Regex, Searched, quote_meta};
pub(crate) use replace::Replacement;

/// The budget of a search, provided by the caller.
pub(crate) trait Bounds {
    /// The error of an exceeded limit.
    type Error;

    /// The maximum length of one text.
    fn most_bytes(&self) -> usize;

    /// Takes steps of work.
    ///
    /// # Errors
    /// Fewer steps are left.
    fn take_steps(&mut self, count: u64) -> Result<(), Self::Error>;

    /// Takes the work of making a text of this length.
    ///
    /// # Errors
    /// It is longer than allowed.
    fn allow_bytes(&mut self, count: usize) -> Result<(), Self::Error>;

    /// Checks that the memory limit allows this many bytes.
    ///
    /// # Errors
    /// They do not fit in memory.
    fn allow_memory(&mut self, count: usize) -> Result<(), Self::Error>;
}

/// Bytes as a text in which every byte that is not UTF-8 is U+FFFD.
fn text_of(bytes: &[u8]) -> String {
    crate::trace::Str::new(bytes).to_text().into_owned()
}
