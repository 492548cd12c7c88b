//! `testdata/post-renderer/NAME.toml`: real helm with the plugins, installed as users install them. Without helm 4 it is passed over, and
//! said, unless `AIRTIGHT_PEERS` names helm.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "files and programs of the test")]

use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// The arguments of helm, in `testdata/tutorial`.
    args: Vec<String>,
    /// Whether stderr is a file, and there is no terminal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    to_file: bool,
    /// The file that the report is written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    #[serde(default)]
    status: i32,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// helm 4, if there is one.
fn helm() -> Option<PathBuf> {
    let own = root().join("target/peers/bin/helm");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(own).chain(std::env::split_paths(&path).map(|folder| folder.join("helm")));
    let is_4 = |path: &PathBuf| {
        let version = Command::new(path).args(["version", "--short"]).output();
        version.is_ok_and(|version| version.stdout.starts_with(b"v4."))
    };
    let found = found.into_iter().filter(|path| path.is_file()).find(is_4);
    if found.is_none() {
        let required = std::env::var("AIRTIGHT_PEERS").unwrap_or_default();
        assert!(
            !required.split_whitespace().any(|one| one == "helm"),
            "helm 4 is missing, and AIRTIGHT_PEERS names helm"
        );
        // Not through the macros, which a test that succeeds keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "passed over: the tests with helm's post-renderer, since helm 4 is not installed"
        );
    }
    found
}

/// helm with folders of its own, and without a cluster.
fn command(helm: &Path, folder: &Path) -> Command {
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(helm).env("KUBECONFIG", "/dev/null").stdin(Stdio::null());
    for (variable, name) in [("HELM_DATA_HOME", "data"), ("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config")] {
        command.env(variable, folder.join(name));
    }
    command.env_remove("HELM_PLUGINS");
    command
}

fn run(case: &Case, helm: &Path, folder: &Path) -> Case {
    let scratch = tempfile::tempdir().expect("a folder");
    let report = scratch.path().join("report.txt");
    let args = case.args.iter().map(|arg| arg.replace("@", &scratch.path().display().to_string()));
    let mut command = command(helm, folder);
    command.args(args).current_dir(root().join("testdata/tutorial"));
    let (output, stderr) = if case.to_file {
        let path = scratch.path().join("stderr");
        let output = command.stderr(std::fs::File::create(&path).expect("a file")).output().expect("helm runs");
        (output, std::fs::read(&path).expect("a file"))
    } else {
        let output = command.output().expect("helm runs");
        let stderr = output.stderr.clone();
        (output, stderr)
    };
    Case {
        args: case.args.clone(),
        to_file: case.to_file,
        report: std::fs::read_to_string(report).ok(),
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

#[test]
fn helm_installs_nothing_that_bypasses_the_mirror() {
    let Some(helm) = helm() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("sh").arg(root().join("ci/helm-plugins.sh")).arg(folder.path()).status();
    assert!(made.expect("sh runs").success());
    for name in ["airtight", "airtight-post-renderer"] {
        let plugin = folder.path().join(name);
        std::fs::create_dir(plugin.join("bin")).expect("a folder");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_airtight"), plugin.join("bin/airtight")).expect("a link");
        let installed =
            command(&helm, folder.path()).args(["plugin", "install"]).arg(&plugin).output().expect("helm runs");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    }
    let cases = std::fs::read_dir(root().join("testdata/post-renderer")).expect("cases");
    let mut paths: Vec<PathBuf> = cases.map(|entry| entry.expect("a case").path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let known = std::fs::read_to_string(&path).expect("a case");
        let case: Case = toml::from_str(&known).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = toml::to_string_pretty(&run(&case, &helm, folder.path())).expect("a case can be written");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, text).expect("the case can be written");
        } else {
            assert_eq!(known, text, "{} is out of date (`just bless`)", path.display());
        }
    }
}
