//! Checks releases: each result is kept as soon as it is known, in the report, in a blob, and in the cache.

use super::Args;
use crate::cli::blob::BlobFile;
use crate::cli::collect::{Collected, Told};
use crate::cli::inputs::Inputs;
use crate::cli::jobs::{self, Done, Job};
use crate::cli::part::Part;
use crate::cli::progress::Progress;
use crate::cli::results::Results;
use crate::cli::{Outcome, Problem, Streams, manifests, version, with_location};
use crate::config::{Config, MirrorTarget};
use crate::disk::{Reach, look};
use crate::error::Error;
use crate::fleet::blob::Head;
use crate::fleet::record::{Record, RecordForm};
use crate::report::Report;
use crate::report::text::Detail;
use crate::secrets::redacted;
use crate::store::Store;
use crate::suppress::baseline::Baseline;
use crate::suppress::{Checked, Ledger, Noted};
use std::sync::Arc;

impl Args {
    /// Checks everything, without a comparison.
    pub(super) fn whole(
        &self,
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Outcome, Problem> {
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
        let blob = match (self.output.blob()?, part.run) {
            (Some(path), Some(run)) => {
                let (tool, run) = (version::identity(), run.to_string());
                let head = Head::new(tool, run, suppressor.today, part.shard, part.jobs.len(), part.own.len());
                Some(BlobFile::begin(path, &head)?)
            }
            _ => None,
        };
        // A result that is kept serves every format.
        let form = RecordForm {
            changes: self.output.shows_changes() || self.results.is_on(),
            is_kept: blob.is_some() || self.results.is_on(),
        };
        let collected = Collected::new(&part.jobs, Ledger::new(&suppressor), blob);
        let progress = self.progress(part.jobs.len());
        let inputs = Inputs::new(&store);
        let results = match self.asks_mirror(config) {
            // What the mirror has may change at any time.
            true => None,
            false => Results::of(&self.results, config, &suppressor, &inputs, &store),
        };
        jobs::run_each(&part.jobs, &store, &progress, &|at, job| {
            let check = || {
                let done = job.run(&store);
                let is_timed = done.is_timed;
                let (record, noted) = record(job, done, collected.ledger(), form);
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
        let is_left_to_merge = blob.is_some() && self.exit.is_zero();
        if let Some(blob) = blob {
            blob.publish(streams.out)?;
        }
        if is_left_to_merge {
            // The blob is whole, and says what could not be checked.
            self.output.write(&reports, streams)?;
            return Ok(Outcome::Clean);
        }
        self.write(&reports, streams, outcome)
    }

    /// Checks releases.
    pub(in crate::cli) fn checked(
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

    pub(in crate::cli) fn progress(&self, releases: usize) -> Progress {
        Progress::new(releases, "checking releases", self.output.detail != Detail::Verdict)
    }

    /// Reports helm's log lines and what could not be checked, and returns the rest.
    pub(in crate::cli) fn settle(
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
pub(in crate::cli) fn tell(told: Told, detail: Detail, streams: &mut Streams<'_>, outcome: &mut Outcome) {
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

/// The result of a job, and what it says about suppressions.
fn record(job: &Job, done: Done, ledger: &Ledger<'_>, form: RecordForm) -> (Record, Noted) {
    let (release, log) = (job.full_name(), done.log);
    // It may be kept in files, where nothing masks what stderr does.
    let log = log.into_iter().map(|line| redacted(&line).into_owned()).collect();
    match done.checked {
        Ok(one) => Record::of(release, log, one, ledger, form),
        Err(error) => {
            // Masked as the whole line is on stderr: what is before a word decides whether it is a secret.
            let line = format!("Error: {}", told_error(job, &error));
            let line = redacted(&line);
            let error = line.strip_prefix("Error: ").unwrap_or(&line).to_owned();
            (Record::failed(release, log, error), Noted::default())
        }
    }
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
