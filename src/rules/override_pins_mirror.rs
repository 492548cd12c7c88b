//! A value of yours names the mirror although the chart would use the mirror without it.
//!
//! ## Why it matters in an air gap
//! It works today. But it bypasses the rewrite: when the mirror moves, or a later version of the chart has another
//! repository there, this value stays the same and the image is not found.
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

use super::{Rule, RuleContext};
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

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        // If the chart does not send the image to the mirror by itself, such a value is the right way to do it.
        if judged.class != Class::PinnedToMirror || !judged.is_needless_pin() {
            continue;
        }
        // A wrong path is reported first.
        if judged.destination(ctx.settings).is_some_and(|wanted| wanted != judged.image.text.as_str()) {
            continue;
        }
        let decider = &judged.decider;
        // Only a value that can be removed is a finding: without the rewrite, this value is what sends the image to the mirror.
        let Some(fix) = &judged.fix else { continue };
        let message = format!("{} does not follow `{}`", judged.image.text, ctx.key());
        let mut finding = ctx.finding_at(&RULE, judged, decider, "set here", message);
        finding.notes.push("without it the image still comes from the mirror".to_owned());
        finding.help = Some(fix.title.clone());
        finding.fix = Some(fix.clone());
        ctx.findings.push(finding);
    }
}
