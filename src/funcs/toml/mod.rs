//! TOML.

use crate::template::Function;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[];
