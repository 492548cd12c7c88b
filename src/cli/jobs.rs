//! [`Job`]: one release to check. Many are checked in parallel and reported in order.

use super::archives::archives;
use super::fetch::FetchFlags;
use super::progress::Progress;
use super::release::{Configured, Helm, ReleaseFlags, hide_secrets, without_secrets};
use super::settings::SettingsFlags;
use crate::chart_reference::ChartReference;
use crate::compiler::Compiler;
use crate::config::{Config, ListedRelease, MirrorTarget, ReleaseSpec};
use crate::disk::Reach;
use crate::error::{Error, ErrorKind};
use crate::finding::{Excerpt, Finding};
use crate::helm::HelmVersion;
use crate::lint::lint;
use crate::release::ReleaseInputs;
use crate::report::Report;
use crate::rule_ids;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::stack;
use crate::store::Store;
use crate::suppress::Checked;
use crate::suppress::comment::Comment;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One release to check.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Its index among all releases of the run, which other processes may check.
    pub number: usize,
    /// The release's name.
    pub name: String,
    /// The environment, if the release has several.
    pub environment: Option<String>,
    /// The chart.
    pub chart: ChartReference,
    /// The flags that decide what it renders to.
    pub flags: ReleaseFlags,
    /// What is checked, and against what.
    pub settings: Settings,
    /// The entry of the configuration.
    pub entry: Option<ReleaseSpec>,
    /// Its location in the configuration.
    pub place: Option<Place>,
    /// Where the configuration names its chart.
    pub chart_place: Option<Place>,
    /// Whether it is one of several, so that what is said about it names it.
    pub is_listed: bool,
}

/// What is checked in the releases of a run, by the target of their images: shared files are read once.
#[derive(Debug)]
pub(crate) struct TargetSettings<'f> {
    flags: &'f SettingsFlags,
    config: &'f Config,
    reach: &'f Reach,
    known: Vec<(MirrorTarget, Settings)>,
}

impl<'f> TargetSettings<'f> {
    /// As the flags and the configuration say.
    pub(crate) fn new(flags: &'f SettingsFlags, config: &'f Config, reach: &'f Reach) -> Self {
        Self { flags, config, reach, known: Vec::new() }
    }

    /// For the releases with this target.
    ///
    /// # Errors
    /// A flag, the configuration or a list cannot be used.
    pub(crate) fn of(&mut self, target: &MirrorTarget) -> Result<Settings, Error> {
        if let Some((_, settings)) = self.known.iter().find(|(other, _)| other == target) {
            return Ok(settings.clone());
        }
        let settings = self.flags.settings(self.config, target, self.reach)?;
        self.known.push((target.clone(), settings.clone()));
        Ok(settings)
    }

    /// All that are in use.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Settings> {
        self.known.iter().map(|(_, settings)| settings)
    }
}

/// The result of a job.
#[derive(Debug)]
pub(crate) struct Done {
    /// Helm's log lines.
    pub log: Vec<String>,
    /// The report; the error says why there is none.
    pub checked: Result<Checked, Error>,
    /// Whether a template asked for the time, so that the result may be another one tomorrow.
    pub is_timed: bool,
}

impl Job {
    /// A chart on the command line.
    ///
    /// # Errors
    /// The chart is not there, or its name cannot be one.
    pub(crate) fn typed(
        name: &str,
        chart: &Path,
        flags: &ReleaseFlags,
        fetch: &FetchFlags,
        settings: Settings,
    ) -> Result<Self, Error> {
        let (name, chart) = (name.to_owned(), fetch.reference(chart)?);
        let flags = flags.clone().repeatable();
        Ok(Self {
            number: 0,
            name,
            environment: None,
            chart,
            flags,
            settings,
            entry: None,
            place: None,
            chart_place: None,
            is_listed: false,
        })
    }

    /// A release of the configuration, combined with the flags.
    pub(crate) fn of(entry: &ReleaseSpec, flags: &ReleaseFlags, settings: Settings) -> Self {
        Self {
            number: 0,
            name: entry.name.clone(),
            environment: entry.environment.clone(),
            chart: entry.chart.clone(),
            flags: merged(entry, flags),
            settings,
            entry: Some(entry.clone()),
            place: None,
            chart_place: None,
            is_listed: true,
        }
    }

    /// Releases of the configuration, combined with the flags.
    pub(crate) fn all<'e>(
        entries: impl Iterator<Item = &'e ReleaseSpec>,
        flags: &ReleaseFlags,
        settings: &mut TargetSettings<'_>,
    ) -> Result<Vec<Self>, Error> {
        entries.map(|entry| Ok(Self::of(entry, flags, settings.of(&entry.target)?))).collect()
    }

    /// The same with their places in the configuration, for reports that point to them.
    pub(super) fn listed(
        releases: &[&ListedRelease],
        flags: &ReleaseFlags,
        settings: &mut TargetSettings<'_>,
    ) -> Result<Vec<Self>, Error> {
        let mut jobs = Self::all(releases.iter().map(|release| &release.entry), flags, settings)?;
        for (job, release) in jobs.iter_mut().zip(releases) {
            job.place = Some(release.place.clone());
            job.chart_place = Some(release.chart_place.clone());
        }
        Ok(jobs)
    }

    /// A finding about missing values without a location gets the location of the release in the configuration.
    fn place_what_is_missing(&self, report: &mut Report) {
        let Some(place) = &self.place else { return };
        let missing = |finding: &&mut Finding| finding.rule == rule_ids::REWRITE_NOT_SET && finding.excerpts.is_empty();
        for finding in report.findings.iter_mut().filter(missing) {
            finding
                .excerpts
                .push(Excerpt { place: place.clone(), label: "nothing of this release sets it".to_owned() });
        }
    }

    /// `shop`, `shop/prod`.
    pub(crate) fn full_name(&self) -> String {
        crate::config::full_name(&self.name, self.environment.as_deref())
    }

    /// Renders and checks it.
    pub(super) fn run(&self, store: &Store) -> Done {
        let mut log = Vec::new();
        let mut is_timed = true;
        let checked = self.flags.prepare(&self.name, &self.chart, store, &mut log).and_then(|mut prepared| {
            prepared.env.keys = store.keys.clone();
            let mut compiler = Compiler::of(&prepared.chart, &store.chart_cache(&prepared.chart));
            let report = lint(&prepared, &self.settings, &mut compiler, &mut log);
            hide_secrets(&prepared, &mut log);
            let mut report = report.map_err(|error| without_secrets(&prepared, error))?;
            is_timed = prepared.env.is_timed();
            report.release.environment.clone_from(&self.environment);
            self.place_what_is_missing(&mut report);
            report.is_listed = self.is_listed;
            report.archives = archives(&prepared.chart, self.chart_place.as_ref(), store.reach());
            Ok(Checked { report, settings: self.settings.clone(), comments: comments(&prepared, &self.chart, store) })
        });
        Done { log, checked, is_timed }
    }
}

/// The release flags of an entry of the configuration, combined with the typed flags.
pub(super) fn merged(entry: &ReleaseSpec, flags: &ReleaseFlags) -> ReleaseFlags {
    let both = |own: &[String], added: &[String]| [own, added].concat();
    // The flag is a comma-separated list; a path is not.
    let listed = |path: &String| if path.contains(',') { format!("\"{path}\"") } else { path.clone() };
    let values: Vec<String> = entry.values.iter().map(listed).collect();
    let helm_version = entry.helm_version.map(|version| match version {
        HelmVersion::V3 => Helm::V3,
        HelmVersion::V4 => Helm::V4,
    });
    ReleaseFlags {
        namespace: flags.namespace.clone().or_else(|| entry.namespace.clone()),
        values: both(&values, &flags.values),
        set: both(&entry.set, &flags.set),
        set_string: both(&entry.set_string, &flags.set_string),
        set_file: both(&entry.set_file, &flags.set_file),
        set_json: both(&entry.set_json, &flags.set_json),
        set_literal: both(&entry.set_literal, &flags.set_literal),
        kube_version: flags.kube_version.clone().or_else(|| entry.kube_version.clone()),
        api_versions: both(&entry.api_versions, &flags.api_versions),
        dependency_update: flags.dependency_update,
        skip_schema_validation: flags.skip_schema_validation || entry.skip_schema_validation,
        helm_version: flags.helm_version.or(helm_version),
        configured: Configured {
            chart: true,
            values: entry.values.len(),
            set_file: entry.set_file.len(),
            dependency_update: entry.dependency_update,
        },
        ..flags.clone().repeatable()
    }
}

/// The error for a release whose check never ended.
pub(super) fn lost() -> Error {
    Error::new(ErrorKind::Resources, "the check broke off: this is a bug in airtight")
}

/// Checks releases in parallel, one for each processor, and returns the results in order.
pub(crate) fn run(jobs: &[Job], store: &Store, progress: &Progress) -> Vec<Done> {
    let done: Vec<Mutex<Option<Done>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    run_each(jobs, store, progress, &|number, job| {
        let one = job.run(store);
        if let Some(slot) = done.get(number) {
            *super::locked(slot) = Some(one);
        }
    });
    let broken_off = || Done { log: Vec::new(), checked: Err(lost()), is_timed: true };
    done.into_iter()
        .map(|one| one.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(broken_off))
        .collect()
}

/// Checks releases in parallel, one for each processor, in any order: `check` is called once with each and its number, on any thread.
/// If it panics, the others go on.
pub(super) fn run_each(jobs: &[Job], store: &Store, progress: &Progress, check: &(dyn Fn(usize, &Job) + Sync)) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    let next = AtomicUsize::new(0);
    let (order, charts) = by_chart(jobs);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((number, job)) = order.get(at).and_then(|&number| Some((number, jobs.get(number)?))) else {
                break;
            };
            let Some(left) = charts.get(&job.chart) else { break };
            progress.begin(&job.full_name());
            // The message was printed.
            let _ = std::panic::catch_unwind(AssertUnwindSafe(|| check(number, job)));
            progress.end();
            if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                store.forget(&job.chart);
            }
        }
    };
    if threads <= 1 {
        work();
        return;
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map_while(|_| stack::builder().spawn_scoped(scope, work).ok()).collect();
        if threads.is_empty() {
            work();
        }
        for thread in threads {
            // What a broken thread left undone is not passed on.
            let _ = thread.join();
        }
    });
}

/// The turn of each release in a run, by job.
pub(super) fn turns(jobs: &[Job]) -> Vec<usize> {
    let (order, _) = by_chart(jobs);
    let mut turns = vec![0; order.len()];
    for (turn, number) in order.into_iter().enumerate() {
        turns[number] = turn;
    }
    turns
}

/// The order in which releases are checked, grouped by chart so that not all charts are needed at once; and the
/// number of releases that are left of each chart.
fn by_chart(jobs: &[Job]) -> (Vec<usize>, HashMap<&ChartReference, AtomicUsize>) {
    let mut numbers: HashMap<&ChartReference, usize> = HashMap::new();
    let mut charts: HashMap<&ChartReference, AtomicUsize> = HashMap::new();
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let next = numbers.len();
        order.push((*numbers.entry(&job.chart).or_insert(next), at));
        *charts.entry(&job.chart).or_default().get_mut() += 1;
    }
    order.sort_unstable();
    (order.into_iter().map(|(_, at)| at).collect(), charts)
}

/// The suppressions in the user's own files: the values files, and the chart if it is an unpacked folder.
///
/// Files from elsewhere (in an archive, a dependency, or through a link) cannot accept their own findings ([`Own`]).
///
/// [`Own`]: crate::store::own_files::Own
fn comments(prepared: &ReleaseInputs, chart: &ChartReference, store: &Store) -> Vec<Comment> {
    let all = |file: &Arc<File>, in_template: bool, is_own: &dyn Fn(&Path) -> bool| {
        let mut found = Comment::all(file, in_template);
        // Nearly all files have none and need not be parsed.
        let path = file.path().unwrap_or(file.name());
        found.retain(|_| is_own(Path::new(path)));
        found
    };
    let values = |path: &Path| store.own.holds_values(path);
    let mut found: Vec<Comment> = prepared.user.files.iter().flat_map(|file| all(file, false, &values)).collect();
    let (own, is_own) = (&prepared.chart, |path: &Path| store.own.holds(path));
    let files = own.values.iter().map(|values| (&values.file, false));
    let files = files.chain(own.templates.iter().map(|template| (&template.file, true)));
    let of_chart: Vec<Comment> = files.flat_map(|(file, in_template)| all(file, in_template, &is_own)).collect();
    if !of_chart.is_empty() && store.is_own_folder(chart) {
        found.extend(of_chart);
    }
    found
}
