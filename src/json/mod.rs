//! JSON as Go's `encoding/json` writes and reads it.

mod decode;
mod encode;
pub(crate) mod place;

pub(crate) use decode::{Decoded, decode, kind};
pub(crate) use encode::{Error, JsonStyle, encode};

/// Go's error about a value of one kind where another is expected.
pub(crate) fn mismatch(found: &str, wanted: &str) -> String {
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}
