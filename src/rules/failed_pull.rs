//! An image of the mirror that nodes cannot pull. Reported by `airtight verify`.
//!
//! The kubelet's message tells the reason: `unauthorized`, `not found`, `no such host`, `certificate`, `timeout`. An image that does not
//! come from the mirror is reported by another rule, with the same facts.
//!
//! ## Why it matters in an air gap
//! The reference is right, and the pod still does not start: the node has no credentials for the mirror, does not know its certificate
//! authority, or the mirror does not have the image.
//!
//! ## What to do
//! `unauthorized`: the pod has no pull secret, or a wrong one; `--pull-secret NAME` shows which namespaces lack it. `not found`: copy the
//! image (`airtight mirror`). `no such host`, `certificate`, `timeout`: the nodes do not reach the mirror; other images of the mirror on
//! the same node show whether it is the node.
//!
//! ```bad
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api-7d4f-x, namespace: shop}
//! spec:
//!   nodeName: node-1
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! status:
//!   containerStatuses:
//!     - name: api
//!       imageID: ""
//!       state:
//!         waiting:
//!           reason: ImagePullBackOff
//!           message: 'Back-off pulling image "mirror.internal/acme/api:1.4": ErrImagePull: mirror.internal/acme/api:1.4: not found'
//! ```
//! ```good
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api-7d4f-x, namespace: shop}
//! spec:
//!   nodeName: node-1
//!   containers:
//!     - {name: api, image: mirror.internal/acme/api:1.4}
//! status:
//!   containerStatuses:
//!     - name: api
//!       imageID: mirror.internal/acme/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//!       state: {waiting: {reason: CrashLoopBackOff}}
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::running::state::PullFault;
use crate::running::{PulledFrom, Running, RunningImage};

pub(super) static RULE: Rule = Rule {
    id: "failed-pull",
    summary: "nodes cannot pull an image of the mirror",
    severity: Severity::Error,
    on: true,
    source: include_str!("failed_pull.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let Some(running) = &ctx.analysis.running else { return };
    let mut found = Vec::new();
    for judged in &ctx.analysis.images {
        let Some(image) = running.images.get(judged.image.text.as_str()) else { continue };
        if image.from == PulledFrom::Elsewhere {
            continue;
        }
        let mut faults: Vec<PullFault> = image.messages.keys().copied().collect();
        if is_explained(image, running, &ctx.settings.pull_secrets) {
            faults.retain(|fault| *fault != PullFault::Unauthorized);
        }
        let Some(first) = faults.first() else { continue };
        let names: Vec<&str> = faults.iter().map(|fault| fault.name()).collect();
        let message = format!("{} cannot be pulled: {}", judged.image.text, names.join(", "));
        let mut finding = ctx.finding_at(&RULE, judged, &judged.decider, "this is the image", message);
        finding.help = Some(help(*first, ctx));
        found.push(finding);
    }
    ctx.findings.extend(found);
}

/// Whether every pod that is not authorized is in a namespace of which another rule says that it lacks the pull secret.
fn is_explained(image: &RunningImage, running: &Running, secrets: &[String]) -> bool {
    let lacking: Vec<&str> =
        secrets.iter().flat_map(|name| running.secrets.lacks(name)).map(|(namespace, ..)| namespace).collect();
    image.uses.iter().all(|(owner, uses)| {
        let is_unauthorized = uses.states.iter().any(|(state, _)| state.fault() == Some(PullFault::Unauthorized));
        !is_unauthorized || lacking.contains(&owner.namespace.as_str())
    })
}

fn help(fault: PullFault, ctx: &RuleContext<'_>) -> String {
    let mirror = &ctx.settings.mirror;
    match fault {
        PullFault::Unauthorized if ctx.settings.pull_secrets.is_empty() => {
            "check the pull secrets of these namespaces: --pull-secret NAME".to_owned()
        }
        PullFault::Unauthorized => "check the credentials in the pull secret".to_owned(),
        PullFault::NotFound => format!("copy the image to {mirror} (airtight mirror), or use a version that is there"),
        PullFault::NoSuchHost => format!("make the name of {mirror} known on these nodes"),
        PullFault::Certificate => format!("make the certificate authority of {mirror} known on these nodes"),
        PullFault::Timeout => format!("check the way from these nodes to {mirror}: routes, firewalls, proxies"),
        PullFault::Other => "see the message of the kubelet".to_owned(),
        PullFault::Unsaid => "see the events of a pod: kubectl describe pod".to_owned(),
    }
}
