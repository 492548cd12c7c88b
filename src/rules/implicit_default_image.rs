//! An image that no manifest names: an operator uses its own default, which is public.
//!
//! ## Why it matters in an air gap
//! The release looks clean, but the pods that the operator starts later stay in `ImagePullBackOff`. The image is
//! compiled into the operator's binary, so no scanner of manifests sees it and no mirror list contains it.
//!
//! ## What to do
//! Set the field, argument or variable that the finding names, and mirror the image. The tag depends on the operator's
//! version; find it in the operator's documentation or in a running cluster.
//!
//! A registry from which an operator takes its images is reported here too if it is not the mirror: `registry: quay.io/` in
//! a custom resource, or an operator's `--container-registry`. So is a variable, an argument or a key of a configuration
//! file whose name says that it is a registry of images (`AGENT_IMAGE_REGISTRY`), if its value is a public registry.
//!
//! The finding is an error if the release decides, and a warning if something outside the release may decide.
//!
//! ```bad
//! # templates/all.yaml
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: GatewayClass
//! metadata: {name: eg}
//! spec:
//!   controllerName: gateway.envoyproxy.io/gatewayclass-controller
//! ```
//! ```bad
//! # templates/all.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: cert-manager}
//! spec:
//!   template:
//!     spec:
//!       containers:
//!         - name: controller
//!           image: {{ .Values.global.imageRegistry }}/jetstack/cert-manager-controller:v1.19.0
//!           args: [--v=2]
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! ```
//! ```good
//! # templates/all.yaml
//! apiVersion: gateway.envoyproxy.io/v1alpha1
//! kind: EnvoyProxy
//! metadata: {name: proxy, namespace: gateways}
//! spec:
//!   provider:
//!     type: Kubernetes
//!     kubernetes:
//!       envoyDeployment:
//!         container:
//!           image: {{ .Values.global.imageRegistry }}/envoyproxy/envoy:distroless-v1.37.1
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: GatewayClass
//! metadata: {name: eg}
//! spec:
//!   controllerName: gateway.envoyproxy.io/gatewayclass-controller
//!   parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: proxy, namespace: gateways}
//! # values.yaml
//! global: {imageRegistry: docker.io}
//! ```

use super::{Rule, RuleContext};
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::images::deciders::part_places;
use crate::images::operators::{Implicit, implicit};
use crate::images::{Class, ReferencePart, Tier};
use crate::limits::Limits;
use crate::provenance::written_at;
use std::ops::Range;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "implicit-default-image",
    summary: "an operator uses its own public default for an image that nothing names",
    severity: Severity::Error,
    on: true,
    source: include_str!("implicit_default_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let limits = ctx.prepared.map_or_else(Limits::default, |prepared| prepared.limits.clone());
    for found in implicit(&ctx.analysis.manifests, &ctx.settings.mirror, &limits) {
        if is_part_of_an_image(ctx, &found) {
            continue;
        }
        let place = written_at(&found.manifest, found.place.clone());
        let usual = if found.doubt.is_some() { Severity::Warning } else { RULE.severity };
        let at = match &found.container {
            Some(container) => format!("{}, container {container}", found.object),
            None => format!("{}, {}", found.object, found.field),
        };
        let (message, label, note) = match found.is_named {
            true => (
                format!("{} takes images from {} for {}", found.operator, found.image, found.used),
                format!("its images come from {}: {at}", found.image),
                format!("{} is not {}", found.image, ctx.settings.mirror),
            ),
            false => (
                format!("{} uses its public default for {}", found.operator, found.used),
                format!("nothing here names the image: {at}"),
                format!("the default of {} is {}", found.operator, found.image),
            ),
        };
        let mut notes = vec![note];
        notes.extend(found.doubt.iter().cloned());
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, usual),
            message,
            subject: Some(Subject {
                object: found.object.clone(),
                template: found.manifest.name.clone(),
                field: found.field.clone(),
                container: found.container.clone(),
                reference: found.image.clone(),
                tier: if found.doubt.is_some() { Tier::Likely } else { Tier::Certain },
                class: Class::Unexplained,
            }),
            excerpts: place.map(|place| Excerpt { place, label }).into_iter().collect(),
            notes,
            help: Some(format!("name the image on {} in {}", ctx.settings.mirror, found.set)),
            fix: None,
        });
    }
}

/// Whether a registry is the beginning of a reference that was found, so that it is judged with that reference.
fn is_part_of_an_image(ctx: &RuleContext<'_>, found: &Implicit) -> bool {
    let is_there = |place: Range<u32>| place.start < found.place.end && found.place.start < place.end;
    found.is_named
        && ctx.analysis.images.iter().map(|judged| &judged.image).any(|image| {
            Arc::ptr_eq(&image.manifest, &found.manifest)
                && image.object == found.object
                && part_places(image, ReferencePart::Registry).into_iter().any(is_there)
        })
}
