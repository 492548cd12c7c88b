//! The chart renders to nothing at all.
//!
//! ## Why it matters in an air gap
//! An empty result proves nothing: most likely everything is switched off, and what will be switched on was not
//! checked.
//!
//! ## What to do
//! Lint with the values of the real install. Comments alone are nothing.
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
//! ```bad
//! # templates/notes.yaml
//! # settings are kept elsewhere
//! ---
//!
//! # nothing here
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
//! ```good
//! # crds/backups.yaml
//! apiVersion: apiextensions.k8s.io/v1
//! kind: CustomResourceDefinition
//! metadata: {name: backups.acme.io}
//! ```

use super::{Context, Rule};
use crate::finding::{Finding, Severity};
use crate::render::output::crds;

pub(super) static RULE: Rule = Rule {
    id: "nothing-rendered",
    summary: "the chart renders to nothing, which proves nothing",
    severity: Severity::Error,
    on: true,
    source: include_str!("nothing_rendered.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    // A chart of nothing but `crds/` installs those.
    let has_crds = ctx.analysis.root.as_ref().is_some_and(|root| !crds(root).is_empty());
    if ctx.analysis.failure.is_some() || !ctx.analysis.manifests.is_empty() || has_crds {
        return;
    }
    let (message, help) = match ctx.prepared {
        Some(_) => (
            "the chart renders to nothing, which proves nothing",
            "lint with the values of the real install (-f, --set)",
        ),
        None if !ctx.analysis.unreadable.is_empty() => return,
        None => ("there are no manifests, which proves nothing", "look at what was to write them"),
    };
    ctx.findings.push(Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: message.to_owned(),
        subject: None,
        excerpts: Vec::new(),
        notes: Vec::new(),
        help: Some(help.to_owned()),
        fix: None,
    });
}
