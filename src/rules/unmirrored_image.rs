//! An image that does not come from the mirror, because the chart does not send it there.
//!
//! ## Why it matters in an air gap
//! The pod stays in `ImagePullBackOff`: its registry cannot be reached. The one value that sends images to the mirror does
//! not reach this image, because the chart's template does not apply it: a default of the chart decides the registry.
//!
//! ## What to do
//! Set the value that decides the registry, or patch the template so that it applies the global value. The finding
//! names both places.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.image }}
//! # values.yaml
//! image: quay.io/acme/api:1.4
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default "quay.io" }}/acme/api:1.4
//! # values.yaml
//! global: {}
//! ```

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::images::Class;
use crate::provenance::DeciderKind;

pub(super) static RULE: Rule = Rule {
    id: "unmirrored-image",
    summary: "an image does not resolve through the mirror, because the chart does not send it there",
    severity: Severity::Error,
    on: true,
    source: include_str!("unmirrored_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for judged in &ctx.analysis.images {
        if !matches!(judged.class, Class::ChartDefault | Class::Unexplained | Class::NotAReference)
            || judged.decider.source.is_user()
            || judged.image.shape.is_hidden()
        {
            continue;
        }
        let (label, help) = match &judged.decider.source {
            DeciderKind::ChartDefault(chart) => {
                ("this default of the chart decides the registry".to_owned(), ctx.set_or_patch(judged, chart))
            }
            _ if ctx.prepared.is_none() => {
                let to = judged.destination(ctx.settings);
                let help = ctx.change(judged, to.as_deref()).unwrap_or_else(|| {
                    let to = to.map_or(String::new(), |to| format!(": {to}"));
                    format!("render with the mirror, or rewrite the reference{to}")
                });
                ("this names the registry".to_owned(), help)
            }
            DeciderKind::Other(what) => (format!("{what} decides the registry"), ctx.patch(judged)),
            _ => ("this decides the registry".to_owned(), ctx.patch(judged)),
        };
        let mut finding = ctx.image_finding(&RULE, judged, &label);
        match ctx.prepared {
            Some(_) => ctx.help(&mut finding, judged, help),
            // Without a chart no fix is tried.
            None => finding.help = Some(help),
        }
        ctx.findings.push(finding);
    }
}
