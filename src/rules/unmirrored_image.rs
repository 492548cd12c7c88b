//! An image that does not come from the mirror, because the chart does not send it there.
//!
//! ## Why it matters in an air gap
//! The pod stays in `ImagePullBackOff`: its registry cannot be reached. The one value that sends images to the mirror
//! does not reach this one, either because the chart's template does not apply it (then a default of the chart decides
//! the registry) or because the template names the registry itself.
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

use super::{Context, Rule, is_user, user_path};
use crate::finding::Severity;
use crate::images::Source;

pub(super) static RULE: Rule = Rule {
    id: "unmirrored-image",
    summary: "an image does not resolve through the mirror, because the chart does not send it there",
    severity: Severity::Error,
    source: include_str!("unmirrored_image.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    let mut found = Vec::new();
    for (index, decider) in ctx.bypassing() {
        if is_user(&decider.source) {
            continue;
        }
        let image = &ctx.images[index];
        let global = ctx.global_key;
        let mirror = ctx.mirror;
        let (label, help) = match &decider.source {
            Source::ChartDefault(chart) => {
                let path = user_path(chart, &decider.path);
                (
                    "this default of the chart decides the registry".to_owned(),
                    format!("set `{path}` to a value on {mirror}, or patch the template to apply `{global}`"),
                )
            }
            Source::Template => (
                "the template names the registry itself".to_owned(),
                format!("no value reaches it: patch the template to apply `{global}`"),
            ),
            Source::Other(what) => {
                (format!("{what} decides the registry"), format!("patch the template to apply `{global}`"))
            }
            Source::Tool | Source::User(_) | Source::Unknown => {
                ("this decides the registry".to_owned(), format!("patch the template to apply `{global}`"))
            }
        };
        let mut finding = ctx.image_finding(&RULE, image, &decider, &label);
        finding.help = Some(help);
        found.push(finding);
    }
    ctx.findings.append(&mut found);
}
