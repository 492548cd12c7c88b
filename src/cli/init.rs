//! `airtight init`: a first `airtight.yaml` from what the folder holds.

use super::config::shown;
use super::release::read_file;
use super::{Outcome, Problem, Streams};
use crate::config::init::{Found, text};
use crate::config::{Config, FILE_NAME};
use crate::images::Mirror;
use crate::images::object::{descend, items, member, string};
use crate::limits::Limits;
use crate::source::File;
use crate::yaml::{self, Node};
use std::path::Path;

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
}

/// Runs the command.
pub fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    if let Some(mirror) = &args.mirror {
        Mirror::parse(mirror).map_err(|error| format!("--mirror: {error}"))?;
    }
    let mut found = look()?;
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

/// Charts in the working folder and below, and what other tools say is installed.
fn look() -> Result<Vec<Found>, String> {
    let (mut charts, mut others) = (Vec::new(), Vec::new());
    let mut walk = walkdir::WalkDir::new(".").sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| format!("cannot look through the folder: {error}"))?;
        let name = entry.file_name().to_string_lossy();
        if entry.depth() > 0 && entry.file_type().is_dir() && (name.starts_with('.') || name == "node_modules") {
            walk.skip_current_dir();
            continue;
        }
        let path = relative(entry.path());
        if entry.file_type().is_dir() && entry.path().join("Chart.yaml").is_file() {
            charts.push(chart(entry.path(), if path.is_empty() { "." } else { &path }));
            walk.skip_current_dir();
        } else if entry.file_type().is_file() && (path.ends_with(".yaml") || path.ends_with(".yml")) {
            others.extend(of_other_tools(&path));
        }
    }
    // A chart that another tool installs is that tool's release.
    let installed: Vec<String> = others.iter().map(|other: &Found| other.chart.clone()).collect();
    charts.retain(|chart| !installed.contains(&chart.chart));
    charts.retain(|chart| Path::new(&chart.chart).join("Chart.yaml").is_file());
    charts.extend(others);
    charts.sort();
    Ok(charts)
}

fn relative(path: &Path) -> String {
    let path = shown(path);
    path.strip_prefix("./").unwrap_or(if path == "." { "" } else { &path }).to_owned()
}

/// A chart as a release of its own: `values-prod.yaml` beside its values.yaml is an environment.
fn chart(folder: &Path, path: &str) -> Found {
    let metadata = read_yaml(&folder.join("Chart.yaml"));
    let name = metadata.map(|node| string(member(&node, "name"))).unwrap_or_default();
    let mut environments = Vec::new();
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let stem = name.strip_suffix(".yaml").or(name.strip_suffix(".yml")).unwrap_or_default();
        let environment = stem.strip_prefix("values").and_then(|rest| rest.strip_prefix(['-', '.', '_']));
        if let Some(environment) = environment.filter(|environment| !environment.is_empty()) {
            let file = if path == "." { name.clone() } else { format!("{path}/{name}") };
            environments.push((environment.to_owned(), vec![file]));
        }
    }
    environments.sort();
    Found { name, chart: path.to_owned(), environments, ..Found::default() }
}

fn read_yaml(path: &Path) -> Option<Node> {
    yaml::read(&read_file(path).ok()?, &Limits::default()).ok()
}

/// What helmfile and Argo CD install from folders of this repository; templates of theirs are not understood.
fn of_other_tools(path: &str) -> Vec<Found> {
    let Some(node) = read_yaml(Path::new(path)) else { return Vec::new() };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = |node: &Node, name: &str| string(member(node, name));
    let list = |node: Option<&Node>, folder: &str| -> Vec<String> {
        let files = node.map(items).unwrap_or_default().iter().map(|item| string(Some(item)));
        files.filter(|file| !file.is_empty()).map(|file| below(folder, &file)).collect()
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let file_name = path.rsplit('/').next().unwrap_or(path);
    let found: Vec<Found> = if file_name.starts_with("helmfile") {
        let releases = member(&node, "releases").map(items).unwrap_or_default();
        let release = |one: &Node| Found {
            name: text(one, "name"),
            chart: below(folder, &text(one, "chart")),
            namespace: some(text(one, "namespace")),
            values: list(member(one, "values"), folder),
            ..Found::default()
        };
        releases.iter().map(release).collect()
    } else if text(&node, "kind") == "Application" && text(&node, "apiVersion").starts_with("argoproj.io/") {
        let Some(source) = descend(&node, &["spec", "source"]) else { return Vec::new() };
        let chart = below("", &text(source, "path"));
        let name = some(string(descend(source, &["helm", "releaseName"])));
        vec![Found {
            name: name.unwrap_or_else(|| string(descend(&node, &["metadata", "name"]))),
            namespace: some(string(descend(&node, &["spec", "destination", "namespace"]))),
            values: list(descend(source, &["helm", "valueFiles"]), &chart),
            chart,
            ..Found::default()
        }]
    } else {
        Vec::new()
    };
    let is_here = |one: &Found| Path::new(&one.chart).join("Chart.yaml").is_file();
    let found = found.into_iter().filter(is_here);
    found.map(|one| Found { from: format!("from {path}"), ..one }).collect()
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
