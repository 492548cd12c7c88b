//! The Jobs of `airtight job`: held to a real API server, to the Pod Security Standard "restricted", and to our own commands.

use super::json_of;
use crate::cli::{Outcome, Streams, command, on_large_stack, run};
use serde_json::Value;

/// Arguments that make Jobs of every form.
const VARIATIONS: &[&[&str]] = &[
    &[],
    &["--shards", "1", "--step", "merge"],
    &["--shards", "100000", "--parallelism", "500", "--step", "shards"],
    &["--cache", "--claim-path", "fleet/checkout", "--results", "runs/nightly"],
    &["--config-map", "fleet.v1", "--no-user", "--ttl", "24h", "--registry-secret", "mirror-creds"],
    &["--image-pull-secret", "mirror-creds", "--image-pull-secret", "other.creds", "--user", "1000"],
    &[
        "--cpu",
        "500m",
        "--memory",
        "1.5Gi",
        "--report",
        "report.html",
        "--report",
        "report.sarif",
        "--fail-on",
        "error",
    ],
    &["--name", "a23456789-123456789-123456789-123456789-123456789-1234567", "--shards", "100000"],
    &["--", "--release", "$(HOME)", "--baseline", "$$.json", "--severity", "error"],
];

const USUAL: &[&str] =
    &["job", "--no-config", "--image", "mirror.internal/tools/airtight:0.1.0", "--claim", "fleet", "--shards", "64"];

fn args_of(variation: &[&str], more: &[&str]) -> Vec<String> {
    let end = variation.iter().position(|arg| *arg == "--").unwrap_or(variation.len());
    let (flags, lint) = variation.split_at(end);
    [USUAL, more, flags, lint].concat().into_iter().map(str::to_owned).collect()
}

/// The Jobs of a variation.
fn jobs(variation: &[&str], more: &[&str]) -> Vec<Value> {
    let more = [more, &["--output", "json"]].concat();
    let list = json_of(args_of(variation, &more), |outcome| outcome == Outcome::Clean).expect("Jobs");
    list["items"].as_array().expect("a List").clone()
}

/// What a container is started with, as the kubelet passes it on: `$(NAME)` is a variable, and `$$` a dollar sign.
fn started_with(job: &Value) -> Vec<String> {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let value = |name: &str| {
        let mut env = container["env"].as_array().expect("variables").iter();
        let variable = env.find(|variable| variable["name"] == name).expect("a variable of the container");
        variable["value"].as_str().unwrap_or("7").to_owned()
    };
    let expanded = |arg: &Value| {
        let mut made = String::new();
        let mut rest = arg.as_str().expect("a text");
        while let Some((before, after)) = rest.split_once('$') {
            made.push_str(before);
            rest = match (after.strip_prefix('$'), after.strip_prefix('(').and_then(|after| after.split_once(')'))) {
                (Some(after), _) => {
                    made.push('$');
                    after
                }
                (_, Some((name, after))) => {
                    made.push_str(&value(name));
                    after
                }
                _ => panic!("{arg} has a single dollar sign"),
            };
        }
        made + rest
    };
    container["args"].as_array().expect("arguments").iter().map(expanded).collect()
}

#[test]
fn what_follows_the_dashes_reaches_lint_as_it_was_typed() {
    let job = &jobs(VARIATIONS[VARIATIONS.len() - 1], &[])[0];
    let args = started_with(job);
    let typed = ["--release", "$(HOME)", "--baseline", "$$.json", "--severity", "error"];
    assert!(args.ends_with(&typed.map(str::to_owned)), "{args:?}");
    assert!(args.contains(&"/shards/shard-7.jsonl".to_owned()), "{args:?}");
}

/// The Jobs start commands that there are.
#[test]
fn the_containers_start_commands_of_airtight() {
    for variation in VARIATIONS {
        for job in jobs(variation, &[]) {
            let args = started_with(&job);
            let parsed = command().try_get_matches_from(std::iter::once("airtight".to_owned()).chain(args.clone()));
            assert!(parsed.is_ok(), "{args:?}: {}", parsed.expect_err("an error"));
        }
    }
}

/// What we tell others to install comes from the mirror.
#[test]
fn lint_finds_nothing_in_the_jobs() {
    for variation in VARIATIONS {
        let (mut text, mut out, mut err) = (Vec::new(), Vec::new(), Vec::new());
        let mut run = |args: Vec<String>, input: &mut &[u8], out: &mut Vec<u8>| {
            let args = std::iter::once("airtight".to_owned()).chain(args);
            on_large_stack(|| run(args, &mut Streams { out, err: &mut err, input }))
        };
        assert_eq!(run(args_of(variation, &[]), &mut &[][..], &mut text), Some(Outcome::Clean));
        let lint = ["lint", "-", "--no-config", "--mirror", "mirror.internal", "--quiet"].map(str::to_owned);
        let outcome = run(lint.to_vec(), &mut text.as_slice(), &mut out);
        assert_eq!(outcome, Some(Outcome::Clean), "{}", String::from_utf8_lossy(&out));
        let images = text.windows(7).filter(|bytes| bytes == b"image: ").count();
        let verdict = String::from_utf8_lossy(&out);
        assert!(verdict.contains(&format!("{images} through mirror.internal")), "{verdict}");
    }
}

#[cfg(feature = "registry")]
mod server {
    use super::{VARIATIONS, jobs};
    use crate::golden::api_server::{Answer, ApiServer, JSON, collection, path};
    use reqwest::Method;
    use serde_json::{Value, json};

    /// A namespace in which only pods of the standard "restricted" may be.
    const NAMESPACE: &str = "fleet";

    /// Asks what creating an object would give; unknown and doubled fields are errors.
    fn tried(server: &ApiServer, object: &Value) -> Answer {
        let path = format!("{}?dryRun=All&fieldValidation=Strict", collection(object));
        server.send(Method::POST, &path, Some((JSON, object.to_string())))
    }

    /// A server with the namespace; `None` if the programs are not there.
    fn server() -> Option<ApiServer> {
        let server = ApiServer::start()?;
        let labels =
            ["enforce", "warn"].map(|mode| (format!("pod-security.kubernetes.io/{mode}"), json!("restricted")));
        let labels: Value = labels.into_iter().collect();
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}});
        let answer = server.send(Method::POST, &collection(&namespace), Some((JSON, namespace.to_string())));
        assert_eq!(answer.status, 201, "{}", answer.message());
        Some(server)
    }

    /// A pod as the controller of Jobs makes it.
    fn pod(job: &Value) -> Value {
        let template = &job["spec"]["template"];
        let mut metadata = template["metadata"].clone();
        metadata["name"] = json!("probe");
        metadata["namespace"] = json!(NAMESPACE);
        metadata["annotations"] = json!({"batch.kubernetes.io/job-completion-index": "7"});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
    }

    #[test]
    fn a_real_server_takes_the_jobs_and_their_pods() {
        let Some(server) = server() else { return };
        for variation in VARIATIONS {
            for job in jobs(variation, &["--namespace", NAMESPACE]) {
                for object in [&job, &pod(&job)] {
                    let answer = tried(&server, object);
                    assert_eq!(answer.status, 201, "{variation:?}: {}", answer.message());
                    assert_eq!(answer.warnings, Vec::<String>::new(), "{variation:?}");
                }
            }
        }
        let [shards, merge] = &jobs(&[], &["--namespace", NAMESPACE])[..] else { panic!("two Jobs") };
        for job in [shards, merge] {
            every_line_about_security_is_needed(&server, job);
        }
        the_bounds_are_those_of_the_server(&server, shards);
        the_second_job_is_let_go(&server, merge);
    }

    fn every_line_about_security_is_needed(server: &ApiServer, job: &Value) {
        let pod = pod(job);
        for (parent, field) in [
            ("/spec/securityContext", "runAsNonRoot"),
            ("/spec/securityContext", "seccompProfile"),
            ("/spec/containers/0/securityContext", "allowPrivilegeEscalation"),
            ("/spec/containers/0/securityContext", "capabilities"),
        ] {
            let mut without = pod.clone();
            let gone = without.pointer_mut(parent).and_then(Value::as_object_mut).expect("a map").remove(field);
            assert!(gone.is_some(), "{field}");
            let answer = tried(server, &without);
            assert_eq!(answer.status, 403, "without {field}: {}", answer.message());
            assert!(answer.message().contains("violates PodSecurity \"restricted"), "{}", answer.message());
        }
    }

    /// What we refuse, the server would not take.
    fn the_bounds_are_those_of_the_server(server: &ApiServer, job: &Value) {
        let with = |changes: &[(&str, Value)]| {
            let mut changed = job.clone();
            for (field, value) in changes {
                *changed.pointer_mut(field).expect("a field") = value.clone();
            }
            tried(server, &changed)
        };
        let (most, more) = (json!(100_000), json!(100_001));
        let name = |length: usize| json!("a".repeat(length));
        assert_eq!(with(&[("/spec/completions", most.clone()), ("/metadata/name", name(57))]).status, 201);
        let answer = with(&[("/spec/completions", most), ("/metadata/name", name(58))]);
        assert!(answer.status == 422 && answer.message().contains("DNS label"), "{}", answer.message());
        let answer = with(&[("/spec/completions", more)]);
        assert!(answer.status == 422 && answer.message().contains("maxFailedIndexes"), "{}", answer.message());
        let answer = with(&[("/metadata/name", json!("Fleet"))]);
        assert_eq!(answer.status, 422, "{}", answer.message());
        let answer = with(&[("/spec/template/spec/containers/0/volumeMounts/1/subPath", json!("../other"))]);
        assert_eq!(answer.status, 422, "{}", answer.message());
        let answer = with(&[("/spec/template/spec/containers/0/resources/requests/memory", json!("512MB"))]);
        assert_eq!(answer.status, 400, "{}", answer.message());
    }

    /// The patch of the printed command does what it says.
    fn the_second_job_is_let_go(server: &ApiServer, job: &Value) {
        let answer = server.send(Method::POST, &collection(job), Some((JSON, job.to_string())));
        assert_eq!(answer.status, 201, "{}", answer.message());
        assert_eq!(answer.body["spec"]["suspend"], true);
        let text = super::printed(&["--namespace", NAMESPACE]);
        let patch = text.split("--patch='").nth(1).and_then(|rest| rest.split('\'').next()).expect("a patch");
        let merge = "application/merge-patch+json";
        let answer = server.send(Method::PATCH, &path(job), Some((merge, patch.to_owned())));
        assert_eq!(answer.status, 200, "{}", answer.message());
        assert_eq!(answer.body["spec"]["suspend"], false);
    }
}

/// The text of the usual Jobs.
#[cfg(feature = "registry")]
fn printed(more: &[&str]) -> String {
    let args = std::iter::once("airtight".to_owned()).chain(args_of(&[], more));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    assert_eq!(outcome, Some(Outcome::Clean));
    String::from_utf8(out).expect("it is UTF-8")
}
