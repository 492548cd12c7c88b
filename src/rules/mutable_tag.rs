//! An image with a tag and no digest. Off by default: `--extend-select mutable-tag`.
//!
//! ## Why it matters in an air gap
//! The mirror can move a tag to a different image at any time. Only a digest proves that a node runs what was tested and
//! scanned before it crossed the gap.
//!
//! ## What to do
//! Add the digest after the tag, `1.4@sha256:…`, if the chart accepts one. A digest must be preserved when the image is
//! copied: a mirror that rebuilds manifests changes it.
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
//! global: {imageRegistry: quay.io}
//! # --extend-select mutable-tag
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4@sha256:{{ sha256sum "api" }}
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --extend-select mutable-tag
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::images::deciders::decider;
use crate::images::{ReferencePart, Tier};

pub(super) static RULE: Rule = Rule {
    id: "mutable-tag",
    summary: "an image has a tag and no digest",
    severity: Severity::Warning,
    on: false,
    source: include_str!("mutable_tag.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        let Ok(reference) = &judged.image.reference else { continue };
        let has_version = reference.tag.as_deref().is_some_and(|tag| tag != "latest");
        if judged.image.tier == Tier::Possible || reference.digest.is_some() || !has_version {
            continue;
        }
        let decider = decider(&judged.image, ReferencePart::Tag, &ctx.analysis.origins);
        let message = format!("{} has a tag and no digest", reference.as_written());
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the tag", message);
        finding.help = Some("add the digest of the image: `TAG@sha256:…`".to_owned());
        ctx.findings.push(finding);
    }
}
