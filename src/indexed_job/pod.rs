//! The pods of both Jobs: what the Pod Security Standard "restricted" admits, with a read-only root.

use super::claim_path::ClaimPath;
use super::request::{Request, Source};
use crate::document::{Map, Value, words};

/// The volume of the claim.
pub(super) const CLAIM: &str = "claim";

/// The volume of the ConfigMap.
const SOURCE: &str = "source";

/// The volume for files that are as short-lived as the pod.
const SCRATCH: &str = "tmp";

/// The room for temporary files: reports that are too large for the memory are written there, packed, and up to 1 GiB of fetched charts.
const SCRATCH_SIZE: &str = "2Gi";

/// The volume with the credentials for charts from registries, and its folder in a container.
const CREDENTIALS: (&str, &str) = ("credentials", "/credentials");

/// The key of the label that says whether a pod checks a shard or joins the results.
const COMPONENT: &str = "app.kubernetes.io/component";

/// A container of one of the Jobs.
pub(super) struct Container {
    /// Its name, which is also the component of the pod.
    pub name: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its variables.
    pub env: Vec<Map>,
    /// The folder with the input, in which it runs; `None` if it reads none, and fetches nothing.
    pub work: Option<&'static str>,
    /// What it sees of the claim beside that.
    pub mounts: Vec<Map>,
}

/// The labels of a Job or of its pods.
pub(super) fn labels(request: &Request, component: &'static str) -> Map {
    Map::of(&[
        ("app.kubernetes.io/name", "airtight"),
        ("app.kubernetes.io/instance", &request.name),
        (COMPONENT, component),
    ])
}

/// The metadata of a Job.
pub(super) fn metadata(request: &Request, name: &str, component: &'static str) -> Map {
    Map::of(&[("name", name)])
        .with_some("namespace", request.namespace.as_ref().map(|namespace| namespace.as_str()))
        .with("labels", labels(request, component))
}

/// A part of the claim in a container.
pub(super) fn on_claim(path: Option<&ClaimPath>, at: &str, is_written: bool) -> Map {
    mount(CLAIM, at, is_written).with_some("subPath", path.map(ClaimPath::to_string))
}

/// The input of lint in a container.
fn source(request: &Request, at: &str) -> Map {
    match &request.source {
        Source::Claim(path) => on_claim(path.as_ref(), at, false),
        Source::ConfigMap(_) => mount(SOURCE, at, false),
    }
}

fn mount(volume: &'static str, at: &str, is_written: bool) -> Map {
    let mount = Map::of(&[("name", volume), ("mountPath", at)]);
    if is_written { mount } else { mount.with("readOnly", true) }
}

/// The template of pods with one container.
pub(super) fn template(request: &Request, container: Container) -> Map {
    let volumes = volumes(request, container.work.is_some());
    let metadata = Map::default().with("labels", labels(request, container.name));
    let secrets: Vec<Map> = request.pull_secrets.iter().map(|name| Map::of(&[("name", name)])).collect();
    let spec = Map::default()
        .with("restartPolicy", "Never")
        .with_comment(&["Nothing is asked of the API server."], "automountServiceAccountToken", false)
        .with_comment(
            &["Services would become variables with names that begin like ours."],
            "enableServiceLinks",
            false,
        )
        .with("securityContext", of_pod(request))
        .with_some("imagePullSecrets", (!secrets.is_empty()).then_some(secrets))
        .with("containers", vec![written(request, container)])
        .with("volumes", volumes);
    Map::default().with("metadata", metadata).with("spec", spec)
}

fn of_pod(request: &Request) -> Map {
    let user = request.user.map(u64::from);
    let context = Map::default()
        .with("runAsNonRoot", true)
        .with_some("runAsUser", user)
        .with_some("runAsGroup", user)
        .with_some("fsGroup", user);
    let context = match user {
        // Not file by file for each pod.
        Some(_) => context.with("fsGroupChangePolicy", "OnRootMismatch"),
        None => context,
    };
    context.with("seccompProfile", Map::of(&[("type", "RuntimeDefault")]))
}

fn written(request: &Request, container: Container) -> Map {
    let (cpu, memory) = (request.cpu.to_string(), request.memory.to_string());
    let amounts = || Map::of(&[("cpu", &cpu), ("memory", &memory)]);
    let context = Map::default()
        .with("allowPrivilegeEscalation", false)
        .with("capabilities", Map::default().with("drop", words(&["ALL"])))
        .with("readOnlyRootFilesystem", true);
    let work = container.work.map(|at| source(request, at));
    let credentials = credentials(request, container.work.is_some());
    let mounts = work.into_iter().chain(container.mounts).chain([mount(SCRATCH, "/tmp", true)]);
    let mounts = mounts.chain(credentials.map(|_| mount(CREDENTIALS.0, CREDENTIALS.1, false)));
    let mut env = container.env;
    env.extend(credentials.map(|_| Map::of(&[("name", "DOCKER_CONFIG"), ("value", CREDENTIALS.1)])));
    Map::of(&[("name", container.name), ("image", &request.image)])
        .with("args", Value::Lines(container.args))
        .with_some("env", (!env.is_empty()).then_some(env))
        .with_some("workingDir", container.work)
        .with(
            "resources",
            Map::default().with("requests", amounts()).with_comment(
                &["airtight takes as many threads as the limit has processors."],
                "limits",
                amounts(),
            ),
        )
        .with("securityContext", context)
        .with_comment(
            &["`kubectl describe pod` shows why it failed."],
            "terminationMessagePolicy",
            "FallbackToLogsOnError",
        )
        .with("volumeMounts", mounts.collect::<Vec<_>>())
}

/// The name of the Secret, for a container that fetches charts.
fn credentials(request: &Request, fetches: bool) -> Option<&str> {
    request.registry_secret.as_deref().filter(|_| fetches)
}

fn volumes(request: &Request, reads_source: bool) -> Vec<Map> {
    let claim = Map::of(&[("claimName", &request.claim)]);
    let mut volumes = vec![Map::of(&[("name", CLAIM)]).with("persistentVolumeClaim", claim)];
    if let (Source::ConfigMap(name), true) = (&request.source, reads_source) {
        volumes.push(Map::of(&[("name", SOURCE)]).with("configMap", Map::of(&[("name", name)])));
    }
    if let Some(name) = credentials(request, reads_source) {
        let item = Map::of(&[("key", ".dockerconfigjson"), ("path", "config.json")]);
        let secret = Map::of(&[("secretName", name)]).with("items", vec![item]);
        volumes.push(Map::of(&[("name", CREDENTIALS.0)]).with("secret", secret));
    }
    let scratch = Map::of(&[("sizeLimit", SCRATCH_SIZE)]);
    volumes.push(Map::of(&[("name", SCRATCH)]).with("emptyDir", scratch));
    volumes
}
