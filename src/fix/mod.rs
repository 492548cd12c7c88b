//! [`Fix`]: a change of the user's input that resolves a finding, proven by a trial before it is reported.
//!
//! A fix is data: what to edit, and the old and new values. `document` produces the new text of a values file and verifies it
//! with our own reader; a trial renders the release with the edited values as it would be installed.

mod apply;
mod change;
mod document;
mod flag;
mod insert;
mod locate;
mod members;
mod overlay;
mod patch;
pub(crate) mod plan;
mod refusal;
mod remove;
mod replace;
mod shown;
mod splice;
mod tree;
mod write;

pub(crate) use apply::{Originals, apply, edited, edited_all, refusals};
pub(crate) use change::{TextChange, text_changes};
#[cfg(test)]
pub(crate) use document::{edit, edit_all};
pub(crate) use overlay::{OverlayValue, compact_lines, overlay, overlay_of, overlay_text};
pub(crate) use patch::{Patch, patched};
pub(crate) use refusal::Refusal;
pub(crate) use shown::{Shown, ShownChange, ShownEdit, ShownPatch};
pub(crate) use tree::{at as value_at, value as json_of};

use crate::names::names;
use crate::source::{File, Place};
use crate::trace::FlagPart;
use crate::values_path::ValuesPath;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// A change that resolves a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fix {
    /// What to do, in the imperative, without a full stop: ``set `image.registry` to `mirror.internal` ``.
    pub title: String,
    /// Who may apply it.
    pub safety: Safety,
    /// The edits, which belong together.
    #[serde(skip)]
    pub edits: Vec<Edit>,
    /// Changes of templates, together with the edits, if no value reaches an image; they are shown, never applied.
    #[serde(skip)]
    pub patches: Vec<Patch>,
    /// The result of the trial: the references before and after the edits; empty if the edits change something else.
    pub proof: Vec<Proven>,
    /// The same as values that are passed after all others; empty if that is not possible, or was not tried together with the other
    /// fixes of the release.
    pub overlay: Vec<OverlayValue>,
    /// What reports show of the edits and patches, which are dropped then.
    pub shown: Option<Box<Shown>>,
}

impl Fix {
    /// What reports show of the edits and patches; empty until computed.
    pub(crate) fn told(&self) -> &Shown {
        const NOTHING: &Shown = &Shown { edits: Vec::new(), patches: Vec::new(), line: None };
        self.shown.as_deref().unwrap_or(NOTHING)
    }
}

/// Who may apply a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Safety {
    /// `--fix`: it changes or removes lines of the user's own values files.
    Safe,
    /// `--unsafe-fixes`: it adds keys, or changes tags or digests.
    Unsafe,
    /// Manual only: it is about flags, or files that the tool does not write.
    Manual,
}

names!(Safety { Safe: "safe", Unsafe: "unsafe", Manual: "manual" });

/// A reference that a fix changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proven {
    /// Before the edits.
    pub before: String,
    /// After the edits.
    pub after: String,
}

/// One edit of the user's input.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// What to edit.
    pub target: FixTarget,
    /// The path of the value, from the top of the values.
    pub path: ValuesPath,
    /// The location of the old value; `None` if it is added.
    pub place: Option<Place>,
    /// What to do with it.
    pub action: ValueAction,
}

/// What a fix edits.
#[derive(Debug, Clone)]
pub(crate) enum FixTarget {
    /// The values file of the release with this index, from 0.
    File {
        /// Its index.
        number: u32,
        /// The file before the edit.
        file: Arc<File>,
    },
    /// A `--set`-like flag.
    Flag(FlagPart),
    /// A values file that is passed after all others, or `--set`.
    Overlay,
}

/// What to do with a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum ValueAction {
    /// Replace it.
    Set(Value),
    /// Remove it with its key.
    Remove,
    /// Add it.
    Add(Value),
}
