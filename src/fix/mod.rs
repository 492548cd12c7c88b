//! [`Fix`]: a change of what the user gave that makes a finding go away, tried before it is told.
//!
//! A fix is data: what to edit, from what to what. `document` makes the new text of a values file, and our own reader judges
//! it; whoever tries a fix renders the release with the edited values as it would be installed.

mod apply;
mod change;
mod document;
mod flag;
mod insert;
mod locate;
mod overlay;
mod patch;
mod paths;
mod plan;
mod refusal;
mod remove;
mod replace;
mod shown;
mod splice;
mod tree;
mod write;

pub use apply::{OVERLAY, Originals, apply, apply_in, edited, edited_all, refusals};
pub use change::{TextChange, text_changes};
pub use document::{edit, edit_all};
pub use overlay::overlay;
pub use patch::{Patch, patched};
pub use paths::{path_keys, path_text};
pub use plan::Change;
pub use refusal::Refusal;
pub use shown::{Shown, ShownChange, ShownEdit, ShownPatch};
pub(crate) use tree::{at as value_at, value as json_of};

use crate::source::{File, Place};
use crate::trace::{FlagPart, Key};
use serde_json::Value;
use std::sync::Arc;

/// A change that makes a finding go away.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What to do, in the imperative, without a full stop: ``set `image.registry` to `mirror.internal` ``.
    pub title: String,
    /// Who may apply it.
    pub safety: Safety,
    /// What to edit; all of it together.
    pub edits: Vec<Edit>,
    /// What to change in templates, together with the edits, where no value reaches an image; it is shown, never made.
    pub patches: Vec<Patch>,
    /// What the trial showed: the references as they are, and as they are with the edits; none where it is something else that
    /// changes.
    pub proof: Vec<Proven>,
    /// What reports tell of its edits and patches, which are let go then.
    pub shown: Option<Box<Shown>>,
}

impl Fix {
    /// What reports tell of its edits and patches: nothing before it was worked out.
    pub fn told(&self) -> &Shown {
        const NOTHING: &Shown = &Shown { edits: Vec::new(), patches: Vec::new(), line: None };
        self.shown.as_deref().unwrap_or(NOTHING)
    }
}

/// Who may apply a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// `--fix`: it changes or removes lines of the user's own values files.
    Safe,
    /// `--unsafe-fixes`: it adds keys, or changes tags or digests.
    Unsafe,
    /// Only a person: it is about flags, or files that the tool does not write.
    Manual,
}

impl Safety {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Manual => "manual",
        }
    }
}

/// A reference that a fix changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// As it is.
    pub before: String,
    /// With the edits.
    pub after: String,
}

/// One edit of what the user gave.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Where.
    pub target: Target,
    /// Which value, from the top of the values.
    pub path: Vec<Key>,
    /// Where the value stands now; `None` where it is added.
    pub place: Option<Place>,
    /// What becomes of it.
    pub action: Action,
}

/// What a fix edits.
#[derive(Debug, Clone)]
pub enum Target {
    /// The values file with this number of the release's, from 0.
    File {
        /// Its number.
        number: u32,
        /// The file as it is.
        file: Arc<File>,
    },
    /// A `--set`-like flag.
    Flag(FlagPart),
    /// A values file that is given after all others, or `--set`.
    Overlay,
}

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It is another one.
    Set(Value),
    /// It and its key are taken away.
    Remove,
    /// It is added.
    Add(Value),
}
