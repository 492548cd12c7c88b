//! The chart does not render, so nothing is proven.
//!
//! ## Why it matters in an air gap
//! What does not render cannot be checked: an image may hide behind the failure. No result is not a clean result.
//!
//! ## What to do
//! Give the values that the chart asks for, or mend the template that the finding names. Some charts stop when their
//! images come from another registry than their own, until a value allows it
//! (`global.security.allowInsecureImages=true` in those of Bitnami): then the finding says that the chart renders without
//! the rewrite.
//!
//! ```bad
//! # templates/pod.yaml
//! name: {{ required "a host is required" .Values.host }}
//! ```
//! ```bad
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: api}
//! {{ if not (has .Values.global.imageRegistry (list "" "quay.io")) }}{{ fail "unrecognized images" }}{{ end }}
//! # values.yaml
//! global: {imageRegistry: ""}
//! ```
//! ```good
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: {{ required "a host is required" .Values.host }}}
//! # --set host=a
//! ```

use super::{Context, Rule};
use crate::finding::{Excerpt, Finding, Severity};

pub(super) static RULE: Rule = Rule {
    id: "render-failed",
    summary: "the chart does not render, so nothing is proven",
    severity: Severity::Error,
    on: true,
    source: include_str!("render_failed.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    let Some(failure) = &ctx.analysis.failure else { return };
    let place = failure.place.iter().cloned();
    ctx.findings.push(Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: "the chart does not render, so nothing is proven".to_owned(),
        subject: None,
        excerpts: place.map(|place| Excerpt { place, label: "rendering stopped here".to_owned() }).collect(),
        notes: vec![failure.message.clone()],
        fix: None,
        help: Some(match failure.refuses_mirror {
            // Charts of Bitnami stop at images that they do not know, until a value allows them.
            true => format!(
                "the chart refuses the mirror: without `{}` it renders; set the value that allows other registries",
                ctx.key()
            ),
            false => "give the values the chart asks for, then lint again".to_owned(),
        }),
    });
}
