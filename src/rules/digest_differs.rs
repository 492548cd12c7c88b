//! An image whose digest differs from the digest of the mirrored image. Checked with `--bundle FOLDER`.
//!
//! ## Why it matters in an air gap
//! A reference with a digest pulls exactly that digest. The mirror has the tag but not these bytes, so the pod stays in
//! `ImagePullBackOff`.
//!
//! ## What to do
//! Set the digest to the mirrored one, remove it, or mirror the image again. A registry that rebuilds manifests while
//! copying changes their digests.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec:
//!   containers:
//!     - name: web
//!       image: {{ .Values.global.imageRegistry }}/acme/web:2.0@sha256:{{ repeat 64 "b" }}
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --bundle testdata/bundle
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec:
//!   containers:
//!     - name: web
//!       image: {{ .Values.global.imageRegistry }}/acme/web:2.0@sha256:{{ repeat 64 "a" }}
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --bundle testdata/bundle
//! ```

use super::not_in_bundle::{more, verdicts};
use super::{Rule, RuleContext};
use crate::bundle::Verdict;
use crate::finding::Severity;
use crate::images::ReferencePart;
use crate::images::deciders::decider;

pub(super) static RULE: Rule = Rule {
    id: "digest-differs",
    summary: "the digest of an image differs from the mirrored one",
    severity: Severity::Error,
    on: true,
    source: include_str!("digest_differs.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let mut findings = Vec::new();
    for (judged, verdict, others) in verdicts(ctx) {
        let (Verdict::OtherDigest(digest), Ok(reference)) = (verdict, &judged.image.reference) else { continue };
        let decider = decider(&judged.image, ReferencePart::Digest, &ctx.analysis.origins);
        let message = format!("{} was mirrored with another digest", reference.as_written());
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the digest", message);
        finding.notes.push(format!("the bundle has {digest}"));
        finding.notes.extend(more(others));
        finding.help = Some(format!("set the digest to {digest}, or mirror the image again"));
        findings.push(finding);
    }
    ctx.findings.extend(findings);
}
