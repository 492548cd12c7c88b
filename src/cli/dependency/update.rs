//! `airtight dependency build` and `update`.

use super::ChangeFlags;
use super::declared::{Place, helms_list, name_repositories, place};
use super::folder::{check_charts, cleaned, joined, replace, write_lock};
use crate::chart::load::{ChartAt, load_from};
use crate::chart::{Chart, Dependency, Lock};
use crate::chart_reference::{Location, RemoteChart};
use crate::cli::fetch::Waits;
use crate::cli::{Outcome, Problem, Streams};
use crate::dependencies::{digest, digest_of_helm_2, lock_text, package};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::fetching::{Fetched, Fetcher, HelmRepository, Resolved, is_same_url};
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::semver::{Constraint, parse_version};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What decides the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Chart.lock, if there is one.
    Lock,
    /// Chart.yaml.
    Newest,
}

/// The chart whose dependencies are fetched.
struct Parent<'p> {
    path: PathBuf,
    chart: Arc<Chart>,
    reach: &'p Reach,
    limits: &'p Limits,
}

/// Runs the command. Source: helm `pkg/downloader`, `Manager.Build` and `Manager.Update`.
pub(super) fn run(flags: &ChangeFlags, aim: Aim, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let limits = Limits::default();
    let reach = flags.reach(&limits)?;
    let path = cleaned(&flags.chart);
    if !look::exists(&path) {
        let shown = path.display();
        return Err(Error::file(format!("could not find {shown}: stat {shown}: no such file or directory")).into());
    }
    if !look::is_folder(&path) {
        return Err(Error::input("only unpacked charts can be updated").into());
    }
    let source = ChartAt { reach: &reach, by: By::User, path: &path, seen_as: None };
    let loaded = load_from(&source, &limits, HelmVersion::V4)?;
    streams.log(&loaded.warnings);
    let parent = Parent { path, chart: loaded.chart, reach: &reach, limits: &limits };
    let metadata = &parent.chart.metadata;
    let lock = parent.chart.lock.as_ref().filter(|_| aim == Aim::Lock);
    if lock.is_none() && metadata.dependencies.is_none() {
        return Ok(Outcome::Clean);
    }
    let known = helms_list(flags.repository_config.as_deref(), &reach, &limits)?;
    let as_written = metadata.dependencies.clone();
    let mut declared = metadata.dependencies.clone();
    let mut needed = name_repositories(declared.as_deref_mut().unwrap_or_default(), &known)?;
    if let Some(lock) = lock {
        check_lock(lock, as_written.as_deref(), declared.as_deref(), &metadata.api_version)?;
        let mut locked = lock.dependencies.clone().unwrap_or_default();
        needed.extend(name_repositories(&mut locked, &known)?);
        parent.download(flags, &needed, &mut locked, false, streams)?;
        return Ok(Outcome::Clean);
    }
    let declared = declared.unwrap_or_default();
    let mut locked = declared.clone();
    parent.download(flags, &needed, &mut locked, true, streams)?;
    let digest = digest(Some(&declared), Some(&locked));
    if parent.chart.lock.as_ref().is_some_and(|lock| lock.digest == digest) {
        return Ok(Outcome::Clean);
    }
    let lock = Lock { generated: now(), digest, dependencies: Some(locked) };
    let name = if metadata.api_version == "v1" { "requirements.lock" } else { "Chart.lock" };
    write_lock(&joined(&parent.path, name), &lock_text(&lock), &reach)?;
    Ok(Outcome::Clean)
}

/// Checks that a lock fits Chart.yaml. `written` are the dependencies as written, `named` have URLs in place of names.
fn check_lock(
    lock: &Lock,
    written: Option<&[Dependency]>,
    named: Option<&[Dependency]>,
    api_version: &str,
) -> Result<(), Error> {
    if digest(named, lock.dependencies.as_deref()) == lock.digest {
        return Ok(());
    }
    if api_version != "v1" {
        return Err(Error::refused(
            "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies with \
             'airtight dependency update' or 'helm dependency update'",
        ));
    }
    // A lock that helm 2 wrote.
    if digest_of_helm_2(written) == lock.digest {
        return Ok(());
    }
    Err(Error::refused(
        "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please update the \
         dependencies",
    ))
}

/// A dependency, and where it is.
pub(super) type Placed<'d> = (&'d mut Dependency, Place);

/// Where the dependencies of the chart in a folder are.
pub(super) fn placed<'d>(dependencies: &'d mut [Dependency], chart: &Path) -> Result<Vec<Placed<'d>>, Error> {
    let places = dependencies.iter().map(|one| place(one, chart)).collect::<Result<Vec<_>, _>>()?;
    Ok(dependencies.iter_mut().zip(places).collect())
}

/// A dependency that is elsewhere.
pub(super) fn remote_of((_, place): &Placed<'_>) -> Option<RemoteChart> {
    remote(place).cloned()
}

impl Parent<'_> {
    /// Decides the versions of dependencies if they are constraints, fetches them, and replaces what is in `charts/`. Afterwards the
    /// dependencies are those of a lock.
    fn download(
        &self,
        flags: &ChangeFlags,
        known: &[HelmRepository],
        dependencies: &mut [Dependency],
        are_constraints: bool,
        streams: &mut Streams<'_>,
    ) -> Result<(), Problem> {
        let charts = joined(&self.path, "charts");
        check_charts(&charts, self.reach)?;
        let constraint = |dependency: &Dependency| {
            Constraint::parse_as(&dependency.version, HelmVersion::V4).map_err(|error| {
                let name = go_quote(dependency.name.as_bytes());
                Error::input(format!("dependency {name} has an invalid version/constraint format: {error}"))
            })
        };
        let constraints = dependencies.iter().map(constraint).collect::<Result<Vec<_>, _>>()?;
        let mut placed = placed(dependencies, &self.path)?;
        let mut archives = BTreeMap::new();
        let mut local = Vec::new();
        for ((dependency, place), constraint) in placed.iter_mut().zip(&constraints) {
            match place {
                Place::Here(folder) => {
                    self.check_here(dependency, folder, constraint)?;
                    local.push(dependency.name.clone());
                }
                Place::Folder(folder) => {
                    let chart = self.beside(dependency, folder)?;
                    let version = &chart.metadata.version;
                    if !parse_version(version).is_ok_and(|version| constraint.check(&version)) {
                        return Err(no_version(&[(dependency, Some(version.clone()))]).into());
                    }
                    let (file_name, archive) = package(&chart)?;
                    dependency.version.clone_from(version);
                    archives.insert(file_name, archive);
                }
                Place::Remote(_) => {}
            }
        }
        let told = self.fetch(flags, known, &mut placed, are_constraints, &mut archives, streams)?;
        for (dependency, _) in &mut placed {
            let Dependency { name, version, repository, .. } = std::mem::take(&mut **dependency);
            **dependency = Dependency { name, version, repository, ..Dependency::default() };
        }
        told.iter().try_for_each(|line| writeln!(streams.out, "{line}"))?;
        let local: BTreeSet<&str> = local.iter().map(String::as_str).collect();
        let left = replace(&charts, &archives, &local, self.reach, self.limits)?;
        writeln!(streams.out, "Deleting outdated charts")?;
        left.iter().try_for_each(|line| writeln!(streams.out, "{line}"))?;
        Ok(())
    }

    /// Fetches the dependencies that are elsewhere, and returns helm's lines about all of them.
    fn fetch(
        &self,
        flags: &ChangeFlags,
        known: &[HelmRepository],
        placed: &mut [Placed<'_>],
        are_constraints: bool,
        archives: &mut BTreeMap<String, Vec<u8>>,
        streams: &mut Streams<'_>,
    ) -> Result<Vec<String>, Problem> {
        let remotes: Vec<RemoteChart> = placed.iter().filter_map(remote_of).collect();
        let asked = if flags.source.is_offline() { Vec::new() } else { asked(&remotes, known) };
        let is_online = !remotes.is_empty();
        let mut fetched = Vec::new();
        if is_online {
            let waits = Waits::new(&mut *streams.err);
            let fetcher = flags.source.fetcher(&remotes, known, self.limits, &waits)?;
            if are_constraints {
                decide(&fetcher, &remotes, placed)?;
            }
            let exact: Vec<RemoteChart> = placed.iter().filter_map(exact).collect();
            fetched = fetcher.fetch_all(&exact);
        }
        let mut told = asked;
        told.push(format!("Saving {} charts", placed.len()));
        let mut fetched = fetched.into_iter();
        let mut seen = BTreeSet::new();
        for (dependency, place) in placed.iter() {
            let Dependency { name, repository, .. } = &**dependency;
            match place {
                Place::Folder(_) => {}
                Place::Here(_) => told.push(format!(
                    "Dependency {name} did not declare a repository. Assuming it exists in the charts directory"
                )),
                Place::Remote(_) => {
                    let Some(result) = fetched.next() else { continue };
                    let Fetched { archive, artifact, file_name, digest, .. } =
                        result.map_err(|error| error.after(format_args!("could not download {name}")))?;
                    // Helm quirk: a chart of a registry is fetched once for each dependency on it.
                    if artifact.is_none() && !seen.insert((digest, file_name.clone())) {
                        told.push(format!("Already downloaded {name} from repo {repository}"));
                        continue;
                    }
                    told.push(format!("Downloading {name} from repo {repository}"));
                    told.extend(artifact.map(|(name, digest)| format!("Pulled: {name}\nDigest: {digest}")));
                    archives.insert(file_name, archive.to_vec());
                }
            }
        }
        Ok(told)
    }

    /// Checks a dependency without a repository, which is in `charts/`.
    fn check_here(&self, dependency: &Dependency, folder: &Path, constraint: &Constraint) -> Result<(), Error> {
        if !look::exists(folder) {
            return Err(Error::file(format!("directory {} not found", folder.display())));
        }
        let loaded = self
            .load(By::Repository, folder)
            .map_err(|error| error.after(format_args!("unable to load chart '{}'", folder.display())))?;
        let version = &loaded.metadata.version;
        if parse_version(version).is_ok_and(|version| constraint.check(&version)) {
            return Ok(());
        }
        let Dependency { name, version: wanted, .. } = dependency;
        Err(Error::refused(format!("dependency {name} at version {version} does not satisfy the constraint {wanted}")))
    }

    /// A dependency in a folder, which must be within what may be read.
    fn beside(&self, dependency: &Dependency, folder: &Path) -> Result<Arc<Chart>, Error> {
        let named = |error: Error| error.after(format_args!("dependency {}", dependency.name));
        if !look::exists(folder) {
            return Err(Error::file(format!("directory {} not found", cleaned(folder).display())));
        }
        self.reach.check_beside(By::User, &self.path, folder).map_err(named)?;
        self.load(By::User, folder).map_err(named)
    }

    fn load(&self, by: By, path: &Path) -> Result<Arc<Chart>, Error> {
        let source = ChartAt { reach: self.reach, by, path, seen_as: None };
        load_from(&source, self.limits, HelmVersion::V4).map(|loaded| loaded.chart)
    }
}

fn remote(place: &Place) -> Option<&RemoteChart> {
    match place {
        Place::Remote(remote) => Some(remote),
        _ => None,
    }
}

/// A dependency elsewhere, in its exact version.
pub(super) fn exact((dependency, place): &Placed<'_>) -> Option<RemoteChart> {
    let remote = remote(place)?;
    Some(RemoteChart { version: Some(dependency.version.clone()), ..remote.clone() })
}

/// Decides the version of each dependency that is elsewhere.
pub(super) fn decide(fetcher: &Fetcher<'_>, remotes: &[RemoteChart], placed: &mut [Placed<'_>]) -> Result<(), Error> {
    let mut resolved = fetcher.resolve_all(remotes).into_iter();
    let mut missing = Vec::new();
    for (dependency, _) in placed.iter_mut().filter(|(_, place)| remote(place).is_some()) {
        let Some(resolved) = resolved.next() else { break };
        match resolved.map_err(|error| error.after(format_args!("dependency {}", dependency.name)))? {
            Resolved::Version(version) => dependency.version = version,
            Resolved::None(known) => missing.push((&**dependency, known)),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(no_version(&missing)) }
}

/// The error for dependencies of which no version fits, each with the versions that are there.
fn no_version(missing: &[(&Dependency, Option<String>)]) -> Error {
    let quoted = |text: &str| go_quote(text.as_bytes());
    let named = |(dependency, known): &(&Dependency, Option<String>)| {
        let Dependency { name, repository, version, .. } = dependency;
        let known = known.as_ref().map(|known| format!(", which has {known}")).unwrap_or_default();
        format!("{} (repository {}, version {}){known}", quoted(name), quoted(repository), quoted(version))
    };
    let all: Vec<String> = missing.iter().map(named).collect();
    Error::refused(format!(
        "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or change the version \
         constraint in Chart.yaml",
        all.len(),
        all.join(", ")
    ))
}

/// Helm's lines about the repositories whose indexes are read: those of its own list, and others.
fn asked(remotes: &[RemoteChart], known: &[HelmRepository]) -> Vec<String> {
    let (mut managed, mut others) = (Vec::new(), Vec::new());
    for remote in remotes {
        let Location::Repository { url, .. } = &remote.location else { continue };
        let repository = known.iter().find(|repository| is_same_url(&repository.url, url));
        let name = repository.map_or(url, |repository| &repository.name);
        let line = format!("...Successfully got an update from the {} chart repository", go_quote(name.as_bytes()));
        let list = if repository.is_some() { &mut managed } else { &mut others };
        if !list.contains(&line) {
            list.push(line);
        }
    }
    let mut lines = Vec::new();
    if !others.is_empty() {
        lines.push("Getting updates for unmanaged Helm repositories...".to_owned());
        lines.append(&mut others);
    }
    if !managed.is_empty() {
        lines.push("Hang tight while we grab the latest from your chart repositories...".to_owned());
        lines.append(&mut managed);
        lines.push("Update Complete. ⎈Happy Helming!⎈".to_owned());
    }
    lines
}

/// The time in a lock.
#[expect(clippy::disallowed_methods, reason = "a lock says when it was made")]
fn now() -> String {
    jiff::Timestamp::now().to_string()
}
