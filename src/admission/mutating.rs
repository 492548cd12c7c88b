//! A MutatingAdmissionPolicy with its binding: the API server sends images to the mirror.

use super::cel;
use super::moved;
use super::request::Request;
use super::resources;
use crate::document::{Document, Map};

/// The name of the policy and of its binding.
const NAME: &str = "images-to-mirror";

pub(super) fn documents(request: &Request) -> Vec<Document> {
    let head = [
        "Sends images to the mirror when pods are made. Kubernetes 1.36 and later.",
        "It hides what it changes: charts and workloads still name public registries, `airtight lint` reports them, and where this policy",
        "is not in force, their pods pull from there. Whether the mirror has an image shows when a pod pulls it: `airtight mirror check`.",
    ];
    let of_binding = "In force some seconds after it is applied; pods from before keep their images.".to_owned();
    vec![
        Document { head: head.map(str::to_owned).to_vec(), root: policy(request) },
        Document { head: vec![of_binding], root: binding(request) },
    ]
}

fn policy(request: &Request) -> Map {
    let mutation = Map::of(&[("patchType", "ApplyConfiguration")])
        .with("applyConfiguration", Map::of(&[("expression", &patch())]));
    let spec = Map::of(&[("failurePolicy", "Fail")])
        .with_comment(&["Once more if a webhook adds a container."], "reinvocationPolicy", "IfNeeded")
        .with("matchConstraints", Map::default().with("resourceRules", resources::rules(false)))
        .with("variables", cel::maps(moved::variables(request)))
        .with("mutations", vec![mutation]);
    Map::of(&[("apiVersion", "admissionregistration.k8s.io/v1"), ("kind", "MutatingAdmissionPolicy")])
        .with("metadata", Map::of(&[("name", NAME)]))
        .with("spec", spec)
}

/// What is merged into the pod: only the images that move, by the names of their containers and volumes.
fn patch() -> String {
    let list = |list: &str| {
        format!(
            "{list}: (has(variables.pod.{list}) ? variables.pod.{list} : [])\n      \
             .filter(c, has(c.image) && variables.moved.exists(m, m.image == c.image))\n      \
             .map(c, Object.spec.{list}{{name: c.name, image: variables.moved.filter(m, m.image == c.image)[0].to}})"
        )
    };
    let lists: Vec<String> = cel::CONTAINERS.iter().map(|(name, _)| list(name)).collect();
    format!(
        "Object{{\n  spec: Object.spec{{\n    {},\n    \
         volumes: {}\n      .filter(v, variables.moved.exists(m, m.image == v.image.reference))\n      \
         .map(v, Object.spec.volumes{{name: v.name, image: Object.spec.volumes.image{{\n        \
         reference: variables.moved.filter(m, m.image == v.image.reference)[0].to}}}})\n  }}\n}}",
        lists.join(",\n    "),
        cel::volumes("variables.pod"),
    )
}

fn binding(request: &Request) -> Map {
    let spec = Map::of(&[("policyName", NAME)]).with_some("matchResources", resources::matched(request));
    Map::of(&[("apiVersion", "admissionregistration.k8s.io/v1"), ("kind", "MutatingAdmissionPolicyBinding")])
        .with("metadata", Map::of(&[("name", NAME)]))
        .with("spec", spec)
}
