//! A ValidatingAdmissionPolicy with its binding, for the API server itself.

use super::cel::{self, Places};
use super::form;
use super::request::{ConfigMapName, Request};
use super::resources;
use crate::document::{Document, Map};
use crate::reference::DOCKER_HUB;

/// The name of the policy and of its binding.
const NAME: &str = "images-from-mirror";

/// The key of the ConfigMap.
const KEY: &str = "mirrors";

pub(super) fn documents(request: &Request) -> Vec<Document> {
    let of_binding = "In force some seconds after it is applied.".to_owned();
    let config_map = request.param.as_ref().map(|name| config_map(name, request));
    let policy = Document { head: head(), root: policy(request) };
    let binding = Document { head: vec![of_binding], root: binding(request) };
    // First what the others refer to.
    config_map.into_iter().chain([policy, binding]).collect()
}

fn head() -> Vec<String> {
    [
        "Refuses pods with images that are not pulled from the mirror. Kubernetes 1.30 and later.",
        "kubectl shows a refusal as \"is invalid\", and some of its commands, such as `kubectl set image`, as \"is forbidden\".",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn policy(request: &Request) -> Map {
    let places = if request.param.is_some() { Places::Read(of_params()) } else { Places::Written };
    let kind = Map::of(&[("apiVersion", "v1"), ("kind", "ConfigMap")]);
    let spec = Map::default()
        .with("failurePolicy", "Fail")
        .with_some("paramKind", request.param.as_ref().map(|_| kind))
        .with("matchConstraints", Map::default().with("resourceRules", resources::rules(request.workloads)))
        .with("variables", cel::maps(cel::variables(request, &places)))
        .with("validations", vec![cel::validation(request, &places)]);
    Map::of(&[("apiVersion", "admissionregistration.k8s.io/v1"), ("kind", "ValidatingAdmissionPolicy")])
        .with("metadata", Map::of(&[("name", NAME)]))
        .with("spec", spec)
}

/// The places in the ConfigMap, whoever wrote them: a line each, with or without a slash at the end. What does not begin with a host
/// would be a path of Docker Hub.
fn of_params() -> String {
    format!(
        "params.data.{KEY}.split('\\n').map(m, m.trim().lowerAscii())\n\
         .map(m, m.endsWith('/') ? m : m + '/')\n\
         .filter(m, m.matches({}) && !m.startsWith('{DOCKER_HUB}/'))",
        cel::quoted(form::PREFIX)
    )
}

fn binding(request: &Request) -> Map {
    let param = request.param.as_ref().map(|name| {
        Map::of(&[
            ("name", name.name.as_str()),
            ("namespace", name.namespace.as_str()),
            ("parameterNotFoundAction", "Deny"),
        ])
    });
    let spec = Map::of(&[("policyName", NAME)])
        .with("validationActions", resources::actions(request))
        .with_some("paramRef", param)
        .with_some("matchResources", resources::matched(request));
    Map::of(&[("apiVersion", "admissionregistration.k8s.io/v1"), ("kind", "ValidatingAdmissionPolicyBinding")])
        .with("metadata", Map::of(&[("name", NAME)]))
        .with("spec", spec)
}

fn config_map(name: &ConfigMapName, request: &Request) -> Document {
    let head =
        vec!["Where images may come from, a place a line. Whoever can change this decides about every pod.".to_owned()];
    let metadata = Map::of(&[("name", &name.name), ("namespace", name.namespace.as_str())]);
    let root = Map::of(&[("apiVersion", "v1"), ("kind", "ConfigMap")])
        .with("metadata", metadata)
        .with("data", Map::of(&[(KEY, &request.prefixes().join("\n"))]));
    Document { head, root }
}
