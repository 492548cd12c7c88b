//! [`Budget`]: the steps that validating values against a schema may take.

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

    /// Takes steps.
    pub(super) fn take(&mut self, steps: u64) -> Result<(), String> {
        self.left = self.left.checked_sub(steps).ok_or_else(|| {
            let limit = self.limits.schema_steps;
            format!("more than {limit} steps to check values against the schema (--limit schema-steps)")
        })?;
        Ok(())
    }

    /// Checks the nesting depth of schemas.
    pub(super) fn check_depth(&self, depth: u32) -> Result<(), String> {
        let limit = self.limits.schema_depth;
        if depth > limit {
            return Err(format!("schemas nested more than {limit} levels deep (--limit schema-depth)"));
        }
        Ok(())
    }
}
