//! `airtight init`: a first `airtight.yaml` from the content of the working folder.

use super::{Outcome, Problem, Streams};
use crate::config::environments::{assign, may_be_values, of_archive};
use crate::config::init::{FoundRelease, text};
use crate::config::{Config, FILE_NAME};
use crate::disk::shown;
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::gitops;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::reference::Mirror;
use crate::render::manifest::split;
use crate::report::quiet;
use crate::source::File;
use crate::trace::Str;
use crate::yaml::{self, Node};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Write a first airtight.yaml from what the working folder contains: charts, values files, and the releases that
/// helmfile, Argo CD and Flux install from it
///
/// Whatever airtight.yaml cannot express is reported; a release that lacks a part cannot be checked until that is fixed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The private registry
    #[arg(long, value_name = "HOST")]
    mirror: Option<String>,
    /// Print the file instead of writing it
    #[arg(long)]
    print: bool,
    /// Read what is at this path or below it, even if a link leads there from the repository (can be given several times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
    /// Raise (or lower) a limit: file-bytes=1000000 (can be given several times)
    #[arg(long = "limit", value_name = "NAME=N")]
    limits: Vec<String>,
}

/// Runs the command.
#[expect(clippy::disallowed_methods, reason = "writes a new file, never over a link")]
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    if let Some(mirror) = &args.mirror {
        Mirror::parse(mirror).map_err(|error| Error::input(format!("--mirror: {error}")))?;
    }
    let mut reach = Reach::new(&args.allow_outside, Limits::raised(&args.limits)?.file_bytes)?;
    reach.set_configuration(Path::new("."))?;
    let mut look = Look { reach: &reach, refused: Vec::new(), elsewhere: Vec::new(), files: Vec::new() };
    let mut found = look.all()?;
    let mut elsewhere = look.elsewhere;
    let open = assign(&mut found, &look.files);
    elsewhere.extend(open.into_iter().map(|path| format!("{path}: it is not known which chart these values are for")));
    for why in look.refused {
        let _ = writeln!(streams.err, "warning: {}", quiet(&why));
    }
    for one in &elsewhere {
        let _ = writeln!(streams.err, "warning: left out: {}", quiet(one));
    }
    let count = found.len();
    if count == 0 {
        return Err(Error::input("there is no chart here, so there is nothing to write").into());
    }
    name_apart(&mut found);
    for one in &found {
        let _ = writeln!(streams.err, "found {}", quiet(&told(one)));
    }
    for one in &found {
        for part in &one.left_out {
            let _ = writeln!(streams.err, "warning: {}: left out: {}", quiet(&one.name), quiet(part));
        }
    }
    let incomplete = found.iter().filter(|one| !one.left_out.is_empty()).count();
    if incomplete > 0 {
        let _ = writeln!(
            streams.err,
            "warning: {incomplete} of {count} releases cannot be checked until their values named LEFT OUT are replaced"
        );
    }
    let text = text(args.mirror.as_deref(), &found, &elsewhere);
    // Whatever the folder is called, the file must be readable.
    Config::parse(&File::new(FILE_NAME, text.as_str()), "")?;
    if args.print {
        write!(streams.out, "{text}")?;
        return Ok(Outcome::Clean);
    }
    let path = Path::new(FILE_NAME);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).open(path).map_err(|error| {
        Error::file(match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!("{FILE_NAME} exists already"),
            _ => format!("cannot write {FILE_NAME}: {error}"),
        })
    })?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let s = if count == 1 { "" } else { "s" };
    let _ = writeln!(streams.err, "wrote {FILE_NAME} with {count} release{s}; review it, then run: airtight lint");
    Ok(Outcome::Clean)
}

/// A search through the working folder, within what its repository allows.
struct Look<'r> {
    reach: &'r Reach,
    /// What was left out, and why.
    refused: Vec<String>,
    /// What is installed from here but is not a release that can be checked here.
    elsewhere: Vec<String>,
    /// What may be values files of charts elsewhere.
    files: Vec<String>,
}

/// A release that was found, and where: `shop: charts/shop, installed by deploy/helmfile.yaml; environments prod, test`.
fn told(one: &FoundRelease) -> String {
    let by = if one.from.is_empty() { String::new() } else { format!(", installed by {}", one.from) };
    let values = if one.values.is_empty() { String::new() } else { format!("; values {}", one.values.join(", ")) };
    let environments: Vec<&str> = one.environments.iter().map(|(name, _)| name.as_str()).collect();
    let s = if environments.len() == 1 { "" } else { "s" };
    let environments =
        if environments.is_empty() { String::new() } else { format!("; environment{s} {}", environments.join(", ")) };
    format!("{}: {}{by}{values}{environments}", one.name, one.chart)
}

/// Whether a path is made by a template: `{{cookiecutter.name}}/values.yaml`.
fn is_templated(path: &str) -> bool {
    path.contains("{{") || path.contains("${")
}

impl Look<'_> {
    /// Charts in the working folder and below, and the releases of other tools.
    fn all(&mut self) -> Result<Vec<FoundRelease>, Error> {
        if self.is_chart(Path::new(".")) {
            return Ok(vec![self.chart(".")]);
        }
        let (mut charts, mut others) = (Vec::new(), Vec::new());
        let folder = self.reach.folder(By::Repository, Path::new("."), "the folder")?;
        let mut walk = folder.walk();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| Error::file(format!("cannot read the folder: {error}")))?;
            let name = entry.file_name().to_string_lossy();
            if entry.file_type().is_dir() && (name.starts_with('.') || name == "node_modules") {
                walk.skip_current_dir();
                continue;
            }
            let path = entry.path().strip_prefix(folder.real()).unwrap_or(entry.path());
            let shown = shown(path);
            if is_templated(&shown) {
                self.elsewhere.push(format!("{shown}: its path is a template"));
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
            } else if entry.file_type().is_dir() && self.is_chart(path) {
                charts.push(self.chart(&shown));
                walk.skip_current_dir();
            } else if entry.file_type().is_file() && shown.ends_with(".tgz") {
                match of_archive(&shown) {
                    Some(name) if self.may_read(path) => {
                        charts.push(FoundRelease { name: name.to_owned(), chart: shown, ..FoundRelease::default() });
                    }
                    Some(_) => {}
                    None => self.elsewhere.push(format!("{shown}: its name has no version, so it may be no chart")),
                }
            } else if entry.file_type().is_file()
                && (shown.ends_with(".yaml") || shown.ends_with(".yml") || is_template_of_helmfile(&shown))
            {
                let own = self.of_other_tools(&shown);
                if own.is_empty() && may_be_values(&shown) && self.may_read(path) && !self.is_manifest(path) {
                    self.files.push(shown);
                }
                others.extend(own);
            }
        }
        // A chart that another tool installs is a release of that tool.
        let installed: Vec<String> = others.iter().map(|other: &FoundRelease| other.chart.clone()).collect();
        charts.retain(|chart| !installed.contains(&chart.chart));
        charts.extend(others);
        charts.sort();
        self.files.sort();
        Ok(charts)
    }

    /// Whether a path may be read. A missing file is no error; a file that may not be read is reported.
    fn may_read(&mut self, path: &Path) -> bool {
        let checked = self.reach.check(By::Repository, path);
        self.allowed(path, checked).is_some()
    }

    fn allowed<T>(&mut self, path: &Path, answer: Result<T, Error>) -> Option<T> {
        if let Err(why) = &answer
            && look::is_there(path)
            && !self.refused.iter().any(|known| known == why.helm_text())
        {
            self.refused.push(why.to_string());
        }
        answer.ok()
    }

    fn is_chart(&mut self, folder: &Path) -> bool {
        self.read_file(&folder.join("Chart.yaml")).is_some()
    }

    /// Whether a file is an object of Kubernetes, or one that names none: only maps of values are values files.
    fn is_manifest(&mut self, path: &Path) -> bool {
        self.read_yaml(path).is_none_or(|node| !node.text_of("apiVersion").is_empty() || node.member("kind").is_some())
    }

    fn read_file(&mut self, path: &Path) -> Option<Vec<u8>> {
        let path = path.strip_prefix(".").unwrap_or(path);
        let answer = self.reach.read(By::Repository, path);
        self.allowed(path, answer)
    }

    fn read_yaml(&mut self, path: &Path) -> Option<Node> {
        yaml::read(&self.read_file(path)?, &Limits::default()).ok()
    }

    /// A chart as its own release: `values-prod.yaml` beside its values.yaml is an environment.
    fn chart(&mut self, path: &str) -> FoundRelease {
        let metadata = self.read_yaml(&Path::new(path).join("Chart.yaml"));
        let name = metadata.map(|node| node.text_of("name")).unwrap_or_default();
        let mut one = FoundRelease { name, chart: path.to_owned(), ..FoundRelease::default() };
        let files = self.values_in(path);
        assign(std::slice::from_mut(&mut one), &files);
        one
    }

    /// What may be values files in the folder of a chart, and in its folders of environments. Its own values.yaml is none of them.
    fn values_in(&mut self, chart: &str) -> Vec<String> {
        let Ok(folder) = self.reach.folder(By::Repository, Path::new(chart), "the chart") else { return Vec::new() };
        let mut found = Vec::new();
        let mut walk = folder.walk();
        while let Some(Ok(entry)) = walk.next() {
            let inside = shown(entry.path().strip_prefix(folder.real()).unwrap_or(entry.path()));
            let is_folder = entry.file_type().is_dir();
            let is_of_chart = ["templates", "charts", "crds", "files"].contains(&inside.as_str());
            if is_folder && (is_of_chart || entry.file_name().to_string_lossy().starts_with('.')) {
                walk.skip_current_dir();
            } else if !is_folder && inside != "values.yaml" && may_be_values(&inside) && !is_templated(&inside) {
                found.push(if chart == "." { inside } else { format!("{chart}/{inside}") });
            }
        }
        found.retain(|file| self.may_read(Path::new(file)));
        found.sort();
        found
    }

    /// The releases that Argo CD, Flux and helmfile install from folders of this repository.
    fn of_other_tools(&mut self, path: &str) -> Vec<FoundRelease> {
        let Some(bytes) = self.read_file(Path::new(path)) else { return Vec::new() };
        let text = Str::from(String::from_utf8_lossy(&bytes).as_ref());
        let mut releases = Vec::new();
        for document in split(text.as_bytes(), HelmVersion::V4).into_iter().map(|range| text.slice(range)) {
            match yaml::read(document.as_bytes(), &Limits::default()) {
                Ok(node) => releases.extend(gitops::releases(path, &node)),
                Err(_) if gitops::is_helmfile(path) => {
                    let (text, has_conditions) = gitops::without_actions(&document.to_text());
                    match yaml::read(text.as_bytes(), &Limits::default()) {
                        Ok(node) => releases.extend(gitops::releases(path, &node).into_iter().map(|mut one| {
                            if has_conditions {
                                one.left_out.push("conditions of the template".to_owned());
                            }
                            one
                        })),
                        Err(why) => self.elsewhere.push(format!("{path}, which cannot be read: {why}")),
                    }
                }
                Err(why) if gitops::may_install(path, document.as_bytes()) => {
                    self.elsewhere.push(format!("{path}, which cannot be read: {why}"));
                }
                Err(_) => {}
            }
        }
        let mut found = Vec::new();
        for mut one in releases {
            let is_here = !one.chart.is_empty() && self.is_chart(Path::new(&one.chart));
            match &one.remote {
                _ if is_here => {
                    if one.drops_missing {
                        one.values.retain(|file| self.read_file(Path::new(file)).is_some());
                    }
                    found.push(one);
                }
                Some(remote) if one.name.is_empty() => self.elsewhere.push(format!("{path}: {remote}")),
                Some(remote) => self.elsewhere.push(format!("{} of {path}: its chart is not here: {remote}", one.name)),
                None => self.elsewhere.push(format!("{} of {path}: there is no chart at {:?}", one.name, one.chart)),
            }
        }
        found
    }
}

/// Whether a file is a template of helmfile's.
fn is_template_of_helmfile(path: &str) -> bool {
    path.ends_with(".gotmpl") && gitops::is_helmfile(path)
}

/// Distinguishes releases of one name by environments named after their files: templates see the name itself.
fn name_apart(found: &mut [FoundRelease]) {
    let mut seen = BTreeSet::new();
    for one in found {
        let all = |one: &FoundRelease| -> Vec<String> {
            let environments = one.environments.iter().map(|(name, _)| format!("{}/{name}", one.name));
            if one.environments.is_empty() { vec![one.name.clone()] } else { environments.collect() }
        };
        let is_known = |one: &FoundRelease, seen: &BTreeSet<String>| all(one).iter().any(|name| seen.contains(name));
        if is_known(one, &seen) && one.environments.is_empty() {
            let file = one.from.rsplit('/').next().unwrap_or_default();
            let stem = file.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("other").to_owned();
            let numbered = (2..).map(|number| format!("{stem}-{number}"));
            for name in std::iter::once(stem.clone()).chain(numbered) {
                one.environments = vec![(name, Vec::new())];
                if !is_known(one, &seen) {
                    break;
                }
            }
        } else if is_known(one, &seen) {
            // Two charts of one name; which one is installed is not known.
            let name = one.name.clone();
            let mut numbered = (2..).map(|number| format!("{name}-{number}"));
            while is_known(one, &seen) {
                one.name = numbered.next().unwrap_or_default();
            }
        }
        seen.extend(all(one));
    }
}
