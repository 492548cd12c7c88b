//! `testdata/ways/*.jsonl`: small charts with branches, and the expected results in branches that were not taken: decisions about
//! images that vary between renders, and images that other values would bring.

use super::{derived_lines, write_chart};
use crate::cli::{Outcome, Streams, run};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Files by path in the chart. Chart.yaml, and a template with an image on the mirror, always exist.
    files: BTreeMap<String, String>,
    /// The message of `unstable-render`, with its notes.
    #[serde(default)]
    unstable: Vec<String>,
    /// The reference, and what brings it.
    #[serde(default)]
    gated: Vec<(String, Vec<String>)>,
    /// Other findings, by rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<String>,
}

const CHART: &str = "{apiVersion: v2, name: app, version: 1.0.0}\n";
const VALUES: &str = "global: {imageRegistry: \"\"}\n";
const GOOD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec:\n  containers:\n    - name: good\n      \
                    image: {{ .Values.global.imageRegistry }}/acme/good:1.0\n";

#[test]
fn what_lies_behind_branches_is_found() {
    derived_lines("testdata/ways", judged);
}

fn judged(case: Case) -> Case {
    let report = lint(&case.files);
    let release = &report["releases"][0];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (mut unstable, mut others) = (Vec::new(), Vec::new());
    for finding in list(&release["findings"]) {
        if finding["rule"] != "unstable-render" {
            others.push(text(&finding["rule"]));
            continue;
        }
        let notes: Vec<String> = list(&finding["notes"]).iter().map(text).collect();
        unstable.push([vec![text(&finding["message"])], notes].concat().join("; "));
    }
    let gated = list(&release["gated"]);
    let gated = gated.iter().map(|one| (text(&one["reference"]), list(&one["switches"]).iter().map(text).collect()));
    Case { unstable, gated: gated.collect(), others, ..case }
}

fn lint(files: &BTreeMap<String, String>) -> Value {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let folder = scratch.path().join("app");
    write_chart(&folder, files, &[("Chart.yaml", CHART), ("values.yaml", VALUES), ("templates/good.yaml", GOOD)]);
    let folder = folder.to_string_lossy().into_owned();
    let args = ["airtight", "lint", &folder, "--no-config", "--mirror=mirror.internal", "--format=json"];
    let args = args.into_iter().chain(["--time=2026-01-31T12:00:00Z"]).map(str::to_owned);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome = run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() });
    assert_ne!(outcome, Outcome::Failed, "{}", String::from_utf8_lossy(&err));
    serde_json::from_slice(&out).expect("it is JSON")
}
