//! The clusters of `testdata/cluster/*.toml` in a real API server, as far as it accepts their objects: `verify` says the same.

use super::server::Manner;
use super::{Case, kubeconfig, objects, read, verify_with};
use crate::cli::Outcome;
use crate::cluster::{Access, Cluster, OwnPod};
use crate::golden::api_server::{ApiServer, JSON, TOKEN, collection, path};
use crate::golden::files;
use crate::running::Against;
use crate::running::node_mirrors::NodeMirrors;
use crate::snapshot::{Scope, releases, snapshot};
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

/// In a pod with the service account and the rights that `--print-rbac` prints, everything can be read that is asked for, and nothing else.
#[test]
fn the_printed_rights_are_enough_and_no_more() {
    let Some(server) = ApiServer::start() else { return };
    let (status, printed) = {
        let args = ["--print-rbac", "--pull-secret", "mirror-creds", "--watch"];
        let (outcome, out, err) = verify_with(&Case::of(&args), server.address(), "");
        assert_eq!(err, "");
        (outcome, out)
    };
    assert_eq!(status, Outcome::Clean);
    for (text, path) in printed.split("---\n").zip([
        "/api/v1/namespaces/kube-system/serviceaccounts",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    ]) {
        let made = server.send(Method::POST, path, Some(("application/yaml", text.to_owned())));
        assert_eq!(made.status, 201, "{}", made.message());
    }
    let wanted = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}).to_string();
    let path = "/api/v1/namespaces/kube-system/serviceaccounts/airtight-verify/token";
    let made = server.send(Method::POST, path, Some((JSON, wanted)));
    let token = made.body["status"]["token"].as_str().unwrap_or_else(|| panic!("{}", made.message()));
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api", "namespace": "default"},
        "spec": {"containers": [{"name": "api", "image": "mirror.internal/acme/api:1"}, {"name": "web", "image": "web:1"}]},
    });
    assert_eq!(refusal(&server, &pod), None);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("token"), format!("{token}\n")).expect("a file");
    std::fs::copy(server.authority(), folder.path().join("ca.crt")).expect("a file");
    let (host, port) = server.address().split_once(':').expect("a port");
    let own = OwnPod { host: host.to_owned(), port: port.to_owned(), account: folder.path().to_owned() };
    let cluster = Cluster::connect(&Access { pod: Some(own), ..Access::default() }).expect("a cluster");
    let (mirror, node_mirrors) = ("mirror.internal".parse().expect("a mirror"), NodeMirrors::default());
    let against = Against { mirror: &mirror, node_mirrors: &node_mirrors };
    // The rules are in force a moment later.
    let read = || snapshot(&cluster, Scope::default(), against, &["mirror-creds".to_owned()]);
    server.wait("the service account may read", |_| read().is_ok());
    let (running, told) = read().expect("it was read");
    assert_eq!((running.pods, running.uses, running.mirrored, told), (1, 2, 1, Vec::new()));
    let refused = releases(&cluster, Scope::default(), |_| ()).expect_err("other secrets are not for it");
    assert!(
        refused.text.contains("the missing rule is {apiGroups: [\"\"], resources: [secrets], verbs: [list]}"),
        "{}",
        refused.text
    );
    // The account is gone: its token is not accepted any more.
    server.send(Method::DELETE, "/api/v1/namespaces/kube-system/serviceaccounts/airtight-verify", None);
    server.wait("the token is not accepted", |_| {
        read().is_err_and(|failure| failure.text.contains("does not accept the token of the service account (401"))
    });
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
