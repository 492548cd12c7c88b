//! `airtight lint`: which images bypass the mirror, and who put them there.

use super::changed::{Base, Before, is_before_first_commit};
use super::config::{ConfigFlags, folder};
use super::disk::Disk;
use super::jobs::{self, Done, Job};
use super::one::no_release;
use super::output::OutputFlags;
use super::progress::Progress;
use super::release::{ReleaseFlags, log, read_file};
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams, manifests};
use crate::config::{Config, Target};
use crate::finding::Severity;
use crate::report::changes::Changes;
use crate::report::text::Detail;
use crate::report::{Fingerprint, Report};
use crate::suppress::baseline::Baseline;
use crate::suppress::{Checked, Suppressor};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Find the images of a chart that do not resolve through the private mirror, and who decided so
///
/// Without CHART all releases of airtight.yaml are checked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight lint charts/shop --mirror mirror.internal -f values/prod.yaml\n  \
                        airtight lint --changed-since main\n  \
                        airtight lint --format sarif --output report.sarif --format text\n  \
                        helm template shop charts/shop | airtight lint - --mirror mirror.internal\n\n\
                        Exit status: 0 clean, 1 findings, 2 the tool could not do its work.")]
pub struct Args {
    /// A chart folder or archive; - for manifests on stdin
    chart: Option<PathBuf>,
    /// The release's name
    #[arg(long, default_value = "release-name", requires = "chart")]
    name: String,
    /// Check this release of airtight.yaml, NAME or NAME/ENVIRONMENT (can be given several times, or comma-separated)
    #[arg(long = "release", value_name = "RELEASE", value_delimiter = ',', conflicts_with = "chart")]
    releases: Vec<String>,
    /// Check manifests that were rendered elsewhere or read from a cluster: a file, a folder, or - for stdin
    #[arg(long, value_name = "PATH", conflicts_with_all = ["chart", "releases", "changed_since"])]
    manifests: Vec<PathBuf>,
    /// Check only releases that changed since the merge base with a git revision, and tell only what is new
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings to a file for --baseline, and accept them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "changed_since"])]
    write_baseline: Option<PathBuf>,
    /// The day on which suppressions are judged
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
    // First what has no heading of its own: a heading stays for what follows.
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    config: ConfigFlags,
    #[command(flatten)]
    release: ReleaseFlags,
}

/// Runs the command.
pub fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    args.output.check()?;
    let config = args.config.read()?;
    let mut outcome = Outcome::Clean;
    let since = args.changed_since.as_deref().filter(|revision| !is_before_first_commit(revision));
    let mut checked = if let Some(paths) = args.manifests() {
        let settings = args.settings.settings(&config, &Target::default())?;
        vec![manifests::check(&paths, settings, &args.release.limits()?, streams)?]
    } else {
        let jobs = args.jobs(&config)?;
        let stdin = jobs.iter().any(|job| job.flags.reads_stdin()).then(|| streams.read_input()).transpose()?;
        let disk = Disk::new(stdin);
        match since {
            None => {
                let progress = args.progress(jobs.len());
                args.settle(jobs::run(&jobs, &disk, &progress), &jobs, streams, &mut outcome)
            }
            Some(revision) => args.changed(revision, jobs, &disk, &config, streams, &mut outcome)?,
        }
    };
    if since.is_none() {
        let baseline = args.baseline()?;
        args.suppressor(&config, baseline.as_ref())?.apply(&mut checked);
    }
    let mut reports: Vec<Report> = checked.into_iter().map(|one| one.report).collect();
    if let Some(path) = &args.write_baseline {
        write_baseline(path, &mut reports, streams)?;
    }
    reports.iter_mut().for_each(Report::hide_secrets);
    args.output.write(&reports, streams)?;
    let mut findings = reports.iter().flat_map(|report| &report.findings);
    let is_clean = findings.all(|finding| finding.severity == Severity::Hint);
    Ok(if is_clean || outcome == Outcome::Failed { outcome } else { Outcome::Findings })
}

impl Args {
    /// Has all releases see the same time.
    pub fn stop_clock(&mut self) {
        self.release.stop_clock();
    }

    /// The manifests to check, where it is manifests and not charts.
    fn manifests(&self) -> Option<Vec<PathBuf>> {
        match &self.chart {
            Some(chart) if chart.as_os_str() == "-" => Some(vec![chart.clone()]),
            _ => (!self.manifests.is_empty()).then(|| self.manifests.clone()),
        }
    }

    /// What is to be checked: the chart that was named, or the releases of the configuration.
    fn jobs(&self, config: &Config) -> Result<Vec<Job>, String> {
        if let Some(chart) = &self.chart {
            let settings = self.settings.settings(config, &Target::default())?;
            let (name, flags) = (self.name.clone(), self.release.clone().repeatable());
            return Ok(vec![Job { name, environment: None, chart: chart.clone(), flags, settings, entry: None }]);
        }
        let Some(file) = &config.file else {
            return Err("nothing to check: give a chart, or write an airtight.yaml (airtight init)".to_owned());
        };
        let names = || config.releases.iter().flat_map(|one| [one.entry.name.clone(), one.entry.full_name()]);
        for wanted in &self.releases {
            if !names().any(|name| name == *wanted) {
                let all: Vec<String> = config.releases.iter().map(|one| one.entry.full_name()).collect();
                return Err(no_release(wanted, &all, file.name()));
            }
        }
        let entries = config.releases.iter().map(|release| &release.entry);
        let is_wanted = |name: &String| self.releases.is_empty() || self.releases.contains(name);
        let entries = entries.filter(|entry| is_wanted(&entry.name) || is_wanted(&entry.full_name()));
        let jobs = Job::all(entries, &self.release, &self.settings, config)?;
        if jobs.is_empty() {
            return Err(format!("nothing to check: {} has no releases", file.name()));
        }
        Ok(jobs)
    }

    fn baseline(&self) -> Result<Option<Baseline>, String> {
        let Some(path) = &self.baseline else { return Ok(None) };
        let text = read_file(path).map_err(|error| format!("--baseline: {error}"))?;
        let text = String::from_utf8_lossy(&text);
        Baseline::parse(&text).map(Some).map_err(|error| format!("--baseline: {}: {error}", path.display()))
    }

    fn suppressor<'c>(&self, config: &'c Config, baseline: Option<&'c Baseline>) -> Result<Suppressor<'c>, String> {
        let is_complete = self.chart.is_none()
            && self.manifests.is_empty()
            && self.releases.is_empty()
            && self.changed_since.is_none();
        Ok(Suppressor { entries: &config.suppressions, baseline, today: self.today()?, is_complete })
    }

    /// The day: as given, of `SOURCE_DATE_EPOCH`, or the machine's.
    fn today(&self) -> Result<Date, String> {
        if let Some(today) = self.today {
            return Ok(today);
        }
        let now = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(seconds) => {
                let seconds = seconds.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
                seconds.ok_or("SOURCE_DATE_EPOCH is not a number of seconds")?
            }
            Err(_) => jiff::Timestamp::now(),
        };
        Ok(now.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Checks the releases that changed, and how they were, and leaves what is new.
    fn changed(
        &self,
        revision: &str,
        jobs: Vec<Job>,
        disk: &Disk,
        config: &Config,
        streams: &mut Streams<'_>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Checked>, Problem> {
        let base = Base::since(revision)?;
        let at = config.file.as_ref().map(|file| folder(Path::new(file.name()))).unwrap_or_default();
        let old_config = base.config(config, &at);
        let all = jobs.len();
        let accepts_alike = match &old_config {
            Ok(Some(old)) => accept_alike(old, config),
            Ok(None) => true,
            Err(_) => false,
        };
        let old_jobs = match &old_config {
            Ok(Some(old)) => {
                let entries = old.releases.iter().map(|release| &release.entry);
                Job::all(entries, &self.release, &self.settings, old).map(Some)
            }
            Ok(None) => Ok(None),
            Err(why) => Err(why.clone()),
        };
        let bundles = self.settings.bundles(config);
        let same_lists = !bundles.iter().any(|path| base.touches(path));
        let mut touched = Vec::new();
        for job in jobs {
            let before = Self::before(&job, &old_jobs);
            let same = matches!(&before, Before::Was(was) if was.entry == job.entry && was.settings == job.settings);
            if !same || !accepts_alike || !same_lists || base.touches_files(&job) {
                touched.push((job, before));
            }
        }
        let (jobs, mut before): (Vec<Job>, Vec<Before>) = touched.into_iter().unzip();
        if jobs.is_empty() {
            let _ = writeln!(streams.err, "none of {all} releases changed since {revision}");
            return Ok(Vec::new());
        }
        let scratch = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
        let old_disk = base.disk(&mut before, same_lists, scratch.path())?;
        let olds: Vec<Job> = before
            .iter()
            .filter_map(|before| match before {
                Before::Was(job) => Some((**job).clone()),
                _ => None,
            })
            .collect();
        let progress = self.progress(jobs.len() + olds.len());
        let done = jobs::run(&jobs, disk, &progress);
        let mut old_done = jobs::run(&olds, &old_disk, &progress).into_iter();
        drop(progress);
        let baseline = self.baseline()?;
        let old_config = old_config.ok().flatten();
        let old_config = old_config.as_ref().unwrap_or(config);
        let mut checked = Vec::new();
        for ((job, before), done) in jobs.iter().zip(before).zip(done) {
            let old = match before {
                Before::Absent => Ok(None),
                Before::Unknown(why) => Err(why),
                Before::Was(_) => old_done.next().map(|done| done.checked).transpose(),
            };
            let mut now = self.settle(vec![done], std::slice::from_ref(job), streams, outcome);
            self.suppressor(config, baseline.as_ref())?.apply(&mut now);
            let Some(mut now) = now.pop() else { continue };
            let mut old = old.map(|old| old.into_iter().collect::<Vec<_>>());
            if let Ok(old) = &mut old {
                self.suppressor(old_config, baseline.as_ref())?.apply(old);
            }
            leave_new(&mut now.report, old.map(|mut old| old.pop().map(|old| old.report)), revision);
            checked.push(now);
        }
        Ok(checked)
    }

    fn progress(&self, releases: usize) -> Progress {
        Progress::new(releases, "checking releases", self.output.detail != Detail::Verdict)
    }

    /// Tells what helm logs and what could not be checked, and gives the rest.
    fn settle(&self, done: Vec<Done>, jobs: &[Job], streams: &mut Streams<'_>, outcome: &mut Outcome) -> Vec<Checked> {
        let mut checked = Vec::new();
        for (done, job) in done.into_iter().zip(jobs) {
            let is_told = |line: &String| match self.output.detail {
                Detail::Verdict => false,
                Detail::Usual => !line.starts_with("level=INFO") && !line.starts_with("level=DEBUG"),
                Detail::All => true,
            };
            log(streams, &done.log.iter().filter(|line| is_told(line)).cloned().collect::<Vec<_>>());
            match done.checked {
                Ok(one) => checked.push(one),
                Err(error) => {
                    let error = format!("{error}{}", instead(job));
                    let name = job.entry.as_ref().map(|_| format!("{}: ", job.full_name())).unwrap_or_default();
                    let _ = writeln!(streams.err, "Error: {}", crate::report::quiet(&format!("{name}{error}")));
                    *outcome = Outcome::Failed;
                }
            }
        }
        checked
    }

    /// How a release was.
    fn before(job: &Job, old: &Result<Option<Vec<Job>>, String>) -> Before {
        let old = match (&job.entry, old) {
            (None, _) | (_, Ok(None)) => return Before::Was(Box::new(job.clone())),
            (_, Err(why)) => return Before::Unknown(why.clone()),
            (Some(_), Ok(Some(old))) => old,
        };
        match old.iter().find(|was| was.full_name() == job.full_name()) {
            None => Before::Absent,
            Some(was) => Before::Was(Box::new(was.clone())),
        }
    }
}

/// What to do instead with something that was given as a chart and holds manifests.
fn instead(job: &Job) -> String {
    let path = &job.chart;
    let ends = |end: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(end));
    let is_file = path.is_file() && (ends("yaml") || ends("yml") || ends("json"));
    let is_folder = path.is_dir() && !path.join("Chart.yaml").exists();
    match job.entry {
        None if is_file || is_folder => format!("; for rendered manifests: --manifests {}", path.display()),
        _ => String::new(),
    }
}

/// Whether two configurations accept the same findings.
fn accept_alike(a: &Config, b: &Config) -> bool {
    let said = |config: &Config| -> Vec<_> {
        let entries = config.suppressions.iter().cloned();
        entries.map(|one| (one.rule, one.image, one.object, one.release, one.expires)).collect()
    };
    said(a) == said(b)
}

/// Takes out of a report what the release had before, and adds what became of its images.
fn leave_new(now: &mut Report, before: Result<Option<Report>, String>, revision: &str) {
    let nothing_seen =
        |report: &Report| report.findings.iter().find(|finding| finding.rule == "render-failed").cloned();
    let before = before.and_then(|before| match before.as_ref().and_then(nothing_seen) {
        Some(_) => Err("it does not render there".to_owned()),
        None => Ok(before),
    });
    match before {
        Err(why) => {
            now.changes = Some(Changes { since: revision.to_owned(), unknown: Some(why), ..Changes::default() });
        }
        Ok(None) => {
            let new = now.images.iter().map(|image| image.reference.clone()).collect();
            now.changes = Some(Changes { since: revision.to_owned(), new, ..Changes::default() });
        }
        Ok(Some(before)) => {
            let mut changes = Changes::between(&before, now, revision);
            let print = |finding: &crate::finding::Finding| Fingerprint::of(finding, &now.release);
            let known: BTreeSet<Fingerprint> = before.findings.iter().map(print).collect();
            let all = now.findings.len();
            let release = now.release.clone();
            // What was not looked at before is still not looked at.
            now.findings.retain(|finding| {
                crate::suppress::is_unseen(finding) || !known.contains(&Fingerprint::of(finding, &release))
            });
            changes.known = all - now.findings.len();
            now.changes = Some(changes);
        }
    }
}

/// Writes the findings of a run for later ones, and accepts them in this one.
fn write_baseline(path: &Path, reports: &mut [Report], streams: &mut Streams<'_>) -> Result<(), Problem> {
    let baseline = Baseline::of(reports);
    std::fs::write(path, baseline.to_string()).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    for report in reports.iter_mut() {
        baseline.accept(report);
    }
    let count = baseline.len();
    let s = if count == 1 { "" } else { "s" };
    let _ = writeln!(streams.err, "wrote {count} finding{s} to {}", path.display());
    Ok(())
}
