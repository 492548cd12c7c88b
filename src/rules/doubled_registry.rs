//! A reference on the mirror that still carries its source registry in its path.
//!
//! ## Why it matters in an air gap
//! The chart puts the mirror before a reference that has a registry already: `mirror.internal/quay.io/acme/api`. On the mirror
//! the image lies at `mirror.internal/acme/api`, so the pull ends with `not found`.
//!
//! ## What to do
//! Set the part of the reference that holds the registry to the path alone, or patch the template so that it replaces the
//! registry. If the mirror does keep the registries in its paths, say so with `--layout host-and-path`.
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

use super::{Context, Rule};
use crate::finding::Severity;
use crate::images::{Class, Part, Reference, decided};

pub(super) static RULE: Rule = Rule {
    id: "doubled-registry",
    summary: "a reference on the mirror keeps its source registry in its path",
    severity: Severity::Error,
    on: true,
    source: include_str!("doubled_registry.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    for judged in ctx.analysis.images.iter().filter(|judged| judged.class == Class::Doubled) {
        let Ok(reference) = &judged.image.reference else { continue };
        let mirror = &ctx.settings.mirror;
        let Some((registry, path)) = mirror.path_of(reference).and_then(|path| path.split_once('/')) else { continue };
        // The registry in the path comes with the repository.
        let decider = decided::decider(&judged.image, Part::Repository, &ctx.analysis.origins);
        let message = format!("{} keeps the registry {registry} in its path", reference.as_written());
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "the registry comes with this", message);
        let source = Reference::parse(&format!("{registry}/{path}")).ok();
        let wanted = source.and_then(|source| ctx.settings.layout.repository(mirror, &source));
        finding.help = Some(match wanted {
            Some(wanted) => format!("it has to be {wanted}: leave {registry}/ out of the repository"),
            None => format!("leave {registry}/ out of the repository"),
        });
        ctx.findings.push(finding);
    }
}
