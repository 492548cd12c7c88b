//! A suppression that does not say why.
//!
//! ## Why it matters in an air gap
//! Who reads it in a year, when the install fails, has to know why the finding was accepted. Until it has a reason it does
//! not count.
//!
//! ## What to do
//! Write the reason behind the bracket: `# airtight: ignore[mutable-tag] the tag is frozen by the vendor`.
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

use super::{Context, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "suppression-without-reason",
    summary: "a suppression that does not say why",
    severity: Severity::Warning,
    on: true,
    source: include_str!("suppression_without_reason.rs"),
    check,
};

/// Found where suppressions are applied, [`Suppressor`](crate::suppress::Suppressor), when all releases are known.
fn check(_: &mut Context<'_>) {}
