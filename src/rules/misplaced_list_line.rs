//! A list has an image that belongs into others, of a dependency that was renamed or moved, for example. Checked by `airtight bundle check`.
//!
//! ## Why it matters in an air gap
//! Whoever mirrors the components one by one gets an image that they do not use, and lacks it where they do.
//!
//! ## What to do
//! Move the line to the lists that the finding names.
//!
//! ```bad
//! # Chart.yaml
//! {apiVersion: v2, name: shop, version: 1.0.0, dependencies: [{name: db, version: 1.0.0}]}
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:1.4
//! # charts/db/Chart.yaml
//! {apiVersion: v2, name: db, version: 1.0.0}
//! # charts/db/templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db}
//! spec:
//!   containers:
//!     - name: db
//!       image: quay.io/acme/db:15
//! # bundle/images-core.txt
//! quay.io/acme/api:1.4
//! quay.io/acme/db:15
//! # bundle/images-db.txt
//! # The database.
//! ```
//! ```good
//! # Chart.yaml
//! {apiVersion: v2, name: shop, version: 1.0.0, dependencies: [{name: db, version: 1.0.0}]}
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:1.4
//! # charts/db/Chart.yaml
//! {apiVersion: v2, name: db, version: 1.0.0}
//! # charts/db/templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db}
//! spec:
//!   containers:
//!     - name: db
//!       image: quay.io/acme/db:15
//! # bundle/images-core.txt
//! quay.io/acme/api:1.4
//! # bundle/images-db.txt
//! quay.io/acme/db:15
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::MISPLACED_LIST_LINE,
    summary: "an image is in the list of another component",
    severity: Severity::Warning,
    on: true,
    source: include_str!("misplaced_list_line.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
