//! The release is not the same each time: a random value, the clock, or the order of a map decides about an image.
//!
//! ## Why it matters in an air gap
//! What was checked is only one of several possible releases, and the next install may be another: a branch that was not
//! taken today pulls its image tomorrow. A branch that compares the mirror's name hides an image from a check with one
//! mirror and an install from another.
//!
//! ## What to do
//! Let a value decide. Random passwords and certificates, and dates in annotations, are not findings: airtight renders each
//! such branch both ways and reports only those that change the images. The finding lists the images of the other branch.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/{{ if eq (randNumeric 1) "7" }}canary{{ else }}api{{ end }}:1.4
//! # values.yaml
//! global: {}
//! ```
//! ```good
//! # templates/pod.yaml
//! {{ $password := .Values.password | default (randAlphaNum 16) }}
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api, annotations: {rolled: {{ now | quote }}}}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//!       {{ if $password }}
//!       env: [{name: PASSWORD, value: {{ $password }}}]
//!       {{ end }}
//! # values.yaml
//! global: {}
//! password: ""
//! ```

use super::{Rule, RuleContext};
use crate::analysis::{Judged, Unstable};
use crate::finding::{Excerpt, Finding, Severity};
use crate::provenance::printed;
use crate::rule_ids;
use crate::template::decisions::MarkedDecision;
use crate::trace::Marks;
use std::ops::Range;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNSTABLE_RENDER,
    summary: "a random value, the clock or the mirror's name decides which images are installed",
    severity: Severity::Error,
    on: true,
    source: include_str!("unstable_render.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let analysis = ctx.analysis;
    for unstable in &analysis.unstable {
        let finding = match unstable {
            Unstable::Branch { decided, other, own } => branch(ctx, decided, other, own),
            Unstable::Image { number, marks, at, shown } => {
                image(ctx, &analysis.images[*number], *marks, at.clone(), shown)
            }
        };
        ctx.findings.push(finding);
    }
}

fn branch(ctx: &RuleContext<'_>, decided: &MarkedDecision, other: &[String], own: &[String]) -> Finding {
    let cause = cause(decided.marks);
    let notes = [("adds", other), ("removes", own)].into_iter().filter(|(_, references)| !references.is_empty());
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: format!("{cause} decides which images are installed: `{}`", decided.condition),
        subject: None,
        excerpts: vec![Excerpt { place: decided.place.clone(), label: format!("{cause} decides here") }],
        notes: notes.map(|(verb, references)| format!("the other branch {verb} {}", references.join(", "))).collect(),
        help: Some("let a value decide".to_owned()),
        fix: None,
    }
}

fn image(ctx: &RuleContext<'_>, judged: &Judged, marks: Marks, at: Range<u32>, shown: &str) -> Finding {
    let cause = cause(marks);
    let message = format!("{cause} is a part of an image: {shown}");
    let mut finding = ctx.finding_at(&RULE, judged, &judged.decider, "this decides the registry", message);
    if let Some(subject) = &mut finding.subject {
        // The text differs each time; the finding is the same.
        subject.reference = shown.to_owned();
    }
    if let Some(place) = printed(&judged.image.manifest, at) {
        finding.excerpts = vec![Excerpt { place, label: format!("printed here: {}", judged.image) }];
    }
    finding.notes.clear();
    finding.help = Some("let a value decide".to_owned());
    finding
}

/// What something depends on, for a message.
fn cause(marks: Marks) -> &'static str {
    match marks {
        Marks { random: true, .. } => "a random value",
        Marks { clock: true, .. } => "the clock",
        _ => "the mirror's name",
    }
}
