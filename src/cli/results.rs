//! [`Results`]: `lint --cache`, which checks only releases whose result is not known yet.

use super::inputs::Inputs;
use super::jobs::Job;
use super::version;
use crate::config::Config;
use crate::content_digest::{ContentDigest, ContentHasher};
use crate::fleet::cache::{Cache, Kept};
use crate::fleet::record::Record;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::store::Store;
use crate::suppress::{Noted, Suppressor};
use clap::builder::RangedU64ValueParser;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The flags of the cache.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Parts of a run")]
pub(crate) struct ResultFlags {
    /// Keep results in this folder, and check only releases of which something changed since
    ///
    /// Any number of processes can share it. Whoever can write to it can make a release clean, so that a run that must be trusted
    /// takes no folder that others write to.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["manifests", "changed_since", "pre_commit", "write_baseline"])]
    cache: Option<PathBuf>,
    /// The most MiB that are kept; what was not used for the longest time goes first
    #[arg(long, value_name = "MIB", default_value = "4096", requires = "cache", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1 << 30))]
    cache_size: u64,
}

impl ResultFlags {
    /// Whether results are kept.
    pub(super) fn is_on(&self) -> bool {
        self.cache.is_some()
    }
}

/// The results that are known, shared by threads.
pub(super) struct Results<'r> {
    cache: Cache,
    inputs: &'r Inputs<'r>,
    store: &'r Store,
    suppressor: &'r Suppressor<'r>,
    configuration: Option<Arc<File>>,
    /// What all releases of the run depend on.
    common: ContentDigest,
    /// The digests of the settings in use.
    settings: Mutex<Vec<(Settings, ContentDigest)>>,
    counts: Counts,
    /// Why the cache cannot be written.
    failed: Mutex<Option<String>>,
}

/// What became of the releases.
#[derive(Debug, Default)]
struct Counts {
    known: AtomicUsize,
    checked: AtomicUsize,
    timed: AtomicUsize,
}

impl<'r> Results<'r> {
    /// The cache that the flags select.
    pub(super) fn of(
        flags: &ResultFlags,
        config: &Config,
        suppressor: &'r Suppressor<'r>,
        inputs: &'r Inputs<'r>,
        store: &'r Store,
    ) -> Option<Self> {
        let folder = flags.cache.as_deref()?;
        let mut common = ContentHasher::default();
        common.value(&(version::build(), suppressor.baseline.map(ToString::to_string)));
        Some(Self {
            cache: Cache::new(folder, flags.cache_size << 20),
            inputs,
            store,
            suppressor,
            configuration: config.file.clone(),
            common: common.finish(),
            settings: Mutex::default(),
            counts: Counts::default(),
            failed: Mutex::default(),
        })
    }

    /// The result of a job: as it is known, or by `check`, which also says whether a template asked for the time.
    pub(super) fn of_job(&self, job: &Job, check: impl FnOnce() -> (Record, Noted, bool)) -> (Record, Noted) {
        let Some(inputs) = self.inputs.of(job) else {
            let (record, noted, _) = check();
            self.counts.checked.fetch_add(1, Ordering::Relaxed);
            return (record, noted);
        };
        let key = self.key(job, inputs);
        let today = self.suppressor.today;
        let known = self.cache.get(&key).filter(|kept| kept.noted.holds_on(kept.today, today));
        let known = known.and_then(|kept| self.moved(job, kept));
        if let Some(Kept { record, noted, .. }) = known {
            self.counts.known.fetch_add(1, Ordering::Relaxed);
            return (record, noted);
        }
        let (record, noted, is_timed) = check();
        self.counts.checked.fetch_add(1, Ordering::Relaxed);
        // The time of a run that was given none is not in the key.
        if is_timed && job.flags.is_now {
            self.counts.timed.fetch_add(1, Ordering::Relaxed);
            return (record, noted);
        }
        // What could not be checked is tried again.
        if record.error.is_some() || !self.inputs.are_still(job, inputs) {
            return (record, noted);
        }
        self.keep(&key, job, record, noted)
    }

    fn keep(&self, key: &str, job: &Job, record: Record, noted: Noted) -> (Record, Noted) {
        let mut kept = Kept {
            today: self.suppressor.today,
            configuration: BTreeMap::new(),
            entry: entry_lines(job).0,
            record,
            noted,
        };
        if let Some(file) = &self.configuration {
            let mut lines = BTreeSet::new();
            let mut value = serde_json::to_value(&kept).unwrap_or_default();
            each_place(file.name(), &mut value, &mut |place| lines.extend(lines_of(place)));
            kept.configuration = lines.into_iter().filter_map(|line| Some((line, self.line(line)?))).collect();
        }
        if let Err(error) = self.cache.put(key, &kept) {
            *super::locked(&self.failed) = Some(error.to_string());
        }
        (kept.record, kept.noted)
    }

    /// A result with the lines of the configuration where they are now; `None` if they are no longer the same. Lines of the
    /// release itself may have moved, because others were added before it.
    fn moved(&self, job: &Job, kept: Kept) -> Option<Kept> {
        let (entry, last) = entry_lines(job);
        let was = |line: u32| line.checked_sub(entry).and_then(|line| line.checked_add(kept.entry));
        let own = kept.entry..=was(last)?;
        let is_own = kept.configuration.keys().all(|line| own.contains(line));
        if entry != kept.entry && !is_own {
            return None;
        }
        let now = |line: u32| line.checked_sub(kept.entry).and_then(|line| line.checked_add(entry));
        let is_same = |(line, digest): (&u32, &String)| {
            let line = if is_own { now(*line) } else { Some(*line) };
            line.and_then(|line| self.line(line)).as_ref() == Some(digest)
        };
        if !kept.configuration.iter().all(is_same) {
            return None;
        }
        if entry == kept.entry || kept.configuration.is_empty() {
            return Some(kept);
        }
        let file = self.configuration.as_ref()?.name();
        let mut value = serde_json::to_value(&kept).ok()?;
        each_place(file, &mut value, &mut |place| {
            for line in ["/at/line", "/to/line"] {
                move_line(place.pointer_mut(line), &|line| line.checked_sub(kept.entry)?.checked_add(entry));
            }
            move_line(place.pointer_mut("/excerpt/lines_before"), &|before| {
                (before + 1).checked_sub(kept.entry)?.checked_add(entry)?.checked_sub(1)
            });
        });
        serde_json::from_value(value).ok()
    }

    /// The digest of a line of the configuration.
    fn line(&self, line: u32) -> Option<String> {
        let mut hash = ContentHasher::default();
        hash.bytes(self.configuration.as_ref()?.line(line)?.as_bytes());
        Some(hash.finish().hex())
    }

    /// Everything that the result of a job depends on.
    fn key(&self, job: &Job, inputs: ContentDigest) -> String {
        let mut hash = ContentHasher::default();
        hash.value(&(self.common, inputs, self.settings(&job.settings), job.is_listed));
        let (name, environment) = (job.name.clone(), job.environment.clone());
        let release = crate::report::ReleaseName { name, environment, ..Default::default() };
        for entry in self.suppressor.entries.iter().filter(|entry| entry.is_for(&release)) {
            hash.value(&(&entry.rule, &entry.reason, &entry.image, &entry.object, &entry.release, entry.expires));
        }
        // Whose files they are decides which comments count.
        hash.value(&self.store.is_own_folder(&job.chart));
        for file in job.flags.value_files() {
            hash.value(&self.store.own.holds_values(Path::new(&file)));
        }
        hash.finish().hex()
    }

    fn settings(&self, settings: &Settings) -> ContentDigest {
        let mut known = super::locked(&self.settings);
        if let Some((_, digest)) = known.iter().find(|(other, _)| other == settings) {
            return *digest;
        }
        let mut hash = ContentHasher::default();
        hash.value(settings);
        let digest = hash.finish();
        known.push((settings.clone(), digest));
        digest
    }

    /// What became of the releases, in lines for stderr.
    pub(super) fn told(&self) -> Vec<String> {
        let [known, checked, timed] =
            [&self.counts.known, &self.counts.checked, &self.counts.timed].map(|count| count.load(Ordering::Relaxed));
        let mut lines = vec![format!(
            "cache: {known} of {} known, {checked} checked",
            crate::names::count(known + checked, "release")
        )];
        if timed > 0 {
            lines.push(format!(
                "cache: {timed} not kept, because their templates ask for the time (with --time TIME the result is the same every day)"
            ));
        }
        if let Some(error) = &*super::locked(&self.failed) {
            lines.push(format!("warning: the cache cannot be written: {error}"));
        }
        lines
    }
}

/// The first and the last line of a release in the configuration, as far as results point to it; 0 without one.
fn entry_lines(job: &Job) -> (u32, u32) {
    let lines = [&job.place, &job.chart_place].map(|place| place.as_ref().map(Place::line));
    let lines = || lines.into_iter().flatten();
    (lines().min().unwrap_or_default(), lines().max().unwrap_or_default())
}

/// Visits the places in a file that a kept result has.
fn each_place(file: &str, kept: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let is_place = kept.get("at").is_some() && kept.get("name").is_some_and(|name| name == file);
    if is_place {
        visit(kept);
        return;
    }
    match kept {
        Value::Array(list) => list.iter_mut().for_each(|one| each_place(file, one, visit)),
        Value::Object(map) => map.values_mut().for_each(|one| each_place(file, one, visit)),
        _ => {}
    }
}

/// A number of a kept result.
fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

fn move_line(line: Option<&mut Value>, to: &dyn Fn(u32) -> Option<u32>) {
    if let Some(line) = line
        && let Some(moved) = number(line).and_then(to)
    {
        *line = moved.into();
    }
}

/// The lines that a place shows or points to.
fn lines_of(place: &Value) -> RangeInclusive<u32> {
    let first = place.pointer("/at/line").and_then(number).unwrap_or(1);
    let last = place.pointer("/to/line").and_then(number).unwrap_or(first);
    let shown = place.get("excerpt").and_then(|excerpt| {
        let before = number(excerpt.get("lines_before")?)?;
        let shown = u32::try_from(excerpt.get("text")?.as_str()?.lines().count()).ok()?;
        Some((before + 1, before.saturating_add(shown)))
    });
    let (from, to) = shown.unwrap_or((first, last));
    from.min(first)..=to.max(last)
}
