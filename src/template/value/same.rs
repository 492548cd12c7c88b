//! Whether two values are interchangeable in computations.

use super::{List, Map, Value};

impl Value {
    /// Whether another value has the same type and content, whatever their origins. For objects this is unknown, which counts as
    /// false.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(one, _), Self::Bool(other, _)) => one == other,
            (Self::Int(one, kind, _), Self::Int(other, other_kind, _)) => one == other && kind == other_kind,
            (Self::Float(one, _), Self::Float(other, _)) => one.to_bits() == other.to_bits(),
            (Self::Str(one), Self::Str(other)) | (Self::Bytes(one), Self::Bytes(other)) => {
                one.as_bytes() == other.as_bytes()
            }
            (Self::List(one), Self::List(other)) => one.is_same(other),
            (Self::Map(one), Self::Map(other)) => one.is_same(other),
            _ => false,
        }
    }
}

impl List {
    fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.ty(), other.ty())
            && self.is_nil() == other.is_nil()
            && self.len() == other.len()
            && self.iter().zip(other.iter()).all(|(one, other)| one.is_same(other))
    }
}

impl Map {
    fn is_same(&self, other: &Self) -> bool {
        let (entries, others) = (self.borrow(), other.borrow());
        std::ptr::eq(self.ty(), other.ty())
            && self.is_nil() == other.is_nil()
            && entries.len() == others.len()
            && entries.iter().all(|(key, value)| others.get(key).is_some_and(|other| value.is_same(other)))
    }
}
