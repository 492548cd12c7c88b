//! A suppression of something that is not found there.
//!
//! ## Why it matters in an air gap
//! What it accepted is gone, or it stands in the wrong place. Left alone, it will hide the next finding without anybody
//! having thought about it.
//!
//! ## What to do
//! Remove it. Comments are about their line and what is nested below, entries of the configuration about what they name.
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

use super::{Context, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "unused-suppression",
    summary: "a suppression of something that is not found there",
    severity: Severity::Warning,
    on: true,
    source: include_str!("unused_suppression.rs"),
    check,
};

/// Found where suppressions are applied, [`Suppressor`](crate::suppress::Suppressor), when all releases are known.
fn check(_: &mut Context<'_>) {}
