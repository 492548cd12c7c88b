//! The language server: diagnostics, fixes and explanations in an editor, over the Language Server Protocol.
//!
//! [`serve()`] speaks the protocol with an [`Analyst`], who finds problems in files and knows nothing of the protocol ([`Found`]). `wire`
//! reads and writes messages, `session` is the state between them, `documents` and `text` are what is open in the editor, and
//! `diagnostics`, `actions` and `changes` make answers of what was found.

mod actions;
pub(crate) mod changes;
mod diagnostics;
mod documents;
pub(crate) mod found;
mod message;
mod paths;
mod serve;
mod session;
mod text;
mod wire;

pub(crate) use documents::Open;
use found::Found;
pub(crate) use serve::{Stopped, serve};
pub(crate) use session::End;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Who looks at the files.
pub(crate) trait Analyst: Sync {
    /// What is kept from one check for the next.
    type Kept: Default + Send;

    /// Makes a folder the one that messages and paths are relative to. It is called once, before everything else.
    fn enter(&self, folder: &Path);

    /// Finds the problems of the releases that the open files belong to; `None` if it was given up because `is_stale` says that
    /// nobody waits for the result any more.
    fn check(&self, asked: &Asked, kept: &mut Self::Kept, is_stale: &(dyn Fn() -> bool + Sync)) -> Option<Found>;

    /// Explains what is at a byte of an open file.
    fn hover(&self, open: &Open, path: &Path, at: usize) -> Option<HoverText>;
}

/// A check that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What is open.
    pub(crate) open: Open,
    /// What changed since the last check that was completed.
    pub(crate) changed: Changed,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Anything, on the disk too.
    Everything,
    /// The texts of these open files, by real path.
    Files(BTreeSet<PathBuf>),
}

impl Changed {
    /// Adds a change to what changed before.
    fn add(known: &mut Option<Self>, change: Self) {
        *known = Some(match (known.take(), change) {
            (None, change) => change,
            (Some(Self::Files(mut known)), Self::Files(change)) => {
                known.extend(change);
                Self::Files(known)
            }
            _ => Self::Everything,
        });
    }
}

/// An explanation of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HoverText {
    /// The explanation, in Markdown.
    pub(crate) markdown: String,
    /// The bytes that it is about.
    pub(crate) range: Range<usize>,
}
