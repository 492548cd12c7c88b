//! `testdata/process/NAME.toml`: what only a process of its own has: an environment, and files and devices to write to. Arguments,
//! variables, exit status, stdout and stderr of a run of the program in a scratch folder. `UPDATE=1` writes what it answers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    /// Variables of the environment, beside `PATH`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    /// Shell commands that prepare the scratch folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    setup: String,
    /// A device that stdout goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stdout_to: Option<String>,
    #[serde(default)]
    status: i32,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    /// Files of the scratch folder, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
}

#[test]
#[expect(clippy::disallowed_methods, reason = "runs the program, and reads the cases")]
fn the_program_answers_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/process");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut wrong = Vec::new();
    for path in paths {
        let recorded = std::fs::read_to_string(&path).unwrap();
        let mut case: Case = toml::from_str(&recorded).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // Not every system has the devices.
        if case.stdout_to.iter().any(|device| !Path::new(device).exists()) {
            continue;
        }
        let scratch = tempfile::tempdir().unwrap();
        for (name, text) in &case.files {
            let file = scratch.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        if !case.setup.is_empty() {
            let mut shell = Command::new("sh");
            shell.args(["-euc", &case.setup]).current_dir(scratch.path()).envs([
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_AUTHOR_NAME", "a"),
                ("GIT_AUTHOR_EMAIL", "a@example.org"),
                ("GIT_COMMITTER_NAME", "a"),
                ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ]);
            assert!(shell.status().unwrap().success(), "{}", path.display());
        }
        let mut program = Command::new(env!("CARGO_BIN_EXE_airtight"));
        program.args(&case.args).current_dir(scratch.path()).env_clear().envs(&case.env).stdin(Stdio::null());
        program.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        if let Some(device) = &case.stdout_to {
            program.stdout(std::fs::File::create(device).unwrap());
        } else {
            program.stdout(Stdio::piped());
        }
        let run = program.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let real = scratch.path().canonicalize().unwrap().to_string_lossy().into_owned();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&real, "@");
        case.status = run.status.code().unwrap_or(-1);
        (case.stdout, case.stderr) = (said(&run.stdout), said(&run.stderr));
        let now = toml::to_string_pretty(&case).unwrap();
        if now != recorded {
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, now).unwrap();
            } else {
                wrong.push(format!("{}:\n{now}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
