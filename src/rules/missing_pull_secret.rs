//! A pod that pulls from the mirror without the pull secret that the mirror requires.
//!
//! Checked if a pull secret is known: from `--pull-secret NAME`, from `pull_secrets` in airtight.yaml, or from the user's
//! values. In the values, every key that names pull secrets counts (`global.imagePullSecrets`, `imagePullSecrets`,
//! `image.pullSecrets`, `global.image.pullSecrets`: a name, a list of names or of `{name: …}`, a map), and so does every
//! other value that ends up as a name in a pod's `imagePullSecrets`. A secret named below `global` is required by every pod
//! that pulls from the mirror. A secret named for one chart or component shows that the mirror requires one: every other
//! pod needs one of these secrets too. If nothing names a pull secret, the summary says that pull secrets were not checked.
//!
//! A list of the wrong form, `imagePullSecrets: regcred`, is a finding too: Kubernetes rejects the object.
//!
//! ## Why it matters in an air gap
//! The mirror denies the pull, and the pod stays in `ImagePullBackOff`. Most often it is a hook, a test or a job whose
//! template does not set pull secrets.
//!
//! ## What to do
//! Set the value that gives this pod its `imagePullSecrets`. If a trial found one that does, the finding has a fix with the
//! name of your own secret. Otherwise patch the template, or add the secret to the pod's ServiceAccount. A pull secret works
//! only in its own namespace: copy it to each namespace in which the release creates pods.
//!
//! Pods that an operator creates are not visible here.
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
//! ```bad
//! # templates/all.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   {{- with .Values.imagePullSecrets }}
//!   imagePullSecrets: {{ toYaml . | nindent 4 }}
//!   {{- end }}
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: test}
//! spec:
//!   {{- with .Values.test.pullSecrets }}
//!   imagePullSecrets: {{ toYaml . | nindent 4 }}
//!   {{- end }}
//!   containers:
//!     - name: test
//!       image: {{ .Values.global.imageRegistry }}/acme/test:1.4
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! imagePullSecrets: []
//! test: {pullSecrets: []}
//! # --set global.imageRegistry=mirror.internal,imagePullSecrets[0].name=mirror-creds
//! ```
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   imagePullSecrets: {{ toYaml .Values.global.imagePullSecrets | nindent 4 }}
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! global: {imageRegistry: quay.io, imagePullSecrets: []}
//! # --set global.imageRegistry=mirror.internal,global.imagePullSecrets=mirror-creds
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

use super::{Rule, RuleContext};
use crate::analysis::pull_secrets::Giving;
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::images::{Class, Tier};
use crate::objects::Object;
use crate::objects::pull_secrets::{DEFAULT_ACCOUNT, FIELD, Puller, Pullers, misshapen};
use crate::provenance::printed;
use crate::rule_ids::MISSING_PULL_SECRET as ID;
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    id: ID,
    summary: "a pod pulls from the mirror without the pull secret",
    severity: Severity::Error,
    on: true,
    source: include_str!("missing_pull_secret.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let asked = &ctx.analysis.pull_secrets;
    let home = ctx.prepared.map_or("", |prepared| prepared.release.namespace.as_str());
    let objects: Vec<Object<'_>> = ctx.analysis.manifests.iter().flat_map(Object::all).collect();
    let pullers = Pullers::of(&objects, home, &ctx.analysis.comes_from_mirror(&ctx.settings.mirror));
    let mut found = Vec::new();
    // The first pod in each namespace that lacks a secret, and the number of others.
    let mut away: BTreeMap<(String, String), (Finding, usize)> = BTreeMap::new();
    for puller in &pullers.pods {
        let object = &objects[puller.object];
        let missing = asked.missing(puller);
        let form = misshapen(puller.pod.spec.member(FIELD));
        if !missing.is_empty() {
            found.push(lacking(ctx, object, puller, &missing, form));
        } else if let Some(form) = form {
            let message = format!("the `{FIELD}` of {} has the wrong form: {form}", object.name);
            let help = "correct the value that it comes from, or the template".to_owned();
            found.push(finding(ctx, object, puller, message, "not a list of pull secrets", help));
        }
        if puller.namespace == home || puller.image.is_none() {
            continue;
        }
        for name in asked.required.iter().chain(&asked.local).filter(|name| puller.carries(name)) {
            if pullers.brings(&puller.namespace, name) {
                continue;
            }
            let id = (puller.namespace.clone(), name.clone());
            let (_, others) = away.entry(id).or_insert_with(|| {
                let here = &puller.namespace;
                let message = format!(
                    "{} runs in namespace {here}, and nothing creates the pull secret `{name}` there",
                    object.name
                );
                let help = format!("copy the secret `{name}` to namespace {here}");
                let finding = finding(ctx, object, puller, message, "not the namespace of the release", help);
                (Finding { severity: ctx.settings.severity(RULE.id, Severity::Warning), ..finding }, 0)
            });
            *others += 1;
        }
    }
    for (mut finding, pods) in away.into_values() {
        finding.notes.extend(match pods - 1 {
            0 => None,
            1 => Some("1 other workload of this release has the same problem".to_owned()),
            others => Some(format!("{others} other workloads of this release have the same problem")),
        });
        found.push(finding);
    }
    ctx.findings.extend(found);
}

/// Reports that a pod lacks pull secrets, and what gives them to it.
fn lacking(
    ctx: &RuleContext<'_>,
    object: &Object<'_>,
    puller: &Puller<'_>,
    missing: &[&String],
    form: Option<String>,
) -> Finding {
    let asked = &ctx.analysis.pull_secrets;
    let list = quoted(missing);
    let what = match missing.len() {
        1 => format!("the pull secret {list}"),
        // If no secret is required by name, one of them is enough.
        _ if asked.required.is_empty() => format!("any of the pull secrets {list}"),
        _ => format!("the pull secrets {list}"),
    };
    let mirror = &ctx.settings.mirror;
    let message = format!("{} pulls from {mirror} without {what}", object.name);
    let help = match asked.giving.get(&object.name) {
        Some(Giving::Set { path, value, .. }) => {
            format!("set `{path}` to `{value}`: a trial shows that the pod then has {list}")
        }
        Some(Giving::Nothing) => {
            "a trial shows that none of the values that may name a secret gives it to this pod: patch its template, or add \
             the secret to its ServiceAccount"
                .to_owned()
        }
        Some(Giving::Unknown) | None => {
            "set the value that gives this pod `imagePullSecrets`, or patch its template".to_owned()
        }
    };
    let mut finding = finding(ctx, object, puller, message, "no such pull secret in this pod", help);
    if let Some(Giving::Set { fix, .. }) = asked.giving.get(&object.name) {
        finding.fix = fix.clone();
    }
    let account = &puller.account;
    let own: Vec<&String> = puller.own.iter().filter(|name| !name.is_empty()).collect();
    let carried = puller.carried.is_some();
    finding.notes.extend(match (puller.own.is_empty(), carried) {
        (false, _) if own.is_empty() => None,
        (false, _) => Some(format!("it has {}", quoted(&own))),
        (true, _) if form.is_some() => None,
        (true, true) => {
            Some(format!("its ServiceAccount {account}, which this release renders, does not have it either"))
        }
        (true, false) => Some(format!(
            "its ServiceAccount {account} is not part of this release: whether it has the secret is not known"
        )),
    });
    match &form {
        Some(form) => finding.notes.push(format!("its `{FIELD}` has the wrong form: {form}")),
        None if puller.own.iter().any(String::is_empty) => {
            finding.notes.push("this template expects a list of `{name: …}`, but was given a list of names".to_owned());
        }
        None => {}
    }
    // Nothing suggests that somebody patches the default account of a namespace.
    if puller.own.is_empty() && form.is_none() && !carried && account != DEFAULT_ACCOUNT {
        finding.severity = ctx.settings.severity(RULE.id, Severity::Warning);
    }
    let asks = asked.asks.iter().filter(|ask| ask.names.iter().any(|name| missing.contains(&name)));
    let places = asks.filter_map(|ask| Some((ask, ask.place.clone()?)));
    finding.excerpts.extend(places.map(|(ask, place)| Excerpt { place, label: format!("`{}` names it", ask.path) }));
    finding
}

fn finding(
    ctx: &RuleContext<'_>,
    object: &Object<'_>,
    puller: &Puller<'_>,
    message: String,
    label: &str,
    help: String,
) -> Finding {
    let place = puller.pod.spec.member(FIELD).unwrap_or(puller.pod.spec);
    let start = object.source().places(place.start as usize..place.end as usize).into_iter().next();
    let place = start.and_then(|start| printed(object.manifest, start.start..start.start));
    let label = format!("{label}: {}", object.name);
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message,
        subject: Some(Subject {
            object: object.name.clone(),
            template: object.manifest.name.clone(),
            field: puller.pod.path.key(FIELD).to_string(),
            container: None,
            reference: puller.image.clone().unwrap_or_default(),
            tier: Tier::Certain,
            class: Class::Rewritten,
        }),
        excerpts: place.map(|place| Excerpt { place, label }).into_iter().collect(),
        notes: Vec::new(),
        help: Some(help),
        fix: None,
    }
}

fn quoted(names: &[&String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
