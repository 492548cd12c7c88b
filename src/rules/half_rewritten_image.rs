//! A reference that holds the mirror somewhere, but is not pulled from it.
//!
//! ## Why it matters in an air gap
//! The rewrite reaches a part of the reference only: `docker.io/mirror.internal/acme/api`, or a descriptor whose registry was
//! left as it is. It looks right in a `grep` for the mirror, and the pod stays in `ImagePullBackOff`.
//!
//! ## What to do
//! Set the registry alone and leave the repository as the chart has it, or patch the template that puts another registry
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

use super::{Context, Rule};
use crate::analysis::Judged;
use crate::finding::{Excerpt, Severity};
use crate::images::Class;
use crate::images::deciders::deciders_of;
use crate::images::doubled::in_path;
use crate::provenance::Decider;

pub(super) static RULE: Rule = Rule {
    id: "half-rewritten-image",
    summary: "a reference holds the mirror, but is not pulled from it",
    severity: Severity::Error,
    on: true,
    source: include_str!("half_rewritten_image.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    for judged in &ctx.analysis.images {
        if judged.class != Class::HalfRewritten || judged.decider.source.is_user() {
            continue;
        }
        let mut finding = ctx.image_finding(&RULE, judged, "this decides the registry");
        // Whoever wrote the mirror behind a registry that was left as it is can change both.
        let mirror = writer(ctx, judged);
        if let Some(place) = mirror.and_then(|decider| decider.place) {
            finding
                .excerpts
                .insert(0, Excerpt { place, label: "the mirror is written here, behind a registry".into() });
        }
        let or_else = format!("the rewrite `{}` has to decide the registry, and nothing before it", ctx.key());
        ctx.help(&mut finding, judged, or_else);
        ctx.findings.push(finding);
    }
}

/// The person who wrote the mirror into the path of a reference.
fn writer(ctx: &Context<'_>, judged: &Judged) -> Option<Decider> {
    let kept = in_path(judged.image.known()?, true, &ctx.settings.mirror)?;
    let deciders = deciders_of(&judged.image, kept.range, &ctx.analysis.origins);
    deciders.into_iter().next().filter(|decider| decider.source.is_user())
}
