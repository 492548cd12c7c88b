//! An image that the release needs with the values as given is in none of the lines of a list that should have it. Checked by
//! `airtight bundle check`.
//!
//! ## Why it matters in an air gap
//! The mirror is filled from the lists. An image that they lack is not there when the pod starts, and nobody inside the gap can fetch it.
//!
//! ## What to do
//! Add the line, and mirror the image; `airtight bundle` writes all lists again. A list with the name of one that `airtight bundle` writes is
//! compared with that; files with other names, in any form, should have everything together.
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
//!     - name: web
//!       image: quay.io/acme/web:1.0
//! # bundle/images.txt
//! quay.io/acme/web:1.0
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
//!     - name: web
//!       image: quay.io/acme/web:1.0
//! # bundle/images.txt
//! quay.io/acme/api:1.4
//! quay.io/acme/web:1.0
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNLISTED_IMAGE,
    summary: "a list lacks an image that is needed",
    severity: Severity::Error,
    on: true,
    source: include_str!("unlisted_image.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
