//! Images: where manifests contain references, who decided each, and whether it comes from the mirror.

pub(crate) mod class;
pub(crate) mod deciders;
pub(crate) mod doubled;
pub(crate) mod find;
pub(crate) mod operators;
pub(crate) mod rendered;

pub(crate) use class::Class;
pub(crate) use deciders::ReferencePart;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use find::find;
pub(crate) use find::{Hints, ImageUse, Search, Shape, Tier};
