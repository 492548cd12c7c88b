//! A ValidatingPolicy of Kyverno.

use super::cel::{self, Places};
use super::request::Request;
use super::resources;
use crate::document::{Document, Map};

pub(super) fn documents(request: &Request) -> Vec<Document> {
    let matched = Map::default()
        .with_some("namespaceSelector", resources::selector(request))
        .with("resourceRules", resources::rules(request.workloads));
    let spec = Map::default()
        .with("failurePolicy", "Fail")
        .with("validationActions", resources::actions(request))
        .with("matchConstraints", matched)
        .with("variables", cel::maps(cel::variables(request, &Places::Written)))
        .with("validations", vec![cel::validation(request, &Places::Written)]);
    let root = Map::of(&[("apiVersion", "policies.kyverno.io/v1"), ("kind", "ValidatingPolicy")])
        .with("metadata", Map::of(&[("name", "images-from-mirror")]))
        .with("spec", spec);
    let head = [
        "Refuses pods with images that are not pulled from the mirror. Kyverno 1.17 and later.",
        "Kyverno does not see requests for what its own configuration leaves out (resourceFilters), kube-system among it.",
    ];
    let head = head.map(str::to_owned).to_vec();
    vec![Document { head, root }]
}
