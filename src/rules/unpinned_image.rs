//! An image without tag and digest, or with the tag `latest`.
//!
//! ## Why it matters in an air gap
//! The mirror serves whatever was copied last. Nobody can say which version a pod runs, two nodes may run different ones,
//! and an update of the mirror changes a running release.
//!
//! ## What to do
//! Set a version, or better a digest. If your own value removes the chart's version, the fix is to remove that value.
//! Kubernetes pulls `latest` again at each start, but not a version.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! ```
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:{{ .Values.tag }}
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! tag: latest
//! ```
//! ```good
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
//! ```

use super::{Rule, RuleContext};
use crate::analysis::unpinned;
use crate::finding::Severity;
use crate::images::ReferencePart;
use crate::provenance::DeciderKind;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNPINNED_IMAGE,
    summary: "an image has no tag and no digest, or the tag `latest`",
    severity: Severity::Warning,
    on: true,
    source: include_str!("unpinned_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        let Some((part, decider, what)) = unpinned(judged, &ctx.analysis.origins) else { continue };
        let message = format!("{} {what}", judged.image.known().map_or("", |reference| reference.as_written()));
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the version", message);
        finding.fix = judged.pin.clone();
        finding.help = Some(match &decider.source {
            DeciderKind::ChartDefault(chart) if part == ReferencePart::Tag => {
                format!("set `{}` to a version", decider.path.of_user(chart))
            }
            DeciderKind::User(_) if part == ReferencePart::Tag || judged.version_decider.is_some() => {
                format!("set `{}` to a version", decider.path)
            }
            _ => "set a version, or better a digest".to_owned(),
        });
        ctx.findings.push(finding);
    }
}
