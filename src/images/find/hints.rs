//! [`Hints`]: the user's knowledge about images.

use crate::reference::Mirror;

/// The user's knowledge about images: the mirror, whose references are unmistakable, and fields that contain images or do not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hints<'h> {
    /// The mirror.
    pub mirror: &'h Mirror,
    /// The fields.
    pub places: &'h [PlaceRule],
}

/// A field of objects, and whether it contains images.
///
/// Shape: `kind: "Tenant*"`, `name: "*"`, `field: "spec.pools[*].runner"`. In each, `*` matches any run of characters
/// and `?` matches one; everything else is literal. The whole must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceRule {
    /// Whether the field contains images.
    pub action: HintAction,
    /// Pattern of the object's kind.
    pub kind: String,
    /// Pattern of the object's name.
    pub name: String,
    /// Pattern of the field's path, as findings print it.
    pub field: String,
}

/// What a [`PlaceRule`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HintAction {
    /// A scalar in the field is an image.
    Add,
    /// Nothing in the field is an image.
    Exclude,
}
