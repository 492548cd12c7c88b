//! Images of which nobody knows whether the mirror has them, because it did not say. Checked with `--mirror-check`.
//!
//! ## Why it matters in an air gap
//! A check that was not made is not a check that was passed. The mirror was not reached, wants another credential, has a certificate that
//! is not trusted, or is too busy; or the run had `--offline`.
//!
//! ## What to do
//! The finding has the answer of the registry. The exit status is 2, because the check is not complete, and neither a comment nor a
//! baseline accepts the finding. To check without the mirror on purpose, leave `--mirror-check` out, or turn off both `not-on-mirror`
//! and this rule: then it is not asked.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.5
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --mirror-check --offline
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.5
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --offline
//! ```

use super::not_on_mirror::answers;
use super::{Rule, RuleContext};
use crate::analysis::Judged;
use crate::finding::{Finding, Severity};
use crate::holdings::Answer;
use crate::rule_ids;
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::MIRROR_NOT_CHECKED,
    summary: "it is not known whether the mirror has an image",
    severity: Severity::Error,
    on: true,
    source: include_str!("mirror_not_checked.rs"),
    check,
};

/// One finding for each reason: a mirror that is down is one problem, not one for each image.
fn check(ctx: &mut RuleContext<'_>) {
    let mut reasons: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for (judged, answer, _) in answers(ctx) {
        if let Answer::NotKnown(why) = answer {
            reasons.entry(why).or_default().push(judged);
        }
    }
    let findings: Vec<Finding> = reasons.into_iter().map(|(why, uses)| finding(ctx, why, &uses)).collect();
    ctx.findings.extend(findings);
}

fn finding(ctx: &RuleContext<'_>, why: &str, uses: &[&Judged]) -> Finding {
    const MOST: usize = 10;
    let first = uses[0];
    let message = match uses.len() {
        1 => format!("whether the mirror has {} is not known", first.image.text),
        count => format!("whether the mirror has {} and {} more is not known", first.image.text, count - 1),
    };
    let mut finding = ctx.finding_at(&RULE, first, &first.decider, "this is the image", message);
    finding.notes = vec![why.to_owned()];
    finding.notes.extend(uses.iter().skip(1).take(MOST).map(|judged| format!("nor {}", judged.image.text)));
    if uses.len() > MOST + 1 {
        finding.notes.push(format!("and {} more", uses.len() - MOST - 1));
    }
    finding
}
