//! [`Found`]: what an analysis found in the files that are open in the editor. Nothing here knows the protocol.

use crate::fix::{Edit, Patch};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::Place;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

/// What an analysis found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The problems in each open file that belongs to a release, by real path; none if it has no problem.
    pub(crate) problems: BTreeMap<PathBuf, Vec<Problem>>,
    /// What the user should know beside the problems, such as what is not checked.
    pub(crate) said: Vec<String>,
}

/// A problem at a place of a file.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// The bytes of the text; empty if only a point is known.
    pub(crate) range: Range<usize>,
    /// How severe it is.
    pub(crate) level: ProblemLevel,
    /// The rule, if it is a finding.
    pub(crate) rule: Option<&'static str>,
    /// What is wrong, with notes and help on lines of their own.
    pub(crate) message: String,
    /// Other places that explain it.
    pub(crate) related: Vec<Related>,
    /// Whether the text there has no effect.
    pub(crate) is_unneeded: bool,
    /// What resolves it.
    pub(crate) fixes: Vec<OfferedFix>,
    /// Where a comment would accept it.
    pub(crate) suppression: Option<Suppressible>,
}

/// How severe a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProblemLevel {
    /// It breaks the install, or nothing is proven.
    Error,
    /// It will break the install later.
    Warning,
    /// For information.
    Information,
    /// Barely visible.
    Hint,
}

/// Another place of a problem.
#[derive(Debug, Clone)]
pub(crate) struct Related {
    /// The real path of its file.
    pub(crate) path: PathBuf,
    /// The place.
    pub(crate) place: Place,
    /// Its role, as a label.
    pub(crate) label: String,
}

/// A fix that can be made in files.
#[derive(Debug, Clone)]
pub(crate) struct OfferedFix {
    /// What it does, in the imperative.
    pub(crate) title: String,
    /// Whether it may be applied unseen.
    pub(crate) is_safe: bool,
    /// Its edits of values files, with the real path of each.
    pub(crate) edits: Vec<(PathBuf, Edit)>,
    /// Its changes of templates, with the real path of each.
    pub(crate) patches: Vec<(PathBuf, Patch)>,
    /// How the release reads values.
    pub(crate) helm: HelmVersion,
    /// The limits of the run.
    pub(crate) limits: Limits,
}

/// Where a comment would accept a finding.
#[derive(Debug, Clone)]
pub(crate) struct Suppressible {
    /// The rule.
    pub(crate) rule: &'static str,
    /// The place that the comment would be beside.
    pub(crate) place: Place,
    /// Whether it is in a template.
    pub(crate) in_template: bool,
}

impl Related {
    /// Whether it is the same place with the same label, though read another time.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let range = |one: &Self| (one.place.start, one.place.end);
        self.path == other.path && range(self) == range(other) && self.label == other.label
    }
}

impl OfferedFix {
    /// Identifies what it changes.
    pub(crate) fn key(&self) -> String {
        let edits = self.edits.iter().map(|(_, edit)| edit.id());
        let patch = |(path, patch): &(PathBuf, Patch)| {
            format!("{}\n{}\n{}\n{}", path.display(), patch.place.start, patch.place.end, patch.text)
        };
        edits.chain(self.patches.iter().map(patch)).collect::<Vec<_>>().join("\n\n")
    }
}
