//! `testdata/mirror/NAME.toml`: registries with their content and their faults, a run of `airtight mirror` between them, and what
//! became of it.
//!
//! The registries are our own, on the loopback interface. Whatever a case says, no host but the registry sees its credential, no
//! output contains it, and no manifest arrives before what it refers to.

mod charts;
mod faults;
mod images;
mod interrupted;
mod layout;
pub(in crate::golden) mod peers;
mod server;
mod store;

use super::{derived, files, read, root, with_output};
use crate::cli::mirror::run_patiently;
use crate::cli::{Outcome, Streams};
use crate::registry::Patience;
use faults::Fault;
use images::Image;
use regex::Regex;
use serde::{Deserialize, Serialize};
use server::{IDENTITY, Manner, PASSWORD, Server, USER};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// What it shows.
    about: String,
    /// The lists, read from stdin.
    list: String,
    /// More arguments; `@mirror` and the like are addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
    /// The command is `mirror check`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    check: bool,
    /// The credential of each host, `password` or `identity`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    credentials: BTreeMap<String, String>,
    /// It goes through a layout on the disk: `bundle` or `bundle.tar`. It is written first, then the mirror is filled from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disk: Option<Disk>,
    /// It is run once before, without faults, and only what comes after is looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    /// The part of the credential that the other host may see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    other_is_trusted: bool,
    /// A manifest may arrive too early, because the mirror lies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mirror_lies: bool,
    #[serde(default)]
    source: Manner,
    #[serde(default)]
    mirror: Manner,
    /// What the source holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    /// What the mirror holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mirrored: Vec<Image>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
    /// What became of writing a layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written: Option<Run>,
    #[serde(default)]
    result: Run,
}

/// A layout on the disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Disk {
    /// `bundle`, or `bundle.tar`.
    path: String,
    /// More arguments for writing it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
    /// What is done before it is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<String>,
    /// It is not written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_ready: bool,
    /// What is done before it is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hurt: Vec<String>,
    /// It is not read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_unread: bool,
    /// The list for reading it; all of it if empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    list: String,
}

/// What became of a run.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    status: u8,
    stdout: String,
    stderr: String,
    /// The requests to each host by method.
    requests: BTreeMap<String, String>,
    /// The tags of the mirror, each with the beginning of its digest and what is wrong below it.
    tags: Vec<String>,
}

/// The registries of a case.
struct Registries {
    source: Server,
    mirror: Server,
    other: Server,
}

impl Registries {
    fn start(case: &Case) -> Self {
        let registries = Self {
            source: Server::start(case.source.clone()),
            mirror: Server::start(case.mirror.clone()),
            other: Server::start(Manner::default()),
        };
        case.images.iter().for_each(|image| image.push(&mut registries.source.state().store));
        case.mirrored.iter().for_each(|image| image.push(&mut registries.mirror.state().store));
        // A storage to which the source's downloads may be redirected.
        case.images.iter().for_each(|image| image.push(&mut registries.other.state().store));
        registries.prepare(&[]);
        registries
    }

    fn all(&self) -> [(&'static str, &Server); 3] {
        [("source", &self.source), ("mirror", &self.mirror), ("other", &self.other)]
    }

    /// The names of the hosts: `@other` is an address, `@name-of-other` a host name that leads there.
    fn names(&self) -> Vec<(String, String)> {
        let named = |(name, server): &(&str, &Server)| {
            let by_name = server.address.replace("127.0.0.1", "localhost");
            [(format!("@name-of-{name}"), by_name), (format!("@{name}"), server.address.clone())]
        };
        self.all().iter().flat_map(named).collect()
    }

    fn prepare(&self, faults: &[Fault]) {
        for (name, server) in self.all() {
            server.prepare(self.names(), faults.iter().filter(|fault| fault.at == name).cloned());
        }
        self.clear();
    }

    fn clear(&self) {
        for (_, server) in self.all() {
            let mut state = server.state();
            state.log.clear();
            state.credentials.clear();
        }
    }

    /// A text with addresses in place of names.
    fn filled(&self, text: &str) -> String {
        self.names().iter().fold(text.to_owned(), |text, (name, address)| text.replace(name, address))
    }

    /// A text with names in place of addresses.
    fn shown(&self, text: &str) -> String {
        self.names().iter().fold(text.to_owned(), |text, (name, address)| text.replace(address, name))
    }

    /// The credential file of a case.
    fn auth_file(&self, case: &Case, folder: &Path) -> String {
        let entry = |(host, kind): (&String, &String)| {
            let entry = match kind.as_str() {
                "identity" => serde_json::json!({"identitytoken": IDENTITY}),
                "wrong" => serde_json::json!({"username": USER, "password": "Pl4nt-Xy-wrong"}),
                _ => serde_json::json!({"username": USER, "password": PASSWORD}),
            };
            (self.filled(host), entry)
        };
        let auths: serde_json::Map<String, serde_json::Value> = case.credentials.iter().map(entry).collect();
        let path = folder.join("auth.json");
        #[expect(clippy::disallowed_methods, reason = "a file of the test")]
        std::fs::write(&path, serde_json::json!({"auths": auths}).to_string()).expect("a file can be written");
        path.display().to_string()
    }

    fn run(&self, case: &Case, folder: &Path, more: &[&str]) -> Run {
        let mut what = vec![self.mirror.address.clone()];
        match &case.disk {
            None => what.push("-".to_owned()),
            Some(disk) => {
                what.extend((!disk.list.is_empty()).then(|| "-".to_owned()));
                what.extend(["--from".to_owned(), folder.join(&disk.path).display().to_string()]);
            }
        }
        let list = case.disk.as_ref().map_or(&case.list, |disk| &disk.list);
        self.run_with(case, folder, &what, list, &case.args, more)
    }

    /// Writes a layout.
    fn write(&self, case: &Case, disk: &Disk, folder: &Path, more: &[&str]) -> Run {
        let path = folder.join(&disk.path);
        let what = ["-".to_owned(), "--to".to_owned(), path.display().to_string()];
        let mut run = self.run_with(case, folder, &what, &case.list, &disk.args, more);
        run.tags = layout::listed(&path).iter().map(|line| self.shown(line)).collect();
        run
    }

    fn run_with(&self, case: &Case, folder: &Path, what: &[String], list: &str, own: &[String], more: &[&str]) -> Run {
        let mut args = vec!["airtight".to_owned(), "mirror".to_owned()];
        args.extend((case.check && !what.contains(&"--to".to_owned())).then(|| "check".to_owned()));
        let is_given = |flag: &str| own.iter().any(|arg| arg == flag);
        args.extend(what.iter().cloned());
        args.push("--plain-http".to_owned());
        args.extend(["--source-plain-http".to_owned(), self.source.address.clone()]);
        args.extend(["--auth-file".to_owned(), self.auth_file(case, folder)]);
        if !is_given("--concurrency") && !more.contains(&"--concurrency") {
            args.extend(["--concurrency".to_owned(), "1".to_owned()]);
        }
        args.extend(own.iter().map(|arg| self.filled(arg)));
        args.extend(more.iter().map(|&arg| arg.to_owned()));
        // Silence is waited for only where it is part of the case: a busy machine is silent too.
        let is_silent = case.faults.iter().any(Fault::is_silence);
        let most = |milliseconds| Duration::from_millis(if is_silent { milliseconds } else { 60_000 });
        let patience = |given: Patience| Patience {
            connect: Duration::from_secs(60),
            idle: most(400),
            response: most(600),
            second: Duration::from_millis(5),
            // The budget is in the same seconds.
            budget: given.budget / 200,
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let list = self.filled(list);
        let outcome =
            run_patiently(args, patience, &mut Streams { out: &mut out, err: &mut err, input: &mut list.as_bytes() });
        // The words of the system for a broken connection differ.
        let broken = Regex::new(r"(the connection to \S+ failed: ).*( \(\d+ attempts)").expect("an expression");
        let text = |bytes: &[u8]| {
            let text = self.shown(&String::from_utf8_lossy(bytes)).replace(&folder.display().to_string(), "@");
            broken.replace_all(&text, "${1}…${2}").into_owned()
        };
        let counted = |server: &Server| if is_silent { String::new() } else { counted(&server.state().log) };
        // How often a busy machine is taken for a silent one differs.
        let shown = |text: String| match (is_silent, text.rsplit_once(" sent, ")) {
            (true, Some((before, _))) => format!("{before} sent\n"),
            _ => text,
        };
        Run {
            status: match outcome {
                Outcome::Clean => 0,
                Outcome::Findings => 1,
                Outcome::Failed => 2,
            },
            stdout: shown(text(&out)),
            stderr: text(&err),
            requests: self.all().iter().map(|(name, server)| ((*name).to_owned(), counted(server))).collect(),
            tags: self.mirror.state().store.listed(),
        }
    }

    /// What holds in every case.
    fn verify(&self, case: &Case, run: &Run, of: &str) {
        for said in [&run.stdout, &run.stderr] {
            assert!(!said.contains("Pl4nt"), "{of} shows a credential: {said}");
        }
        let other = self.other.state();
        assert!(
            case.other_is_trusted || other.credentials.is_empty(),
            "{of}: another host saw {:?}",
            other.credentials
        );
        assert!(
            !other.log.iter().any(|line| line.starts_with('P')),
            "{of}: another host was written to: {:?}",
            other.log
        );
        let early = &self.mirror.state().early;
        assert!(case.mirror_lies || early.is_empty(), "{of}: too early: {early:?}");
        let wrong = run.tags.iter().find(|tag| tag.contains("WRONG"));
        assert!(case.check || wrong.is_none(), "{of}: {wrong:?}");
    }
}

/// Requests by method: `2 GET, 1 HEAD`.
fn counted(log: &[String]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in log {
        *counts.entry(line.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    counts.iter().map(|(method, count)| format!("{count} {method}")).collect::<Vec<_>>().join(", ")
}

fn answer(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut case: Case = toml::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let registries = Registries::start(&case);
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(disk) = &case.disk {
        let at = folder.path();
        disk.before.iter().for_each(|what| layout::hurt(at, what));
        if !disk.is_ready {
            if case.again {
                let first = registries.write(&case, disk, at, &[]);
                assert_eq!(first.status, 0, "{name}: {first:?}");
            }
            registries.prepare(&case.faults);
            let written = registries.write(&case, disk, at, &[]);
            registries.verify(&case, &written, &name);
            case.written = Some(written);
        }
        disk.hurt.iter().for_each(|what| layout::hurt(at, what));
        registries.clear();
        if disk.is_unread {
            return (format!("testdata/mirror/{name}"), toml::to_string_pretty(&case).expect("a case can be written"));
        }
    }
    if case.again && case.disk.is_none() {
        let first = registries.run(&case, folder.path(), &[]);
        assert_eq!(first.status, 0, "{name}: {first:?}");
    }
    if case.disk.as_ref().is_none_or(|disk| disk.is_ready) {
        registries.prepare(&case.faults);
    }
    case.result = registries.run(&case, folder.path(), &[]);
    registries.verify(&case, &case.result, &name);
    for (host, server) in registries.all() {
        let unused = server.unused();
        assert!(unused.is_empty(), "{name}: no request to {host} met {unused:?}");
    }
    (format!("testdata/mirror/{name}"), toml::to_string_pretty(&case).expect("a case can be written"))
}

#[test]
fn mirrors_are_filled_whatever_registries_do() {
    let cases = files("testdata/mirror", ".toml");
    assert!(cases.len() > 20);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|path| scope.spawn(|| answer(path))).collect();
        running.into_iter().map(|one| one.join()).collect()
    });
    for answer in answers {
        let (path, text) = answer.expect("a case");
        derived(&path, &text);
    }
    page();
}

/// The page shows the output of cases: `<!-- testdata/mirror/NAME.toml -->` before a block of text, whose first line is the command.
fn page() {
    const PAGE: &str = "docs/mirror.md";
    let said = |name: &str, typed: &str| {
        let case: Case = toml::from_str(&read(&root().join(format!("testdata/mirror/{name}.toml")))).expect("a case");
        let run = case.written.as_ref().filter(|_| typed.contains(" --to ")).unwrap_or(&case.result);
        let said = run.stdout.replace("@mirror", "mirror.internal").replace("@source", "quay.io").replace("@/", "");
        said.replace(" -\n", " artifacts.txt\n")
    };
    derived(PAGE, &with_output(&read(&root().join(PAGE)), "<!-- testdata/mirror/", ".toml -->\n```text\n", said));
}

/// Every seventh request to each registry fails, each time in another way.
#[test]
fn a_run_on_a_bad_day_ends_well() {
    let images: Vec<String> = (0..12)
        .map(|number| {
            let name = format!("acme/a{number}:1");
            let platforms = if number % 3 == 0 { r#"platforms = ["linux/amd64", "linux/arm64"], "# } else { "" };
            format!(
                "{{name = \"{name}\", {platforms}layers = [\"base 90000\", \"s{} 5000\", \"_o{number} 700\"]}}",
                number % 4
            )
        })
        .collect();
    let list: String = (0..12).map(|number| format!("@source/acme/a{number}:1\n")).collect();
    let text = format!(
        "about = \"x\"\nlist = {list:?}\nargs = [\"--concurrency\", \"4\", \"--quiet\", \"--retry-budget\", \"2h\"]\nimages = [{}]\n\
         [source]\nlogin = \"token\"\n[mirror]\nlogin = \"token\"\n[credentials]\n\"@source\" = \"password\"\n\"@mirror\" = \"password\"\n",
        images.join(", ")
    );
    let mut case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    for at in ["source", "mirror"] {
        case.faults.extend(Fault::rotating(at, 7));
    }
    let registries = Registries::start(&case);
    registries.prepare(&case.faults);
    let folder = tempfile::tempdir().expect("a folder");
    let run = registries.run(&case, folder.path(), &[]);
    registries.verify(&case, &run, "a bad day");
    assert_eq!((run.status, run.tags.len()), (0, 12), "{}", run.stdout);
    for (host, server) in registries.all() {
        assert_eq!(server.unused(), [""; 0], "at {host}");
    }
}

/// The summaries for programs conform to `docs/mirror.schema.json`.
#[test]
fn summaries_follow_their_schema() {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("it is JSON");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("mirror.json", parse(&read(&root().join("docs/mirror.schema.json")))).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let schema = compiler.compile("mirror.json", &mut schemas).expect("the schema is right");
    let mut seen = 0;
    for path in files("testdata/mirror", ".toml") {
        let case: Case = toml::from_str(&read(&path)).expect("a case");
        if case.args.iter().any(|arg| arg == "json") {
            seen += 1;
            if let Err(error) = schemas.validate(&parse(&case.result.stdout), schema) {
                panic!("{}: {error:#}", path.display());
            }
        }
    }
    assert!(seen > 2);
}
