//! `testdata/install/NAME.toml`: how the action, the GitLab template, the pre-commit hook and the helm plugin get the binary, from a
//! release on the loopback interface or in a folder. Their scripts are those that users run, and the released binary is this build.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "files and programs of the test")]
#![expect(clippy::disallowed_types, reason = "a server on the loopback interface")]

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A build of the test, which takes the place of what cargo would need minutes for.
const CARGO: &str = "#!/bin/sh\necho \"cargo $*\" | sed \"s#$PWD#@#g\" >&2\nwhile [ $# -gt 0 ]; do [ \"$1\" != --root ] || root=$2; shift; done\n\
                     mkdir -p \"$root/bin\"\ncp \"$BUILT\" \"$root/bin/airtight\"\n";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// Whose script is run.
    of: By,
    /// What the release is.
    release: Release,
    /// Whether it is in a folder, and not served.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    folder: bool,
    /// Whether cargo is installed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cargo: bool,
    /// More variables, or inputs of the action and the template; `@SUM` is the checksum of the archive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    set: BTreeMap<String, String>,
    /// Whether the binary is there afterwards.
    #[serde(default)]
    installed: bool,
    #[serde(default)]
    status: i32,
    /// The paths that were asked of the server.
    #[serde(default)]
    asked: Vec<String>,
    #[serde(default)]
    stderr: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum By {
    /// `ci/install.sh FOLDER`.
    Script,
    /// The same, for a binary that is there already.
    Again,
    /// The step of action.yml that gets the binary.
    Action,
    /// `before_script` of ci/gitlab.yml.
    Gitlab,
    /// The entry of the hook, with `--version` for its arguments.
    PreCommit,
    /// The install hook of plugin.yaml.
    HelmPlugin,
    /// The install hook of the post-renderer, as `ci/helm-plugins.sh` writes it.
    PostRenderer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Release {
    Whole,
    /// The archive is not what the checksums say.
    Tampered,
    /// The checksums do not list this platform.
    OtherPlatforms,
    /// The checksums list it, and the archive is not there.
    WithoutArchive,
    /// The archive is there without its checksum.
    WithoutChecksums,
    /// install.sh of the release is not the one that the template knows.
    OtherScript,
    None,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn target() -> String {
    let machine = std::env::consts::ARCH;
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-musl" };
    format!("{machine}-{system}")
}

fn archive() -> String {
    format!("airtight-{VERSION}-{}.tar.gz", target())
}

fn copy(from: &str, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("the folder can be made");
    std::fs::copy(root().join(from), to).expect("the file can be copied");
}

/// Writes a release, and returns the checksum that it promises.
fn release(what: Release, folder: &Path) -> String {
    let files = folder.join(format!("v{VERSION}"));
    std::fs::create_dir_all(&files).expect("the folder can be made");
    if what == Release::None {
        return String::new();
    }
    let name = format!("airtight-{VERSION}-{}", target());
    let inside = folder.join("scratch").join(&name);
    std::fs::create_dir_all(&inside).expect("the folder can be made");
    // The program itself is large: what says its version is enough.
    let program = format!("#!/bin/sh\necho airtight {VERSION}\n");
    std::fs::write(inside.join("airtight"), program).expect("it can be written");
    executable(&inside.join("airtight"));
    let path = files.join(archive());
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&path).arg("-C").arg(folder.join("scratch")).arg(&name);
    assert!(tar.status().expect("tar runs").success());
    let sum = hex(&std::fs::read(&path).expect("the archive"));
    let listed = match what {
        Release::OtherPlatforms => format!("airtight-{VERSION}-riscv64-unknown-linux-musl.tar.gz"),
        _ => archive(),
    };
    if what != Release::WithoutChecksums {
        let sums = format!("{}  airtight.sbom.json\n{sum}  {listed}\n", "0".repeat(64));
        std::fs::write(files.join("SHA256SUMS"), sums).expect("it can be written");
    }
    match what {
        Release::Tampered => {
            let mut content = std::fs::read(&path).expect("the archive");
            content.push(0);
            std::fs::write(&path, content).expect("it can be written");
        }
        Release::WithoutArchive => std::fs::remove_file(&path).expect("it can be removed"),
        _ => {}
    }
    copy("ci/install.sh", &files.join("install.sh"));
    if what == Release::OtherScript {
        std::fs::write(files.join("install.sh"), "echo stolen\n").expect("it can be written");
    }
    sum
}

fn executable(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
}

/// Serves a folder, and returns the address.
fn serve(folder: PathBuf, asked: std::sync::mpsc::Sender<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut lines = BufReader::new(&stream).lines();
            let first = lines.next().and_then(Result::ok).unwrap_or_default();
            // All of the head: a connection that is closed before it was read is reset.
            let _ = lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).count();
            let path = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            let answer = match std::fs::read(folder.join(&path)) {
                Ok(body) => {
                    let head =
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                    [head.into_bytes(), body].concat()
                }
                Err(_) => b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot found".to_vec(),
            };
            let _ = asked.send(path);
            let _ = stream.write_all(&answer);
        }
    });
    format!("http://{address}")
}

/// A file of YAML, as JSON.
fn yaml(path: &str, document: usize) -> serde_json::Value {
    let text = read(path);
    let text = text.split("\n---\n").nth(document).expect("a document");
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of shell that a user of something runs, with its inputs filled in.
fn script(of: By, inputs: &BTreeMap<String, String>, variables: &mut BTreeMap<String, String>) -> String {
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    match of {
        By::Script | By::Again => "sh ci/install.sh \"$PWD/bin\"".to_owned(),
        By::Action => {
            let step = &yaml("action.yml", 0)["runs"]["steps"][0];
            for (name, value) in step["env"].as_object().expect("variables") {
                let value = text(value).replace("${{ github.action_path }}", ".");
                let value = inputs
                    .iter()
                    .fold(value, |value, (input, given)| value.replace(&format!("${{{{ inputs.{input} }}}}"), given));
                let is_default = value.starts_with("${{ inputs.");
                variables.insert(name.clone(), if is_default { String::new() } else { value });
            }
            variables.insert("RUNNER_TEMP".to_owned(), "temp".to_owned());
            // As GitHub runs it.
            format!("set -e\n{}\nmv temp/airtight/bin bin", text(&step["run"]))
        }
        By::Gitlab => {
            let spec = yaml("ci/gitlab.yml", 0);
            let job = &yaml("ci/gitlab.yml", 1)["airtight"];
            variables.insert("INSTALL_SHA256".to_owned(), text(&job["variables"]["INSTALL_SHA256"]));
            let mut lines = text(&job["before_script"][0]);
            for (input, about) in spec["spec"]["inputs"].as_object().expect("inputs") {
                let given = inputs.get(input).cloned().or_else(|| about["default"].as_str().map(str::to_owned));
                lines = lines.replace(&format!("$[[ inputs.{input} ]]"), &given.unwrap_or_default());
            }
            // A runner ends at the first command that fails.
            format!("set -e\n{lines}mkdir -p bin\ncp \"$(command -v airtight)\" bin/airtight")
        }
        By::PreCommit => {
            let hooks: serde_json::Value = serde_saphyr::from_str(&read(".pre-commit-hooks.yaml")).expect("hooks");
            let entry = text(&hooks[0]["entry"]);
            let program = entry.split(' ').next().expect("a program");
            format!("sh {program} --version >/dev/null")
        }
        By::HelmPlugin | By::PostRenderer => {
            let path = if of == By::HelmPlugin { "plugin.yaml" } else { "plugins/post-renderer/plugin.yaml" };
            let hook = &yaml(path, 0)["runtimeConfig"]["platformHooks"]["install"][0];
            assert_eq!(text(&hook["command"]), "sh");
            assert_eq!(text(&hook["args"][0]), "-c");
            variables.insert("HELM_PLUGIN_DIR".to_owned(), ".".to_owned());
            text(&hook["args"][1])
        }
    }
}

/// What a user has: a checkout of the repository, a plugin, or nothing.
fn checkout(of: By, top: &Path) {
    match of {
        By::Gitlab => {}
        By::PostRenderer => {
            let made = Command::new("sh").arg(root().join("ci/helm-plugins.sh")).arg(top.join("made")).status();
            assert!(made.expect("sh runs").success());
            let plugin = top.join("made/airtight-post-renderer");
            for entry in std::fs::read_dir(&plugin).expect("the plugin") {
                let entry = entry.expect("the plugin");
                std::fs::rename(entry.path(), top.join(entry.file_name())).expect("it can be moved");
            }
        }
        _ => {
            for file in ["ci/install.sh", "ci/airtight.sh", "plugin.yaml", "Cargo.toml"] {
                copy(file, &top.join(file));
            }
        }
    }
}

/// The programs that the scripts need, and no others: neither cargo nor an airtight of this machine.
fn programs(folder: &Path, case: &Case) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let path = std::env::var_os("PATH").unwrap_or_default();
    for name in [
        "sh",
        "sed",
        "cut",
        "tar",
        "gzip",
        "mkdir",
        "mktemp",
        "mv",
        "cp",
        "rm",
        "uname",
        "dirname",
        "curl",
        "wget",
        "sha256sum",
        "shasum",
    ] {
        let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, folder.join(name)).expect("a link can be made");
        }
    }
    if case.cargo {
        std::fs::write(folder.join("cargo"), CARGO).expect("it can be written");
        executable(&folder.join("cargo"));
    }
}

fn run(case: &Case) -> Case {
    let scratch = tempfile::tempdir().expect("a folder");
    let real = scratch.path().canonicalize().expect("it is there");
    let (top, released) = (real.join("top"), real.join("released"));
    std::fs::create_dir_all(&top).expect("the folder can be made");
    checkout(case.of, &top);
    let sum = release(case.release, &released);
    programs(&real.join("programs"), case);
    if case.of == By::Again {
        std::fs::create_dir_all(top.join("bin")).expect("the folder can be made");
        std::fs::copy(
            released.join(format!("scratch/airtight-{VERSION}-{}/airtight", target())),
            top.join("bin/airtight"),
        )
        .expect("it can be copied");
    }
    let (send, asked) = std::sync::mpsc::channel();
    let releases = if case.folder { released.display().to_string() } else { serve(released.clone(), send) };
    let mut set: BTreeMap<String, String> =
        case.set.iter().map(|(name, value)| (name.clone(), value.replace("@SUM", &sum))).collect();
    let has_inputs = matches!(case.of, By::Action | By::Gitlab);
    set.entry(if has_inputs { "releases" } else { "AIRTIGHT_RELEASES" }.to_owned()).or_insert(releases.clone());
    let (inputs, mut variables) = if has_inputs { (set, BTreeMap::new()) } else { (BTreeMap::new(), set) };
    let lines = script(case.of, &inputs, &mut variables);
    let output: Output = Command::new("sh")
        .args(["-c", &lines])
        .current_dir(&top)
        .env_clear()
        .envs(&variables)
        .env("PATH", real.join("programs"))
        .env("TMPDIR", &real)
        .env("BUILT", env!("CARGO_BIN_EXE_airtight"))
        .output()
        .expect("sh runs");
    let installed = top.join("bin/airtight");
    if installed.exists() {
        let version = Command::new(&installed).arg("-V").output().expect("the installed binary runs");
        assert_eq!(version.stdout, format!("airtight {VERSION}\n").as_bytes());
    }
    let left: Vec<_> = std::fs::read_dir(top.join("bin")).into_iter().flatten().collect();
    assert!(left.len() <= 1, "something is left beside the binary: {left:?}");
    let said = String::from_utf8_lossy(&output.stderr).replace(&releases, "@RELEASES");
    let said = said.replace(&real.display().to_string(), "@").replace(&archive(), "@ARCHIVE");
    let said = if sum.is_empty() { said } else { said.replace(&sum, "@SUM") };
    // The names of scratch folders.
    let words = regex::Regex::new(r"(\.airtight-|tmp\.)\w+").expect("an expression");
    Case {
        of: case.of,
        release: case.release,
        folder: case.folder,
        cargo: case.cargo,
        set: case.set.clone(),
        installed: installed.exists(),
        status: output.status.code().unwrap_or(-1),
        asked: asked.try_iter().map(|path| path.replace(&archive(), "@ARCHIVE")).collect(),
        stderr: words.replace_all(&said, "${1}XXXXXX").into_owned(),
    }
}

#[test]
fn the_binary_is_brought_as_recorded() {
    let folder = root().join("testdata/install");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("cases").map(|entry| entry.expect("a case").path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let known = std::fs::read_to_string(&path).expect("a case");
        let case: Case = toml::from_str(&known).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = toml::to_string_pretty(&run(&case)).expect("a case can be written");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, text).expect("the case can be written");
        } else {
            assert_eq!(known, text, "{} is out of date (`just bless`)", path.display());
        }
    }
}

/// The version, the address of the repository and the checksum of the script are written in several files.
#[test]
fn all_ways_name_the_same_release() {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).expect("a manifest");
    let address = manifest["package"]["repository"].as_str().expect("an address");
    for path in ["plugin.yaml", "plugins/post-renderer/plugin.yaml"] {
        let plugin = yaml(path, 0);
        assert_eq!(plugin["version"], VERSION, "{path}");
        assert_eq!(plugin["sourceURL"], address, "{path}");
    }
    let inputs = &yaml("ci/gitlab.yml", 0)["spec"]["inputs"];
    assert_eq!(inputs["version"]["default"], VERSION);
    assert_eq!(inputs["source"]["default"], address);
    let known = &yaml("ci/gitlab.yml", 1)["airtight"]["variables"]["INSTALL_SHA256"];
    let sum = hex(read("ci/install.sh").as_bytes());
    if std::env::var_os("UPDATE").is_some() {
        let text = read("ci/gitlab.yml").replace(known.as_str().expect("a checksum"), &sum);
        std::fs::write(root().join("ci/gitlab.yml"), text).expect("it can be written");
    } else {
        assert_eq!(*known, sum, "ci/gitlab.yml has another checksum of ci/install.sh (`just bless`)");
    }
}
