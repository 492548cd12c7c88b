//! What changes between two charts or two sets of lists, for people and programs; one file for each format.

pub(crate) mod json;
pub(crate) mod text;

use crate::bundle::artifact::Artifact;
use crate::bundle::comparison::Comparison;

/// A comparison of two charts, or of two sets of lists.
#[derive(Debug)]
pub(crate) struct Compared {
    /// What was compared: `platform-2.4.0`, `bundle`.
    pub old: String,
    /// With what.
    pub new: String,
    /// Whether both are known as a whole.
    pub is_complete: bool,
    /// The changes.
    pub comparison: Comparison,
}

/// The fewest settings with which an artifact is needed; `None` if nothing says what needs it.
fn brought_by(artifact: &Artifact) -> Option<String> {
    Some(match artifact.smallest_need()?.settings.as_slice() {
        [] => "the values as given".to_owned(),
        settings => settings.join(", "),
    })
}
