//! A value set by the user that would send an image past the mirror once its component is enabled.
//!
//! ## Why it matters in an air gap
//! Nothing renders the image today, so nothing fails. When somebody later sets `enabled: true`, the pod stays in
//! `ImagePullBackOff`, and the cause is a line that was written long before.
//!
//! ## What to do
//! Remove the value, or point it at the mirror. The finding names the switch that proves it: the release was rendered once
//! more with that switch on, and once more with the value removed or changed, which is the fix. A condition
//! that no switch fulfils, such as `eq .Values.mode "ha"`, is tried by rendering what is behind it. "May" in the message means
//! that code could read the value, but nothing was found that makes it do so: that is a hint.
//!
//! ```bad
//! # templates/pod.yaml
//! {{ if .Values.metrics.enabled }}
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: metrics}
//! spec:
//!   containers:
//!     - name: metrics
//!       image: {{ .Values.metrics.registry | default .Values.global.imageRegistry }}/acme/metrics:1.4
//! {{ end }}
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: a}
//! # values.yaml
//! metrics: {enabled: false, registry: ""}
//! global: {}
//! # --set global.imageRegistry=mirror.internal,metrics.registry=quay.io
//! ```
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec:
//!   containers:
//!     - name: web
//!       image: {{ .Values.global.imageRegistry }}/acme/web:1.4
//!     {{ if .Values.withMetrics }}
//!     - name: metrics
//!       image: {{ .Values.metrics.registry | default .Values.global.imageRegistry }}/acme/metrics:1.4
//!     {{ end }}
//! # values.yaml
//! withMetrics: false
//! other: false
//! metrics: {registry: ""}
//! global: {}
//! # --set global.imageRegistry=mirror.internal,metrics.registry=quay.io
//! ```
//! ```good
//! # templates/pod.yaml
//! {{ if .Values.metrics.enabled }}
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: metrics}
//! spec:
//!   containers:
//!     - name: metrics
//!       image: {{ .Values.metrics.registry | default .Values.global.imageRegistry }}/acme/metrics:1.4
//! {{ end }}
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: a}
//! # values.yaml
//! metrics: {enabled: false, registry: ""}
//! global: {}
//! ```

use super::{Rule, RuleContext};
use crate::analysis::{Analysis, Gated, Proof};
use crate::finding::{Excerpt, Finding, Severity};
use crate::provenance::{Decider, decider_of};
use crate::rule_ids;
use crate::source::Place;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::LATENT_OVERRIDE,
    summary: "a value set by the user would send an image past the mirror once its component is enabled",
    severity: Severity::Warning,
    on: true,
    source: include_str!("latent_override.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let (analysis, mirror) = (ctx.analysis, &ctx.settings.mirror);
    for latent in &analysis.latent {
        let decider = decider_of(latent.setting.origin, 0, &analysis.origins);
        let path = &decider.path;
        let mut excerpts: Vec<Excerpt> = Vec::new();
        excerpts.extend(decider.place.clone().map(|place| Excerpt { place, label: "set here".to_owned() }));
        let mut notes = Vec::new();
        let mut severity = ctx.settings.severity(RULE.id, RULE.severity);
        let message = match &latent.proof {
            Proof::SwitchedOn { switches, reference } => {
                let (switches, are) = (
                    switches.iter().map(ToString::to_string).collect::<Vec<_>>().join("` and `"),
                    if switches.len() == 1 { "is" } else { "are" },
                );
                notes.push(format!("proven by enabling `{switches}`: then {reference} is pulled"));
                format!("`{path}` bypasses {mirror} once `{switches}` {are} true")
            }
            Proof::Possible(place) => match behind(&decider, analysis) {
                Some(gated) => {
                    let switches = gated.switches.join("` and `");
                    notes.push(format!(
                        "proven by rendering what `{switches}` enables: then {} is pulled",
                        gated.reference
                    ));
                    format!("`{path}` bypasses {mirror} once `{switches}` holds")
                }
                None => {
                    severity = ctx.settings.severity(RULE.id, Severity::Hint);
                    excerpts.push(Excerpt { place: place.clone(), label: "this could read it".to_owned() });
                    notes.push(
                        "no switch was found with which this is rendered: it was tried, and is not proven".to_owned(),
                    );
                    format!("`{path}` may bypass {mirror} once something renders it")
                }
            },
        };
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity,
            message,
            subject: None,
            excerpts,
            notes,
            help: Some(format!("remove `{path}`, or point it at {mirror}")),
            fix: latent.fix.clone(),
        });
    }
}

/// What was rendered of a branch that was not taken, if a setting decides the image there.
fn behind<'a>(setting: &Decider, analysis: &'a Analysis) -> Option<&'a Gated> {
    let own = setting.place.as_ref()?;
    analysis.gated.iter().find(|gated| {
        let is_own = |place: &Place| place.file.name() == own.file.name() && place.start == own.start;
        !gated.mirrored && !gated.switches.is_empty() && gated.place.as_ref().is_some_and(is_own)
    })
}
