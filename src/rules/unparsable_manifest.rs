//! A document that helm renders and Kubernetes rejects, or that two parsers read differently.
//!
//! Reported are a document without `kind`, `apiVersion` or `metadata.name`, and a label, an annotation or an environment
//! variable that is not a string. A key that occurs twice in one map with different values is a warning: helm takes the
//! last value, other tools reject the document.
//!
//! ## Why it matters in an air gap
//! The install stops half-way, inside the gap. And a document that is not an object is not searched for images: an empty
//! result there proves nothing.
//!
//! ## What to do
//! Fix the template, or the value that it prints. Most often the cause is a wrong indentation, or a string without quotes.
//!
//! ```bad
//! # manifests/pod.yaml
//! error: no such kustomization
//! ```
//! ```good
//! # manifests/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: mirror.internal/acme/api:1.4
//! ```
//! ```bad
//! # templates/map.yaml
//! kind: ConfigMap
//! metadata: {name: settings}
//! data: {a: b}
//! ```
//! ```bad
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: settings
//!   labels: {enabled: {{ .Values.enabled }}}
//! # values.yaml
//! enabled: true
//! ```
//! ```bad
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: settings
//! data:
//!   mode: a
//!   mode: b
//! ```
//! ```good
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: settings
//!   labels: {enabled: {{ .Values.enabled | quote }}}
//! data: {}
//! ---
//! # Nothing but a comment.
//! # values.yaml
//! enabled: true
//! ```
//! ```good
//! # manifests/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [pod.yaml]
//! ```

use super::{Rule, RuleContext};
use crate::finding::{Excerpt, Finding, Severity};
use crate::limits::Limits;
use crate::objects::Object;
use crate::objects::pods::Pod;
use crate::provenance::printed;
use crate::render::manifest::Manifest;
use crate::rule_ids;
use crate::yaml::{Data, Node, duplicates};
use std::ops::Range;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNPARSABLE_MANIFEST,
    summary: "a document that Kubernetes rejects, or that two parsers read differently",
    severity: Severity::Error,
    on: true,
    source: include_str!("unparsable_manifest.rs"),
    check,
};

/// What is wrong with a document, and where.
struct Fault {
    message: String,
    place: Range<u32>,
    severity: Severity,
}

fn check(ctx: &mut RuleContext<'_>) {
    for unread in &ctx.analysis.unreadable {
        let place = unread.place.iter().cloned();
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("not a Kubernetes object, so its content is not known: {}", unread.message),
            subject: None,
            excerpts: place.map(|place| Excerpt { place, label: "this document".to_owned() }).collect(),
            notes: Vec::new(),
            help: Some("pass only manifests, or leave this file out".to_owned()),
            fix: None,
        });
    }
    let limits = ctx.prepared.map_or_else(Limits::default, |prepared| prepared.limits.clone());
    let mut findings = Vec::new();
    for manifest in &ctx.analysis.manifests {
        let mut faults = Vec::new();
        // An empty document is nothing, and helm itself stops at a document that is not a map.
        let Data::Map(entries) = &manifest.node.data else { continue };
        if entries.is_empty() {
            continue;
        }
        for object in Object::all(manifest) {
            head(&object, &manifest.node, &mut faults);
            strings(&object, &mut faults);
        }
        // CRDs are large, and written by a generator.
        if manifest.kind != "CustomResourceDefinition" {
            faults.extend(duplicates(manifest.content.as_bytes(), &limits).into_iter().map(|duplicate| Fault {
                message: format!(
                    "the key `{}` occurs twice, with different values: helm takes the last",
                    duplicate.key
                ),
                place: duplicate.again,
                severity: Severity::Warning,
            }));
        }
        findings.extend(faults.into_iter().map(|fault| finding(ctx, manifest, fault)));
    }
    ctx.findings.extend(findings);
}

fn finding(ctx: &RuleContext<'_>, manifest: &Arc<Manifest>, fault: Fault) -> Finding {
    let object = match (manifest.kind.as_str(), manifest.object_name.as_str()) {
        ("", "") => "a document".to_owned(),
        (kind, "") => kind.to_owned(),
        ("", name) => format!("the document {name}"),
        (kind, name) => format!("{kind} {name}"),
    };
    let place = printed(manifest, fault.place);
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, fault.severity),
        message: format!("{object} of {}: {}", manifest.name, fault.message),
        subject: None,
        excerpts: place.map(|place| Excerpt { place, label: "printed here".to_owned() }).into_iter().collect(),
        notes: Vec::new(),
        help: Some("fix the template, or the value that it prints".to_owned()),
        fix: None,
    }
}

fn head(object: &Object<'_>, document: &Node, faults: &mut Vec<Fault>) {
    // Lists of one kind pass their kind and version on to their items.
    let is_item = !std::ptr::eq(object.node, document);
    let list_of_one_kind = is_item && document.text_of("kind") != "List";
    let missing = |name: &str| object.node.text_of(name).is_empty();
    let mut add = |message: String| {
        let place = object.node.start..object.node.start + 1;
        faults.push(Fault { message, place, severity: RULE.severity });
    };
    let lacking: Vec<&str> = ["apiVersion", "kind"].into_iter().filter(|name| missing(name)).collect();
    if !lacking.is_empty() && !list_of_one_kind {
        add(format!("it has no {}", lacking.join(" and no ")));
        return;
    }
    let name = |name: &str| object.node.text_at(&["metadata", name]);
    let is_list = object.kind.ends_with("List") && object.node.member("items").is_some();
    // A kustomization beside the CRDs in `crds/`, as traefik has one, is not an object of the cluster.
    let is_kustomize = object.api_version.starts_with("kustomize.config.k8s.io/");
    if name("name").is_empty() && name("generateName").is_empty() && !is_list && !is_kustomize {
        add("it has no metadata.name".to_owned());
    }
}

/// Values that the API requires to be strings, and that YAML reads as something else.
fn strings(object: &Object<'_>, faults: &mut Vec<Fault>) {
    let mut add = |node: &Node, what: String| {
        let kind = match &node.data {
            Data::Str(_) | Data::Null => return,
            Data::Map(_) => "a map",
            Data::Seq(_) => "a list",
            Data::Bool(_) => "a boolean",
            _ => "a number",
        };
        let message = format!("{what} is {kind}, and must be a string");
        faults.push(Fault { message, place: node.start..node.end, severity: RULE.severity });
    };
    let pod = Pod::of(object);
    let template = pod.as_ref().and_then(|pod| {
        let steps = pod.path.steps().len();
        let names = ["spec", "jobTemplate", "spec", "template"];
        match steps {
            3 => object.node.descend(&["spec", "template"]),
            5 => object.node.descend(&names),
            _ => None,
        }
    });
    for owner in [Some(object.node), template].into_iter().flatten() {
        for what in ["labels", "annotations"] {
            let Some(Data::Map(entries)) = owner.descend(&["metadata", what]).map(|node| &node.data) else { continue };
            for (entry, value) in entries {
                add(value, format!("metadata.{what}[{:?}]", entry.key.to_text()));
            }
        }
    }
    for container in pod.iter().flat_map(Pod::containers) {
        for variable in container.node.items_of("env") {
            if let Some(value) = variable.member("value") {
                let name = variable.text_of("name");
                add(value, format!("the variable {name} of container {}", container.name));
            }
        }
    }
}
