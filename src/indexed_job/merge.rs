//! The Job that joins the results of the shards.

use super::commands::commands;
use super::pod::{self, Container};
use super::request::{Request, Step};
use super::shards::{SHARDS, disruption, exit};
use crate::document::{Document, Map};

/// The name of the container.
const CONTAINER: &str = "merge";

/// The folder for the reports in the container.
const REPORTS: &str = "/reports";

/// How often it is tried again if it was ended from outside.
const RETRIES: u64 = 2;

pub(super) fn document(request: &Request) -> Document {
    let is_suspended = request.step == Step::All;
    let mut head =
        vec!["Joins the results of all shards, and fails if there are findings. The report is its log.".to_owned()];
    if is_suspended {
        head.push("It waits until it is let go, when all shards are there:".to_owned());
        head.extend(commands(request).into_iter().map(|command| format!("  {command}")));
    }
    let spec = Map::default();
    let spec = if is_suspended { spec.with("suspend", true) } else { spec };
    let spec = spec
        .with("backoffLimit", RETRIES)
        .with_some("ttlSecondsAfterFinished", request.ttl)
        .with("podFailurePolicy", Map::default().with("rules", rules(request)))
        .with("template", pod::template(request, container(request)));
    let root = Map::of(&[("apiVersion", "batch/v1"), ("kind", "Job")])
        .with("metadata", pod::metadata(request, &request.merge_name(), CONTAINER))
        .with("spec", spec);
    Document { head, root }
}

fn rules(request: &Request) -> Vec<Map> {
    let statuses = request.statuses;
    let last = [statuses.findings, statuses.failed, statuses.panicked];
    vec![
        disruption(),
        Map::default()
            .with_comment(
                &["There are findings, or a shard is missing: another try would end like this one."],
                "action",
                "FailJob",
            )
            .with("onExitCodes", exit(CONTAINER, &last)),
    ]
}

fn container(request: &Request) -> Container {
    let mut args = vec!["merge".to_owned(), SHARDS.to_owned()];
    args.extend(request.fail_on.iter().flat_map(|severity| ["--fail-on".to_owned(), severity.clone()]));
    args.extend(request.reports.iter().flat_map(|name| ["--output".to_owned(), format!("{REPORTS}/{name}")]));
    args.extend(["--format", "text"].map(str::to_owned));
    let mounts = vec![
        pod::on_claim(Some(&request.shards_folder()), SHARDS, false),
        pod::on_claim(Some(&request.results.join("reports")), REPORTS, true),
    ];
    Container { name: CONTAINER, args, env: Vec::new(), work: None, mounts }
}
