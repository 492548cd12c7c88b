//! A pod that pulls from the mirror without the pull secret that the mirror wants.
//!
//! Checked once a pull secret is known: from `global.imagePullSecrets` in the values, or from `--pull-secret NAME`.
//!
//! ## Why it matters in an air gap
//! The mirror refuses the pull, and the pod stays in `ImagePullBackOff`. Most often it is a hook, a test or a job that
//! the chart's template forgot.
//!
//! ## What to do
//! Set the value that gives this pod its `imagePullSecrets`, or patch the template; or let its ServiceAccount carry the
//! secret. A pull secret works in its own namespace alone: copy it to each namespace that the release puts pods in.
//!
//! Pods that an operator makes are not seen here.
//!
//! ```bad
//! # templates/job.yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata: {name: migrate}
//! spec:
//!   template:
//!     spec:
//!       containers:
//!         - name: migrate
//!           image: {{ .Values.global.imageRegistry }}/acme/migrate:1.4
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --set global.imageRegistry=mirror.internal,global.imagePullSecrets[0].name=mirror-creds
//! ```
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api, namespace: elsewhere}
//! spec:
//!   imagePullSecrets: [{name: mirror-creds}]
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --pull-secret mirror-creds
//! ```
//! ```good
//! # templates/all.yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: api}
//! imagePullSecrets:
//!   - name: mirror-creds
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   serviceAccountName: api
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --set global.imageRegistry=mirror.internal,global.imagePullSecrets={mirror-creds}
//! ```

use super::{Context, Rule};
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::images::decided::printed;
use crate::images::object::{Object, member};
use crate::images::pods::{Pod, names};
use crate::images::{Class, Reference, Tier};
use crate::release::Prepared;
use crate::template::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static RULE: Rule = Rule {
    id: "missing-pull-secret",
    summary: "a pod pulls from the mirror without the pull secret",
    severity: Severity::Error,
    on: true,
    source: include_str!("missing_pull_secret.rs"),
    check,
};

/// The key under which charts take the names of pull secrets for all their pods.
const KEY: &str = "imagePullSecrets";

fn check(ctx: &mut Context<'_>) {
    let from_values = ctx.prepared.map(of_values).unwrap_or_default();
    let wanted: BTreeSet<String> = from_values.iter().chain(&ctx.settings.pull_secrets).cloned().collect();
    if wanted.is_empty() {
        return;
    }
    let home = ctx.prepared.map_or("", |prepared| prepared.release.namespace.as_str());
    let objects: Vec<Object<'_>> = ctx.analysis.manifests.iter().flat_map(Object::all).collect();
    let namespace = |object: &Object<'_>| match object.name.namespace.as_str() {
        "" => home.to_owned(),
        namespace => namespace.to_owned(),
    };
    // What each account and each secret of the release is, by namespace and name.
    let mut accounts: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut secrets: BTreeSet<(String, String)> = BTreeSet::new();
    for object in &objects {
        let id = (namespace(object), object.name.name.clone());
        match object.kind.as_str() {
            "ServiceAccount" => {
                accounts.insert(id, names(member(object.node, KEY)));
            }
            "Secret" => {
                secrets.insert(id);
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    // The first pod in each namespace that lacks a secret, and how many others there are.
    let mut away: BTreeMap<(String, String), (Finding, usize)> = BTreeMap::new();
    for object in &objects {
        let Some(pod) = Pod::of(object) else { continue };
        let mirror = &ctx.settings.mirror;
        let serves = |image: &String| Reference::parse(image).is_ok_and(|reference| mirror.serves(&reference));
        let Some(image) = pod.images().into_iter().find(serves) else { continue };
        let account = match pod.service_account() {
            name if name.is_empty() => "default".to_owned(),
            name => name,
        };
        let here = namespace(object);
        let carried = accounts.get(&(here.clone(), account.clone()));
        let own = pod.pull_secrets();
        // Kubernetes takes the account's secrets only for pods that have none of their own.
        let carries = |name: &String| match own.is_empty() {
            true => carried.is_some_and(|carried| carried.contains(name)),
            false => own.contains(name),
        };
        let missing: Vec<&String> = wanted.iter().filter(|name| !carries(name)).collect();
        let finding = |message: String, label: &str, notes: Vec<String>, help: String, usual: Severity| {
            let place = member(pod.spec, KEY).unwrap_or(pod.spec);
            let start = object.source.places(place.start as usize..place.end as usize).into_iter().next();
            let place = start.and_then(|start| printed(object.manifest, start.start..start.start));
            let label = format!("{label}: {}", object.name);
            Finding {
                rule: RULE.id,
                severity: ctx.settings.severity(RULE.id, usual),
                message,
                subject: Some(Subject {
                    object: object.name.clone(),
                    template: object.manifest.name.clone(),
                    field: pod.path.key(KEY).to_string(),
                    container: None,
                    reference: image.clone(),
                    tier: Tier::Certain,
                    class: Class::Rewritten,
                }),
                excerpts: place.map(|place| Excerpt { place, label }).into_iter().collect(),
                notes,
                help: Some(help),
                fix: None,
            }
        };
        if !missing.is_empty() {
            let list = quoted(&missing);
            let unknown = own.is_empty() && carried.is_none();
            let mut notes = match (own.is_empty(), carried) {
                (false, _) => {
                    let own: Vec<&String> = own.iter().filter(|name| !name.is_empty()).collect();
                    Some(&own)
                        .filter(|own| !own.is_empty())
                        .map(|own| format!("it carries {}", quoted(own)))
                        .into_iter()
                        .collect()
                }
                (true, Some(_)) => {
                    vec![format!("its ServiceAccount {account}, which this release renders, does not carry it either")]
                }
                (true, None) => vec![format!(
                    "its ServiceAccount {account} is not part of this release: whether it carries the secret is not known"
                )],
            };
            // The two forms in which charts take the list, each given where the other is wanted.
            if own.iter().any(|name| name.starts_with("map[name:")) {
                notes.push("this template wants a list of names, and was given a list of `{name: …}`".to_owned());
            } else if own.iter().any(String::is_empty) {
                notes.push("this template wants a list of `{name: …}`, and was given a list of names".to_owned());
            }
            // That somebody patches the account of a namespace is not to be hoped for.
            let usual = if unknown && account != "default" { Severity::Warning } else { RULE.severity };
            found.push(finding(
                format!("{} pulls from {mirror} without the pull secret {list}", object.name),
                "no such pull secret in this pod",
                notes,
                "set the value that gives this pod `imagePullSecrets`, or patch its template".to_owned(),
                usual,
            ));
        }
        if here == home {
            continue;
        }
        for name in wanted.iter().filter(|name| carries(name)) {
            let id = (here.clone(), name.clone());
            if secrets.contains(&id) {
                continue;
            }
            let (_, others) = away.entry(id).or_insert_with(|| {
                let finding = finding(
                    format!(
                        "{} runs in namespace {here}, and the pull secret `{name}` is not brought there",
                        object.name
                    ),
                    "in another namespace than the release",
                    Vec::new(),
                    format!("copy the secret `{name}` to namespace {here}"),
                    Severity::Warning,
                );
                (finding, 0)
            });
            *others += 1;
        }
    }
    for (mut finding, pods) in away.into_values() {
        finding.notes.extend(match pods - 1 {
            0 => None,
            1 => Some("so does another workload of this release".to_owned()),
            others => Some(format!("so do {others} other workloads of this release")),
        });
        found.push(finding);
    }
    ctx.findings.extend(found);
}

fn quoted(names: &[&String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The names in `global.imagePullSecrets` as the user set it: `[{name: x}]`, or `[x]`.
fn of_values(prepared: &Prepared) -> Vec<String> {
    let Ok(user) = prepared.user_values(None) else { return Vec::new() };
    let text = |value: &Value| value.as_str().map(|text| text.to_text().into_owned());
    let global = user.values.get(b"global");
    let list = global.as_ref().and_then(Value::as_map).and_then(|global| global.get(KEY.as_bytes()));
    let items = list.as_ref().and_then(Value::as_list).map(|list| list.iter().cloned().collect::<Vec<_>>());
    let name = |item: &Value| match item.as_map() {
        Some(map) => map.get(b"name").as_ref().and_then(text),
        None => text(item),
    };
    items.unwrap_or_default().iter().filter_map(name).filter(|name| !name.is_empty()).collect()
}
