//! An image that does not come from the mirror, because somebody set it so.
//!
//! ## Why it matters in an air gap
//! The chart would send this image to the mirror, but a value in a `-f` file or a `--set` flag names another registry
//! and wins. The pod stays in `ImagePullBackOff`.
//!
//! ## What to do
//! Remove the setting, or make it name the mirror. The finding shows its line (or the flag), and what it hides.
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
//! # --set registry=quay.io
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
use crate::analysis::WithoutOverride;
use crate::analysis::fixes::remove_override;
use crate::finding::Severity;
use crate::images::Source;
use crate::trace::Layer;

pub(super) static RULE: Rule = Rule {
    id: "override-bypasses-mirror",
    summary: "a value set by the user sends an image past the mirror",
    severity: Severity::Error,
    on: true,
    source: include_str!("override_bypasses_mirror.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    for judged in &ctx.analysis.images {
        let (decider, mirror) = (&judged.decider, &ctx.settings.mirror);
        if judged.class.resolves() || !decider.source.is_user() {
            continue;
        }
        // A value that names the mirror would be a finding, too, where the chart sends the image there by itself.
        let or_else = match judged.without_override {
            WithoutOverride::Mirror => String::new(),
            _ => format!(", or point it at {mirror}"),
        };
        let (label, help) = match &decider.source {
            Source::User(Layer::Flag(part)) => {
                (format!("set by {}", part.flag), format!("leave `{}` out of {}{or_else}", decider.path, part.flag))
            }
            _ => ("set here".to_owned(), format!("remove `{}`{or_else}", decider.path)),
        };
        let mut finding = ctx.image_finding(&RULE, judged, &label);
        finding.help = Some(help);
        finding.fix = ctx.prepared.and_then(|prepared| remove_override(judged, prepared, ctx.settings));
        match &judged.without_override {
            WithoutOverride::Mirror => finding.notes.push(format!("without it the image comes from {mirror}")),
            WithoutOverride::Elsewhere(text) => finding.notes.push(format!("without it the image is {text}")),
            WithoutOverride::Unknown => {}
        }
        ctx.findings.push(finding);
    }
}
