//! Images: where manifests contain references, who decided each, and whether it comes from the mirror.

pub mod class;
pub mod deciders;
pub mod doubled;
pub mod find;
pub mod operators;

pub use class::Class;
pub use deciders::Part;
#[cfg(any(test, feature = "fuzzing"))]
pub use find::find;
pub use find::{ImageUse, Search, Shape, Tier};
