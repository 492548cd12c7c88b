//! What a release is made of: `ci/pack.sh` on binaries that stand for real ones, the formula, and the workflows.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "files and programs of the test")]

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn is_installed(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

/// Packs binaries, and returns the files of the release.
fn packed(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let binaries = tempfile::tempdir().expect("a folder");
    let mut targets =
        vec!["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin"];
    // The runners of the workflow have zip.
    if is_installed("zip") {
        targets.push("x86_64-pc-windows-msvc");
    }
    for target in targets {
        let name = if target.contains("windows") { "airtight.exe" } else { "airtight" };
        let folder = binaries.path().join(target);
        std::fs::create_dir(&folder).expect("the folder can be made");
        // Artifacts of a workflow are not executable.
        std::fs::write(folder.join(name), format!("#!/bin/sh\necho airtight {VERSION}\n# {target}\n"))
            .expect("it can be written");
    }
    let mut pack = Command::new("sh");
    pack.arg(root().join("ci/pack.sh")).arg(binaries.path()).arg(out).env("SOURCE_DATE_EPOCH", "1700000000");
    let pack = pack.output().expect("sh runs");
    assert!(pack.status.success(), "{}", String::from_utf8_lossy(&pack.stderr));
    let files = std::fs::read_dir(out).expect("a release").map(|entry| entry.expect("a file").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read(&path).expect("a file"))).collect()
}

fn hex(content: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn the_same_binaries_make_the_same_release() {
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let files = packed(one.path());
    assert_eq!(files, packed(other.path()));
    let sums = String::from_utf8(files["SHA256SUMS"].clone()).expect("text");
    let listed: BTreeMap<&str, &str> = sums
        .lines()
        .map(|line| line.split_once("  ").expect("a sum and a name"))
        .map(|(sum, name)| (name, sum))
        .collect();
    for (name, content) in files.iter().filter(|(name, _)| *name != "SHA256SUMS") {
        assert_eq!(listed.get(name.as_str()).copied(), Some(hex(content).as_str()), "{name}");
    }
    assert_eq!(listed.len() + 1, files.len());
    // What is not there cannot be installed.
    let formula = String::from_utf8(files["airtight.rb"].clone()).expect("text");
    let urls = formula.lines().filter_map(|line| line.trim().strip_prefix("url \"")?.strip_suffix('"'));
    let sums = formula.lines().filter_map(|line| line.trim().strip_prefix("sha256 \"")?.strip_suffix('"'));
    let mut archives = 0;
    for (url, sum) in urls.zip(sums) {
        let name = url.strip_prefix(concat!(
            env!("CARGO_PKG_REPOSITORY"),
            "/releases/download/v",
            env!("CARGO_PKG_VERSION"),
            "/"
        ));
        assert_eq!(listed.get(name.expect("a file of the release")).copied(), Some(sum), "{url}");
        archives += 1;
    }
    assert_eq!(archives, 4);
}

#[test]
fn a_packed_release_is_installed() {
    let out = tempfile::tempdir().expect("a folder");
    let release = out.path().join(format!("v{VERSION}"));
    packed(&release);
    let into = tempfile::tempdir().expect("a folder");
    let mut install = Command::new("sh");
    install.arg(root().join("ci/install.sh")).arg(into.path()).env("AIRTIGHT_RELEASES", out.path());
    let install = install.env("AIRTIGHT_GET", "release").output().expect("sh runs");
    assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
    let version = Command::new(into.path().join("airtight")).output().expect("it is executable");
    assert_eq!(version.stdout, format!("airtight {VERSION}\n").as_bytes());
}

/// `cargo binstall` looks for an archive at the address in Cargo.toml, and in it for the binary.
#[test]
fn binstall_finds_the_archives() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = toml::from_str(&manifest).expect("a manifest");
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let out = tempfile::tempdir().expect("a folder");
    let files = packed(out.path());
    let filled = |text: &str, target: &str, windows: bool| {
        text.replace("{ repo }", env!("CARGO_PKG_REPOSITORY"))
            .replace("{ version }", VERSION)
            .replace("{ target }", target)
            .replace("{ bin }{ binary-ext }", if windows { "airtight.exe" } else { "airtight" })
            .replace("{ archive-suffix }", if windows { ".zip" } else { ".tar.gz" })
    };
    for (target, windows) in
        [("x86_64-unknown-linux-musl", false), ("aarch64-apple-darwin", false), ("x86_64-pc-windows-msvc", true)]
    {
        let url = filled(binstall["pkg-url"].as_str().expect("a URL"), target, windows);
        let format = binstall["overrides"].get(target).unwrap_or(binstall)["pkg-fmt"].as_str();
        assert_eq!(format, Some(if windows { "zip" } else { "tgz" }), "{target}");
        let name = url.rsplit('/').next().expect("a name");
        let Some(archive) = files.get(name) else {
            assert!(windows && !is_installed("zip"), "{name}");
            continue;
        };
        let inside = filled(binstall["bin-dir"].as_str().expect("a path"), target, windows);
        if windows {
            assert!(memchr::memmem::find(archive, inside.as_bytes()).is_some(), "{inside}");
            continue;
        }
        let list = Command::new("tar").arg("-tzf").arg(out.path().join(name)).output().expect("tar runs");
        assert!(String::from_utf8_lossy(&list.stdout).lines().any(|line| line == inside), "{inside}");
    }
}

/// An action by a tag is what its owner says it is on that day; rights are given to jobs, one by one.
#[test]
fn workflows_pin_what_they_use() {
    let mut used = 0;
    for entry in std::fs::read_dir(root().join(".github/workflows")).expect("workflows") {
        let path = entry.expect("a workflow").path();
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.contains("\npermissions: {}\n"), "{}", path.display());
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            let (name, commit) = line.split_once('@').expect("a revision");
            let (commit, version) = commit.split_once(" # v").unwrap_or_else(|| panic!("{name}: which version?"));
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
            assert!(version.split('.').count() == 3, "{line}");
            used += 1;
        }
        let checkouts = text.matches("actions/checkout@").count();
        assert_eq!(text.matches("persist-credentials: false").count(), checkouts, "{}", path.display());
    }
    assert!(used > 5);
}
