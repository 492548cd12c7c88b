//! `airtight init`: a first `airtight.yaml` from what the folder holds.

use super::config::shown;
use super::{Outcome, Problem, Streams};
use crate::config::init::{Found, text};
use crate::config::{Config, FILE_NAME};
use crate::disk::{By, Reach};
use crate::images::Mirror;
use crate::images::object::{descend, items, member, string};
use crate::limits::Limits;
use crate::report::quiet;
use crate::source::File;
use crate::yaml::{self, Node};
use std::path::{Path, PathBuf};

/// Write a first airtight.yaml from what the working folder holds: charts, values files, helmfile.yaml, Argo CD
/// applications
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The private registry
    #[arg(long, value_name = "HOST")]
    mirror: Option<String>,
    /// Print it instead of writing it
    #[arg(long)]
    print: bool,
    /// Look at what lies at a path or below it, though a link of the repository leads there (can be given several times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
    /// Raise (or lower) a bound: file-bytes=1000000 (can be given several times)
    #[arg(long = "limit", value_name = "NAME=N")]
    limits: Vec<String>,
}

/// Runs the command.
#[expect(clippy::disallowed_methods, reason = "writes a new file, never over a link")]
pub fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    if let Some(mirror) = &args.mirror {
        Mirror::parse(mirror).map_err(|error| format!("--mirror: {error}"))?;
    }
    let mut reach = Reach::new(&args.allow_outside, Limits::raised(&args.limits)?.file_bytes)?;
    reach.set_configuration(Path::new("."))?;
    let mut look = Look { reach: &reach, refused: Vec::new() };
    let mut found = look.all()?;
    for why in look.refused {
        let _ = writeln!(streams.err, "warning: {}", quiet(&why));
    }
    let count = found.len();
    if count == 0 {
        return Err("no chart is here, so there is nothing to write".to_owned().into());
    }
    name_apart(&mut found);
    let text = text(args.mirror.as_deref(), &found);
    // Whatever a folder is called, what is written can be read.
    Config::parse(&File::new(FILE_NAME, text.as_str()), "")?;
    if args.print {
        write!(streams.out, "{text}")?;
        return Ok(Outcome::Clean);
    }
    let path = Path::new(FILE_NAME);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{FILE_NAME} is here already"),
        _ => format!("cannot write {FILE_NAME}: {error}"),
    })?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let s = if count == 1 { "" } else { "s" };
    let _ =
        writeln!(streams.err, "wrote {FILE_NAME} with {count} release{s}; look through it, then run: airtight lint");
    Ok(Outcome::Clean)
}

/// A look through the working folder, as its repository allows.
struct Look<'r> {
    reach: &'r Reach,
    /// What was left out, and why.
    refused: Vec<String>,
}

impl Look<'_> {
    /// Charts in the working folder and below, and what other tools say is installed.
    fn all(&mut self) -> Result<Vec<Found>, String> {
        if self.is_chart(Path::new(".")) {
            return Ok(vec![self.chart(".")]);
        }
        let (mut charts, mut others) = (Vec::new(), Vec::new());
        let folder = self.reach.folder(By::Repository, Path::new("."), "the folder")?;
        let mut walk = folder.walk();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| format!("cannot look through the folder: {error}"))?;
            let name = entry.file_name().to_string_lossy();
            if entry.file_type().is_dir() && (name.starts_with('.') || name == "node_modules") {
                walk.skip_current_dir();
                continue;
            }
            let path = entry.path().strip_prefix(folder.real()).unwrap_or(entry.path());
            let shown = shown(path);
            if entry.file_type().is_dir() && self.is_chart(path) {
                charts.push(self.chart(&shown));
                walk.skip_current_dir();
            } else if entry.file_type().is_file() && (shown.ends_with(".yaml") || shown.ends_with(".yml")) {
                others.extend(self.of_other_tools(&shown));
            }
        }
        // A chart that another tool installs is that tool's release.
        let installed: Vec<String> = others.iter().map(|other: &Found| other.chart.clone()).collect();
        charts.retain(|chart| !installed.contains(&chart.chart));
        charts.extend(others);
        charts.sort();
        Ok(charts)
    }

    /// Whether a path may be read. What is not there is no matter; what is there and may not is.
    fn may_read(&mut self, path: &Path) -> bool {
        let checked = self.reach.check(By::Repository, path);
        self.allowed(path, checked).is_some()
    }

    fn allowed<T>(&mut self, path: &Path, answer: Result<T, String>) -> Option<T> {
        if let Err(why) = &answer
            && path.symlink_metadata().is_ok()
            && !self.refused.contains(why)
        {
            self.refused.push(why.clone());
        }
        answer.ok()
    }

    fn is_chart(&mut self, folder: &Path) -> bool {
        self.read_file(&folder.join("Chart.yaml")).is_some()
    }

    fn read_file(&mut self, path: &Path) -> Option<Vec<u8>> {
        let path = path.strip_prefix(".").unwrap_or(path);
        let answer = self.reach.read(By::Repository, path);
        self.allowed(path, answer)
    }

    fn read_yaml(&mut self, path: &Path) -> Option<Node> {
        yaml::read(&self.read_file(path)?, &Limits::default()).ok()
    }

    /// A chart as a release of its own: `values-prod.yaml` beside its values.yaml is an environment.
    fn chart(&mut self, path: &str) -> Found {
        let metadata = self.read_yaml(&Path::new(path).join("Chart.yaml"));
        let name = metadata.map(|node| string(member(&node, "name"))).unwrap_or_default();
        let mut environments = Vec::new();
        let folder = self.reach.folder(By::Repository, Path::new(path), "the chart");
        for name in folder.and_then(|folder| folder.names()).unwrap_or_default() {
            let stem = name.strip_suffix(".yaml").or(name.strip_suffix(".yml")).unwrap_or_default();
            let environment = stem.strip_prefix("values").and_then(|rest| rest.strip_prefix(['-', '.', '_']));
            if let Some(environment) = environment.filter(|environment| !environment.is_empty()) {
                let file = if path == "." { name.clone() } else { format!("{path}/{name}") };
                if self.may_read(Path::new(&file)) {
                    environments.push((environment.to_owned(), vec![file]));
                }
            }
        }
        environments.sort();
        Found { name, chart: path.to_owned(), environments, ..Found::default() }
    }

    /// What helmfile and Argo CD install from folders of this repository; templates of theirs are not understood.
    fn of_other_tools(&mut self, path: &str) -> Vec<Found> {
        let Some(node) = self.read_yaml(Path::new(path)) else { return Vec::new() };
        let found = of_other_tools(path, &node).into_iter().filter(|one| self.is_chart(Path::new(&one.chart)));
        found.map(|one| Found { from: format!("from {path}"), ..one }).collect()
    }
}

/// What helmfile and Argo CD install, whether its charts are here or not.
fn of_other_tools(path: &str, node: &Node) -> Vec<Found> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = |node: &Node, name: &str| string(member(node, name));
    let list = |node: Option<&Node>, folder: &str| -> Vec<String> {
        let files = node.map(items).unwrap_or_default().iter().map(|item| string(Some(item)));
        files.filter(|file| !file.is_empty()).map(|file| below(folder, &file)).collect()
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let file_name = path.rsplit('/').next().unwrap_or(path);
    if file_name.starts_with("helmfile") {
        let releases = member(node, "releases").map(items).unwrap_or_default();
        let release = |one: &Node| Found {
            name: text(one, "name"),
            chart: below(folder, &text(one, "chart")),
            namespace: some(text(one, "namespace")),
            values: list(member(one, "values"), folder),
            ..Found::default()
        };
        releases.iter().map(release).collect()
    } else if text(node, "kind") == "Application" && text(node, "apiVersion").starts_with("argoproj.io/") {
        let Some(source) = descend(node, &["spec", "source"]) else { return Vec::new() };
        let chart = below("", &text(source, "path"));
        let name = some(string(descend(source, &["helm", "releaseName"])));
        vec![Found {
            name: name.unwrap_or_else(|| string(descend(node, &["metadata", "name"]))),
            namespace: some(string(descend(node, &["spec", "destination", "namespace"]))),
            values: list(descend(source, &["helm", "valueFiles"]), &chart),
            chart,
            ..Found::default()
        }]
    } else {
        Vec::new()
    }
}

/// A path that counts from a folder, without `.` and `..`.
fn below(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Releases of one name get numbers.
fn name_apart(found: &mut [Found]) {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for one in found {
        let count = seen.entry(one.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            one.name = format!("{}-{count}", one.name);
        }
    }
}
