//! The value that sends images to the mirror is not set in a release that is judged as installed.
//!
//! ## Why it matters in an air gap
//! The chart can pull from the mirror, but nothing tells it to: helm installs the images of the chart's defaults, and
//! the pods stay in `ImagePullBackOff`. Typical causes are a values file that was rewritten, or a pull request that deletes
//! a line.
//!
//! A release whose values are given (`-f`, `--set`, a release of airtight.yaml) is judged as it is. For a chart without
//! values, the tool sets the value itself, to see whether the chart can be sent to the mirror.
//!
//! ## What to do
//! Set the value in the values file of the release. If something else sets it at install time, say so with
//! `rewrite: assumed` in airtight.yaml, or `--assume-rewrite`.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default "quay.io" }}/acme/api:{{ .Values.tag }}
//! # values.yaml
//! global: {}
//! tag: 1.4.0
//! # --set tag=1.4.1
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default "quay.io" }}/acme/api:{{ .Values.tag }}
//! # values.yaml
//! global: {}
//! tag: 1.4.0
//! # --set tag=1.4.1,global.imageRegistry=mirror.internal
//! ```

use super::{Rule, RuleContext};
use crate::analysis::RewriteUnset;
use crate::finding::{Excerpt, Finding, Severity};
use crate::rule_ids;
use crate::source::Place;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::REWRITE_NOT_SET,
    summary: "the value that sends images to the mirror is not set in the release",
    severity: Severity::Error,
    on: true,
    source: include_str!("rewrite_not_set.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let unset: Vec<&RewriteUnset> = ctx.analysis.unset.iter().filter(|unset| unset.by.is_none()).collect();
    for unset in unset {
        // The file that is merged last is the one to set it in.
        let last = ctx.prepared.and_then(|prepared| prepared.user.files.last());
        let place = last.map(|file| Place { file: file.clone(), start: 0, end: 0 });
        let message = format!("`{}` is not set: {} past {}", unset.key, ctx.go(&unset.images), ctx.settings.mirror);
        let help = match &unset.fix {
            Some(fix) => fix.title.clone(),
            None => format!("`{}` must be `{}`, and that alone is not enough", unset.key, unset.value),
        };
        let mut notes = ctx.references(&unset.images);
        notes.extend(ctx.not_enough(unset));
        notes.push("if something else sets it at install time, pass --assume-rewrite".to_owned());
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message,
            subject: None,
            excerpts: place
                .map(|place| Excerpt { place, label: "nothing here sets it".to_owned() })
                .into_iter()
                .collect(),
            notes,
            help: Some(help),
            fix: unset.fix.clone(),
        });
    }
}
