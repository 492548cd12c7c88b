//! `airtight lint`: which images bypass the mirror, and who decided so.

use super::blob::BlobFile;
use super::changed::is_before_first_commit;
use super::charts::{charts_of, release_names};
use super::collect::{Collected, Told};
use super::config::ConfigFlags;
use super::exit_status::ExitFlags;
use super::fetch::{self, FetchFlags};
use super::fix::flags::FixFlags;
use super::inputs::{Hasher, InputDigest, Inputs};
use super::jobs::{self, Done, Job, TargetSettings};
use super::missing_dependencies::dependencies;
use super::output::OutputFlags;
use super::part::{Candidate, Part, PartFlags};
use super::policy::ConfigFrom;
use super::progress::Progress;
use super::release::ReleaseFlags;
use super::results::{ResultFlags, Results};
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams, exit_status, hook, manifests, version, with_location};
use crate::chart_reference::RemoteChart;
use crate::cli::one_release::no_release;
use crate::config::{Config, ListedRelease, MirrorTarget, ReleaseSpec, Suppression};
use crate::disk::{By, Reach, look};
use crate::disk::{seen, shown};
use crate::error::Error;
use crate::fleet::blob::Head;
use crate::fleet::record::Record;
use crate::limits::Limits;
use crate::report::Report;
use crate::report::stream::{KeptReports, Reports};
use crate::report::text::Detail;
use crate::secrets::redacted;
use crate::settings::Settings;
use crate::source::File;
use crate::store::Store;
use crate::store::own_files::Own;
use crate::suppress::baseline::Baseline;
use crate::suppress::{Checked, Ledger, Noted, Suppressor};
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Find the images of a chart that do not resolve through the private mirror, and who decided so
///
/// Without CHART, all releases of airtight.yaml are checked.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("Examples:\n  \
                        airtight lint charts/shop --mirror mirror.internal -f values/prod.yaml\n  \
                        airtight lint --changed-since main\n  \
                        airtight lint --format sarif --output report.sarif --format text\n  \
                        airtight lint --fail-on error\n  \
                        airtight lint --shard 3/16 --format blob --output blobs/3.jsonl   (then: airtight merge blobs)\n  \
                        helm template shop charts/shop | airtight lint - --mirror mirror.internal\n\n{}", exit_status::table()))]
pub(crate) struct Args {
    /// Charts: folders, archives, oci://HOST/PATH or URLs of archives, or folders of charts; - reads manifests, or a plain list of
    /// images, from stdin
    #[arg(value_name = "CHART")]
    pub(super) charts: Vec<PathBuf>,
    /// The release's name (default: release-name; with several charts the name of each chart's folder or archive)
    #[arg(long, requires = "charts")]
    pub(super) name: Option<String>,
    /// Check this release of airtight.yaml, NAME or NAME/ENVIRONMENT (can be given several times, or comma-separated)
    #[arg(long = "release", value_name = "RELEASE", value_delimiter = ',', conflicts_with = "charts")]
    pub(super) releases: Vec<String>,
    /// Check manifests rendered elsewhere or read from a cluster: a file, a folder, or - for stdin; YAML, JSON, a plain list of
    /// images, one per line, or the table of `crictl images`
    #[arg(long, value_name = "PATH", conflicts_with_all = ["charts", "releases", "changed_since"])]
    manifests: Vec<PathBuf>,
    /// Check only releases that changed since the merge base with a git revision, and report only what is new
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
    /// Run as a hook of pre-commit, with the names of the files that it passes in place of charts
    ///
    /// What is staged is checked, as with --changed-since HEAD; with --from-ref and --to-ref of pre-commit what changed between
    /// them, and with --all-files everything. Files that differ from what is staged are an error.
    #[arg(long, conflicts_with_all = ["manifests", "changed_since", "name", "releases"])]
    pre_commit: bool,
    /// Whether only what is staged is checked.
    #[arg(skip)]
    pub(super) is_staged: bool,
    /// Whose configuration decides, with --changed-since, what is checked and what is accepted (rules, mirror, suppressions,
    /// lists of the bundle, baseline)
    #[arg(long, value_enum, value_name = "WHOSE", default_value = "base", requires = "changed_since")]
    pub(super) config_from: ConfigFrom,
    /// Fetch charts from registries and repositories, and ask mirrors, that airtight.yaml of the base of --changed-since does not name
    #[arg(long, requires = "changed_since")]
    pub(super) allow_new_sources: bool,
    /// Ask the mirror whether it has the images, with the flags and credentials for charts from registries
    ///
    /// Default: `mirror_check` of the configuration. With --offline it is not asked, and the check is not complete.
    #[arg(long)]
    pub(super) mirror_check: bool,
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write the findings to a file for --baseline, and accept them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "changed_since"])]
    write_baseline: Option<PathBuf>,
    /// The date on which suppressions are judged
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
    #[command(flatten)]
    pub(super) fixes: FixFlags,
    // Flags without a heading first: a heading applies to all that follow.
    #[command(flatten)]
    part: PartFlags,
    #[command(flatten)]
    results: ResultFlags,
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    exit: ExitFlags,
    #[command(flatten)]
    pub(super) config: ConfigFlags,
    #[command(flatten)]
    pub(super) release: ReleaseFlags,
    #[command(flatten)]
    pub(super) fetch: FetchFlags,
}

/// The message if there is neither a chart nor a configuration.
pub(super) const NOTHING: &str = "nothing to check: name a chart, or write an airtight.yaml (airtight init)";

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let is_whole = args.changed_since.is_none() && !args.fixes.is_on() && args.fixes.overlay.is_none();
    if is_whole && args.manifests().is_none() && args.write_baseline.is_none() {
        args.output.blob()?;
    } else {
        args.output.check()?;
        if args.part.is_part() {
            return Err(Error::input(
                "--shard and --releases check releases as they are: without --fix, --overlay and -",
            )
            .into());
        }
    }
    let mut reach = args.release.reach()?;
    let config = args.config.read(&mut reach)?;
    let reach = Arc::new(reach);
    args.check_outputs(&reach)?;
    if args.charts.is_empty() {
        args.fetch.check_without_chart()?;
    }
    args.fixes.check(&args.charts, &reach)?;
    if args.charts.len() > 1 && args.charts.iter().any(|chart| chart.as_os_str() == "-") {
        return Err(Error::input("- reads manifests, so it cannot be given together with charts").into());
    }
    let since = args.changed_since.as_deref().filter(|revision| !is_before_first_commit(revision));
    match since {
        Some(revision) if args.manifests().is_none() => {
            let mut outcome = Outcome::Clean;
            let reports = args.changed(revision, &config, &reach, streams, &mut outcome)?;
            args.finish(reports, streams, outcome)
        }
        _ if args.fixes.is_on() || args.fixes.overlay.is_some() => {
            let mut outcome = Outcome::Clean;
            let reports = args.fixed(&config, &reach, streams, &mut outcome)?;
            if args.fixes.diff { Ok(args.exit.of_changes(outcome)) } else { args.finish(reports, streams, outcome) }
        }
        _ => args.whole(&config, &reach, streams),
    }
}

impl Args {
    #[cfg(all(test, feature = "registry"))]
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        self.fetch.source.set_patience(patience);
    }

    /// Replaces what a hook was given by what is to be checked.
    ///
    /// # Errors
    /// There is no repository, or the range ends elsewhere than at HEAD.
    #[expect(clippy::disallowed_methods, reason = "the environment of the command")]
    pub(super) fn settle_hook(&mut self) -> Result<(), Error> {
        if self.pre_commit {
            let files = std::mem::take(&mut self.charts);
            let range = ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"].map(|name| std::env::var(name).ok());
            (self.changed_since, self.is_staged) = hook::range(&files, range)?;
        }
        Ok(())
    }

    /// Makes all releases see the same time.
    pub(crate) fn stop_clock(&mut self) {
        self.release.stop_clock();
    }

    /// Reports files that cannot be written before the work begins.
    fn check_outputs(&self, reach: &Reach) -> Result<(), Error> {
        self.output.check_paths(reach)?;
        let baseline = self.write_baseline.as_deref();
        baseline.map_or(Ok(()), |path| reach.check_output(path).map_err(|error| error.after("--write-baseline")))
    }

    /// Checks everything, without a comparison.
    fn whole(&self, config: &Config, reach: &Arc<Reach>, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
        if let Some(paths) = self.manifests() {
            let mut settings = self.settings.settings(config, &MirrorTarget::default(), reach)?;
            if self.asks_mirror(config) {
                self.ask_mirrors(vec![&mut settings], &[], &|_| true)?;
            }
            let checked = manifests::check(&paths, settings, &self.release.limits()?, reach, streams)?;
            return self.finish(self.accepted(vec![checked], config, reach)?, streams, Outcome::Clean);
        }
        if self.write_baseline.is_some() {
            let jobs = self.jobs(config, reach)?;
            let store = self.store(&jobs, config, reach, streams)?;
            let mut outcome = Outcome::Clean;
            // The baseline is made from all reports before secrets are masked in them.
            let reports = self.checked(&jobs, &store, config, reach, streams, &mut outcome)?;
            return self.finish(reports, streams, outcome);
        }
        let baseline = self.baseline(reach)?;
        let part = self.selected(config, baseline.as_ref(), reach, streams)?;
        if part.jobs.is_empty() && !part.own.is_empty() {
            let _ = writeln!(streams.err, "this part has none of the {} releases", part.own.len());
        }
        self.check_part(&part, config, baseline.as_ref(), reach, streams)
    }

    /// The jobs of this part of the run, in which the mirror may be asked.
    fn selected(
        &self,
        config: &Config,
        baseline: Option<&Baseline>,
        reach: &Reach,
        streams: &mut Streams<'_>,
    ) -> Result<Part, Error> {
        let mut settings = TargetSettings::new(&self.settings, config, reach);
        let candidates = self.candidates(config, reach, &mut settings)?;
        let run = self.identity(&candidates, config, baseline, &settings);
        let mut part = self.part.select(&candidates, run, reach, streams)?;
        part.jobs = self.silent_jobs(config, reach, &mut settings, &|number| part.own.get(number) == Some(&true))?;
        if self.asks_mirror(config) {
            self.let_ask(&mut part.jobs)?;
        }
        Ok(part)
    }

    /// All releases of the run, of which a part may be selected.
    fn candidates(
        &self,
        config: &Config,
        reach: &Reach,
        settings: &mut TargetSettings<'_>,
    ) -> Result<Vec<Candidate>, Error> {
        if !self.charts.is_empty() {
            let jobs = self.silent_jobs(config, reach, settings, &|_| true)?;
            let candidate = |job: Job| Candidate { name: job.full_name(), chart: job.chart, by: By::User };
            return Ok(jobs.into_iter().map(candidate).collect());
        }
        self.check_releases(config)?;
        let mut all = Vec::new();
        for release in config.releases.iter().filter(|release| self.is_wanted(&release.entry)) {
            let entry = &release.entry;
            settings.of(&entry.target)?;
            all.push(Candidate { name: entry.full_name(), chart: entry.chart.clone(), by: By::Repository });
        }
        Ok(all)
    }

    /// Checks releases, each of which is kept as soon as it is checked.
    fn check_part(
        &self,
        part: &Part,
        config: &Config,
        baseline: Option<&Baseline>,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Outcome, Problem> {
        let mut store = self.store(&part.jobs, config, reach, streams)?;
        store.is_once = true;
        let mut outcome = Outcome::Clean;
        let suppressor = self.suppressor(&config.suppressions, baseline)?;
        let blob = match self.output.blob()? {
            Some(path) => {
                let (tool, run) = (version::identity(), part.run.to_string());
                let head = Head::new(tool, run, suppressor.today, part.shard, part.jobs.len(), part.own.len());
                Some(BlobFile::begin(path, &head)?)
            }
            None => None,
        };
        let collected = Collected::new(&part.jobs, Ledger::new(&suppressor), blob);
        let progress = self.progress(part.jobs.len());
        let changes = self.output.shows_changes();
        let inputs = Inputs::new(&store);
        let results = match self.asks_mirror(config) {
            // What the mirror has may change at any time.
            true => None,
            false => Results::of(&self.results, config, &suppressor, &inputs, &store, changes),
        };
        jobs::run_each(&part.jobs, &store, &progress, &|at, job| {
            let check = || {
                let done = job.run(&store);
                let is_timed = done.is_timed;
                let (record, noted) = record(job, done, collected.ledger(), changes);
                (record, noted, is_timed)
            };
            let listed = part.listed_inputs.get(&job.number);
            let is_other = |listed: &String| inputs.of(job).is_some_and(|now| now.to_string() != *listed);
            let (record, noted) = match &results {
                _ if listed.is_some_and(is_other) => (changed_since_listed(job), Noted::default()),
                Some(results) => results.of_job(job, check),
                None => {
                    let (record, noted, _) = check();
                    (record, noted)
                }
            };
            collected.take(at, record, noted);
        });
        drop(progress);
        if self.output.detail != Detail::Verdict {
            streams.log(&results.iter().flat_map(Results::told).collect::<Vec<_>>());
            if self.results.is_on() && results.is_none() {
                let _ = writeln!(streams.err, "cache: not used, because the mirror is asked (--mirror-check)");
            }
        }
        drop(results);
        drop(inputs);
        drop(store);
        collected.tell(&mut |told| self.tell_check(told, streams, &mut outcome));
        let (reports, blob) = collected.finish(self.part.is_part())?;
        if let Some(blob) = blob {
            blob.publish(streams.out)?;
        }
        self.write(&reports, streams, outcome)
    }

    /// What parts of one run have in common: the digest of everything but the content of charts and values files.
    fn identity(
        &self,
        all: &[Candidate],
        config: &Config,
        baseline: Option<&Baseline>,
        settings: &TargetSettings<'_>,
    ) -> InputDigest {
        let mut hash = Hasher::default();
        hash.value(&config.file.as_ref().map(|file| file.bytes()));
        hash.value(&baseline.map(ToString::to_string));
        hash.value(&(self.charts.is_empty(), &self.releases, self.asks_mirror(config)));
        let mut flags = self.release.clone();
        flags.time = flags.time.filter(|_| !flags.is_now);
        flags.is_now = false;
        hash.value(&flags);
        all.iter().for_each(|candidate| hash.bytes(candidate.name.as_bytes()));
        settings.all().for_each(|settings| hash.value(settings));
        hash.finish()
    }

    /// Writes reports that are all in memory, and returns the outcome.
    fn finish(
        &self,
        mut reports: Vec<Report>,
        streams: &mut Streams<'_>,
        outcome: Outcome,
    ) -> Result<Outcome, Problem> {
        if let Some(path) = &self.write_baseline {
            write_baseline(path, &mut reports, streams)?;
        }
        let changes = self.output.shows_changes();
        reports.iter_mut().for_each(|report| report.hide_secrets(changes));
        self.write(&KeptReports::of(&reports), streams, outcome)
    }

    /// Writes reports, and returns the outcome.
    fn write(&self, reports: &dyn Reports, streams: &mut Streams<'_>, outcome: Outcome) -> Result<Outcome, Problem> {
        self.output.write(reports, streams)?;
        self.exit.settle(reports.totals(), outcome, streams)
    }

    /// Checks releases.
    pub(super) fn checked(
        &self,
        jobs: &[Job],
        store: &Store,
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Report>, Problem> {
        let progress = self.progress(jobs.len());
        let checked = self.settle(jobs::run(jobs, store, &progress), jobs, streams, outcome);
        Ok(self.accepted(checked, config, reach)?)
    }

    /// Removes accepted findings from the reports.
    pub(super) fn accepted(
        &self,
        mut checked: Vec<Checked>,
        config: &Config,
        reach: &Reach,
    ) -> Result<Vec<Report>, Error> {
        let baseline = self.baseline(reach)?;
        self.suppressor(&config.suppressions, baseline.as_ref())?.apply(&mut checked);
        Ok(checked.into_iter().map(|one| one.report).collect())
    }

    /// The manifests to check, if manifests and not charts are checked.
    fn manifests(&self) -> Option<Vec<PathBuf>> {
        match self.charts.as_slice() {
            [chart] if chart.as_os_str() == "-" => Some(vec![chart.clone()]),
            _ => (!self.manifests.is_empty()).then(|| self.manifests.clone()),
        }
    }

    /// The jobs: the named chart, or the releases of the configuration.
    pub(super) fn jobs(&self, config: &Config, reach: &Reach) -> Result<Vec<Job>, Error> {
        let settings = &mut TargetSettings::new(&self.settings, config, reach);
        let mut jobs = self.silent_jobs(config, reach, settings, &|_| true)?;
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

    /// The jobs, which ask no mirror; `is_own` says whether a release of the run is one of them.
    fn silent_jobs(
        &self,
        config: &Config,
        reach: &Reach,
        settings: &mut TargetSettings<'_>,
        is_own: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Job>, Error> {
        if !self.charts.is_empty() {
            let mut jobs = self.typed(&settings.of(&MirrorTarget::default())?, reach)?;
            jobs.retain(|job| is_own(job.number));
            return Ok(jobs);
        }
        self.check_releases(config)?;
        let all = config.releases.iter().filter(|release| self.is_wanted(&release.entry));
        let own: Vec<(usize, &ListedRelease)> = all.enumerate().filter(|(number, _)| is_own(*number)).collect();
        let mut jobs = Job::all(own.iter().map(|(_, release)| &release.entry), &self.release, settings)?;
        for (job, (number, own)) in jobs.iter_mut().zip(own) {
            job.number = number;
            job.place = Some(own.place.clone());
            job.chart_place = Some(own.chart_place.clone());
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
    pub(super) fn typed(&self, settings: &Settings, reach: &Reach) -> Result<Vec<Job>, Error> {
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
    pub(super) fn is_wanted(&self, entry: &ReleaseSpec) -> bool {
        let named = |name: &String| self.releases.contains(name);
        self.releases.is_empty() || named(&entry.name) || named(&entry.full_name())
    }

    pub(super) fn baseline(&self, reach: &Reach) -> Result<Option<Baseline>, Error> {
        self.baseline.as_deref().map(|path| read_baseline(path, reach)).transpose()
    }

    pub(super) fn suppressor<'c>(
        &self,
        entries: &'c [Suppression],
        baseline: Option<&'c Baseline>,
    ) -> Result<Suppressor<'c>, Error> {
        let is_complete = self.charts.is_empty()
            && self.manifests.is_empty()
            && self.releases.is_empty()
            && self.changed_since.is_none()
            // Only the merge of all parts knows what is unused.
            && (!self.part.is_part() || self.output.blob()?.is_some());
        Ok(Suppressor { entries, baseline, today: today(self.today)?, is_complete })
    }

    /// What the releases of a run read.
    pub(super) fn store(
        &self,
        jobs: &[Job],
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Store, Problem> {
        store_of(jobs, &self.fetch, &self.release.limits()?, config, reach, streams)
    }

    /// The same without what is fetched.
    pub(super) fn store_of_disk(
        jobs: &[Job],
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Store, Error> {
        let mut store = Store::new(stdin(jobs, reach, streams)?, reach.clone());
        store.own = Own::with(config.file.as_ref().map(|file| Path::new(file.name())));
        Ok(store)
    }

    pub(super) fn progress(&self, releases: usize) -> Progress {
        Progress::new(releases, "checking releases", self.output.detail != Detail::Verdict)
    }

    /// Reports helm's log lines and what could not be checked, and returns the rest.
    pub(super) fn settle(
        &self,
        done: Vec<Done>,
        jobs: &[Job],
        streams: &mut Streams<'_>,
        outcome: &mut Outcome,
    ) -> Vec<Checked> {
        let mut checked = Vec::new();
        for (done, job) in done.into_iter().zip(jobs) {
            let error = match done.checked {
                Ok(one) => {
                    checked.push(one);
                    None
                }
                Err(error) => Some(error),
            };
            let error = error.map(|error| told_error(job, &error));
            self.tell_check(Told { log: done.log, error }, streams, outcome);
        }
        checked
    }

    /// Reports helm's log lines for a release, and why it could not be checked.
    fn tell_check(&self, told: Told, streams: &mut Streams<'_>, outcome: &mut Outcome) {
        tell(told, self.output.detail, streams, outcome);
    }
}

/// Reports helm's log lines for a release, and why it could not be checked.
pub(super) fn tell(told: Told, detail: Detail, streams: &mut Streams<'_>, outcome: &mut Outcome) {
    let is_told = |line: &String| match detail {
        Detail::Verdict => false,
        Detail::Usual | Detail::Statistics => !line.starts_with("level=INFO") && !line.starts_with("level=DEBUG"),
        Detail::All => true,
    };
    streams.log(&told.log.into_iter().filter(is_told).collect::<Vec<_>>());
    if let Some(error) = told.error {
        let _ = writeln!(streams.err, "Error: {error}");
        *outcome = Outcome::Failed;
    }
}

/// Why a release could not be checked, for stderr.
fn told_error(job: &Job, error: &Error) -> String {
    let name = if job.is_listed { format!("{}: ", job.full_name()) } else { String::new() };
    format!("{name}{}{}", with_location(error), instead(job))
}

/// The result of a release that is no longer what a list says.
fn changed_since_listed(job: &Job) -> Record {
    let name = job.full_name();
    let error =
        format!("{name}: its chart, values or flags changed since it was listed: make the list again (airtight list)");
    Record::failed(name, Vec::new(), error)
}

/// The result of a job, and what it says about suppressions; `changes` says whether the text changes of fixes are computed.
fn record(job: &Job, done: Done, ledger: &Ledger<'_>, changes: bool) -> (Record, Noted) {
    let (release, log) = (job.full_name(), done.log);
    // It may be kept in files, where nothing masks what stderr does.
    let log = log.into_iter().map(|line| redacted(&line).into_owned()).collect();
    match done.checked {
        Ok(one) => Record::of(release, log, one, ledger, changes),
        Err(error) => {
            let error = redacted(&told_error(job, &error)).into_owned();
            (Record::failed(release, log, error), Noted::default())
        }
    }
}

/// The baseline in a file.
pub(super) fn read_baseline(path: &Path, reach: &Reach) -> Result<Baseline, Error> {
    let text = reach.read(By::User, path).map_err(|error| error.after("--baseline"))?;
    let file = File::on_disk(shown(path), seen(path), text);
    Baseline::parse(&file).map_err(|error| error.after(format_args!("--baseline: {}", path.display())))
}

/// The date on which suppressions are judged: as given, from `SOURCE_DATE_EPOCH`, or from the machine.
#[expect(clippy::disallowed_methods, reason = "the clock and the environment of the command")]
pub(super) fn today(given: Option<Date>) -> Result<Date, Error> {
    if let Some(today) = given {
        return Ok(today);
    }
    let now = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => {
            let seconds = seconds.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
            seconds.ok_or_else(|| Error::input("SOURCE_DATE_EPOCH is not a number of seconds"))?
        }
        Err(_) => jiff::Timestamp::now(),
    };
    Ok(now.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// What to do instead if a chart argument is in fact manifests.
fn instead(job: &Job) -> String {
    let Some(path) = job.chart.local() else { return String::new() };
    let ends = |end: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(end));
    let is_file = look::is_file(path) && (ends("yaml") || ends("yml") || ends("json"));
    let is_folder = look::is_folder(path) && !look::exists(&path.join("Chart.yaml"));
    match job.entry {
        None if is_file || is_folder => format!("; for rendered manifests: --manifests {}", path.display()),
        _ => String::new(),
    }
}

/// The content of stdin, if a release reads it.
fn stdin(jobs: &[Job], reach: &Reach, streams: &mut Streams<'_>) -> Result<Option<Vec<u8>>, Error> {
    let is_read = jobs.iter().any(|job| job.flags.reads_stdin());
    is_read.then(|| streams.read_input(reach.file_bytes())).transpose()
}

/// Writes the findings of a run to a baseline, and accepts them in this run.
#[expect(clippy::disallowed_methods, reason = "writes what Reach::check_output let pass")]
fn write_baseline(path: &Path, reports: &mut [Report], streams: &mut Streams<'_>) -> Result<(), Problem> {
    let baseline = Baseline::of(reports, &shown(path));
    std::fs::write(path, baseline.to_string())
        .map_err(|error| Error::file(format!("cannot write {}: {error}", path.display())))?;
    for report in reports.iter_mut() {
        baseline.accept(report);
    }
    let count = baseline.len();
    let s = if count == 1 { "" } else { "s" };
    let _ = writeln!(streams.err, "wrote {count} finding{s} to {}", path.display());
    Ok(())
}

/// What the releases of a run read: stdin once, charts that are fetched, and which comments count.
///
/// # Errors
/// A flag cannot be used, or stdin cannot be read. A chart that cannot be fetched is an error of its release.
pub(super) fn store_of(
    jobs: &[Job],
    fetch: &FetchFlags,
    limits: &Limits,
    config: &Config,
    reach: &Arc<Reach>,
    streams: &mut Streams<'_>,
) -> Result<Store, Problem> {
    let mut store = Args::store_of_disk(jobs, config, reach, streams)?;
    let charts = jobs.iter().map(|job| &job.chart);
    fetch::put(fetch.archives(charts.clone(), limits, streams.err)?, &mut store);
    store.dependencies = dependencies(fetch, charts, limits);
    Ok(store)
}
