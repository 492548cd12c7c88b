//! JSON as Go's `encoding/json` writes and reads it.

mod decode;
mod encode;

pub use decode::{Decoded, decode, kind};
pub use encode::{Error, Style, encode};

use crate::template::types::{Kind, Type};
use crate::template::{Object, Value};
use std::any::Any;

/// What a struct with `json:"…"` tags looks like in JSON: members in the struct's own order, as [`Object::json`] of
/// such a struct gives them.
///
/// Shape: `Members(vec![("version", v), ("git_commit", c)])`. A struct without tags needs none: its exported
/// [`Object::fields`] are its members.
#[derive(Debug)]
pub struct Members(pub Vec<(&'static str, Value)>);

static MEMBERS: Type = Type::new("struct", Kind::Struct, None);

impl Object for Members {
    fn ty(&self) -> &'static Type {
        &MEMBERS
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.0.clone()
    }
}

/// The members of a struct in JSON: all of [`Members`], else the exported fields.
pub fn members(object: &dyn Object) -> Vec<(&'static str, Value)> {
    let mut fields = object.fields();
    if !object.as_any().is::<Members>() {
        fields.retain(|(name, _)| name.starts_with(char::is_uppercase));
    }
    fields.iter_mut().for_each(|(name, _)| *name = object.json_name(name));
    fields
}

/// Go's words about a value of one kind where another is wanted.
pub fn mismatch(found: &str, wanted: &str) -> String {
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}
