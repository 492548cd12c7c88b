//! A reference outside the mirror that is not in an `image:` field, so that readers of the manifest miss it.
//!
//! ## Why it matters in an air gap
//! Operators and controllers start pods with images that come from an argument, an environment variable or a
//! configuration file. Such a pod stays in `ImagePullBackOff`, often long after the install.
//!
//! ## What to do
//! Set the value that the finding names, or patch the template. The finding says why the text is taken for an image, and
//! how certain that is. No registry is asked.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/operator:1.4
//!       args: ["--worker-image=quay.io/acme/worker:1.4"]
//! # values.yaml
//! global: {}
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/operator:1.4
//!       args: ["--worker-image={{ .Values.global.imageRegistry }}/acme/worker:1.4", "--log=quay.io"]
//! # values.yaml
//! global: {}
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::images::Class;
use crate::provenance::DeciderKind;
use crate::reference::Reference;

pub(super) static RULE: Rule = Rule {
    id: "hidden-image",
    summary: "a reference outside the mirror in arguments, environment variables or nested text",
    severity: Severity::Warning,
    on: true,
    source: include_str!("hidden_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        let image = &judged.image;
        let bypasses = match judged.class {
            Class::ChartDefault | Class::HardCoded | Class::Unexplained => true,
            // A text with variables or with capital letters can still name an image.
            Class::NotAReference => image.open.is_some() || Reference::parse(&image.text.to_ascii_lowercase()).is_ok(),
            _ => false,
        };
        if !bypasses || !image.shape.is_hidden() || judged.decider.source.is_user() {
            continue;
        }
        let help = match &judged.decider.source {
            DeciderKind::ChartDefault(chart) => ctx.set_or_patch(judged, chart),
            _ => ctx.patch(judged),
        };
        let mut finding = ctx.image_finding(&RULE, judged, "this decides the registry");
        finding.notes.insert(0, format!("{} an image: {}", image.tier.name(), image.reason));
        ctx.help(&mut finding, judged, help);
        ctx.findings.push(finding);
    }
}
