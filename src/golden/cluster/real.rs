//! The clusters of `testdata/cluster/*.toml` in a real API server, as far as it accepts their objects: `verify` says the same.

use super::server::Manner;
use super::{Case, kubeconfig, objects, read, verify_with};
use crate::cli::Outcome;
use crate::golden::api_server::{ApiServer, JSON, TOKEN, collection, path};
use crate::golden::files;
use reqwest::Method;
use serde_json::{Value, json};

/// What the real server must accept.
const WANTED: &[&str] = &[
    "documented-an-addon-at-a-public-registry",
    "documented-envoy-pods-of-the-manager",
    "documented-unauthorized-on-a-tenant-cluster",
    "one-namespace",
    "all-namespaces",
    "a-selector",
    "from-releases",
    "pull-secrets",
    "no-pods",
];

#[test]
fn a_real_server_is_told_as_recorded() {
    let Some(server) = ApiServer::start() else { return };
    let config = kubeconfig(server.address(), &server.authority(), &format!("{{token: {TOKEN}}}"));
    let mut missing: Vec<&str> = WANTED.to_vec();
    for file in files("testdata/cluster", ".toml") {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let case: Case = toml::from_str(&read(&file)).expect("a case");
        let is_plain = case.kubeconfig.is_empty() && case.server == Manner::default() && case.status < 2;
        let is_watch = case.args.iter().any(|arg| arg == "--watch" || arg == "--until-clean");
        if !is_plain || is_watch {
            continue;
        }
        let all = objects(&case.objects);
        let refused = all.iter().find_map(|object| refusal(&server, object));
        if refused.is_none() {
            let (outcome, out, err) = verify_with(&case, server.address(), &config);
            let status = u8::from(outcome != Outcome::Clean);
            assert_eq!((status, &out, &err), (case.status, &case.stdout, &case.stderr), "{name}");
            missing.retain(|wanted| *wanted != name);
        } else if missing.contains(&name.as_str()) {
            panic!("the server refuses an object of {name}: {}", refused.unwrap_or_default());
        }
        for object in &all {
            server.send(Method::DELETE, &format!("{}?gracePeriodSeconds=0", path(object)), None);
        }
    }
    assert!(missing.is_empty(), "{missing:?} are not there, or not plain");
}

/// Adds what the server requires and `verify` does not read.
fn complete(object: &mut Value) {
    for owner in object["metadata"]["ownerReferences"].as_array_mut().into_iter().flatten() {
        if owner["uid"].as_str().is_none_or(str::is_empty) {
            owner["uid"] = json!("5f1c");
        }
    }
    if ["ReplicaSet", "Deployment", "DaemonSet"].iter().any(|kind| object["kind"] == *kind) {
        let containers = json!([{"name": "a", "image": "a"}]);
        let template = json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": containers}});
        object["spec"] = json!({"selector": {"matchLabels": {"app": "a"}}, "template": template});
    }
}

/// Creates an object with its namespace and its status; what the server says against it.
fn refusal(server: &ApiServer, object: &Value) -> Option<String> {
    if let Some(namespace) = object["metadata"]["namespace"].as_str() {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        server.send(Method::POST, &collection(&namespace), Some((JSON, namespace.to_string())));
    }
    let mut own = object.clone();
    let metadata = own["metadata"].as_object_mut()?;
    // The server keeps both itself.
    metadata.remove("managedFields");
    metadata.remove("uid");
    complete(&mut own);
    let created = server.send(Method::POST, &collection(&own), Some((JSON, own.to_string())));
    if created.status != 201 {
        return Some(created.message().to_owned());
    }
    let status = object.get("status")?;
    let patch = json!({"status": status}).to_string();
    let path = format!("{}/status", path(object));
    let patched = server.send(Method::PATCH, &path, Some(("application/merge-patch+json", patch)));
    (patched.status != 200).then(|| patched.message().to_owned())
}
