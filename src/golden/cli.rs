//! `testdata/cli/NAME.toml`: arguments, exit status, stdout and stderr of one run in the repository's folder.

use super::{derived, files, read, root};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    status: u8,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

#[test]
fn the_command_answers_as_recorded() {
    std::env::set_current_dir(root()).expect("the repository is there");
    let cases = files("testdata/cli", ".toml");
    assert!(!cases.is_empty());
    for path in cases {
        let mut case: Case = toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = std::iter::once("airtight").chain(case.args.iter().map(String::as_str)).map(str::to_owned);
        let outcome = on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err }));
        case.status = match outcome {
            Some(Outcome::Clean) => 0,
            Some(Outcome::Findings) => 1,
            Some(Outcome::Failed) => 2,
            None => 101,
        };
        case.stdout = String::from_utf8_lossy(&out).into_owned();
        case.stderr = String::from_utf8_lossy(&err).into_owned();
        let text = toml::to_string_pretty(&case).expect("a case can be written");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        derived(&format!("testdata/cli/{name}"), &text);
    }
}

/// The README shows what the tool says, word for word.
#[test]
fn the_readme_shows_real_output() {
    let case: Case = toml::from_str(&read(&root().join("testdata/cli/readme.toml"))).expect("a case");
    let readme = read(&root().join("README.md"));
    assert!(readme.contains(&format!("-- {}\n", case.args.join(" "))), "README.md has another command");
    assert!(readme.contains(&format!("```text\n{}```", case.stdout)), "README.md shows other output");
}
