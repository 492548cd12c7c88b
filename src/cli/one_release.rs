//! The flags of commands that work on one release: a chart, or a release of the configuration.

use super::{Problem, Streams};
use crate::chart_reference::ChartReference;
use crate::cli::config::ConfigFlags;
use crate::cli::fetch::{self, FetchFlags};
use crate::cli::jobs::merged;
use crate::cli::missing_dependencies::dependencies;
use crate::cli::release::ReleaseFlags;
use crate::cli::settings::MirrorFlags;
use crate::config::{Config, MirrorTarget, ReleaseSpec};
use crate::disk::Reach;
use crate::error::Error;
use crate::limits::Limits;
use crate::release::ReleaseInputs;
use crate::schema::KnownSchemas;
use crate::settings::Settings;
use crate::similar::did_you_mean;
use crate::store::Store;
use crate::template::keys::Keys;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Selects the release: a chart, or a release of the configuration.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OneFlags {
    /// A chart: a folder, an archive, oci://HOST/PATH, the URL of an archive, or a name in the repository of --repo
    pub(super) chart: Option<PathBuf>,
    /// The release's name
    #[arg(long, default_value = "release-name", conflicts_with = "of_config")]
    name: String,
    /// Use the chart, values and mirror of a release of airtight.yaml, NAME or NAME/ENVIRONMENT
    #[arg(long = "release", id = "of_config", value_name = "RELEASE", conflicts_with = "chart")]
    release: Option<String>,
}

/// All flags that decide what is rendered.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RenderFlags {
    #[command(flatten)]
    mirror: MirrorFlags,
    #[command(flatten)]
    config: ConfigFlags,
    #[command(flatten)]
    release: ReleaseFlags,
    #[command(flatten)]
    fetch: FetchFlags,
}

/// A release, ready to be rendered.
#[derive(Debug)]
pub(crate) struct One {
    /// What its chart was called.
    pub chart: ChartReference,
    /// The release.
    pub prepared: ReleaseInputs,
    /// The environment, if the configuration gives the release several.
    pub environment: Option<String>,
    /// The settings; without a mirror nothing is rewritten or judged.
    pub settings: Settings,
    /// Whether there is a mirror.
    pub has_mirror: bool,
}

impl OneFlags {
    /// Loads the chart and reads what the flags name; helm's log lines go to stderr.
    pub(crate) fn prepare(&self, flags: &RenderFlags, streams: &mut Streams<'_>) -> Result<One, Problem> {
        self.prepare_as(None, flags, streams)
    }

    /// The same with another chart, and its version if that is another one: the same values, by the same flags.
    ///
    /// # Errors
    /// The values are on stdin, which is read once.
    pub(crate) fn prepare_with(
        &self,
        (chart, version): (&Path, Option<&str>),
        flags: &RenderFlags,
        streams: &mut Streams<'_>,
    ) -> Result<One, Problem> {
        if flags.release.reads_stdin() {
            return Err(
                Error::input("the values of two charts are read twice: put them into a file instead of stdin").into()
            );
        }
        self.prepare_as(Some(flags.fetch.reference_of(chart, version)?), flags, streams)
    }

    fn prepare_as(
        &self,
        other: Option<ChartReference>,
        flags: &RenderFlags,
        streams: &mut Streams<'_>,
    ) -> Result<One, Problem> {
        let mut reach = flags.release.reach()?;
        let config = flags.config.read(&mut reach)?;
        let (name, environment, chart, mut release, target) = match (&self.release, &self.chart) {
            (Some(wanted), _) => {
                flags.fetch.check_without_chart()?;
                let entry = entry(wanted, &config)?;
                let mut release = merged(entry, &flags.release);
                // The user names the other chart, not the configuration.
                release.configured.chart &= other.is_none();
                let chart = other.unwrap_or_else(|| entry.chart.clone());
                (entry.name.clone(), entry.environment.clone(), chart, release, &entry.target)
            }
            (None, Some(chart)) => {
                let chart = other.map_or_else(|| flags.fetch.reference(chart), Ok)?;
                (self.name.clone(), None, chart, flags.release.clone().repeatable(), &MirrorTarget::default())
            }
            (None, None) => {
                return Err(Error::input("name a chart, or a release of airtight.yaml with --release NAME").into());
            }
        };
        let (settings, has_mirror) = flags.settings(&config, target)?;
        release.stop_clock();
        let (reach, schemas) = (Arc::new(reach), KnownSchemas::default());
        let mut prepared = release.prepare_alone(&name, &chart, &flags.fetch, reach, &schemas, streams)?;
        prepared.env.keys = Keys::shared();
        Ok(One { chart, prepared, environment, settings, has_mirror })
    }
}

impl OneFlags {
    /// Whether neither a chart nor a release is named.
    pub(crate) fn names_nothing(&self) -> bool {
        self.chart.is_none() && self.release.is_none()
    }
}

impl RenderFlags {
    /// How charts are fetched.
    pub(crate) fn fetch(&self) -> &FetchFlags {
        &self.fetch
    }

    #[cfg(all(test, feature = "registry"))]
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        self.fetch.source.set_patience(patience);
    }

    /// What is needed for manifests without a chart: the settings, whether there is a mirror, the limits, and what may be read.
    ///
    /// # Errors
    /// A flag is given that only a chart can have.
    pub(crate) fn without_chart(&self) -> Result<(Settings, bool, Limits, Reach), Error> {
        self.fetch.check_without_chart()?;
        let mut reach = self.release.reach()?;
        let config = self.config.read(&mut reach)?;
        let (settings, has_mirror) = self.settings(&config, &MirrorTarget::default())?;
        Ok((settings, has_mirror, self.release.limits()?, reach))
    }

    /// What is checked: the configuration, as the flags select it.
    pub(crate) fn configuration(&self) -> Result<Config, Error> {
        self.config.read(&mut self.release.reach()?)
    }

    /// Loads the releases of the configuration one after the other, and passes each on; helm's log lines go to stderr. Charts and values files
    /// of several are read once.
    ///
    /// # Errors
    /// There are none, or one cannot be loaded: what some need would be taken for what all need.
    pub(crate) fn each_release(
        &self,
        streams: &mut Streams<'_>,
        each: &mut dyn FnMut(One, &mut Streams<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.fetch.check_without_chart()?;
        let mut reach = self.release.reach()?;
        let config = self.config.read(&mut reach)?;
        let entries: Vec<&ReleaseSpec> = config.releases.iter().map(|release| &release.entry).collect();
        match &config.file {
            None => return Err(Error::input(NOTHING).into()),
            Some(file) if entries.is_empty() => {
                return Err(Error::input(format!("{} has no releases", file.name())).into());
            }
            Some(_) => {}
        }
        let mut flags = self.release.clone();
        flags.stop_clock();
        let stdin = flags.reads_stdin().then(|| streams.read_input(reach.file_bytes())).transpose()?;
        let mut store = Store::new(stdin, Arc::new(reach));
        let charts = || entries.iter().map(|entry| &entry.chart);
        let limits = flags.limits()?;
        fetch::put(self.fetch.archives(charts(), &limits, streams.err)?, &mut store);
        store.dependencies = dependencies(&self.fetch, charts(), &limits);
        for entry in entries {
            let (settings, has_mirror) = self.settings(&config, &entry.target)?;
            let mut lines = Vec::new();
            let prepared = merged(entry, &flags).prepare(&entry.name, &entry.chart, &store, &mut lines);
            streams.log(&lines);
            let mut prepared = prepared.map_err(|error| error.after(entry.full_name()))?;
            prepared.env.keys = Keys::shared();
            let (chart, environment) = (entry.chart.clone(), entry.environment.clone());
            each(One { chart, prepared, environment, settings, has_mirror }, streams)?;
        }
        Ok(())
    }

    /// The settings, and whether there is a mirror.
    fn settings(&self, config: &Config, target: &MirrorTarget) -> Result<(Settings, bool), Error> {
        let settings = self.mirror.settings(config, target)?;
        let has_mirror = settings.is_some();
        let without = || Settings { finders: config.finders.clone(), ..Settings::without_mirror() };
        Ok((settings.unwrap_or_else(without), has_mirror))
    }
}

/// The message if there is neither a chart nor a configuration.
const NOTHING: &str = "name a chart, or write an airtight.yaml (airtight init)";

/// The one release of the configuration with this name.
fn entry<'c>(wanted: &str, config: &'c Config) -> Result<&'c ReleaseSpec, Error> {
    let Some(file) = &config.file else {
        return Err(Error::input(format!(
            "--release {wanted}: there is no airtight.yaml here or in a folder above (airtight init writes one)"
        )));
    };
    let entries = || config.releases.iter().map(|release| &release.entry);
    if let Some(entry) = entries().find(|entry| entry.full_name() == wanted) {
        return Ok(entry);
    }
    let same: Vec<&ReleaseSpec> = entries().filter(|entry| entry.name == wanted).collect();
    if let [entry] = same[..] {
        return Ok(entry);
    }
    if !same.is_empty() {
        let same: Vec<String> = same.into_iter().map(ReleaseSpec::full_name).collect();
        return Err(Error::input(format!(
            "--release {wanted}: it has several environments: name one of {}",
            same.join(", ")
        )));
    }
    let names: Vec<String> = entries().map(ReleaseSpec::full_name).collect();
    Err(Error::input(no_release(wanted, &names, file.name())))
}

/// The message that a release does not exist, with similar names or all names.
pub(super) fn no_release(wanted: &str, names: &[String], file: &str) -> String {
    const MOST: usize = 10;
    let near = did_you_mean(wanted, names.iter().map(String::as_str));
    let all = match names.len() {
        1..=MOST if near.is_empty() => format!("; its releases are {}", names.join(", ")),
        _ => near,
    };
    format!("--release: {file} has no release {wanted:?}{all}")
}
