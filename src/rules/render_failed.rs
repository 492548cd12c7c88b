//! The chart does not render, so nothing is proven.
//!
//! ## Why it matters in an air gap
//! What does not render cannot be checked: an image may be hidden by the failure. No result is not a clean result.
//!
//! ## What to do
//! The help says what kind of failure it is: a value that the chart requires or expects, a schema, a template that
//! does not parse, a missing dependency. Some charts stop when their images come from a registry that they do not know,
//! unless a value allows it (`global.security.allowInsecureImages=true` in Bitnami's charts). In that case the finding says
//! that the chart renders without the rewrite.
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

use super::{Rule, RuleContext};
use crate::analysis::{Cause, Refusal, RenderFailure};
use crate::finding::{Excerpt, Finding, Severity};
use crate::reads::GLOBAL;
use crate::rule_ids;
use crate::source::Place;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::RENDER_FAILED,
    summary: "the chart does not render, so nothing is proven",
    severity: Severity::Error,
    on: true,
    source: include_str!("render_failed.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    if let Some(failure) = &ctx.analysis.failure {
        ctx.findings.push(finding(failure, ctx));
    }
    if let Some(Refusal { failure, places }) = &ctx.analysis.refusal {
        let label = |place: &Place| Excerpt { place: place.clone(), label: "the schema refuses this".to_owned() };
        let told = Finding {
            message: "the chart does not render: its schema refuses the values".to_owned(),
            excerpts: places.iter().map(label).collect(),
            notes: vec![
                failure.message.trim_end().to_owned(),
                "everything else was judged as with --skip-schema-validation".to_owned(),
            ],
            ..finding(failure, ctx)
        };
        ctx.findings.push(told);
    }
}

/// The finding that nothing is proven, and why.
pub(super) fn finding(failure: &RenderFailure, ctx: &RuleContext<'_>) -> Finding {
    let place = failure.place.iter().cloned();
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: match failure.cause {
            Cause::Unfinished => "the analysis is incomplete, so nothing is proven".to_owned(),
            _ => "the chart does not render, so nothing is proven".to_owned(),
        },
        subject: None,
        excerpts: place.map(|place| Excerpt { place, label: "rendering stopped here".to_owned() }).collect(),
        notes: vec![failure.message.clone()],
        fix: None,
        help: Some(help(failure, ctx)),
    }
}

fn help(failure: &RenderFailure, ctx: &RuleContext<'_>) -> String {
    if failure.refuses_mirror {
        let key = ctx.key();
        return match failure.cause {
            // Bitnami's charts stop at images that they do not know, unless a value allows them.
            Cause::Refuses(_) => format!(
                "the chart rejects the mirror: without `{key}` it renders; set the value that allows other registries"
            ),
            _ => format!("without `{key}` it renders: check what reads that value here"),
        };
    }
    match &failure.cause {
        Cause::Refuses(Some(value)) => format!("set `{value}`, which the chart requires, then lint again"),
        Cause::Refuses(None) => "the chart stops on purpose: set what its message asks for".to_owned(),
        Cause::Missing(Some(value)) if value[0].is(GLOBAL) => {
            format!("nothing sets `{value}`, which the template expects: if a parent chart sets it, lint that chart")
        }
        Cause::Missing(Some(value)) => format!(
            "nothing sets `{value}`, which the template expects: set it, or, if a parent chart sets it, lint that \
             chart"
        ),
        Cause::Missing(None) => {
            "the template expects a value that nothing sets: if a parent chart sets it, lint that chart".to_owned()
        }
        Cause::Parse => match &failure.place {
            Some(place) => format!(
                "correct the syntax at {}:{}, or use a version of the chart that this version of helm renders",
                place.file.shown(),
                place.line()
            ),
            None => {
                "correct the syntax of the template, or use a version of the chart that this version of helm renders"
                    .to_owned()
            }
        },
        Cause::Schema => "correct the values, which do not match the chart's schema; or install and lint with \
                          --skip-schema-validation, if they are meant"
            .to_owned(),
        Cause::Dependency => dependencies(ctx),
        Cause::KubeVersion => "lint with the Kubernetes version of the cluster (--kube-version)".to_owned(),
        Cause::Library => {
            "a library chart renders nothing by itself: lint a chart that has it as a dependency".to_owned()
        }
        Cause::NotYaml => "the template does not produce YAML: fix it, or the value that it prints there".to_owned(),
        Cause::Limit | Cause::Unfinished => "raise the limit that the message names, if you trust the chart".to_owned(),
        Cause::Other => "fix the error in the message; the mirror is not its cause".to_owned(),
    }
}

/// How the chart gets the dependencies that it lacks.
fn dependencies(ctx: &RuleContext<'_>) -> String {
    let chart = ctx.prepared.map(|prepared| &prepared.chart);
    let file = chart.and_then(|chart| chart.metadata_file.path());
    // `build` needs a Chart.lock.
    let verb = if chart.is_some_and(|chart| chart.lock.is_some()) { "build" } else { "update" };
    match file.and_then(|file| file.strip_suffix("Chart.yaml")).map(|folder| folder.trim_end_matches('/')) {
        _ if cfg!(not(feature = "registry")) => {
            format!("`helm dependency {verb}` fetches them to charts/; this build of airtight cannot fetch")
        }
        Some(folder) => {
            let folder = if folder.is_empty() { "." } else { folder };
            format!(
                "`airtight dependency {verb} {folder}` fetches them to charts/; --dependency-update loads them for this run alone"
            )
        }
        None => "--dependency-update loads them for this run; the archive of the chart should contain them".to_owned(),
    }
}
