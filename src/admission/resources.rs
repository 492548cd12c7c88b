//! Which requests a policy is about.

use super::document::{Map, Value, words};
use super::request::Request;

/// The kinds of Kubernetes with a pod template, by group: with their resources.
pub(super) const WORKLOADS: [(&str, &[(&str, &str)]); 3] = [
    ("", &[("ReplicationController", "replicationcontrollers")]),
    (
        "apps",
        &[
            ("DaemonSet", "daemonsets"),
            ("Deployment", "deployments"),
            ("ReplicaSet", "replicasets"),
            ("StatefulSet", "statefulsets"),
        ],
    ),
    ("batch", &[("CronJob", "cronjobs"), ("Job", "jobs")]),
];

/// The rules for requests: pods, also by their subresource, which `kubectl debug` uses, and workloads if they are wanted.
pub(super) fn rules(workloads: bool) -> Vec<Map> {
    let rule = |group: &str, resources: &[&str]| {
        let comment: &[&'static str] = match resources.first() {
            Some(&"pods") => {
                &["`kubectl debug` adds containers through the subresource; an update may change an image."]
            }
            _ => &[],
        };
        Map::default()
            .with_comment(comment, "apiGroups", words(&[group]))
            .with("apiVersions", words(&["v1"]))
            .with("operations", words(&["CREATE", "UPDATE"]))
            .with("resources", words(resources))
    };
    let mut rules = vec![rule("", &["pods", "pods/ephemeralcontainers"])];
    if workloads {
        rules.extend(WORKLOADS.iter().map(|(group, kinds)| {
            let resources: Vec<&str> = kinds.iter().map(|(_, resource)| *resource).collect();
            rule(group, &resources)
        }));
    }
    rules
}

/// The selector that leaves namespaces out; `None` if there are none.
///
/// The API server sets this label, and nobody can change it.
pub(super) fn selector(request: &Request) -> Option<Value> {
    let exempt = request.exempt();
    let expression = Map::of(&[("key", "kubernetes.io/metadata.name"), ("operator", "NotIn")]);
    (!exempt.is_empty())
        .then(|| Map::default().with("matchExpressions", vec![expression.with("values", Value::Lines(exempt))]).into())
}
