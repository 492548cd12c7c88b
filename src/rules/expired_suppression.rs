//! A suppression whose last day is over.
//!
//! ## Why it matters in an air gap
//! Somebody accepted a finding for a while, and the while is over: the image it was about is reported again, or the
//! suppression stands there for nothing.
//!
//! ## What to do
//! Mend what was accepted, or give it another day with a reason that still holds.
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

use super::{Context, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "expired-suppression",
    summary: "a suppression whose last day is over",
    severity: Severity::Warning,
    on: true,
    source: include_str!("expired_suppression.rs"),
    check,
};

/// Found where suppressions are applied, [`Suppressor`](crate::suppress::Suppressor), when all releases are known.
fn check(_: &mut Context<'_>) {}
