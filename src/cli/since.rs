//! `airtight lint --changed-since`: the releases that a branch touches are checked in their old and new state, with the
//! configuration of the base, and only what is new is reported.

use super::changed::{Base, StateBefore};
use super::fetch::{self, Archives};
use super::jobs::{self, Done, Job};
use super::lint::{Args, NOTHING};
use super::missing_dependencies::dependencies;
use super::policy::{Policy, is_there};
use super::{Outcome, Problem, Streams};
use crate::bundle::Bundle;
use crate::chart_reference::{ChartReference, RemoteChart};
use crate::cli::one_release::no_release;
use crate::config::sides::{Pair, chart_sources, files, mirror_hosts, pairs, target_of_new};
use crate::config::{Config, FILE_NAME, ListedRelease, MirrorTarget, ReleaseSpec};
use crate::disk::Reach;
use crate::error::Error;
use crate::finding::Finding;
use crate::reference::Mirror;
use crate::report::changes::Changes;
use crate::report::{Fingerprint, ReleaseName, Report, ReportAbout};
use crate::rule_ids;
use crate::settings::Settings;
use crate::suppress::Checked;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

impl Args {
    /// Checks the old and new state of the changed releases, and reports what is new. The changes of the branch to the check
    /// itself are reported first.
    pub(super) fn changed(
        &self,
        revision: &str,
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Report>, Problem> {
        let base = Base::since(revision)?;
        let mut policy = Policy::of(&base, revision, self.config_from, &self.config, config, reach)?;
        policy.compare(&|entry| self.is_wanted(entry), self.allow_new_sources);
        let bundle = policy.bundle(&self.settings, reach)?;
        let lists = self.settings.bundles(policy.decides());
        let same_lists = policy.is_of_base() || !lists.iter().any(|path| base.touches(path));
        let mut jobs = self.both(&policy, config, bundle, reach)?;
        let (baseline, old_baseline) = policy.baseline(self.baseline.as_deref(), self.baseline(reach)?)?;
        let entries = policy.entries();
        let accepts_alike = same_entries(&entries, policy.old_entries())
            && match (&baseline, &old_baseline) {
                (Some(now), Some(old)) => old.without(now).next().is_none(),
                _ => true,
            };
        let all = jobs.len();
        let is_touched = |(job, before): &(Job, StateBefore)| {
            let same =
                matches!(before, StateBefore::Was(was) if was.entry == job.entry && was.settings == job.settings);
            !same || !accepts_alike || !same_lists || base.touches_files(job)
        };
        jobs.retain(is_touched);
        if self.asks_mirror(policy.decides()) {
            self.ask_known_mirrors(&mut jobs, &policy)?;
        }
        let (jobs, mut before): (Vec<Job>, Vec<StateBefore>) = jobs.into_iter().unzip();
        if self.is_staged {
            let own = config.file.iter().filter_map(|file| file.path().map(str::to_owned));
            let paths = jobs.iter().flat_map(|job| {
                let chart = job.chart.local().map(|path| path.to_string_lossy().into_owned());
                chart.into_iter().chain(job.flags.value_files()).chain(job.flags.set_files())
            });
            let paths: Vec<String> = own.chain(paths).collect();
            base.check_staged(paths.iter().map(Path::new))?;
        }
        if jobs.is_empty() {
            let _ = writeln!(streams.err, "none of {all} releases changed since {revision}");
        }
        let mut store = Self::store_of_disk(&jobs, config, reach, streams)?;
        let mut old_disk = base.store(&mut before, same_lists, reach);
        old_disk.own = store.own.clone();
        // A branch cannot make us ask somebody whom its Chart.yaml names.
        if self.allow_new_sources {
            let limits = self.release.limits()?;
            store.dependencies = dependencies(&self.fetch, jobs.iter().map(|job| &job.chart), &limits);
        }
        (store.is_once, old_disk.is_once) = (true, true);
        let archives = self.fetched(&jobs, &before, &policy, streams)?;
        fetch::put(archives.clone(), &mut old_disk);
        fetch::put(archives, &mut store);
        let was = |before: &StateBefore| match before {
            StateBefore::Was(job) => Some((**job).clone()),
            _ => None,
        };
        let olds: Vec<Job> = before.iter().filter_map(was).collect();
        let progress = self.progress(jobs.len() + olds.len());
        let done = jobs::run(&jobs, &store, &progress);
        let mut old_done = jobs::run(&olds, &old_disk, &progress).into_iter();
        drop(progress);
        let mut reports = Vec::new();
        for ((job, before), done) in jobs.iter().zip(before).zip(done) {
            let old = match before {
                StateBefore::Absent => Ok(None),
                StateBefore::Unknown(why) => Err(Error::input(why)),
                StateBefore::Was(_) => old_done.next().map(|done: Done| done.checked).transpose(),
            };
            let mut now = self.settle(vec![done], std::slice::from_ref(job), streams, outcome);
            let Some(one) = now.first_mut() else { continue };
            let (known, new) = policy.comments(std::mem::take(&mut one.comments))?;
            one.comments = known;
            self.suppressor(&entries, baseline.as_ref())?.apply(&mut now);
            let Some(mut now) = now.pop() else { continue };
            policy.note_new(&mut now.report, &new);
            let mut old = old.map(|old| old.into_iter().collect::<Vec<_>>());
            if let Ok(old) = &mut old {
                self.suppressor(policy.old_entries(), old_baseline.as_ref())?.apply(old);
            }
            leave_new(&mut now.report, old.map(|mut old| old.pop().map(|old| old.report)), revision);
            reports.push(now.report);
        }
        let told = self.told(&policy, jobs.first())?;
        Ok(told.into_iter().chain(reports).collect())
    }

    /// Makes both states ask the mirrors of the base and of the flags. A branch cannot make us send a credential to a host of its choice.
    fn ask_known_mirrors(&self, jobs: &mut [(Job, StateBefore)], policy: &Policy<'_>) -> Result<(), Error> {
        let charts: Vec<RemoteChart> = jobs.iter().filter_map(|(job, _)| job.chart.remote()).cloned().collect();
        let hosts: BTreeSet<&str> = match policy.old() {
            Ok(Some(old)) => mirror_hosts(old),
            _ => BTreeSet::new(),
        };
        let is_free = self.allow_new_sources || self.settings.names_mirror();
        let is_known = |mirror: &Mirror| is_free || mirror.hosts().is_subset(&hosts);
        let both = jobs.iter_mut().flat_map(|(job, before)| {
            let before = match before {
                StateBefore::Was(was) => Some(&mut was.settings),
                _ => None,
            };
            std::iter::once(&mut job.settings).chain(before)
        });
        self.ask_mirrors(both.collect(), &charts, &is_known)
    }

    /// The charts of both states that are fetched. A branch cannot make us ask somebody whom the base does not know.
    fn fetched(
        &self,
        jobs: &[Job],
        before: &[StateBefore],
        policy: &Policy<'_>,
        streams: &mut Streams<'_>,
    ) -> Result<Archives, Problem> {
        let known = match policy.old() {
            Ok(Some(old)) => chart_sources(old),
            _ => BTreeSet::new(),
        };
        let is_new = |remote: &RemoteChart| {
            self.charts.is_empty() && !self.allow_new_sources && !known.contains(remote.location.source())
        };
        let old = before.iter().filter_map(|before| match before {
            StateBefore::Was(job) => Some(&job.chart),
            _ => None,
        });
        let charts: Vec<&ChartReference> = jobs.iter().map(|job| &job.chart).chain(old).collect();
        let (new, known): (Vec<_>, Vec<_>) = charts.into_iter().partition(|chart| chart.remote().is_some_and(&is_new));
        let mut archives = self.fetch.archives(known, &self.release.limits()?, streams.err)?;
        for remote in new.into_iter().filter_map(ChartReference::remote) {
            let source = remote.location.source();
            let why = format!("{remote} is not fetched: {source} is a new source; --allow-new-sources fetches it");
            archives.insert(remote.clone(), Err(Error::input(why)));
        }
        Ok(archives)
    }

    /// The releases with their old state: those that the branch lists, and those that it no longer lists but that still
    /// exist.
    fn both(
        &self,
        policy: &Policy<'_>,
        config: &Config,
        bundle: Option<Arc<Bundle>>,
        reach: &Reach,
    ) -> Result<Vec<(Job, StateBefore)>, Error> {
        let decides = policy.decides();
        let settings =
            |config: &Config, target: &MirrorTarget| self.settings.settings_with(config, target, bundle.clone());
        if !self.charts.is_empty() {
            let jobs = self.typed(&settings(decides, &MirrorTarget::default())?, reach)?;
            return Ok(jobs.into_iter().map(|job| (job.clone(), StateBefore::Was(Box::new(job)))).collect());
        }
        let nothing = Config::default();
        let old = policy.old().map(|old| old.unwrap_or(&nothing));
        let pairs: Vec<Pair<'_>> = match &old {
            Ok(old) => pairs(old, config),
            Err(_) => config.releases.iter().map(|release| Pair { before: None, after: Some(release) }).collect(),
        };
        self.check_names(&pairs, config)?;
        let mut jobs = Vec::new();
        for pair in pairs {
            let is_wanted =
                |release: Option<&ListedRelease>| release.is_some_and(|release| self.is_wanted(&release.entry));
            if !is_wanted(pair.before) && !is_wanted(pair.after) {
                continue;
            }
            let old = old.clone();
            let before = |settings: Settings, entry: &ReleaseSpec| {
                StateBefore::Was(Box::new(Job::of(entry, &self.release, settings)))
            };
            let (entry, settings, before) = match (pair.before, pair.after, old) {
                // The branch's own configuration counts.
                (_, Some(is), Err(why)) => {
                    (&is.entry, settings(config, &is.entry.target)?, StateBefore::Unknown(why.into_text()))
                }
                (None, Some(is), Ok(old)) => {
                    let target = match policy.is_of_base() {
                        true => target_of_new(old, config, &is.entry).0,
                        false => is.entry.target.clone(),
                    };
                    (&is.entry, settings(decides, &target)?, StateBefore::Absent)
                }
                (Some(was), Some(is), Ok(old)) => {
                    let (target, old_settings) = match policy.is_of_base() {
                        true => (&was.entry.target, settings(decides, &was.entry.target)?),
                        false => (&is.entry.target, self.settings.settings(old, &was.entry.target, reach)?),
                    };
                    (&is.entry, settings(decides, target)?, before(old_settings, &was.entry))
                }
                // It is unchanged except for its files.
                (Some(was), None, Ok(_)) if policy.is_of_base() => {
                    // What is fetched has no file that would still exist.
                    let files = files(&was.entry);
                    if files.is_empty() || files.into_iter().any(|path| !is_there(Path::new(path))) {
                        continue;
                    }
                    let settings = settings(decides, &was.entry.target)?;
                    (&was.entry, settings.clone(), before(settings, &was.entry))
                }
                _ => continue,
            };
            let chart_place = pair.after.map(|release| release.chart_place.clone());
            jobs.push((Job { chart_place, ..Job::of(entry, &self.release, settings) }, before));
        }
        Ok(jobs)
    }

    /// Checks that the releases that were asked for exist, now or before.
    fn check_names(&self, pairs: &[Pair<'_>], config: &Config) -> Result<(), Error> {
        let file = config.file.as_ref().map_or(FILE_NAME, |file| file.name());
        if pairs.is_empty() && config.file.is_none() {
            return Err(Error::input(NOTHING));
        }
        let entries =
            || pairs.iter().flat_map(|pair| [pair.before, pair.after]).flatten().map(|release| &release.entry);
        for wanted in &self.releases {
            if !entries().any(|entry| entry.name == *wanted || entry.full_name() == *wanted) {
                let all: Vec<String> = config.releases.iter().map(|one| one.entry.full_name()).collect();
                return Err(Error::input(no_release(wanted, &all, file)));
            }
        }
        match pairs.is_empty() {
            true => Err(Error::input(format!("nothing to check: {file} has no releases"))),
            false => Ok(()),
        }
    }

    /// The changes of the branch to the check, as a separate report, because they concern all releases. Nothing in the branch
    /// can accept them; an entry of the base can.
    fn told(&self, policy: &Policy<'_>, job: Option<&Job>) -> Result<Option<Report>, Error> {
        let decides = policy.decides();
        let home = policy.home();
        let mut settings = job.map_or_else(Settings::without_mirror, |job| job.settings.clone());
        (settings.rules, settings.least) = (self.settings.levels(decides)?, self.settings.least());
        let findings = policy.findings(&settings);
        if findings.is_empty() {
            return Ok(None);
        }
        let name = home.as_ref().map_or(FILE_NAME, |file| file.name()).to_owned();
        let mirror = job.map(|job| &job.settings.mirror).or(decides.target.mirror.as_ref());
        let report = Report {
            is_listed: true,
            mirror: mirror.map(ToString::to_string).unwrap_or_default(),
            secrets: policy.secrets(),
            ..Report::without_manifests(
                ReportAbout::Policy,
                ReleaseName { name, ..ReleaseName::default() },
                findings,
                home,
            )
        };
        let mut checked = Checked { report, settings, comments: Vec::new() };
        if policy.is_of_base() {
            self.suppressor(policy.old_entries(), None)?.accept(&mut checked);
        }
        Ok(Some(checked.report))
    }
}

/// Whether two lists of suppressions accept the same findings.
fn same_entries(a: &[crate::config::Suppression], b: &[crate::config::Suppression]) -> bool {
    let said = |entries: &[crate::config::Suppression]| -> Vec<_> {
        let entries = entries.iter().cloned();
        entries.map(|one| (one.rule, one.image, one.object, one.release, one.expires)).collect()
    };
    said(a) == said(b)
}

/// Removes the findings that the release had before from a report, and adds how its images changed.
fn leave_new(now: &mut Report, before: Result<Option<Report>, Error>, revision: &str) {
    let nothing_seen =
        |report: &Report| report.findings.iter().find(|finding| finding.rule == rule_ids::RENDER_FAILED).cloned();
    let before = before.and_then(|before| match before.as_ref().and_then(nothing_seen) {
        Some(_) => Err(Error::input("it does not render there")),
        None => Ok(before),
    });
    match before {
        Err(why) => {
            now.changes =
                Some(Changes { since: revision.to_owned(), unknown: Some(why.into_text()), ..Changes::default() });
        }
        Ok(None) => {
            let new = now.images.iter().map(|image| image.reference.clone()).collect();
            now.changes = Some(Changes { since: revision.to_owned(), new, ..Changes::default() });
        }
        Ok(Some(before)) => {
            let mut changes = Changes::between(&before, now, revision);
            let print = |finding: &Finding| Fingerprint::of(finding, &now.release);
            let known: BTreeSet<Fingerprint> = before.findings.iter().map(print).collect();
            let all = now.findings.len();
            let release = now.release.clone();
            // What was not checked before is still not checked.
            now.findings.retain(|finding| finding.is_unseen() || !known.contains(&Fingerprint::of(finding, &release)));
            changes.known = all - now.findings.len();
            now.changes = Some(changes);
        }
    }
}
