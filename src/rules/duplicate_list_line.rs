//! A list has an artifact on more than one line. Docker Hub's short names are the same as the long ones: `busybox:1.37` and
//! `docker.io/library/busybox:1.37`. Checked by `airtight bundle check`.
//!
//! ## Why it matters in an air gap
//! The next update changes one of the lines, and the mirror keeps both versions, or the wrong one.
//!
//! ## What to do
//! Remove one of the lines.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: docker.io/library/busybox:1.37
//! # bundle/images.txt
//! busybox:1.37
//! docker.io/library/busybox:1.37
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: docker.io/library/busybox:1.37
//! # bundle/images.txt
//! busybox:1.37
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::DUPLICATE_LIST_LINE,
    summary: "a list has the same artifact twice",
    severity: Severity::Warning,
    on: true,
    source: include_str!("duplicate_list_line.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
