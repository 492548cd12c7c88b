//! `testdata/fetch/NAME.toml`: a registry and a web server with charts and with faults, runs of the commands that fetch charts, and
//! what became of them.
//!
//! Whatever a case says, no host but the one that it is for sees a credential, and no output contains it.

use super::faults::Fault;
use super::images::Image;
use super::server::{Manner, PASSWORD, Server, USER};
use super::store::Store;
use super::{counted, derived, files, read, root, with_output};
use crate::cli::{Outcome, Streams, run_with_patience};
use crate::golden::working_folder;
use crate::registry::{Digest, Patience};
use flate2::Compression;
use flate2::write::GzEncoder;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const CONTENT: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// What it shows.
    about: String,
    /// The credential of each host, `password` or `wrong`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    credentials: BTreeMap<String, String>,
    /// The other host may see a credential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    other_is_trusted: bool,
    /// The index.yaml in place of the one that follows from the charts; `@digest-of-NAME` is the digest of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    /// Whether the index is packed with gzip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    packed_index: bool,
    /// The files in the folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    disk: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "is_usual")]
    registry: Manner,
    #[serde(default, skip_serializing_if = "is_usual")]
    web: Manner,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    charts: Vec<ServedChart>,
    /// The images of the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    runs: Vec<Run>,
}

fn is_usual(manner: &Manner) -> bool {
    serde_json::to_value(manner).is_ok_and(|tree| tree == json!({}))
}

/// A chart that the registry, the web server or both have.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ServedChart {
    name: String,
    version: String,
    /// `registry`, `web`, `other`; empty for the first two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    at: Vec<String>,
    /// The tag, if it is not the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// The media types of the config and of the layers, if they are not those of a chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    layers: Vec<String>,
    /// More files, by their paths in the archive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
}

/// A run of a command, and what became of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    /// The arguments; `@registry`, `@web` and `@other` are addresses, `@dir` is the folder.
    args: Vec<String>,
    /// What it reads from stdin.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    stdin: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
    #[serde(default)]
    status: u8,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    /// The requests to each host by method; none to those that are not named.
    #[serde(default)]
    requests: BTreeMap<String, String>,
    /// The files in the folder afterwards: an archive with the charts in it, a lock with its text.
    #[serde(default)]
    files: Vec<String>,
}

struct Hosts {
    registry: Server,
    web: Server,
    other: Server,
}

impl Hosts {
    fn start(case: &Case) -> Self {
        let hosts = Self {
            registry: Server::start(case.registry.clone()),
            web: Server::start(case.web.clone()),
            other: Server::start(Manner::default()),
        };
        case.images.iter().for_each(|image| image.push(&mut hosts.registry.state().store));
        let mut index = String::from("apiVersion: v1\nentries:\n");
        let mut digests = Vec::new();
        for chart in &case.charts {
            let archive = hosts.archive(chart);
            let is_at = |place: &str| chart.at.is_empty() && place != "other" || chart.at.iter().any(|at| at == place);
            if is_at("registry") {
                chart.push(&mut hosts.registry.state().store, &archive);
            }
            let file = format!("{}-{}.tgz", chart.name, chart.version);
            let digest = Digest::of(&archive).to_string().replace("sha256:", "");
            for (place, server) in [("web", &hosts.web), ("other", &hosts.other)] {
                if is_at(place) {
                    server.state().files.insert(format!("/stable/{file}"), archive.clone());
                }
            }
            if is_at("web") {
                // Entries of one chart stand together.
                let head = format!("  {}:\n", chart.name);
                let entry = format!(
                    "  - {{name: {}, version: {}, digest: {digest}, urls: [{file}]}}\n",
                    chart.name, chart.version
                );
                match index.find(&head) {
                    Some(at) => index.insert_str(at + head.len(), &entry),
                    None => index += &format!("{head}{entry}"),
                }
            }
            digests.push((format!("@digest-of-{}-{}", chart.name, chart.version), digest));
        }
        if let Some(text) = &case.index {
            index = digests.iter().fold(hosts.filled(text), |text, (name, digest)| text.replace(name, digest));
        }
        let mut index = index.into_bytes();
        if case.packed_index {
            index = packed(&index);
        }
        hosts.web.state().files.insert("/stable/index.yaml".to_owned(), index);
        hosts
    }

    fn all(&self) -> [(&'static str, &Server); 3] {
        [("registry", &self.registry), ("web", &self.web), ("other", &self.other)]
    }

    /// The names of the hosts: `@other` is an address, `@name-of-other` a host name that leads there.
    fn names(&self) -> Vec<(String, String)> {
        let named = |(name, server): &(&str, &Server)| {
            let by_name = server.address.replace("127.0.0.1", "localhost");
            [(format!("@name-of-{name}"), by_name), (format!("@{name}"), server.address.clone())]
        };
        self.all().iter().flat_map(named).collect()
    }

    fn filled(&self, text: &str) -> String {
        self.names().iter().fold(text.to_owned(), |text, (name, address)| text.replace(name, address))
    }

    fn shown(&self, text: &str) -> String {
        self.names().iter().fold(text.to_owned(), |text, (name, address)| text.replace(address, name))
    }

    fn archive(&self, chart: &ServedChart) -> Vec<u8> {
        let mut files = chart.files.clone();
        let yaml = format!("apiVersion: v2\nname: {}\nversion: {}\n", chart.name, chart.version);
        files.entry(format!("{}/Chart.yaml", chart.name)).or_insert(yaml);
        let mut archive = tar::Builder::new(Vec::new());
        for (path, text) in &files {
            let text = self.filled(text);
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            // Some paths are those of an attack, which the crate does not write.
            header.as_gnu_mut().expect("it is one").name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            archive.append(&header, text.as_bytes()).expect("it fits");
        }
        packed(&archive.into_inner().expect("it ends"))
    }

    fn run(&self, case: &Case, run: &mut Run, folder: &Path) {
        let names = self.names();
        for (name, server) in self.all() {
            server.prepare(names.clone(), run.faults.iter().filter(|fault| fault.at == name).cloned());
            let mut state = server.state();
            state.log.clear();
            state.credentials.clear();
        }
        let work = folder.join("dir");
        let filled = |arg: &String| self.filled(arg).replace("@dir", &work.display().to_string());
        let mut args = vec!["airtight".to_owned()];
        args.extend(run.args.iter().map(filled));
        let is_list = run.args.iter().any(|arg| arg == "list");
        if !is_list {
            args.extend(["--auth-file".to_owned(), self.auth_file(case, folder)]);
            args.extend(["--cache-dir".to_owned(), folder.join("cache").display().to_string()]);
        }
        if run.args[0] == "dependency" && !is_list && !run.args.iter().any(|arg| arg == "--repository-config") {
            args.extend(["--repository-config".to_owned(), folder.join("none.yaml").display().to_string()]);
        }
        // Silence is waited for only where it is part of the case: a busy machine is silent too.
        let is_silent = run.faults.iter().any(Fault::is_silence);
        let most = |milliseconds| Duration::from_millis(if is_silent { milliseconds } else { 60_000 });
        let patience = Patience {
            connect: Duration::from_secs(60),
            idle: most(400),
            response: most(600),
            second: Duration::from_millis(5),
            ..Patience::default()
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let stdin = self.filled(&run.stdin);
        let mut streams = Streams { out: &mut out, err: &mut err, input: &mut stdin.as_bytes() };
        let outcome = run_with_patience(args, patience, &mut streams);
        let broken = Regex::new(r"(the connection to \S+ failed: ).*( \(\d+ attempts)").expect("an expression");
        let fingerprint =
            Regex::new(r#"("[a-zA-Z/0-9]*[fF]ingerprint[a-zA-Z/0-9]*": ")[0-9a-f]+"#).expect("an expression");
        let text = |bytes: &[u8]| {
            let text = self.shown(&String::from_utf8_lossy(bytes));
            let text = text.replace(&work.display().to_string(), "@dir").replace(&folder.display().to_string(), "@");
            let text = broken.replace_all(&text, "${1}…${2}");
            // The port is part of what it is made of.
            fingerprint.replace_all(&text, "${1}…").into_owned()
        };
        run.status = match outcome {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Failed => 2,
        };
        (run.stdout, run.stderr) = (text(&out), text(&err));
        let requests = |(name, server): (&str, &Server)| {
            let log = &server.state().log;
            (!log.is_empty() && !is_silent).then(|| (name.to_owned(), counted(log)))
        };
        run.requests = self.all().into_iter().filter_map(requests).collect();
        run.files = self.listed(&work);
    }

    /// The files in a folder.
    #[expect(clippy::disallowed_methods, reason = "the folder of the test")]
    fn listed(&self, folder: &Path) -> Vec<String> {
        let mut lines = Vec::new();
        let masked = Regex::new("(?m)^(generated|digest): .*$").expect("an expression");
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok) {
            let path = entry.path().strip_prefix(folder).expect("it is inside").display().to_string();
            if !entry.file_type().is_file() || path.starts_with(".git/") {
                continue;
            }
            let bytes = std::fs::read(entry.path()).expect("it can be read");
            lines.push(match path.rsplit('.').next() {
                Some("tgz") => format!("{path}: {}", charts_in(&bytes)),
                Some("lock") => {
                    let text = self.shown(&String::from_utf8_lossy(&bytes));
                    format!("{path}: {}", masked.replace_all(&text, "$1: …").trim_end())
                }
                _ if ["images.txt", "charts.txt", "bundle.json"].iter().any(|name| path.ends_with(name)) => {
                    format!("{path}:\n{}", self.shown(&String::from_utf8_lossy(&bytes)).trim_end())
                }
                _ => path,
            });
        }
        lines
    }

    #[expect(clippy::disallowed_methods, reason = "a file of the test")]
    fn auth_file(&self, case: &Case, folder: &Path) -> String {
        let entry = |(host, kind): (&String, &String)| {
            let password = if kind == "wrong" { "Pl4nt-Xy-wrong" } else { PASSWORD };
            (self.filled(host), json!({"username": USER, "password": password}))
        };
        let auths: serde_json::Map<String, serde_json::Value> = case.credentials.iter().map(entry).collect();
        let path = folder.join("auth.json");
        std::fs::write(&path, json!({"auths": auths}).to_string()).expect("a file can be written");
        path.display().to_string()
    }

    /// What holds in every case.
    fn verify(&self, case: &Case, run: &Run, of: &str) {
        for said in [&run.stdout, &run.stderr] {
            assert!(!said.contains("Pl4nt"), "{of} shows a credential: {said}");
        }
        let seen = self.other.state().credentials.clone();
        assert!(case.other_is_trusted || seen.is_empty(), "{of}: another host saw {seen:?}");
        for (host, server) in self.all() {
            let unused = server.unused();
            assert!(unused.is_empty(), "{of}: no request to {host} met {unused:?}: {}", run.stderr);
        }
    }
}

impl ServedChart {
    fn push(&self, store: &mut Store, archive: &[u8]) {
        let repository = store.repository(&format!("charts/{}", self.name));
        let mut blob = |media_type: &str, text: &[u8]| {
            let digest = Digest::of(text).to_string();
            repository.blobs.insert(digest.clone(), text.to_vec());
            json!({"mediaType": media_type, "digest": digest, "size": text.len()})
        };
        let config = blob(self.config.as_deref().unwrap_or(CONFIG), b"{}");
        let layers: Vec<_> = match self.layers.as_slice() {
            [] => vec![blob(CONTENT, archive)],
            types => types.iter().map(|media_type| blob(media_type, archive)).collect(),
        };
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        let text = manifest.to_string().into_bytes();
        let digest = Digest::of(&text).to_string();
        repository.manifests.insert(digest.clone(), (MANIFEST.to_owned(), text));
        let tag = self.tag.clone().unwrap_or_else(|| self.version.replace('+', "_"));
        repository.tags.insert(tag, digest);
    }
}

/// Packs without compression, so that the bytes are the same with every version of the library.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    std::io::Write::write_all(&mut packed, bytes).expect("it fits");
    packed.finish().expect("it ends")
}

/// The paths in an archive.
fn charts_in(archive: &[u8]) -> String {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let Ok(entries) = archive.entries() else { return "no archive".to_owned() };
    let path = |entry: tar::Entry<'_, _>| entry.path().map(|path| path.display().to_string()).unwrap_or_default();
    entries.filter_map(Result::ok).map(path).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::disallowed_methods, reason = "the folder of the test")]
fn answer(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut case: Case = toml::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let hosts = Hosts::start(&case);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("none.yaml"), "repositories: []\n").expect("a file can be written");
    // A repository, so that what is beside a chart may be read.
    std::fs::create_dir_all(folder.path().join("dir").join(".git")).expect("a folder");
    for (path, text) in &case.disk {
        let path = folder.path().join("dir").join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, hosts.filled(text)).expect("a file can be written");
    }
    let mut runs = std::mem::take(&mut case.runs);
    for (number, run) in runs.iter_mut().enumerate() {
        hosts.run(&case, run, folder.path());
        hosts.verify(&case, run, &format!("{name}, run {number}"));
    }
    case.runs = runs;
    (format!("testdata/fetch/{name}"), toml::to_string_pretty(&case).expect("a case can be written"))
}

#[test]
fn charts_are_fetched_whatever_hosts_do() {
    let cases = files("testdata/fetch", ".toml");
    assert!(cases.len() > 20);
    // A command without --config looks for one in the working folder, which other tests change.
    let _guard = working_folder(&root());
    let answers: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|path| scope.spawn(|| answer(path))).collect();
        running.into_iter().map(|one| one.join()).collect()
    });
    for answer in answers {
        let (path, text) = answer.expect("a case");
        derived(&path, &text);
    }
    pages();
}

/// The pages show the output of cases: `<!-- testdata/fetch/NAME.toml N -->` before a block of text, whose first line is the command.
fn pages() {
    let said = |name: &str, _: &str| {
        let (file, number) = name.split_once(' ').expect("a case and a run");
        let case: Case = toml::from_str(&read(&root().join(format!("testdata/fetch/{file}")))).expect("a case");
        let run = &case.runs[number.parse::<usize>().expect("a number")];
        let host = if file.starts_with("mirror-check") { "mirror.internal" } else { "ghcr.io/acme" };
        format!("{}{}", run.stdout, run.stderr)
            .replace("@registry", host)
            .replace("http://@web", "https://charts.example.org")
            .replace("@dir/", "")
            .replace(" --plain-http", "")
            .replace("@/cache", "~/.cache/airtight")
    };
    for page in ["docs/charts.md", "docs/mirror.md"] {
        let text = read(&root().join(page));
        derived(page, &with_output(&text, "<!-- testdata/fetch/", " -->\n```text\n", said));
    }
}
