//! A ConstraintTemplate of Gatekeeper and its constraint, in CEL or in Rego.

use super::cel::{self, Places};
use super::form;
use super::rego;
use super::request::{Engine, Request};
use crate::cluster::resources::{WORKLOADS, by_group};
use crate::document::{Document, Map, Value};

/// The kind of the constraint.
const KIND: &str = "ImagesFromMirror";

/// The name of the template: Gatekeeper requires that of the kind in lower case.
pub(super) const TEMPLATE: &str = "imagesfrommirror";

pub(super) fn documents(request: &Request) -> Vec<Document> {
    let is_rego = request.engine == Engine::GatekeeperRego;
    let head = match is_rego {
        true => vec![
            "Refuses pods with images that are not pulled from the mirror. Any version of Gatekeeper 3.".to_owned(),
        ],
        false => {
            vec!["Refuses pods with images that are not pulled from the mirror. Gatekeeper 3.18 and later.".to_owned()]
        }
    };
    let of_constraint = [
        "Apply it when the template is: Gatekeeper then knows the kind. Its webhook lets everything pass while it does not answer,",
        "unless its failurePolicy is Fail, and leaves out namespaces that are exempt in its own configuration.",
    ];
    vec![
        Document { head, root: template(request, is_rego) },
        Document { head: of_constraint.map(str::to_owned).to_vec(), root: constraint(request) },
    ]
}

fn template(request: &Request, is_rego: bool) -> Map {
    let target = Map::of(&[("target", "admission.k8s.gatekeeper.sh")]);
    let target = match is_rego {
        true => target.with("rego", rego::program(request, TEMPLATE)),
        false => target.with("code", vec![code(request)]),
    };
    let item = Map::of(&[("type", "string"), ("pattern", form::PREFIX)]);
    let mirrors = Map::of(&[("type", "array")]).with("items", item);
    let schema = Map::of(&[("type", "object")]).with("properties", Map::default().with("mirrors", mirrors));
    let crd = Map::default()
        .with("names", Map::of(&[("kind", KIND)]))
        .with("validation", Map::default().with("openAPIV3Schema", schema));
    let spec = Map::default().with("crd", Map::default().with("spec", crd)).with("targets", vec![target]);
    Map::of(&[("apiVersion", "templates.gatekeeper.sh/v1"), ("kind", "ConstraintTemplate")])
        .with("metadata", Map::of(&[("name", TEMPLATE)]))
        .with("spec", spec)
}

fn code(request: &Request) -> Map {
    // The places are parameters of the constraint.
    let places = Places::Read("variables.params.mirrors".to_owned());
    let variables = cel::maps(cel::variables(request, &places));
    let source = Map::default()
        .with_comment(
            &[
                "Gatekeeper's webhook judges, not a ValidatingAdmissionPolicy that Gatekeeper makes of this: in some versions, that",
                "does not match pods/ephemeralcontainers.",
            ],
            "generateVAP",
            false,
        )
        .with("failurePolicy", "Fail")
        .with("variables", variables)
        .with("validations", vec![cel::validation(request, &places)]);
    Map::of(&[("engine", "K8sNativeValidation")]).with("source", source)
}

fn constraint(request: &Request) -> Map {
    let kind = |group: &str, kinds: &[&str]| {
        Map::default().with("apiGroups", crate::document::words(&[group])).with("kinds", crate::document::words(kinds))
    };
    let mut kinds = vec![kind("", &["Pod"])];
    if request.workloads {
        kinds.extend(by_group(WORKLOADS).into_iter().map(|(group, of_group)| {
            let names: Vec<&str> = of_group.iter().map(|resource| resource.kind).collect();
            kind(group, &names)
        }));
    }
    let exempt = Some(request.exempt()).filter(|names| !names.is_empty()).map(Value::Lines);
    let matched = Map::default().with("kinds", kinds).with_some("excludedNamespaces", exempt);
    let spec = Map::of(&[("enforcementAction", if request.audit { "warn" } else { "deny" })])
        .with("match", matched)
        .with("parameters", Map::default().with("mirrors", Value::Lines(request.prefixes())));
    Map::of(&[("apiVersion", "constraints.gatekeeper.sh/v1beta1"), ("kind", KIND)])
        .with("metadata", Map::of(&[("name", "images-from-mirror")]))
        .with("spec", spec)
}
