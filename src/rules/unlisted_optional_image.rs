//! An image that the release needs under another setting than today's is not in a list that should have it. Checked by `airtight bundle
//! check`, unless `--only-values` is given.
//!
//! ## Why it matters in an air gap
//! Whoever enables the component later, most often with one line in a values file, installs an image that the mirror does not have.
//!
//! ## What to do
//! Add the line, and mirror the image. If nobody will ever enable it, check with `--only-values`, or turn the rule off.
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
//!     {{- if .Values.metrics.enabled }}
//!     - name: exporter
//!       image: quay.io/acme/exporter:0.8
//!     {{- end }}
//! # values.yaml
//! metrics: {enabled: false}
//! # bundle/images.txt
//! quay.io/acme/api:1.4
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
//!     {{- if .Values.metrics.enabled }}
//!     - name: exporter
//!       image: quay.io/acme/exporter:0.8
//!     {{- end }}
//! # values.yaml
//! metrics: {enabled: false}
//! # bundle/images.txt
//! quay.io/acme/api:1.4
//! quay.io/acme/exporter:0.8
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNLISTED_OPTIONAL_IMAGE,
    summary: "a list lacks an image that another setting would bring",
    severity: Severity::Warning,
    on: true,
    source: include_str!("unlisted_optional_image.rs"),
    check,
};

/// Reported where lists are compared with what releases need ([`drift`](crate::bundle::drift::drift)).
fn check(_: &mut RuleContext<'_>) {}
