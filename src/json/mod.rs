//! JSON as Go's `encoding/json` writes and reads it.

mod decode;
mod encode;

pub use decode::{Decoded, decode, kind};
pub use encode::{Error, Style, encode};

use crate::template::{Object, Value};

/// The members of a struct in JSON, in its own order: the exported fields, by the names that their tags give them.
pub fn members(object: &dyn Object) -> Vec<(&'static str, Value)> {
    let exported = object.fields().into_iter().filter(|(name, _)| name.starts_with(char::is_uppercase));
    exported.map(|(name, value)| (object.json_name(name), value)).collect()
}

/// Go's words about a value of one kind where another is wanted.
pub fn mismatch(found: &str, wanted: &str) -> String {
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}
