//! A reference that contains the mirror but is not pulled from it.
//!
//! ## Why it matters in an air gap
//! The rewrite reaches only a part of the reference: `docker.io/mirror.internal/acme/api`, or a descriptor whose registry
//! was left unchanged. A `grep` for the mirror finds it, but the pod stays in `ImagePullBackOff`.
//!
//! ## What to do
//! Set only the registry and leave the repository as the chart has it, or patch the template that writes another registry
//! before the mirror.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.registry }}/{{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! registry: quay.io
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default .Values.registry }}/acme/api:1.4
//! # values.yaml
//! registry: quay.io
//! ```

use super::{Rule, RuleContext};
use crate::analysis::Judged;
use crate::finding::{Excerpt, Severity};
use crate::images::Class;
use crate::images::deciders::deciders_of;
use crate::images::doubled::in_path;
use crate::provenance::Decider;

pub(super) static RULE: Rule = Rule {
    id: "half-rewritten-image",
    summary: "a reference contains the mirror but is not pulled from it",
    severity: Severity::Error,
    on: true,
    source: include_str!("half_rewritten_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        if judged.class != Class::HalfRewritten || judged.decider.source.is_user() {
            continue;
        }
        let mut finding = ctx.image_finding(&RULE, judged, "this decides the registry");
        // Whoever wrote the mirror after a registry that was left unchanged can change both.
        let mirror = writer(ctx, judged);
        if let Some(place) = mirror.and_then(|decider| decider.place) {
            finding.excerpts.insert(0, Excerpt { place, label: "the mirror is written here, after a registry".into() });
        }
        let or_else = format!("the rewrite `{}` must decide the registry, with nothing before it", ctx.key());
        ctx.help(&mut finding, judged, or_else);
        ctx.findings.push(finding);
    }
}

/// Who wrote the mirror into the path of a reference.
fn writer(ctx: &RuleContext<'_>, judged: &Judged) -> Option<Decider> {
    let kept = in_path(judged.image.known()?, true, &ctx.settings.mirror)?;
    let deciders = deciders_of(&judged.image, kept.range, &ctx.analysis.origins);
    deciders.into_iter().next().filter(|decider| decider.source.is_user())
}
