//! An image runs, and no release that was rendered prints it. Reported by `airtight verify` with `--with-charts`, `--chart` or
//! `--from-releases`.
//!
//! An image that does not come from the mirror is reported by another rule, which says the same in a note.
//!
//! ## Why it matters in an air gap
//! Nobody mirrors on purpose what no chart names: an operator makes the pods, or somebody installed them by hand. The next version, or the
//! next cluster, has an image that is not on the mirror.
//!
//! ## What to do
//! Add the release that brings it to airtight.yaml, or the image to the lists of the bundle (`--learn FOLDER`). With `--chart`, images of other
//! releases are listed only if the pods are those of one namespace, or of a file.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: operator}
//! spec:
//!   containers:
//!     - {name: operator, image: mirror.internal/acme/operator:1.4}
//! # running/pods.yaml
//! apiVersion: v1
//! kind: PodList
//! items:
//!   - metadata: {name: operator, namespace: acme}
//!     spec:
//!       containers:
//!         - {name: operator, image: mirror.internal/acme/operator:1.4}
//!   - metadata: {name: worker, namespace: acme}
//!     spec:
//!       containers:
//!         - {name: worker, image: mirror.internal/acme/worker:1.4}
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: operator}
//! spec:
//!   containers:
//!     - name: operator
//!       image: mirror.internal/acme/operator:1.4
//!       env:
//!         - {name: WORKER_IMAGE, value: mirror.internal/acme/worker:1.4}
//! # running/pods.yaml
//! apiVersion: v1
//! kind: PodList
//! items:
//!   - metadata: {name: operator, namespace: acme}
//!     spec:
//!       containers:
//!         - {name: operator, image: mirror.internal/acme/operator:1.4}
//!   - metadata: {name: worker, namespace: acme}
//!     spec:
//!       containers:
//!         - {name: worker, image: mirror.internal/acme/worker:1.4}
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNRENDERED_IMAGE,
    summary: "an image runs, and no release renders it",
    severity: Severity::Hint,
    on: true,
    source: include_str!("unrendered_image.rs"),
    check,
};

/// Reported where what runs is joined with what releases render ([`joined`](crate::joined)).
fn check(_: &mut RuleContext<'_>) {}
