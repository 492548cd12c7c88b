//! The chart renders to nothing at all.
//!
//! ## Why it matters in an air gap
//! An empty result proves nothing: most likely everything is switched off, and what will be switched on was not
//! checked.
//!
//! ## What to do
//! Lint with the values of the real install.
//!
//! ```bad
//! # templates/map.yaml
//! {{ if .Values.enabled }}
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! {{ end }}
//! # values.yaml
//! enabled: false
//! ```
//! ```good
//! # templates/map.yaml
//! {{ if .Values.enabled }}
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! {{ end }}
//! # values.yaml
//! enabled: true
//! ```

use super::{Context, Rule};
use crate::finding::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    id: "nothing-rendered",
    summary: "the chart renders to nothing, which proves nothing",
    severity: Severity::Error,
    on: true,
    source: include_str!("nothing_rendered.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    if ctx.analysis.failure.is_some() || !ctx.analysis.manifests.is_empty() {
        return;
    }
    ctx.findings.push(Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: "the chart renders to nothing, which proves nothing".to_owned(),
        subject: None,
        excerpts: Vec::new(),
        notes: Vec::new(),
        help: Some("lint with the values of the real install (-f, --set)".to_owned()),
    });
}
