//! The Indexed Job: each of its pods checks one shard.

use super::pod::{self, Container};
use super::request::Request;
use crate::document::{Document, Map, Value};

/// The name of the container.
pub(super) const CONTAINER: &str = "lint";

/// The folder with airtight.yaml in the container.
const WORK: &str = "/work";

/// The folder for the result of the shard in the container.
pub(super) const SHARDS: &str = "/shards";

/// The folder of `lint --cache` in the container.
const CACHE: &str = "/cache";

/// The folder of fetched charts in the container, if it is kept.
const CHARTS: &str = "/charts";

/// The folder of fetched charts in the container, if it is not kept. A user without a home has no other.
const CHARTS_OF_POD: &str = "/tmp/charts";

/// The variable with the number of a pod, from 0.
const INDEX: &str = "JOB_COMPLETION_INDEX";

/// How often a shard is tried again that was ended from outside, for example for want of memory.
const RETRIES: u64 = 2;

pub(super) fn document(request: &Request) -> Document {
    let at_a_time = request.parallelism.min(request.shards);
    let head = vec![
        format!("Checks the releases in {} shards, {at_a_time} at a time. Kubernetes 1.29 and later.", request.shards),
        "A shard with findings succeeds: what they mean is decided when all are joined.".to_owned(),
    ];
    let spec = Map::default()
        .with("completionMode", "Indexed")
        .with("completions", u64::from(request.shards))
        .with("parallelism", u64::from(at_a_time))
        .with("backoffLimitPerIndex", RETRIES)
        .with_some("ttlSecondsAfterFinished", request.ttl)
        .with("podFailurePolicy", Map::default().with("rules", rules(request)))
        .with("template", pod::template(request, container(request)));
    let root = Map::of(&[("apiVersion", "batch/v1"), ("kind", "Job")])
        .with("metadata", pod::metadata(request, &request.name, CONTAINER))
        .with("spec", spec);
    Document { head, root }
}

/// What a failed pod means. Everything that no rule names is tried again.
fn rules(request: &Request) -> Vec<Map> {
    let hopeless = [request.statuses.failed, request.statuses.panicked];
    vec![
        disruption(),
        Map::default()
            .with_comment(
                &["A flag, airtight.yaml or a list is wrong, or airtight is: another try would end like this one."],
                "action",
                "FailIndex",
            )
            .with("onExitCodes", exit(CONTAINER, &hopeless)),
    ]
}

/// A pod that had to make room, or lost its node, counts for nothing.
pub(super) fn disruption() -> Map {
    let condition = Map::of(&[("type", "DisruptionTarget"), ("status", "True")]);
    Map::default()
        .with_comment(&["The pod had to make room, or lost its node."], "action", "Ignore")
        .with("onPodConditions", vec![condition])
}

/// One of these exit statuses.
pub(super) fn exit(container: &str, statuses: &[u8]) -> Map {
    let numbers = statuses.iter().copied().map(u64::from).collect();
    Map::of(&[("containerName", container), ("operator", "In")]).with("values", Value::Numbers(numbers))
}

fn container(request: &Request) -> Container {
    let output = format!("{SHARDS}/shard-$({INDEX}).jsonl");
    let own = ["lint", "--shard", "auto", "--exit-zero", "--format", "blob", "--output", &output].map(str::to_owned);
    let cache = request.cache.as_ref().map(|_| ["--cache", CACHE].map(str::to_owned));
    let args = own.into_iter().chain(cache.into_iter().flatten()).chain(request.lint.iter().map(|arg| literal(arg)));
    let mut mounts = vec![pod::on_claim(Some(&request.shards_folder()), SHARDS, true)];
    if let Some(cache) = &request.cache {
        mounts.push(pod::on_claim(Some(&cache.join("lint")), CACHE, true));
        mounts.push(pod::on_claim(Some(&cache.join("charts")), CHARTS, true));
    }
    Container { name: CONTAINER, args: args.collect(), env: env(request), work: Some(WORK), mounts }
}

/// An argument as Kubernetes passes it on unchanged: it replaces `$(NAME)`, and `$$` by `$`.
fn literal(arg: &str) -> String {
    arg.replace('$', "$$")
}

/// The Job's controller would set the index by itself; it is written here because an argument refers to it.
fn env(request: &Request) -> Vec<Map> {
    let path = "metadata.annotations['batch.kubernetes.io/job-completion-index']";
    let index = Map::default().with("fieldRef", Map::of(&[("fieldPath", path)]));
    let charts = if request.cache.is_some() { CHARTS } else { CHARTS_OF_POD };
    vec![
        Map::of(&[("name", INDEX)]).with("valueFrom", index),
        Map::of(&[("name", "AIRTIGHT_SHARDS"), ("value", &request.shards.to_string())]),
        Map::of(&[("name", "AIRTIGHT_CACHE_DIR"), ("value", charts)]),
    ]
}
