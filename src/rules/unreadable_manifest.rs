//! A manifest that is not a Kubernetes object.
//!
//! ## Why it matters in an air gap
//! What cannot be read was not looked at, and may hold any image. This is about manifests that came without a chart
//! (`--manifests`); of a chart it is `render-failed`.
//!
//! ## What to do
//! Give the manifests alone: the output of `helm template`, `kustomize build`, `kubectl get … -o yaml`.
//!
//! ```bad
//! # manifests/pod.yaml
//! error: no such kustomization
//! ```
//! ```good
//! # manifests/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: mirror.internal/acme/api:1.4
//! ```

use super::{Context, Rule};
use crate::finding::{Excerpt, Finding, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unreadable-manifest",
    summary: "a manifest that is not a Kubernetes object",
    severity: Severity::Error,
    on: true,
    source: include_str!("unreadable_manifest.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    for unread in &ctx.analysis.unreadable {
        let place = unread.place.iter().cloned();
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("not a Kubernetes object, so what it holds is not known: {}", unread.message),
            subject: None,
            excerpts: place.map(|place| Excerpt { place, label: "this document".to_owned() }).collect(),
            notes: Vec::new(),
            help: Some("give manifests alone, or leave this file out".to_owned()),
        });
    }
}
