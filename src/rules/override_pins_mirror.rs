//! A value of yours that names the mirror where the chart would have done so by itself.
//!
//! ## Why it matters in an air gap
//! It works today. But it bypasses the rewrite: when the mirror moves, or the chart's next version has another repository
//! there, this value stays what it is, and the image is not found.
//!
//! ## What to do
//! Remove the value: the global value sends the image to the mirror.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.registry | default .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! registry: ""
//! # --set registry=mirror.internal,global.imageRegistry=mirror.internal
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.registry | default .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! registry: ""
//! ```

use super::{Context, Rule};
use crate::finding::Severity;
use crate::images::Class;

pub(super) static RULE: Rule = Rule {
    id: "override-pins-mirror",
    summary: "a value of the user names the mirror itself and bypasses the rewrite",
    severity: Severity::Warning,
    on: true,
    source: include_str!("override_pins_mirror.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    for judged in &ctx.analysis.images {
        // Where the chart does not send the image to the mirror by itself, such a value is the way to do it.
        if judged.class != Class::PinnedToMirror || !judged.is_needless_pin() {
            continue;
        }
        // A path that is wrong comes first.
        if judged.destination(ctx.settings).is_some_and(|wanted| wanted != judged.image.text.as_str()) {
            continue;
        }
        let decider = &judged.decider;
        // Only what can go is a finding: where the rewrite is not set, this value is what brings the image from the mirror.
        let Some(fix) = &judged.fix else { continue };
        let message = format!("{} does not follow `{}`", judged.image.text, ctx.key());
        let mut finding = ctx.finding_at(&RULE, judged, decider, "set here", message);
        finding.notes.push("without it the image comes from the mirror, too".to_owned());
        finding.help = Some(fix.title.clone());
        finding.fix = Some(fix.clone());
        ctx.findings.push(finding);
    }
}
