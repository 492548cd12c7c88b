//! Helps are taken at their word: what one says to set is set, and the finding has to go.

use super::{own_charts, some_of_corpus};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The rules whose helps name a value and what to set it to.
const RULES: [&str; 2] = ["unmirrored-image", "hidden-image"];

/// The findings about a chart, with settings.
fn findings(chart: &Path, settings: &[String]) -> Vec<Value> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let flags = ["airtight", "lint", "--mirror", "mirror.internal", "--no-config", "--format", "json"];
    let settings = settings.iter().flat_map(|setting| ["--set-string", setting]);
    let args = flags.into_iter().chain(settings).map(str::to_owned).chain([chart.to_string_lossy().into_owned()]);
    let mut streams = Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() };
    assert_ne!(run(args, &mut streams), Outcome::Failed, "{}", String::from_utf8_lossy(&err));
    let report: Value = serde_json::from_slice(&out).expect("it is JSON");
    report["releases"][0]["findings"].as_array().cloned().unwrap_or_default()
}

/// What the help of a finding says to set, and to what: ``set `a.b` to `mirror.internal/x`, or …``.
fn advice(finding: &Value) -> Option<(String, String)> {
    let rest = finding["help"].as_str()?.strip_prefix("set `")?;
    let (path, rest) = rest.split_once("` to `")?;
    Some((path.to_owned(), rest.split_once('`')?.0.to_owned()))
}

/// Takes all advice about a chart at once; gives how many pieces there were, and the findings that stayed.
fn follow(chart: &Path) -> (usize, Vec<String>) {
    let before: Vec<Value> = findings(chart, &[]);
    let of_rule = |finding: &&Value| RULES.iter().any(|rule| finding["rule"] == *rule);
    let advised: Vec<(&Value, (String, String))> =
        before.iter().filter(of_rule).filter_map(|finding| Some((finding, advice(finding)?))).collect();
    let settings: BTreeMap<&String, &String> = advised.iter().map(|(_, (path, value))| (path, value)).collect();
    let settings: Vec<String> = settings.iter().map(|(path, value)| format!("{path}={value}")).collect();
    let after = findings(chart, &settings);
    let failed = after.iter().any(|finding| finding["rule"] == "render-failed");
    let stays = |(finding, (path, value)): &(&Value, (String, String))| {
        let subject = |of: &Value| ["kind", "name", "field"].map(|part| of["subject"][part].clone());
        let same = |other: &Value| of_rule(&other) && subject(other) == subject(finding);
        (failed || after.iter().any(same)).then(|| format!("{}: {path}={value}", chart.display()))
    };
    (advised.len(), advised.iter().filter_map(stays).collect())
}

#[test]
fn what_is_advised_helps() {
    let (count, stayed) = on_large_stack(|| {
        let charts = own_charts().into_iter().chain(some_of_corpus());
        charts.map(|chart| follow(&chart)).fold((0, Vec::new()), |(count, mut stayed), (more, others)| {
            stayed.extend(others);
            (count + more, stayed)
        })
    })
    .expect("it does not panic");
    assert!(count >= 10, "{count} pieces of advice");
    assert!(stayed.is_empty(), "{stayed:#?}");
}
