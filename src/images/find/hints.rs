//! [`Hints`]: what the user knows of images.

use crate::reference::Mirror;

/// What the user knows of images: the mirror, whose references cannot be mistaken, and places that hold images or do not.
#[derive(Debug, Clone, Copy)]
pub struct Hints<'h> {
    /// The mirror.
    pub mirror: &'h Mirror,
    /// Places.
    pub places: &'h [PlaceRule],
}

/// A place in objects, and whether images are there.
///
/// Shape: `kind: "Tenant*"`, `name: "*"`, `field: "spec.pools[*].runner"`. In each `*` stands for any run of characters
/// and `?` for one; everything else is itself. The whole has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRule {
    /// What is said of the place.
    pub action: Action,
    /// Pattern of the object's kind.
    pub kind: String,
    /// Pattern of the object's name.
    pub name: String,
    /// Pattern of the field's path, as findings print it.
    pub field: String,
}

/// What a [`PlaceRule`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A scalar there is an image.
    Add,
    /// Nothing there is an image.
    Exclude,
}
