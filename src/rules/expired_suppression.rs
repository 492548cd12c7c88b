//! A suppression whose last day has passed.
//!
//! ## Why it matters in an air gap
//! Somebody accepted a finding until a certain day, and that day has passed. The image is reported again, or the
//! suppression no longer has any effect.
//!
//! ## What to do
//! Fix what was accepted, or set a new date with a reason that still applies.
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
//! # airtight: ignore[override-bypasses-mirror] until 2020-12-31 the vendor has no other registry yet
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
    id: rule_ids::EXPIRED_SUPPRESSION,
    summary: "a suppression whose last day has passed",
    severity: Severity::Warning,
    on: true,
    source: include_str!("expired_suppression.rs"),
    check,
};

/// Reported where suppressions are applied, [`Suppressor`](crate::suppress::Suppressor), when all releases are known.
fn check(_: &mut RuleContext<'_>) {}
