//! An image that no value reaches: the template names the registry itself.
//!
//! ## Why it matters in an air gap
//! The pod stays in `ImagePullBackOff`: its registry cannot be reached, and no value can change that.
//!
//! ## What to do
//! Patch the template so that it applies the global value, or rewrite the manifest after rendering. If a patch was tried
//! and works, the finding shows it as a diff.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: quay.io/acme/api:{{ .Values.tag }}
//! # values.yaml
//! tag: 1.4.0
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default "quay.io" }}/acme/api:{{ .Values.tag }}
//! # values.yaml
//! global: {}
//! tag: 1.4.0
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::images::Class;
use crate::render::output::is_crd_file;

pub(super) static RULE: Rule = Rule {
    id: "hardcoded-image",
    summary: "a template names the registry of an image itself, so that no value reaches it",
    severity: Severity::Error,
    on: true,
    source: include_str!("hardcoded_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        if judged.class != Class::HardCoded || judged.image.shape.is_hidden() {
            continue;
        }
        let label = match is_crd_file(&judged.image.manifest.name) {
            true => "the file names the registry itself",
            false => "the template names the registry itself",
        };
        let help = ctx.patch(judged);
        let mut finding = ctx.image_finding(&RULE, judged, label);
        ctx.help(&mut finding, judged, help);
        ctx.findings.push(finding);
    }
}
