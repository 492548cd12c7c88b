//! Image references: their meaning, where manifests contain them, who decided them, and whether they come from the mirror.

pub mod class;
pub mod decided;
pub mod doubled;
pub mod find;
pub mod hosts;
pub mod injection;
pub mod layout;
pub mod mirror;
pub mod object;
pub mod open;
pub mod operators;
pub mod pods;
pub mod pull_secrets;
pub mod reference;
pub mod text;

pub use class::Class;
pub use decided::{Decider, Part, Source};
pub use find::{ImageUse, Search, Shape, Tier, find};
pub use layout::Layout;
pub use mirror::Mirror;
pub use object::ObjectName;
pub use open::OpenReference;
pub use reference::Reference;
pub use text::Text;
