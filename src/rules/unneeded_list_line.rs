//! A list has an image that the release needs under no setting. Checked by `airtight bundle check`.
//!
//! ## Why it matters in an air gap
//! The mirror holds, and somebody scans and updates, what nobody uses. A typo in a reference looks the same: then the image that is meant is
//! missing.
//!
//! ## What to do
//! Remove the line. If something else needs the image, keep it in a list of its own. Images that operators pull by themselves are needed, and no
//! manifest shows them: accept the finding with a reason, in a comment on the line (`# airtight: ignore[unneeded-list-line] Envoy Gateway pulls
//! it`) or in `suppressions` of airtight.yaml.
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
//! quay.io/acme/api:1.4
//! quay.io/acme/old:1.0
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
    id: rule_ids::UNNEEDED_LIST_LINE,
    summary: "nothing needs an image of a list, whatever is enabled",
    severity: Severity::Warning,
    on: true,
    source: include_str!("unneeded_list_line.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
