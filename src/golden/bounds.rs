//! `testdata/bounds/NAME.toml`: charts that would exhaust the machine, each with limits that are small enough for a test.
//! Steps and bytes are counted, so a run ends in the same way on every machine.

use super::{files, read, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is hostile about it.
    name: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    values: String,
    #[serde(default)]
    schema: String,
    /// More files of the chart.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// The values file of the user, given with `-f`.
    #[serde(default)]
    user: String,
    /// The stdin of `lint`, instead of the chart; no other command is run then.
    #[serde(default)]
    stdin: String,
    /// Files next to the chart.
    #[serde(default)]
    beside: BTreeMap<String, String>,
    /// Further arguments of `lint`.
    #[serde(default)]
    lint: Vec<String>,
    /// The `--limit` flags of each run, after [`LIMITS`].
    #[serde(default)]
    limits: Vec<String>,
    /// The message about the exceeded limit; empty if no limit is exceeded.
    #[serde(default)]
    limit: String,
    /// The commands to run; empty for all.
    #[serde(default)]
    commands: Vec<String>,
    /// The commands that come to the limit, where others end within their bounds.
    #[serde(default)]
    limited: Vec<String>,
}

/// A small part of the default limits: 0.2 % of the steps, 1 % of the memory.
const LIMITS: [&str; 2] = ["template-steps=100000", "memory-bytes=3000000"];

const COMMANDS: [&str; 4] = [
    "template rel chart",
    "lint chart --no-config --mirror mirror.internal",
    "images chart --no-config",
    "blame chart --no-config",
];

/// Expands `{*N|x*}` to N times `x`, with the number of each in place of `{#}`.
fn repeated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{*") {
        out.push_str(&rest[..start]);
        rest = &rest[start + 2..];
        let (count, after) = rest.split_once('|').expect("{*N|text*}");
        let (what, after) = after.split_once("*}").expect("{*N|text*}");
        let count: usize = count.parse().expect("a number");
        match what.contains("{#}") {
            true => (0..count).for_each(|number| out.push_str(&what.replace("{#}", &number.to_string()))),
            false => out.push_str(&what.repeat(count)),
        }
        rest = after;
    }
    out + rest
}

fn write(path: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder).expect("a folder can be made");
    }
    std::fs::write(path, repeated(text)).expect("a file can be written");
}

#[test]
fn what_is_hostile_ends_at_a_limit() {
    let mut wrong = Vec::new();
    for path in files("testdata/bounds", ".toml") {
        let cases: Cases = toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in cases.case {
            check(&case, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} runs:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(case: &Case, wrong: &mut Vec<String>) {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let _guard = working_folder(scratch.path());
    write("chart/Chart.yaml", "{apiVersion: v2, name: app, version: 1.0.0}\n");
    write("chart/templates/a.yaml", &case.template);
    write("chart/values.yaml", &case.values);
    write("chart/values.schema.json", &case.schema);
    case.files.iter().for_each(|(path, text)| write(&format!("chart/{path}"), text));
    case.beside.iter().for_each(|(path, text)| write(path, text));
    write("user.yaml", &case.user);
    let stdin = repeated(&case.stdin);
    let commands: Vec<&str> = match case.commands.as_slice() {
        [] => COMMANDS.to_vec(),
        some => COMMANDS.into_iter().filter(|command| some.iter().any(|name| command.starts_with(name))).collect(),
    };
    for command in commands {
        let is_piped = !case.stdin.is_empty();
        if is_piped && !command.starts_with("lint") {
            continue;
        }
        let mut args = vec!["airtight"];
        args.extend(command.split(' ').map(|arg| if is_piped && arg == "chart" { "-" } else { arg }));
        if !case.user.is_empty() {
            args.extend(["-f", "user.yaml"]);
        }
        if command.starts_with("lint") {
            args.extend(case.lint.iter().map(String::as_str));
        }
        let limits = LIMITS.iter().copied().chain(case.limits.iter().map(String::as_str));
        args.extend(limits.flat_map(|limit| ["--limit", limit]));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut stdin.as_bytes() }));
        let said = [out, err].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        let is_limited = case.limited.is_empty() || case.limited.iter().any(|name| command.starts_with(name.as_str()));
        let limit = if is_limited { case.limit.as_str() } else { "" };
        let is_right = match limit {
            "" => matches!(outcome, Some(Outcome::Clean | Outcome::Findings)) && !said.contains("--limit"),
            limit => matches!(outcome, Some(Outcome::Findings | Outcome::Failed)) && said.contains(limit),
        };
        if !is_right {
            let said: String = said.chars().take(400).collect();
            wrong.push(format!("{} {limit:?} in `{command}`: {outcome:?}\n{said}", case.name));
        }
    }
}
