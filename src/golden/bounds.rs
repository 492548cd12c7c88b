//! `testdata/bounds/NAME.toml`: charts that would exhaust the machine, each with limits that are small enough for a test.
//! Steps and bytes are counted, so a run ends in the same way on every machine.

use super::shapes::{Case, Cases};
use super::{files, read, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};

/// A small part of the default limits: 0.2 % of the steps, 1 % of the memory.
const LIMITS: [&str; 2] = ["template-steps=100000", "memory-bytes=3000000"];

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
    case.write(scratch.path(), 1);
    let stdin = case.input(1);
    for command in case.runs() {
        let mut args = case.args(command);
        let limits = LIMITS.iter().copied().chain(case.limits.iter().map(String::as_str));
        args.extend(limits.flat_map(|limit| ["--limit", limit].map(str::to_owned)));
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
