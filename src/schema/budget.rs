//! [`Budget`]: the steps that validating values against a schema may take.

use crate::error::Error;
use crate::limits::Limits;

/// The remaining budget.
#[derive(Debug)]
pub(super) struct Budget<'l> {
    pub(super) limits: &'l Limits,
    pub(super) left: u64,
}

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, left: limits.schema_steps }
    }

    /// The steps that are left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Takes steps.
    pub(super) fn take(&mut self, steps: u64) -> Result<(), Error> {
        self.left = self.left.checked_sub(steps).ok_or_else(|| {
            let limit = self.limits.schema_steps;
            Error::limit(format!("more than {limit} steps to check values against the schema (--limit schema-steps)"))
        })?;
        Ok(())
    }

    /// Checks the nesting depth of schemas.
    pub(super) fn check_depth(&self, depth: u32) -> Result<(), Error> {
        let limit = self.limits.schema_depth;
        if depth > limit {
            return Err(Error::limit(format!("schemas nested more than {limit} levels deep (--limit schema-depth)")));
        }
        Ok(())
    }
}
