//! Image references: what they mean, where manifests hold them, and who decided them.

pub mod decided;
pub mod extract;
pub mod reference;

pub use decided::{Decider, Source};
pub use extract::{ImageUse, Tier, extract};
pub use reference::{Mirror, Reference};
