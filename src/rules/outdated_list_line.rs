//! A list has a tag, or a digest without a tag, of an image of which another version is needed. Checked by `airtight bundle check`.
//!
//! ## Why it matters in an air gap
//! The mirror has the old version, and pods pull the new one. Most often the chart was raised, and the list was not.
//!
//! ## What to do
//! Replace the line, and mirror the new version before the chart is installed.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:1.4
//! # bundle/images.txt
//! quay.io/acme/api:1.3
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:1.4
//! # bundle/images.txt
//! quay.io/acme/api:1.4
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::OUTDATED_LIST_LINE,
    summary: "a list has another version of an image than the one that is needed",
    severity: Severity::Error,
    on: true,
    source: include_str!("outdated_list_line.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
