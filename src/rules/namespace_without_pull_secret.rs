//! A namespace whose pods pull from the mirror, and which lacks the pull secret. Reported by `airtight verify --pull-secret NAME`.
//!
//! The secret must be there, have the type `kubernetes.io/dockerconfigjson`, and name the mirror's host; its content is neither shown nor
//! kept. Every pod that pulls from the mirror must refer to it, itself or through its service account. Without the secrets of the
//! cluster, as in saved pods, only the references are checked.
//!
//! ## Why it matters in an air gap
//! A pull secret works only in its own namespace. An addon that is installed into a namespace of its own, or a tenant cluster to which
//! nobody copied the secret, gets `unauthorized` from the mirror.
//!
//! ## What to do
//! Copy the secret; the help has the command. If pods do not refer to it, set the value of the chart that gives them
//! `imagePullSecrets`, or add it to their service account and restart them: an account's secrets are written into a pod when it is created.
//!
//! ```bad
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api-7d4f-x, namespace: shop}
//! spec:
//!   imagePullSecrets: [{name: mirror-creds}]
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! # running/secrets.yaml
//! apiVersion: v1
//! kind: Secret
//! metadata: {name: mirror-creds, namespace: shop}
//! type: Opaque
//! # --pull-secret mirror-creds
//! ```
//! ```bad
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api-7d4f-x, namespace: shop}
//! spec:
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! # --pull-secret mirror-creds
//! ```
//! ```good
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api-7d4f-x, namespace: shop}
//! spec:
//!   imagePullSecrets: [{name: mirror-creds}]
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! # running/secrets.json
//! {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mirror-creds", "namespace": "shop"},
//!  "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "eyJhdXRocyI6IHsibWlycm9yLmludGVybmFsIjoge319fQ=="}}
//! # --pull-secret mirror-creds
//! ```

use super::{Rule, RuleContext};
use crate::finding::{Finding, Severity, Subject};
use crate::images::{Class, Tier};
use crate::names::count;
use crate::objects::ObjectName;
use crate::objects::pull_secrets::FIELD;
use crate::running::pull_secrets::{Content, Lack, PullSecrets, PullingPods};

pub(super) static RULE: Rule = Rule {
    id: "namespace-without-pull-secret",
    summary: "a namespace runs pods of the mirror without its pull secret",
    severity: Severity::Error,
    on: true,
    source: include_str!("namespace_without_pull_secret.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let Some(running) = &ctx.analysis.running else { return };
    let mut found = Vec::new();
    for name in &ctx.settings.pull_secrets {
        for (namespace, pods, lack) in running.secrets.lacks(name) {
            found.push(finding(ctx, &running.secrets, name, namespace, pods, &lack));
        }
    }
    ctx.findings.extend(found);
}

fn finding(
    ctx: &RuleContext<'_>,
    secrets: &PullSecrets,
    name: &str,
    namespace: &str,
    pulling: &PullingPods,
    lack: &Lack,
) -> Finding {
    let mirror = &ctx.settings.mirror;
    let of = if namespace.is_empty() { String::new() } else { format!(" --namespace {namespace}") };
    let shown = if namespace.is_empty() { "the namespace".to_owned() } else { format!("namespace {namespace}") };
    let so = match pulling.unauthorized {
        0 => String::new(),
        1 => format!(", so {mirror} answers unauthorized to 1 pod"),
        pods => format!(", so {mirror} answers unauthorized to {pods} pods"),
    };
    let copy = |verb: &str| match secrets.source(name) {
        Some(source) => format!("{verb} it: {}", copy(name, source, namespace)),
        None => format!(
            "{verb} it: kubectl create secret docker-registry {name}{of} with --docker-server {mirror} and the credentials"
        ),
    };
    let (message, help) = match lack {
        Lack::Secret => (format!("{shown} lacks the pull secret {name}{so}"), copy("create")),
        Lack::Content(Content::OtherType) => (
            format!("the secret {name} of {shown} does not have the type kubernetes.io/dockerconfigjson{so}"),
            copy("delete the secret and create"),
        ),
        Lack::Content(Content::OtherRegistry) => (
            format!("the pull secret {name} of {shown} does not name {mirror}{so}"),
            copy("delete the secret and create"),
        ),
        Lack::Content(Content::Unreadable | Content::Good) => (
            format!("the pull secret {name} of {shown} has no .dockerconfigjson that can be read{so}"),
            copy("delete the secret and create"),
        ),
        Lack::References { pods, account, account_has_it } => {
            let message =
                format!("{} in {shown} pull from {mirror} without the pull secret {name}{so}", count(*pods, "pod"));
            let message = if *pods == 1 { message.replacen(" pull from", " pulls from", 1) } else { message };
            let help = match account_has_it {
                Some(true) => format!("their service account {account} has it by now: restart them"),
                _ => format!(
                    "set the value of the chart that gives them `{FIELD}`; or add it to their service account, and restart them: kubectl \
                     patch serviceaccount {account}{of} --patch '{{\"{FIELD}\": [{{\"name\": \"{name}\"}}]}}'"
                ),
            };
            (message, help)
        }
    };
    // What lacks references is told with its pods.
    let notes = match (lack, pulling.pods) {
        (Lack::References { .. }, _) => Vec::new(),
        (_, 1) => vec![format!("1 pod there pulls from {mirror}")],
        (_, pods) => vec![format!("{pods} pods there pull from {mirror}")],
    };
    let account = match lack {
        Lack::References { account, .. } => Some(account),
        _ => None,
    };
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message,
        subject: Some(Subject {
            object: ObjectName {
                kind: if account.is_some() { "ServiceAccount" } else { "Secret" }.to_owned(),
                name: account.map_or(name, String::as_str).to_owned(),
                namespace: namespace.to_owned(),
            },
            template: String::new(),
            field: FIELD.to_owned(),
            container: None,
            reference: String::new(),
            tier: Tier::Certain,
            class: Class::Rewritten,
        }),
        excerpts: Vec::new(),
        notes,
        help: Some(help),
        fix: None,
    }
}

/// The command that copies a secret from one namespace to another.
fn copy(name: &str, from: &str, to: &str) -> String {
    format!(
        "kubectl get secret {name} --namespace {from} --output yaml | sed -e 's/^  namespace: .*/  namespace: {to}/' -e \
         '/^  resourceVersion:/d' -e '/^  uid:/d' | kubectl create --filename -"
    )
}
