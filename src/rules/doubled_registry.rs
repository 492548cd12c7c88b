//! A reference on the mirror that still contains its source registry in the path.
//!
//! ## Why it matters in an air gap
//! The chart prepends the mirror to a reference that already has a registry: `mirror.internal/quay.io/acme/api`. On the mirror
//! the image is at `mirror.internal/acme/api`, so the pull fails with `not found`.
//!
//! ## What to do
//! Remove the registry from the value, so that only the path is left, or patch the template so that it replaces the
//! registry. If the mirror does keep source registries in its paths, use `--layout host-and-path`.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/{{ .Values.image }}
//! # values.yaml
//! image: quay.io/acme/api:1.4
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/{{ .Values.image }}
//! # values.yaml
//! image: acme/api:1.4
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::images::Class;
use crate::images::deciders::deciders_of;
use crate::images::doubled::{Kept, Writer, in_path, on_mirror};
use crate::provenance::decider_of;
use crate::reference::{Mirror, Reference};
use crate::trace::Origin;

pub(super) static RULE: Rule = Rule {
    id: "doubled-registry",
    summary: "a reference on the mirror keeps its source registry in its path",
    severity: Severity::Error,
    on: true,
    source: include_str!("doubled_registry.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in ctx.analysis.images.iter().filter(|judged| judged.class == Class::Doubled) {
        let (image, mirror) = (&judged.image, &ctx.settings.mirror);
        // Whether it counts was decided when the class was determined.
        let writer = Writer { source: None, is_user: true };
        let in_reference = || in_path(image.reference.as_ref().ok()?, true, mirror);
        let kept = on_mirror(&image.text, writer, mirror, ctx.settings.layout).or_else(in_reference);
        let Some(kept) = kept else { continue };
        // The value that sets the registry in the path, whoever decided the rest.
        let decider = deciders_of(image, kept.range.clone(), &ctx.analysis.origins).into_iter().next();
        let decider = decider.unwrap_or_else(|| decider_of(Origin::NONE, 0, &ctx.analysis.origins));
        let (registry, before) = (&kept.registry, before_path(&kept, mirror));
        let message = format!("{} keeps the registry {registry} in its path", image.text);
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this contains the registry", message);
        let wanted = judged.source.as_ref().and_then(|source| ctx.settings.layout.repository(mirror, source));
        let or_else = match wanted {
            Some(wanted) => format!("it must be {wanted}: remove {before} from the repository"),
            None => format!("remove {before} from the repository"),
        };
        ctx.help(&mut finding, judged, or_else);
        ctx.findings.push(finding);
    }
}

/// The surplus part of a path: the registry, and the mirror's own path prefix.
fn before_path(kept: &Kept, mirror: &Mirror) -> String {
    let name = format!("{}/{}", kept.registry, kept.repository);
    let inside = Reference::parse(&name).ok();
    let path = inside.as_ref().and_then(|inside| mirror.path_of(inside)).unwrap_or(&kept.repository);
    name.strip_suffix(path).unwrap_or(&name).to_owned()
}
