//! A release renders an image, and no pod runs it. Reported by `airtight verify` with `--with-charts`, `--chart` or `--from-releases`.
//!
//! Only if everything was read that may run it: all namespaces, or that of the release, and no `--selector`.
//!
//! ## Why it matters in an air gap
//! It was not seen that nodes can pull it. A job that runs later, or a workload that is scaled up later, pulls it then.
//!
//! ## What to do
//! Check that the mirror has it (`airtight mirror check`, `--mirror-check` of `lint`). If the release should run it now, it is not installed, or
//! installed with other values.
//!
//! ```bad
//! # templates/jobs.yaml
//! apiVersion: batch/v1
//! kind: CronJob
//! metadata: {name: backup}
//! spec:
//!   jobTemplate:
//!     spec:
//!       template:
//!         spec:
//!           containers:
//!             - {name: backup, image: mirror.internal/acme/backup:1.4}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api, namespace: acme}
//! spec:
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api, namespace: acme}
//! spec:
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::IMAGE_NOT_RUNNING,
    summary: "a release renders an image, and no pod runs it",
    severity: Severity::Hint,
    on: true,
    source: include_str!("image_not_running.rs"),
    check,
};

/// Reported where what runs is joined with what releases render ([`joined`](crate::joined)).
fn check(_: &mut RuleContext<'_>) {}
