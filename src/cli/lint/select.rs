//! Which releases `lint` checks.

use super::{Args, NOTHING};
use crate::chart_reference::RemoteChart;
use crate::cli::Streams;
use crate::cli::charts::{charts_of, release_names};
use crate::cli::jobs::{Job, TargetSettings};
use crate::cli::one_release::no_release;
use crate::cli::part::{Candidate, Part};
use crate::config::{Config, ListedRelease, MirrorTarget, ReleaseSpec};
use crate::content_digest::{ContentDigest, ContentHasher};
use crate::disk::{By, Reach};
use crate::error::Error;
use crate::settings::Settings;
use crate::suppress::baseline::Baseline;
use std::path::PathBuf;

impl Args {
    /// The jobs of this part of the run, in which the mirror may be asked.
    pub(super) fn selected(
        &self,
        config: &Config,
        baseline: Option<&Baseline>,
        reach: &Reach,
        streams: &mut Streams<'_>,
    ) -> Result<Part, Error> {
        let mut settings = TargetSettings::new(&self.settings, config, reach);
        let typed = self.typed_jobs(reach, &mut settings)?;
        let candidates = match &typed {
            Some(jobs) => {
                let candidate = |job: &Job| Candidate { name: job.full_name(), chart: job.chart.clone(), by: By::User };
                jobs.iter().map(candidate).collect()
            }
            None => self.listed(config, &mut settings)?,
        };
        let mut part = self.part.select(&candidates, reach, streams)?;
        part.run = self.output.blob()?.map(|_| self.identity(&candidates, config, baseline, &settings));
        let is_own = |number: usize| part.own.get(number) == Some(&true);
        part.jobs = match typed {
            Some(jobs) => jobs.into_iter().filter(|job| is_own(job.number)).collect(),
            None => self.listed_jobs(config, &mut settings, &is_own)?,
        };
        if self.asks_mirror(config) {
            self.let_ask(&mut part.jobs)?;
        }
        Ok(part)
    }

    /// All releases of the configuration that are to be checked, of which a part may be selected.
    fn listed(&self, config: &Config, settings: &mut TargetSettings<'_>) -> Result<Vec<Candidate>, Error> {
        self.check_releases(config)?;
        let mut all = Vec::new();
        for release in config.releases.iter().filter(|release| self.is_wanted(&release.entry)) {
            let entry = &release.entry;
            settings.of(&entry.target)?;
            all.push(Candidate { name: entry.full_name(), chart: entry.chart.clone(), by: By::Repository });
        }
        Ok(all)
    }

    /// What parts of one run have in common: the digest of everything but the content of charts and values files.
    fn identity(
        &self,
        all: &[Candidate],
        config: &Config,
        baseline: Option<&Baseline>,
        settings: &TargetSettings<'_>,
    ) -> ContentDigest {
        let mut hash = ContentHasher::default();
        hash.bytes(config.file.as_ref().map(|file| file.bytes()).unwrap_or_default());
        hash.value(&baseline.map(ToString::to_string));
        hash.value(&(self.charts.is_empty(), &self.releases, self.asks_mirror(config)));
        hash.value(&self.release.as_given());
        all.iter().for_each(|candidate| hash.bytes(candidate.name.as_bytes()));
        settings.all().for_each(|settings| hash.value(settings));
        hash.finish()
    }

    /// The jobs: the named chart, or the releases of the configuration.
    pub(in crate::cli) fn jobs(&self, config: &Config, reach: &Reach) -> Result<Vec<Job>, Error> {
        let settings = &mut TargetSettings::new(&self.settings, config, reach);
        let mut jobs = match self.typed_jobs(reach, settings)? {
            Some(jobs) => jobs,
            None => {
                self.check_releases(config)?;
                self.listed_jobs(config, settings, &|_| true)?
            }
        };
        if self.asks_mirror(config) {
            self.let_ask(&mut jobs)?;
        }
        Ok(jobs)
    }

    /// Makes jobs ask their mirrors.
    fn let_ask(&self, jobs: &mut [Job]) -> Result<(), Error> {
        let charts: Vec<RemoteChart> = jobs.iter().filter_map(|job| job.chart.remote()).cloned().collect();
        self.ask_mirrors(jobs.iter_mut().map(|job| &mut job.settings).collect(), &charts, &|_| true)
    }

    /// The jobs for charts on the command line, which ask no mirror; `None` if there are none.
    fn typed_jobs(&self, reach: &Reach, settings: &mut TargetSettings<'_>) -> Result<Option<Vec<Job>>, Error> {
        if self.charts.is_empty() {
            return Ok(None);
        }
        self.typed(&settings.of(&MirrorTarget::default())?, reach).map(Some)
    }

    /// The jobs for releases of the configuration, which ask no mirror; `is_own` says whether a release of the run is one of them.
    fn listed_jobs(
        &self,
        config: &Config,
        settings: &mut TargetSettings<'_>,
        is_own: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Job>, Error> {
        let all = config.releases.iter().filter(|release| self.is_wanted(&release.entry));
        let (numbers, own): (Vec<usize>, Vec<&ListedRelease>) =
            all.enumerate().filter(|(number, _)| is_own(*number)).unzip();
        let mut jobs = Job::listed(&own, &self.release, settings)?;
        for (job, number) in jobs.iter_mut().zip(numbers) {
            job.number = number;
        }
        Ok(jobs)
    }

    /// Whether the configuration has the releases that are to be checked.
    fn check_releases(&self, config: &Config) -> Result<(), Error> {
        let Some(file) = &config.file else { return Err(Error::input(NOTHING)) };
        let names = || config.releases.iter().flat_map(|one| [one.entry.name.clone(), one.entry.full_name()]);
        for wanted in &self.releases {
            if !names().any(|name| name == *wanted) {
                let all: Vec<String> = config.releases.iter().map(|one| one.entry.full_name()).collect();
                return Err(Error::input(no_release(wanted, &all, file.name())));
            }
        }
        match config.releases.is_empty() {
            true => Err(Error::input(format!("nothing to check: {} has no releases", file.name()))),
            false => Ok(()),
        }
    }

    /// The charts on the command line.
    pub(in crate::cli) fn typed(&self, settings: &Settings, reach: &Reach) -> Result<Vec<Job>, Error> {
        let charts = charts_of(&self.charts, reach)?;
        let is_listed = charts != self.charts || charts.len() > 1;
        let names = match &self.name {
            Some(_) if is_listed => return Err(Error::input("--name is for one chart, and there are several")),
            Some(name) => vec![name.clone()],
            None if is_listed => release_names(&charts),
            None => vec!["release-name".to_owned()],
        };
        let job = |(number, (chart, name)): (usize, (&PathBuf, String))| {
            let job = Job::typed(&name, chart, &self.release, &self.fetch, settings.clone())?;
            Ok(Job { number, is_listed, ..job })
        };
        charts.iter().zip(names).enumerate().map(job).collect()
    }

    /// Whether a release of the configuration is to be checked.
    pub(in crate::cli) fn is_wanted(&self, entry: &ReleaseSpec) -> bool {
        let named = |name: &String| self.releases.contains(name);
        self.releases.is_empty() || named(&entry.name) || named(&entry.full_name())
    }
}
