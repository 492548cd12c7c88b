//! The chart does not render, so nothing is proven.
//!
//! ## Why it matters in an air gap
//! What does not render cannot be checked: an image may hide behind the failure. No result is not a clean result.
//!
//! ## What to do
//! Give the values that the chart asks for, or mend the template that the finding names.
//!
//! ```bad
//! # templates/pod.yaml
//! name: {{ required "a host is required" .Values.host }}
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
        help: Some("give the values the chart asks for, then lint again".to_owned()),
    });
}
