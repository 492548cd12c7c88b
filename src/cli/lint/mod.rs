//! `airtight lint`: which images bypass the mirror, and who decided so.

mod check;
mod select;

pub(in crate::cli) use check::tell;

use crate::cli::changed::is_before_first_commit;
use crate::cli::config::ConfigFlags;
use crate::cli::exit_status::ExitFlags;
use crate::cli::fetch::{self, FetchFlags};
use crate::cli::fix::flags::FixFlags;
use crate::cli::jobs::Job;
use crate::cli::missing_dependencies::dependencies;
use crate::cli::output::OutputFlags;
use crate::cli::part::PartFlags;
use crate::cli::policy::ConfigFrom;
use crate::cli::release::ReleaseFlags;
use crate::cli::results::ResultFlags;
use crate::cli::settings::SettingsFlags;
use crate::cli::{Outcome, Problem, Streams, exit_status, hook};
use crate::config::{Config, Suppression};
use crate::disk::{By, Reach};
use crate::disk::{seen, shown};
use crate::error::Error;
use crate::limits::Limits;
use crate::report::Report;
use crate::report::stream::{KeptReports, Reports};
use crate::source::File;
use crate::store::Store;
use crate::store::own_files::Own;
use crate::suppress::baseline::Baseline;
use crate::suppress::{Checked, Suppressor};
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
    pub(in crate::cli) charts: Vec<PathBuf>,
    /// The release's name (default: release-name; with several charts the name of each chart's folder or archive)
    #[arg(long, requires = "charts")]
    pub(in crate::cli) name: Option<String>,
    /// Check this release of airtight.yaml, NAME or NAME/ENVIRONMENT (can be given several times, or comma-separated)
    #[arg(long = "release", value_name = "RELEASE", value_delimiter = ',', conflicts_with = "charts")]
    pub(in crate::cli) releases: Vec<String>,
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
    pub(in crate::cli) is_staged: bool,
    /// Whose configuration decides, with --changed-since, what is checked and what is accepted (rules, mirror, suppressions,
    /// lists of the bundle, baseline)
    #[arg(long, value_enum, value_name = "WHOSE", default_value = "base", requires = "changed_since")]
    pub(in crate::cli) config_from: ConfigFrom,
    /// Fetch charts from registries and repositories, and ask mirrors, that airtight.yaml of the base of --changed-since does not name
    #[arg(long, requires = "changed_since")]
    pub(in crate::cli) allow_new_sources: bool,
    /// Ask the mirror whether it has the images, with the flags and credentials for charts from registries
    ///
    /// Default: `mirror_check` of the configuration. With --offline it is not asked, and the check is not complete.
    #[arg(long)]
    pub(in crate::cli) mirror_check: bool,
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// Write the findings to a file for --baseline, and accept them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "changed_since"])]
    write_baseline: Option<PathBuf>,
    /// The date on which suppressions are judged
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
    #[command(flatten)]
    pub(in crate::cli) fixes: FixFlags,
    // Flags without a heading first: a heading applies to all that follow.
    #[command(flatten)]
    part: PartFlags,
    #[command(flatten)]
    results: ResultFlags,
    #[command(flatten)]
    pub(in crate::cli) settings: SettingsFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    exit: ExitFlags,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigFlags,
    #[command(flatten)]
    pub(in crate::cli) release: ReleaseFlags,
    #[command(flatten)]
    pub(in crate::cli) fetch: FetchFlags,
}

/// The message if there is neither a chart nor a configuration.
pub(in crate::cli) const NOTHING: &str = "nothing to check: name a chart, or write an airtight.yaml (airtight init)";

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
    pub(in crate::cli) fn settle_hook(&mut self) -> Result<(), Error> {
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

    /// Removes accepted findings from the reports.
    pub(in crate::cli) fn accepted(
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

    pub(in crate::cli) fn baseline(&self, reach: &Reach) -> Result<Option<Baseline>, Error> {
        self.baseline.as_deref().map(|path| read_baseline(path, reach)).transpose()
    }

    pub(in crate::cli) fn suppressor<'c>(
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
    pub(in crate::cli) fn store(
        &self,
        jobs: &[Job],
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Store, Problem> {
        store_of(jobs, &self.fetch, &self.release.limits()?, config, reach, streams)
    }

    /// The same without what is fetched.
    pub(in crate::cli) fn store_of_disk(
        jobs: &[Job],
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Store, Error> {
        let mut store = Store::new(stdin(jobs, reach, streams)?, reach.clone());
        store.own = Own::with(config.file.as_ref().map(|file| Path::new(file.name())));
        Ok(store)
    }
}

/// The baseline in a file.
pub(in crate::cli) fn read_baseline(path: &Path, reach: &Reach) -> Result<Baseline, Error> {
    let text = reach.read(By::User, path).map_err(|error| error.after("--baseline"))?;
    let file = File::on_disk(shown(path), seen(path), text);
    Baseline::parse(&file).map_err(|error| error.after(format_args!("--baseline: {}", path.display())))
}

/// The date on which suppressions are judged: as given, from `SOURCE_DATE_EPOCH`, or from the machine.
#[expect(clippy::disallowed_methods, reason = "the clock and the environment of the command")]
pub(in crate::cli) fn today(given: Option<Date>) -> Result<Date, Error> {
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
pub(in crate::cli) fn store_of(
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
