//! A list has another digest of a tag than the chart names, or than its source registry has now if `--pin` is given. Checked by `airtight
//! bundle check`.
//!
//! ## Why it matters in an air gap
//! A pod that pulls by digest does not find it on the mirror. If only the source has moved the tag, the mirror keeps what was there before: that
//! may be what is wanted, but somebody should know.
//!
//! ## What to do
//! Mirror the image again and replace the digest, or keep the digest that was mirrored.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:1.4@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
//! # bundle/images.txt
//! quay.io/acme/api:1.4 sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:1.4@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
//! # bundle/images.txt
//! quay.io/acme/api:1.4 sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::LIST_DIGEST_DIFFERS,
    summary: "a list has another digest of the same tag",
    severity: Severity::Error,
    on: true,
    source: include_str!("list_digest_differs.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
