//! Real registries, filled by airtight and read by others: Debian's `docker-registry` and `skopeo`, `ferro-oci-server`, and `crane` with
//! its registry. What is not installed is passed over, and said; `.ci/run` installs all of them and passes over nothing.
//!
//! `testdata/peers/images.toml` is what is copied.

#![expect(clippy::disallowed_methods, reason = "files of the test")]

mod forms;
pub(in crate::golden) mod programs;
mod proxy;
mod token_server;

use super::images::Image;
use super::server::Server;
use crate::cli::mirror::run_patiently;
use crate::cli::{Outcome, Streams};
use crate::golden::{read, root};
use crate::registry::Digest;
use programs::{Manner, Peer, program, said};
use proxy::Proxy;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

#[derive(Deserialize)]
struct Data {
    images: Vec<Image>,
    /// The list, with `@source` for the source, and `@digest` for the digest of the first image.
    list: String,
    /// The tags, as the mirror has them.
    tags: Vec<String>,
}

/// The source: a registry of ours with all images.
struct Source {
    server: Server,
    list: String,
    data: Data,
}

impl Source {
    fn start() -> Self {
        let data: Data = toml::from_str(&read(&root().join("testdata/peers/images.toml"))).expect("the data");
        let server = Server::start(toml::from_str("referrers = true").expect("a manner"));
        let digest = {
            let mut state = server.state();
            data.images.iter().for_each(|image| image.push(&mut state.store));
            state.store.repository("acme/web").tags["2"].clone()
        };
        let list = data.list.replace("@source", &server.address).replace("@digest", &digest);
        Self { server, list, data }
    }
}

/// Runs airtight and returns its summary.
fn airtight(args: &[&str], flags: &[String], list: &str) -> Value {
    let mut all: Vec<String> = ["airtight", "mirror"].iter().chain(args).map(|&arg| arg.to_owned()).collect();
    all.extend(flags.iter().cloned());
    all.extend(["--format", "json"].map(str::to_owned));
    let shown = all.join(" ");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = &mut Streams { out: &mut out, err: &mut err, input: &mut list.as_bytes() };
    let outcome = run_patiently(all, |patience| patience, streams);
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert!(matches!(outcome, Outcome::Clean), "{shown}\n{out}\n{err}");
    assert!(!out.contains("Pl4nt") && !err.contains("Pl4nt"), "a credential is shown: {out}{err}");
    serde_json::from_str(&out).expect("JSON")
}

fn number(summary: &Value, pointer: &str) -> u64 {
    summary.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn total(summary: &Value, pointer: &str) -> u64 {
    summary["artifacts"].as_array().into_iter().flatten().map(|one| number(one, pointer)).sum()
}

/// Fills a registry, and has it read by airtight and others.
fn fill(peer: &Peer, mounts: bool) {
    let source = Source::start();
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let flags = peer.flags(at);
    let from = ["--source-plain-http".to_owned(), source.server.address.clone()];
    let both = [flags.as_slice(), &from].concat();
    let mirror = peer.address.as_str();

    let summary = airtight(&[mirror, "-"], &both, &source.list);
    let artifacts = number(&summary, "/summary/artifacts");
    assert_eq!(number(&summary, "/summary/copied"), artifacts, "{summary:#}");
    assert!(total(&summary, "/referrers") >= 3, "{summary:#}");
    assert_eq!(total(&summary, "/blobs/mounted") > 0, mounts, "{summary:#}");

    // Nothing is left to do: at most two requests for each reference, those for tokens aside, and nothing is written.
    let again = airtight(&[mirror, "-"], &both, &source.list);
    assert_eq!(number(&again, "/summary/present"), artifacts, "{again:#}");
    let for_logins = if peer.manner == Manner::Plain { 0 } else { 2 * artifacts };
    assert!(number(&again, "/summary/requests") <= 2 * artifacts + for_logins, "{again:#}");
    assert_eq!(number(&again, "/summary/bytes"), 0);
    let checked = airtight(&["check", mirror, "-"], &flags, &source.list);
    assert_eq!(number(&checked, "/summary/present"), artifacts);

    read_by_others(peer, &source, at);

    // Out to a disk, and back to another place. The source is the registry itself now.
    let list: String = source.data.tags.iter().map(|tag| format!("{mirror}/{tag}\n")).collect();
    let mut flags_of_source = flags.clone();
    flags_of_source.retain(|flag| flag != "--plain-http");
    if peer.manner != Manner::Tls {
        flags_of_source.extend(["--source-plain-http".to_owned(), mirror.to_owned()]);
    }
    for name in ["bundle", "bundle.tar"] {
        let path = at.join(name).display().to_string();
        let written = airtight(&["--to", &path, "-"], &flags_of_source, &list);
        assert_eq!(number(&written, "/summary/copied"), source.data.tags.len() as u64, "{written:#}");
        assert!(total(&written, "/referrers") >= 3, "{written:#}");
        let target = format!("{mirror}/{}", name.replace('.', "-"));
        let filled = airtight(&[&target, "--from", &path], &flags, "");
        assert_eq!(number(&filled, "/summary/copied"), source.data.tags.len() as u64, "{filled:#}");
        airtight(&["check", &target, "--from", &path], &flags, "");
        skopeo_reads(&at.join(name), &format!("{mirror}/{}", source.data.tags[0]), at);
    }
}

/// The digests, by the word of others.
fn read_by_others(peer: &Peer, source: &Source, folder: &Path) {
    let skopeo = program("skopeo");
    // crane asks no token server in a private network.
    let crane = program("crane").filter(|_| peer.manner != Manner::Token);
    let auth_file = peer.auth_file(folder).display().to_string();
    for tag in &source.data.tags {
        let (name, version) = tag.split_once(':').expect("a tag");
        let wanted = source.server.state().store.repository(name).tags[version].clone();
        let reference = format!("{}/{tag}", peer.address);
        if let Some(skopeo) = &skopeo {
            let reference = format!("docker://{reference}");
            let args = ["inspect", "--raw", "--tls-verify=false", "--authfile", &auth_file, &reference];
            assert_eq!(Digest::of(&said(skopeo, &args, folder)).as_str(), wanted, "{tag}");
            // Everything below it too.
            let to = format!("dir:{}", folder.join("read").display());
            let args = [
                "copy",
                "--all",
                "--preserve-digests",
                "--src-tls-verify=false",
                "--authfile",
                &auth_file,
                &reference,
                &to,
            ];
            said(skopeo, &args, folder);
        }
        if let Some(crane) = &crane {
            let digest = said(crane, &["digest", "--insecure", &reference], folder);
            assert_eq!(String::from_utf8_lossy(&digest).trim(), wanted, "{tag}");
        }
    }
}

/// skopeo finds an artifact in a layout by its whole name.
fn skopeo_reads(layout: &Path, name: &str, folder: &Path) {
    let Some(skopeo) = program("skopeo") else { return };
    let transport = if layout.is_dir() { "oci" } else { "oci-archive" };
    let from = format!("{transport}:{}:{name}", layout.display());
    let to = format!("dir:{}", folder.join("copied").display());
    said(&skopeo, &["copy", "--all", "--preserve-digests", &from, &to], folder);
}

#[test]
fn docker_registry_is_filled() {
    let Some(program) = program("docker-registry") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (name, manner) in
        [("plain", Manner::Plain), ("basic", Manner::Basic), ("tls", Manner::Tls), ("token", Manner::Token)]
    {
        let peer = Peer::docker_registry(&program, &folder.path().join(name), manner);
        fill(&peer, true);
    }
}

#[test]
fn ferro_is_filled() {
    let Some(program) = program("ferro-oci-server") else { return };
    fill(&Peer::ferro(&program), false);
}

#[test]
fn the_registry_of_crane_is_filled() {
    let Some(program) = program("crane") else { return };
    // It does not mount: its repositories share all blobs, so that a blob is there already.
    fill(&Peer::crane(&program), false);
}

/// A download that breaks goes on where it broke, whether the registry answers ranges or not.
#[test]
fn real_downloads_are_resumed() {
    let (Some(docker_registry), Some(ferro)) = (program("docker-registry"), program("ferro-oci-server")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let one = Peer::docker_registry(&docker_registry, &folder.path().join("one"), Manner::Plain);
    let other = Peer::ferro(&ferro);
    for (from, to) in [(&one, &other), (&other, &one)] {
        let source = Source::start();
        let reach = ["--source-plain-http".to_owned(), source.server.address.clone()];
        let flags = [from.flags(folder.path()).as_slice(), &reach].concat();
        airtight(&[&from.address, "-"], &flags, &source.list);
        let proxy = Proxy::start(&from.address, 100_000, 3);
        let reach = ["--source-plain-http".to_owned(), proxy.address.clone()];
        let flags = [to.flags(folder.path()).as_slice(), &reach].concat();
        let list: String = source.data.tags.iter().map(|tag| format!("{}/{tag}\n", proxy.address)).collect();
        airtight(&[&format!("{}/again", to.address), "-"], &flags, &list);
        assert_eq!(proxy.broken(), 3);
    }
}
