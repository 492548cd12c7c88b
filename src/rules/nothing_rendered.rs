//! The chart renders to nothing, or the manifests are an empty list.
//!
//! ## Why it matters in an air gap
//! An empty result proves nothing. Most likely everything is disabled, and what will be enabled later was not checked.
//!
//! ## What to do
//! Lint with the values of the real install. Comments alone count as nothing. `kubectl get` prints an empty list if a
//! namespace has no such objects, or does not exist.
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
//! ```bad
//! # manifests/pods.yaml
//! apiVersion: v1
//! kind: PodList
//! items: []
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

use super::{Rule, RuleContext};
use crate::finding::{Finding, Severity};
use crate::objects::Object;
use crate::render::output::crds;
use crate::rule_ids;
use crate::yaml::{Data, Node};

pub(super) static RULE: Rule = Rule {
    id: rule_ids::NOTHING_RENDERED,
    summary: "the chart renders to nothing, which proves nothing",
    severity: Severity::Error,
    on: true,
    source: include_str!("nothing_rendered.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    // A chart with only `crds/` installs those.
    let has_crds = ctx.analysis.root.as_ref().is_some_and(|root| !crds(root).is_empty());
    let mut objects = ctx.analysis.manifests.iter().flat_map(Object::all);
    let is_something = |object: Object<'_>| !is_empty_list(object.node);
    if ctx.analysis.failure.is_some() || has_crds || objects.any(is_something) {
        return;
    }
    let is_list = !ctx.analysis.manifests.is_empty();
    let (message, help) = match ctx.prepared {
        Some(_) => (
            "the chart renders to nothing, which proves nothing",
            "lint with the values of the real install (-f, --set)",
        ),
        None if !ctx.analysis.unreadable.is_empty() => return,
        None if ctx.analysis.running.is_some() && !is_list => {
            ("there are no pods, which proves nothing", "check the context, the namespace and the selector")
        }
        None if is_list => (
            "the list of objects is empty, which proves nothing",
            "check the command that wrote it: kubectl prints an empty list if the namespace has no such objects or does not exist",
        ),
        None => ("there are no manifests, which proves nothing", "check the command that should have written them"),
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

/// Whether an object is an empty list: `List`, or a list of one kind. Lists have no name, so a custom resource whose kind
/// ends in `List` is an object.
fn is_empty_list(node: &Node) -> bool {
    let is_none = |list: &Node| list.data == Data::Null || matches!(list.data, Data::Seq(_)) && list.items().is_empty();
    node.text_of("kind").ends_with("List")
        && node.text_at(&["metadata", "name"]).is_empty()
        && node.member("items").is_some_and(is_none)
}
