//! The chart does not render, so nothing is proven.
//!
//! ## Why it matters in an air gap
//! What does not render cannot be checked: an image may hide behind the failure. No result is not a clean result.
//!
//! ## What to do
//! The help says what kind of failure it is: a value that the chart asks for or takes for granted, a schema, a template that
//! does not parse, a dependency that is not there. Some charts stop when their
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
use crate::analysis::{Cause, RenderFailure};
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
    if let Some(failure) = &ctx.analysis.failure {
        ctx.findings.push(finding(failure, ctx));
    }
}

/// That nothing is proven, and why.
pub(super) fn finding(failure: &RenderFailure, ctx: &Context<'_>) -> Finding {
    let place = failure.place.iter().cloned();
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: match failure.cause {
            Cause::Unfinished => "not all of it was looked through, so nothing is proven".to_owned(),
            _ => "the chart does not render, so nothing is proven".to_owned(),
        },
        subject: None,
        excerpts: place.map(|place| Excerpt { place, label: "rendering stopped here".to_owned() }).collect(),
        notes: vec![failure.message.clone()],
        fix: None,
        help: Some(help(failure, ctx)),
    }
}

fn help(failure: &RenderFailure, ctx: &Context<'_>) -> String {
    if failure.refuses_mirror {
        let key = ctx.key();
        return match failure.cause {
            // Charts of Bitnami stop at images that they do not know, until a value allows them.
            Cause::Refuses(_) => format!(
                "the chart refuses the mirror: without `{key}` it renders; set the value that allows other registries"
            ),
            _ => format!("without `{key}` it renders: look at what reads that value here"),
        };
    }
    match &failure.cause {
        Cause::Refuses(Some(value)) => format!("set `{value}`, which the chart asks for, then lint again"),
        Cause::Refuses(None) => "the chart stops on purpose: give it what its message asks for".to_owned(),
        Cause::Missing(Some(value)) if value.starts_with("global.") => {
            format!(
                "nothing sets `{value}`, which the template expects: where a chart around this one sets it, lint that"
            )
        }
        Cause::Missing(Some(value)) => format!(
            "nothing sets `{value}`, which the template expects: set it, or, where a chart around this one sets it, lint \
             that"
        ),
        Cause::Missing(None) => {
            "the template expects a value that nothing sets: where a chart around this one sets it, lint that"
                .to_owned()
        }
        Cause::Parse => "mend the template, or take a chart that this version of helm renders".to_owned(),
        Cause::Schema => "correct the values that the message names: they do not meet the chart's schema".to_owned(),
        Cause::Dependency => "bring the chart's dependencies (`helm dependency build`)".to_owned(),
        Cause::KubeVersion => "lint with the Kubernetes version of the cluster (--kube-version)".to_owned(),
        Cause::Library => "lint a chart that uses this one: a library renders nothing itself".to_owned(),
        Cause::NotYaml => "what the template makes is not YAML: mend it, or the value that it prints there".to_owned(),
        Cause::Limit | Cause::Unfinished => {
            "raise the limit that the message names, if the chart is to be trusted".to_owned()
        }
        Cause::Other => "mend what the message names: it is not the mirror's doing".to_owned(),
    }
}
