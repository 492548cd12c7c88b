//! A suppression that matches no finding.
//!
//! ## Why it matters in an air gap
//! What it accepted is gone, or the suppression is in the wrong place. If it stays, it will hide the next finding without
//! anybody having decided so.
//!
//! ## What to do
//! Remove it. A comment applies to its line and what is nested below; an entry of the configuration, to what it names.
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
//! # airtight: ignore[override-bypasses-mirror] the vendor has no other registry
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
    id: rule_ids::UNUSED_SUPPRESSION,
    summary: "a suppression that matches no finding",
    severity: Severity::Warning,
    on: true,
    source: include_str!("unused_suppression.rs"),
    check,
};

/// Reported where suppressions are applied, [`Suppressor`](crate::suppress::Suppressor), when all releases are known.
fn check(_: &mut RuleContext<'_>) {}
