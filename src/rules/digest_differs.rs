//! An image whose digest is another one than the mirrored one's. Checked with `--bundle FOLDER`.
//!
//! ## Why it matters in an air gap
//! A reference with a digest pulls that digest and nothing else. The mirror has the tag, but not these bytes: the pod
//! stays in `ImagePullBackOff`.
//!
//! ## What to do
//! Set the digest to the mirrored one, leave it out, or mirror the image anew. A registry that rebuilds manifests while
//! it copies changes digests.
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
use super::{Context, Rule};
use crate::bundle::Verdict;
use crate::finding::Severity;
use crate::images::Part;
use crate::images::deciders::decider;

pub(super) static RULE: Rule = Rule {
    id: "digest-differs",
    summary: "an image has another digest than the one that was mirrored",
    severity: Severity::Error,
    on: true,
    source: include_str!("digest_differs.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    let mut findings = Vec::new();
    for (judged, verdict, others) in verdicts(ctx) {
        let (Verdict::OtherDigest(digest), Ok(reference)) = (verdict, &judged.image.reference) else { continue };
        let decider = decider(&judged.image, Part::Digest, &ctx.analysis.origins);
        let message = format!("{} was mirrored with another digest", reference.as_written());
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the digest", message);
        finding.notes.push(format!("the bundle has {digest}"));
        finding.notes.extend(more(others));
        finding.help = Some(format!("set the digest to {digest}, or mirror the image anew"));
        findings.push(finding);
    }
    ctx.findings.extend(findings);
}
