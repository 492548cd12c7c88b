//! A suppression without a reason.
//!
//! ## Why it matters in an air gap
//! Whoever reads it in a year, when the install fails, needs to know why the finding was accepted. A suppression without a
//! reason has no effect.
//!
//! ## What to do
//! Write the reason after the bracket: `# airtight: ignore[mutable-tag] the tag is frozen by the vendor`.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! # airtight: ignore[override-bypasses-mirror]
//! registry: ""
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! registry: ""
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::SUPPRESSION_WITHOUT_REASON,
    summary: "a suppression without a reason",
    severity: Severity::Warning,
    on: true,
    source: include_str!("suppression_without_reason.rs"),
    check,
};

/// Reported where suppressions are applied, [`Suppressor`](crate::suppress::Suppressor), when all releases are known.
fn check(_: &mut RuleContext<'_>) {}
