//! Images: where manifests hold references to them, who decided each, and what became of the rewrite.

pub mod class;
pub mod deciders;
pub mod doubled;
pub mod find;
pub mod operators;

pub use class::Class;
pub use deciders::Part;
pub use find::{ImageUse, Search, Shape, Tier, find};
