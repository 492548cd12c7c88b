//! `testdata/cluster/*.toml`: a cluster, and what `verify` says about it, over TLS on the loopback interface.

mod access;
mod proxy;
#[cfg(feature = "registry")]
mod real;
mod server;

use super::{conform, derived, files, read, root, with_output, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use crate::cluster::objects::Pod;
use crate::cluster::{Access, Cluster};
use crate::finding::Severity;
use crate::limits::Limits;
use crate::lint::lint_running;
use crate::running::node_mirrors::NodeMirrors;
use crate::running::{Against, Running};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use server::{ApiServer, Manner, TOKEN};
use std::path::Path;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The arguments after `verify`.
    args: Vec<String>,
    /// What is unusual in the kubeconfig: `other-authority`, `other-token`, `other-port`, `program`, `failing-program`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    kubeconfig: String,
    #[serde(default)]
    server: Manner,
    /// The objects, a line of JSON each; those of a file of the folder if it begins with `@`.
    #[serde(default)]
    objects: String,
    #[serde(default)]
    status: u8,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    /// The requests that the server saw.
    #[serde(default)]
    requests: Vec<String>,
}

impl Case {
    /// A run that is not recorded.
    fn of(args: &[&str]) -> Self {
        Self {
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            kubeconfig: String::new(),
            server: Manner::default(),
            objects: String::new(),
            status: 0,
            stdout: String::new(),
            stderr: String::new(),
            requests: Vec::new(),
        }
    }
}

/// What no output may contain: parts of secrets that the objects and the kubeconfig have.
const PLANTED: &[&str] = &["Pl4nt", "UGw0bnQ"];

#[test]
fn a_cluster_is_told_as_recorded() {
    let cases = files("testdata/cluster", ".toml");
    assert!(!cases.is_empty());
    for path in cases {
        let mut case: Case = toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let server = ApiServer::start(objects(&case.objects), case.server.clone());
        let (outcome, out, err) = verify(&case, &server.address);
        for planted in PLANTED {
            assert!(!out.contains(planted) && !err.contains(planted), "{} shows a secret: {out}{err}", path.display());
        }
        // Texts of a cluster are no commands to a terminal or a CI system.
        let is_command = |line: &str| line.contains('\u{1b}') || line.starts_with("::") || line.starts_with("##");
        assert!(!out.lines().chain(err.lines()).any(is_command), "{} gives a command: {out}{err}", path.display());
        case.status = match outcome {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Failed => 2,
        };
        (case.stdout, case.stderr) = (out, err);
        case.requests = server.state().log.clone();
        let text = toml::to_string_pretty(&case).expect("a case can be written");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        derived(&format!("testdata/cluster/{name}"), &text);
    }
    page();
}

/// The page shows the output of cases; its other blocks are those of `testdata/cli`.
fn page() {
    let text = read(&root().join("docs/verify.md"));
    let made = with_output(&text, "<!-- testdata/cluster/", ".toml -->\n```text\n", |name, _| {
        let case: Case = toml::from_str(&read(&root().join(format!("testdata/cluster/{name}.toml")))).expect("a case");
        if case.stdout.is_empty() { case.stderr } else { case.stdout }
    });
    derived("docs/verify.md", &made);
}

fn objects(text: &str) -> Vec<Value> {
    let text = match text.trim().strip_prefix('@') {
        Some(name) => read(&root().join("testdata/cluster").join(name)),
        None => text.to_owned(),
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// A user whose credentials a script prints.
fn program(script: &str) -> String {
    format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, \"{script}\"], interactiveMode: Never}}}}"
    )
}

/// A kubeconfig for a server, its authority and a user.
fn kubeconfig(address: &str, authority: &Path, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: test, cluster: {{server: 'https://{address}', certificate-authority: '{}'}}}}]\n\
         users: [{{name: test, user: {user}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n",
        authority.display()
    )
}

/// Runs the command against a server.
fn verify(case: &Case, address: &str) -> (Outcome, String, String) {
    let authority = if case.kubeconfig == "other-authority" { "other-ca.pem" } else { "ca.pem" };
    let authority = root().join("testdata/cluster/tls").join(authority);
    let port = if case.kubeconfig == "other-port" { "127.0.0.1:1" } else { address };
    let user = match case.kubeconfig.as_str() {
        "other-token" => "{token: Pl4nt-Xy-another}".to_owned(),
        "program" => program(&format!(
            "echo '{{\\\"apiVersion\\\": \\\"client.authentication.k8s.io/v1\\\", \\\"kind\\\": \\\"ExecCredential\\\", \
             \\\"status\\\": {{\\\"token\\\": \\\"{TOKEN}\\\"}}}}'"
        )),
        "failing-program" => program("echo Pl4nt-Xy; exit 3"),
        _ => format!("{{token: {TOKEN}}}"),
    };
    verify_with(case, address, &kubeconfig(port, &authority, &user))
}

/// Runs the command with a kubeconfig.
fn verify_with(case: &Case, address: &str, kubeconfig: &str) -> (Outcome, String, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("kubeconfig.yaml");
    std::fs::write(&path, kubeconfig).expect("the file can be written");
    let path = path.to_string_lossy().into_owned();
    let args =
        ["airtight", "verify", "--kubeconfig", &path].map(str::to_owned).into_iter().chain(case.args.iter().cloned());
    let guard = working_folder(&root());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    drop(guard);
    let text =
        |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(address, "@server").replace(&path, "@kubeconfig");
    (outcome.expect("it does not panic"), text(out), text(err))
}

/// Findings without a line of a file have all formats, and none of them shows a secret.
#[test]
fn every_format_reports_a_cluster() {
    for format in ["text", "html", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv"] {
        let server = ApiServer::start(objects("@secrets.jsonl"), Manner::default());
        let args = ["--mirror", "mirror.internal", "--pull-secret", "mirror-creds", "--format", format];
        let case = Case::of(&args);
        let (outcome, out, err) = verify(&case, &server.address);
        assert_eq!(outcome, Outcome::Findings, "{format}: {err}");
        assert!(out.contains("namespace-without-pull-secret"), "{format}: {out}");
        assert!(
            PLANTED.iter().all(|planted| !out.contains(planted) && !err.contains(planted)),
            "{format} shows a secret"
        );
        if format == "json" {
            conform("report.schema.json", &[(format.to_owned(), serde_json::from_str(&out).expect("it is JSON"))]);
        }
    }
}

/// A kubeconfig that a branch brought does not run a program, unless the user names the file.
#[cfg(unix)]
#[test]
fn a_program_of_the_repository_is_not_run() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir(folder.path().join(".git")).expect("a folder can be made");
    std::fs::create_dir(folder.path().join("deploy")).expect("a folder can be made");
    let (path, mark) = (folder.path().join("kubeconfig"), folder.path().join("ran"));
    let text = format!(
        "clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:1'}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         current-context: a\nusers: [{{name: a, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: touch, args: ['{}'], \
         interactiveMode: Never}}}}}}]\n",
        mark.display()
    );
    std::fs::write(&path, text).expect("the file can be written");
    let guard = working_folder(&folder.path().join("deploy"));
    let found = Access { of_environment: vec![path.clone()], ..Access::default() };
    let refused = Cluster::connect(&found).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("is in this repository and has the program \"touch\" run"), "{refused}");
    assert!(!mark.exists());
    // It prints no credentials, but it ran.
    let named = Access { kubeconfig: Some(path), ..Access::default() };
    let told = Cluster::connect(&named).err().map(|error| error.to_string()).unwrap_or_default();
    drop(guard);
    assert!(mark.exists(), "{told}");
}

#[derive(Deserialize)]
struct Row {
    name: String,
    bad: bool,
    pod: Value,
}

/// `testdata/running/pods.jsonl`: pods of every kind, and whether each is held to come from elsewhere.
#[test]
fn pods_of_every_kind_are_judged() {
    let (settings, node_mirrors) =
        (Settings::new("mirror.internal".parse().expect("a mirror")), NodeMirrors::default());
    let against = Against { mirror: &settings.mirror, node_mirrors: &node_mirrors };
    let mut wrong = Vec::new();
    for line in read(&root().join("testdata/running/pods.jsonl")).lines() {
        let row: Row = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let mut running = Running::default();
        running.add(&Pod::deserialize(row.pod).expect("a pod"), against);
        let report = lint_running(running, &settings, &Limits::default());
        let is_bad = report.findings.iter().any(|finding| finding.severity == Severity::Error);
        if is_bad != row.bad {
            wrong.push(format!("{}: {:?}", row.name, report.findings.iter().map(|one| one.rule).collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
