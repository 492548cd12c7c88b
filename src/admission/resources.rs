//! Which requests a policy is about.

use super::request::Request;
use crate::cluster::resources::{WORKLOADS, by_group};
use crate::document::{Map, Value, words};

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
        rules.extend(by_group(WORKLOADS).into_iter().map(|(group, of_group)| {
            let resources: Vec<&str> = of_group.iter().map(|resource| resource.plural).collect();
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

/// The same as the resources that a binding matches.
pub(super) fn matched(request: &Request) -> Option<Map> {
    selector(request).map(|selector| Map::default().with("namespaceSelector", selector))
}

/// What is done with a request that is refused.
pub(super) fn actions(request: &Request) -> Value {
    if request.audit { words(&["Audit", "Warn"]) } else { words(&["Deny"]) }
}
