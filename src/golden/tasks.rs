//! The table of tasks in README.md: each command is run, in order, in a folder with the chart and the values that it names.

use super::cli::{commit, copy, git};
use super::{read, root, working_folder};
use crate::cli::{Outcome, Streams, command, on_large_stack, run};
use std::path::Path;

/// The commands of the table: those of a row in order, where `--fix` in the second place means the first with that in place of its last flag.
fn commands() -> Vec<Vec<String>> {
    let text = read(&root().join("README.md"));
    let (_, table) = text.split_once("## By task\n").expect("the table");
    let rows =
        table.lines().skip_while(|line| !line.starts_with("| --- ")).skip(1).take_while(|line| line.starts_with('|'));
    let mut commands = Vec::new();
    for row in rows {
        let quoted: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let first = words(quoted[0]);
        assert_eq!(first[0], "airtight", "{row}");
        if let Some(then) = quoted.get(1) {
            let kept = first.iter().rposition(|word| word.starts_with("--")).expect("a flag");
            commands.push(first.clone());
            commands.push(first[..kept].iter().cloned().chain(words(then)).collect());
        } else {
            commands.push(first);
        }
    }
    commands
}

/// The folder that a user has.
fn prepared(folder: &Path) {
    for (from, to) in [("testdata/charts/shop", "charts/shop"), ("testdata/values", "values")] {
        std::fs::create_dir_all(folder.join(to)).expect("a folder");
        copy(&root().join(from), &folder.join(to));
    }
    std::fs::rename(folder.join("values/team.yaml"), folder.join("values/prod.yaml")).expect("a file");
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    commit(folder);
}

#[test]
fn each_task_is_done_by_its_command() {
    let folder = tempfile::tempdir().expect("a folder");
    prepared(folder.path());
    let _guard = working_folder(folder.path());
    let commands = commands();
    assert!(commands.len() > 9, "{commands:?}");
    for args in commands {
        let parsed = command().try_get_matches_from(&args);
        assert!(parsed.is_ok(), "{args:?}: {}", parsed.expect_err("an error"));
        // There is no cluster, and no editor.
        if args[1] == "verify" || args[1] == "lsp" {
            continue;
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome = on_large_stack(|| {
            run(args.clone(), &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() })
        });
        let said = String::from_utf8_lossy(&err);
        assert!(matches!(outcome, Some(Outcome::Clean | Outcome::Findings)), "{args:?}: {said}");
    }
    assert!(!read(Path::new("values/prod.yaml")).contains("quay.io"), "the override is still there");
}
