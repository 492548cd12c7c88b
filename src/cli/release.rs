//! The flags that select a release and its values, which are helm's own, and what they load: a chart, values, a render.

use super::fetch::{self, FetchFlags};
use super::missing_dependencies::dependencies;
use super::{Problem, Streams};
use crate::chart::load::{ChartAt, load_from, load_stored, not_found};
use crate::chart::{Chart, Dependency};
use crate::chart_reference::ChartReference;
use crate::disk::{By, Reach};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::release::ReleaseInputs;
use crate::render::{Capabilities, Release, capabilities::KubeVersion};
use crate::schema::KnownSchemas;
use crate::secrets::Secrets;
use crate::similar::did_you_mean;
use crate::store::{Complete, Dependencies, Store};
use crate::template::{Clock, Env};
use crate::values::layers::UserValues;
use crate::work::Work;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use std::path::PathBuf;
use std::sync::Arc;

/// Flags that decide what a release renders to.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Release (helm's own flags)")]
pub(crate) struct ReleaseFlags {
    /// Namespace of the release (default: default)
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Values file; later files take precedence (can be given several times, or comma-separated; - is stdin)
    #[arg(short = 'f', long = "values", value_name = "FILE", allow_hyphen_values = true)]
    pub values: Vec<String>,
    /// Set values: key1=val1,key2=val2 (can be given several times)
    #[arg(long, value_name = "ASSIGNMENTS", allow_hyphen_values = true)]
    pub set: Vec<String>,
    /// Set values that are always strings
    #[arg(long, value_name = "ASSIGNMENTS", allow_hyphen_values = true)]
    pub set_string: Vec<String>,
    /// Set values to the contents of files: key1=path1,key2=path2
    #[arg(long, value_name = "ASSIGNMENTS", allow_hyphen_values = true)]
    pub set_file: Vec<String>,
    /// Set JSON values: key1=json1,key2=json2, or one JSON object
    #[arg(long, value_name = "ASSIGNMENTS", allow_hyphen_values = true)]
    pub set_json: Vec<String>,
    /// Set a string; everything after the = is taken literally
    #[arg(long, value_name = "ASSIGNMENT", allow_hyphen_values = true)]
    pub set_literal: Vec<String>,
    /// Kubernetes version for .Capabilities.KubeVersion
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
    /// API versions added to .Capabilities.APIVersions (can be given several times, or comma-separated)
    #[arg(short, long, value_name = "VERSIONS", value_delimiter = ',')]
    pub api_versions: Vec<String>,
    /// Load missing dependencies from the repositories in Chart.yaml, to memory; charts/ stays as it is
    #[arg(long)]
    pub dependency_update: bool,
    /// Render as an upgrade: .Release.IsUpgrade instead of .Release.IsInstall
    #[arg(long)]
    pub is_upgrade: bool,
    /// Do not validate the values against values.schema.json
    #[arg(long)]
    pub skip_schema_validation: bool,
    /// Which major version of helm to imitate (default: 4)
    #[arg(long, value_enum, value_name = "VERSION")]
    pub helm_version: Option<Helm>,
    /// Make random functions and certificates, and for template the clock, deterministic, so that two runs print the same bytes.
    /// Anybody can then compute the keys and passwords: never install them (default: random for template, 0 otherwise)
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The time that templates see, 2026-01-31T12:00:00Z (default: now; 2000-01-01 for template with --seed)
    #[arg(long, value_name = "TIME")]
    pub time: Option<Timestamp>,
    /// Time zone in which templates print dates: UTC, Europe/Berlin (default: the machine's; UTC with --seed)
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Raise (or lower) a limit: template-steps=100000000 (can be given several times)
    #[arg(long = "limit", value_name = "NAME=N")]
    pub limits: Vec<String>,
    /// Allow reading at this path or below it, even if airtight.yaml, a chart or a link of the repository leads there (can be
    /// given several times)
    ///
    /// Without this flag, what a repository names is read only within that repository, and links in a chart on the command
    /// line must stay in the chart.
    #[arg(long, value_name = "PATH")]
    pub allow_outside: Vec<PathBuf>,
    /// Whether the time is that of the run, and was not given.
    #[arg(skip)]
    pub(super) is_now: bool,
    /// Which of these come from the configuration.
    #[arg(skip)]
    pub(super) configured: Configured,
}

/// Which flags of a release come from the configuration, and not from the user.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Configured {
    /// The chart.
    pub(super) chart: bool,
    /// The number of leading `values` that do.
    pub(super) values: usize,
    /// The number of leading `set_file` that do.
    pub(super) set_file: usize,
    /// That missing dependencies are loaded.
    pub(super) dependency_update: bool,
}

/// Who named an element of a list whose first elements are the configuration's.
fn named_by(at: usize, configured: usize) -> By {
    if at < configured { By::Repository } else { By::User }
}

/// Helm's major version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Helm {
    /// Helm 3.17
    #[value(name = "3")]
    V3,
    /// Helm 4.3
    #[default]
    #[value(name = "4")]
    V4,
}

impl ReleaseFlags {
    /// Whether missing dependencies are loaded; only the user's own flag lets others than folders be asked.
    pub(super) fn completes(&self) -> bool {
        self.dependency_update || self.configured.dependency_update
    }

    /// The limits, with those that were changed.
    pub(crate) fn limits(&self) -> Result<Limits, Error> {
        Limits::raised(&self.limits)
    }

    /// What may be read according to the flags.
    pub(super) fn reach(&self) -> Result<Reach, Error> {
        Reach::new(&self.allow_outside, self.limits()?.file_bytes)
    }

    /// Whether something is read from stdin. Only the user can ask for that: in a configuration, `-` is a file.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.values.iter().skip(self.configured.values).flat_map(|list| split_list(list)).any(|name| name.trim() == "-")
    }

    /// Whether any value is given.
    pub(super) fn has_values(&self) -> bool {
        let lists = [&self.values, &self.set, &self.set_string, &self.set_file, &self.set_json, &self.set_literal];
        lists.iter().any(|list| !list.is_empty())
    }

    /// The paths of the values files, one by one.
    pub(super) fn value_files(&self) -> Vec<String> {
        let names = self.values.iter().flat_map(|list| split_list(list));
        names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty() && name != "-").collect()
    }

    /// The paths of the files of `--set-file`, as they are read.
    pub(super) fn set_files(&self) -> Vec<String> {
        let user = UserValues { set_file: self.set_file.clone(), ..UserValues::default() };
        let mut paths = Vec::new();
        let mut note = |_, path: &str| {
            paths.push(path.to_owned());
            Ok(Vec::new())
        };
        // A wrong flag is reported when the release is rendered.
        let _ = user.merge(self.helm(), &Limits::default(), &mut note, None);
        paths
    }

    /// Who named the chart.
    pub(super) fn chart_named_by(&self) -> By {
        if self.configured.chart { By::Repository } else { By::User }
    }

    /// Visits the values files and the files of `--set-file` with their names; `None` if one cannot be read.
    pub(super) fn each_file(&self, store: &Store, visit: &mut dyn FnMut(&str, &[u8])) -> Option<()> {
        for (at, list) in self.values.iter().enumerate() {
            let by = named_by(at, self.configured.values);
            for name in split_list(list).iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
                visit(name, store.values(by, name).ok()?.bytes());
            }
        }
        let configured = self.configured.set_file;
        let set_files = store.set_files(move |at| named_by(at, configured));
        let user = UserValues { set_file: self.set_file.clone(), ..UserValues::default() };
        let mut is_read = true;
        let mut read = |at: usize, path: &str| {
            let content = set_files.read(at, path);
            match &content {
                Ok(content) => visit(path, content),
                Err(_) => is_read = false,
            }
            content
        };
        // A wrong flag is reported when the release is rendered.
        let parsed = user.merge(self.helm(), &Limits::default(), &mut read, None);
        (parsed.is_ok() && is_read).then_some(())
    }

    fn helm(&self) -> HelmVersion {
        match self.helm_version.unwrap_or_default() {
            Helm::V3 => HelmVersion::V3,
            Helm::V4 => HelmVersion::V4,
        }
    }

    /// Makes all renders of a run see the same time, unless one was given: as if the release were installed now.
    #[expect(clippy::disallowed_methods, reason = "the clock of the command")]
    pub(super) fn stop_clock(&mut self) {
        if self.time.is_none() {
            (self.time, self.is_now) = (Some(Timestamp::now()), true);
        }
    }

    /// The flags as they were given, without the time of the run.
    pub(super) fn as_given(&self) -> Self {
        Self { time: self.time.filter(|_| !self.is_now), is_now: false, ..self.clone() }
    }

    /// The same for commands that report: two runs print the same on any machine, whatever is random in a chart.
    pub(super) fn repeatable(self) -> Self {
        Self { seed: self.seed.or(Some(0)), ..self }
    }

    /// Clock, randomness and helm's version.
    pub(super) fn env(&self) -> Env {
        let env = match self.seed {
            Some(seed) => Env::seeded(seed),
            None => Env::default(),
        };
        let time_zone = match (&self.time_zone, self.seed) {
            (Some(zone), _) => zone.clone(),
            (None, Some(_)) => env.time_zone.clone(),
            (None, None) => local_time_zone(),
        };
        let clock = self.time.map_or(env.clock, |time| Clock::Fixed(time.as_nanosecond()));
        Env { helm: self.helm(), time_zone, clock, ..env }
    }

    fn check_time_zone(&self) -> Result<(), Error> {
        let Some(zone) = self.time_zone.as_deref().filter(|zone| !matches!(*zone, "" | "UTC" | "Local")) else {
            return Ok(());
        };
        let zones = TimeZoneDatabase::bundled();
        // Names are case-sensitive, as file names are.
        if zones.get(zone).is_ok_and(|found| found.iana_name() == Some(zone)) {
            return Ok(());
        }
        let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        let near = did_you_mean(zone, names.iter().map(String::as_str));
        Err(Error::input(format!("--time-zone: unknown time zone {zone:?}{near}")))
    }

    fn capabilities(&self) -> Result<Capabilities, Error> {
        let mut capabilities = Capabilities::default_of(self.helm());
        if let Some(version) = self.kube_version.as_deref().filter(|version| !version.is_empty()) {
            capabilities.kube_version = match self.helm() {
                HelmVersion::V4 => KubeVersion::parse(version)?,
                HelmVersion::V3 => KubeVersion::parse_semantic(version)?,
            };
        }
        capabilities.api_versions.extend(self.api_versions.iter().filter(|version| !version.is_empty()).cloned());
        Ok(capabilities)
    }

    /// Reads the values files and the files that `--set-file` names.
    fn user_values(&self, store: &Store, limits: &Limits) -> Result<UserValues, Error> {
        let mut files = Vec::new();
        for (at, list) in self.values.iter().enumerate() {
            for name in split_list(list).iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
                match store.values(named_by(at, self.configured.values), name) {
                    Ok(file) => files.push(file),
                    // helm reads one after the other: an error in the first is reported before the second is found missing.
                    Err(error) => {
                        let before = UserValues { files, ..UserValues::default() };
                        before.merge(self.helm(), limits, &mut |_, _| Ok(Vec::new()), None)?;
                        return Err(error);
                    }
                }
            }
        }
        Ok(UserValues {
            files,
            set_json: self.set_json.clone(),
            set: self.set.clone(),
            set_string: self.set_string.clone(),
            set_file: self.set_file.clone(),
            set_literal: self.set_literal.clone(),
            ..UserValues::default()
        })
    }
}

/// The parts of a comma-separated flag; a part in double quotes may contain commas.
fn split_list(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in list.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts
}

#[expect(clippy::disallowed_methods, reason = "the environment of the command, and a link that is not followed")]
fn local_time_zone() -> String {
    match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => zone.trim_start_matches(':').to_owned(),
        Ok(_) => "UTC".to_owned(),
        // The link names the zone; searching for the zone with these bytes would read hundreds of files.
        Err(_) => std::fs::read_link("/etc/localtime")
            .ok()
            .and_then(|target| Some(target.to_str()?.split_once("zoneinfo/")?.1.to_owned()))
            .unwrap_or_else(|| "UTC".to_owned()),
    }
}

/// The namespace that helm was given when it runs us as its plugin: helm consumes `--namespace` itself.
#[expect(clippy::disallowed_methods, reason = "the environment of the command")]
fn plugin_namespace() -> Option<String> {
    std::env::var_os("HELM_PLUGIN_DIR")?;
    std::env::var("HELM_NAMESPACE").ok().filter(|namespace| !namespace.is_empty())
}

/// Loads the dependencies that Chart.yaml declares and `charts/` lacks, from their `file://` repositories, and through `fetches` from
/// others. Nothing is written: the chart is completed in memory.
fn add_missing_dependencies(
    chart: &mut Arc<Chart>,
    source: &ChartAt<'_>,
    limits: &Limits,
    helm: HelmVersion,
    fetches: Option<&Dependencies>,
) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut warnings = Vec::new();
    let is_missing = |dependency: &&Dependency| !chart.subcharts.iter().any(|one| one.name() == dependency.name);
    let missing: Vec<&Dependency> = chart.metadata.dependencies.iter().flatten().filter(is_missing).collect();
    let is_elsewhere = |one: &Dependency| !one.repository.is_empty() && !one.repository.starts_with("file://");
    let elsewhere: Vec<Dependency> = missing.iter().copied().filter(|one| is_elsewhere(one)).cloned().collect();
    let mut fetched = match fetches {
        Some(fetches) if !elsewhere.is_empty() => fetches
            .fetch(&elsewhere)
            .map_err(|error| error.after(format_args!("dependencies of chart {}", chart.name())))?,
        _ => Vec::new(),
    }
    .into_iter();
    for dependency in missing {
        let name = &dependency.name;
        if is_elsewhere(dependency)
            && let Some(stored) = fetched.next()
        {
            let path = PathBuf::from(format!("{name}-{}.tgz", dependency.version));
            let loaded = load_stored(&stored, &path, None, limits, helm)
                .map_err(|error| error.after(format_args!("dependency {name} of chart {}", chart.name())))?;
            warnings.extend(loaded.warnings);
            found.push(loaded.chart);
            continue;
        }
        let Some(folder) = dependency.repository.strip_prefix("file://") else {
            let chart = chart.name();
            return Err(Error::input(match dependency.repository.as_str() {
                "" => format!("dependency {name} of chart {chart} has no repository, and is not in charts/"),
                from => format!(
                    "dependency {name} of chart {chart} comes from {from}, which is asked only if the command line has \
                     --dependency-update, and with --changed-since --allow-new-sources too"
                ),
            }));
        };
        let folder = source.path.join(folder);
        source
            .reach
            .check_beside(source.by, source.path, &folder)
            .map_err(|error| error.after(format_args!("dependency {name} of chart {}", chart.name())))?;
        let loaded = load_from(&ChartAt { path: &folder, seen_as: None, ..*source }, limits, helm)?;
        warnings.extend(loaded.warnings);
        found.push(loaded.chart);
    }
    if let Some(chart) = Arc::get_mut(chart) {
        chart.subcharts.extend(found);
    }
    Ok(warnings)
}

impl ReleaseFlags {
    /// Loads the chart of a single-release command and reads what the flags name, including stdin; helm's log lines go to stderr.
    pub(super) fn prepare_alone(
        &self,
        name: &str,
        chart: &ChartReference,
        fetch: &FetchFlags,
        reach: Arc<Reach>,
        schemas: &KnownSchemas,
        streams: &mut Streams<'_>,
    ) -> Result<ReleaseInputs, Problem> {
        let stdin = self.reads_stdin().then(|| streams.read_input(reach.file_bytes())).transpose()?;
        let mut lines = Vec::new();
        let mut store = Store::new(stdin, reach);
        store.is_alone = true;
        fetch::put(fetch.archives([chart], &self.limits()?, streams.err)?, &mut store);
        store.dependencies = dependencies(fetch, [chart], &self.limits()?);
        let prepared = self.prepare(name, chart, &store, &mut lines);
        for remote in
            prepared.iter().flat_map(|prepared| prepared.remote_schemas(schemas)).filter(|remote| !remote.is_file())
        {
            lines.push(format!(
                "the values.schema.json of {} refers to {}: helm fetches that, and fails if it cannot; airtight accepts any \
                 value there",
                remote.chart, remote.url
            ));
        }
        streams.log(&lines);
        Ok(prepared?)
    }

    /// Loads a chart and reads what the flags name. Helm's log lines are added to `log`, also on an error.
    pub(crate) fn prepare(
        &self,
        name: &str,
        chart: &ChartReference,
        store: &Store,
        log: &mut Vec<String>,
    ) -> Result<ReleaseInputs, Error> {
        let limits = self.limits()?;
        self.check_time_zone()?;
        let capabilities = self.capabilities()?;
        let complete = |chart: &mut Arc<Chart>, source: &ChartAt<'_>| {
            let fetches = store.dependencies.as_ref().filter(|_| self.dependency_update);
            add_missing_dependencies(chart, source, &limits, self.helm(), fetches)
        };
        let complete: Option<&Complete<'_>> = if self.completes() { Some(&complete) } else { None };
        let by = self.chart_named_by();
        let loaded = store.chart(by, chart, &limits, self.helm(), complete);
        log.extend_from_slice(loaded.log());
        // helm checks that the chart exists, reads the values, and only then the chart: the first error is reported.
        let chart = match loaded.chart() {
            Err(error) if chart.local().is_some_and(|path| error == not_found(path)) => return Err(error),
            chart => chart,
        };
        let user = self.user_values(store, &limits)?;
        let configured = self.configured.set_file;
        let set_files = store.set_files(move |at| named_by(at, configured));
        if chart.is_err() {
            user.merge(self.helm(), &limits, &mut |at, path| set_files.read(at, path), None)?;
        }
        let chart = chart?;
        // Helm quirk: an empty name is replaced by the default.
        let given = self.namespace.clone().filter(|name| !name.is_empty()).or_else(plugin_namespace);
        let namespace = given.unwrap_or_else(|| "default".to_owned());
        Ok(ReleaseInputs {
            chart,
            release: Release { name: name.to_owned(), namespace, is_upgrade: self.is_upgrade, revision: 1 },
            capabilities,
            env: self.env(),
            work: Work::of(&limits),
            limits,
            is_given: self.configured.chart || !user.is_empty(),
            user,
            check_schema: !self.skip_schema_validation,
            set_files,
        })
    }
}

/// An error with the secrets of a release's values masked.
pub(super) fn without_secrets(prepared: &ReleaseInputs, error: Error) -> Error {
    error.reworded(|text| Secrets::of_release(prepared).hide_in(text, true))
}

/// Masks the secrets of a release's values in log lines.
pub(super) fn hide_secrets(prepared: &ReleaseInputs, lines: &mut [String]) {
    if !lines.is_empty() {
        let secrets = Secrets::of_release(prepared);
        lines.iter_mut().for_each(|line| *line = secrets.hide_in(line, true));
    }
}
