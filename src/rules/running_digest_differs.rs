//! A container that runs another digest than the bundle promises for its image. Reported by `airtight verify --bundle FOLDER`.
//!
//! ## Why it matters in an air gap
//! The tag on the mirror is another image than the one that was checked and carried across the gap: it was overwritten, or a node still
//! runs what it pulled before.
//!
//! ## What to do
//! Ask the mirror (`airtight mirror check`). If the mirror has the promised digest, restart the pods with `imagePullPolicy: Always`; if
//! not, copy the image again, or correct the list. Some runtimes name the manifest of their platform and not the index that the list
//! names: then pin the rule to a hint, or list the digests of the platform.
//!
//! ```bad
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-7d4f-x, namespace: shop}
//! spec:
//!   containers:
//!     - {name: web, image: mirror.internal/acme/web:2.0}
//! status:
//!   containerStatuses:
//!     - name: web
//!       imageID: mirror.internal/acme/web@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
//!       state: {running: {}}
//! # --bundle testdata/bundle
//! ```
//! ```good
//! # running/pods.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-7d4f-x, namespace: shop}
//! spec:
//!   containers:
//!     - {name: web, image: mirror.internal/acme/web:2.0}
//! status:
//!   containerStatuses:
//!     - name: web
//!       imageID: mirror.internal/acme/web@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
//!       state: {running: {}}
//! # --bundle testdata/bundle
//! ```

use super::{Rule, RuleContext};
use crate::bundle::Verdict;
use crate::finding::Severity;
use crate::names::count;
use crate::reference::Reference;

pub(super) static RULE: Rule = Rule {
    id: "running-digest-differs",
    summary: "a container runs another digest than the bundle promises",
    severity: Severity::Warning,
    on: true,
    source: include_str!("running_digest_differs.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let (Some(running), Some(bundle)) = (&ctx.analysis.running, &ctx.settings.bundle) else { return };
    let bundle = bundle.by_name(&ctx.settings.mirror, ctx.settings.layout);
    let mut found = Vec::new();
    for judged in &ctx.analysis.images {
        let (Some(image), Ok(reference)) = (running.images.get(judged.image.text.as_str()), &judged.image.reference)
        else {
            continue;
        };
        // A digest in the reference is compared by another rule, and the runtime holds to it.
        let Some(tag) = reference.tag.as_deref().filter(|_| reference.digest.is_none()) else { continue };
        let mut promised = None;
        let mut notes = Vec::new();
        for (digest, runs) in &image.digests {
            let Ok(with_digest) = Reference::parse(&format!("{}:{tag}@{digest}", reference.name())) else { continue };
            let Verdict::OtherDigest(listed) = bundle.verdict(&with_digest, judged.source.as_ref()) else { continue };
            let node = if runs.node.is_empty() { String::new() } else { format!(" on {}", runs.node) };
            notes.push(format!(
                "{} {} {digest}, such as pod {}{node}",
                count(runs.containers, "container"),
                if runs.containers == 1 { "runs" } else { "run" },
                runs.example
            ));
            promised = Some(listed);
        }
        let Some(promised) = promised else { continue };
        let message = format!("{} runs with another digest than the bundle promises", judged.image.text);
        let mut finding = ctx.finding_at(&RULE, judged, &judged.decider, "this is the image", message);
        notes.insert(0, format!("the bundle promises {promised}"));
        finding.notes = notes;
        finding.help = Some(format!(
            "ask the mirror whether it has {promised}: airtight mirror check {} LIST",
            ctx.settings.mirror
        ));
        found.push(finding);
    }
    ctx.findings.extend(found);
}
