//! The commands of kubectl that wait for the shards and let the second Job go.

use super::request::{Request, Step};

/// The commands, in order.
pub(crate) fn commands(request: &Request) -> Vec<String> {
    let namespace = request.namespace.as_ref().map(|name| format!(" --namespace {name}")).unwrap_or_default();
    let (shards, merge) = (&request.name, request.merge_name());
    let wait = |job: &str| format!("kubectl wait job/{job}{namespace} --for=condition=Complete --timeout=1h");
    let resume =
        format!(r#"kubectl patch job/{merge}{namespace} --type=merge --patch='{{"spec":{{"suspend":false}}}}'"#);
    match request.step {
        Step::All => vec![wait(shards), resume, wait(&merge)],
        Step::Shards => vec![wait(shards)],
        Step::Merge => vec![wait(&merge)],
    }
}
