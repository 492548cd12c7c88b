//! [`Complex`]: the complex numbers of the template language, `1i`. Charts do not use them, but Go has them.

use super::types::{self, Type};
use super::value::{GoObject, Value};
use std::any::Any;

/// A `complex128`: its real and its imaginary part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Complex(pub f64, pub f64);

impl GoObject for Complex {
    fn ty(&self) -> &'static Type {
        &types::COMPLEX128
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    /// Used as a condition, 0 is false.
    fn json(&self) -> Option<Value> {
        Some(Value::bool(self.0 != 0.0 || self.1 != 0.0))
    }

    fn equals(&self, other: &dyn GoObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}
