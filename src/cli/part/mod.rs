//! Which releases a run checks if others check the rest: shards, and lists of work.

mod engine;

use super::Streams;
use super::inputs::InputDigest;
use super::jobs::Job;
use crate::disk::{By, Reach, look, read_all};
use crate::error::Error;
use crate::fleet::shard::Shard;
use clap::ValueEnum;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Flags that select a part of the releases.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Parts of a run")]
pub(crate) struct PartFlags {
    /// Check only this part of the releases: 3/16 is the third of 16; auto takes the part from the variables of Kubernetes, GitLab,
    /// Buildkite, CircleCI or Bazel
    #[arg(long, value_name = "I/N", conflicts_with_all = ["manifests", "changed_since", "pre_commit", "write_baseline"])]
    shard: Option<String>,
    /// How releases are divided: by a hash of their name, so that a release stays in its shard, or balanced by the size of their charts
    #[arg(long, value_enum, value_name = "HOW", default_value = "name", requires = "shard")]
    shard_by: ShardBy,
    /// Check the releases that this file lists, - for stdin: a name in each line, or a line of `airtight list --format jsonl`
    #[arg(
        long = "releases",
        value_name = "FILE",
        conflicts_with_all = ["charts", "manifests", "changed_since", "pre_commit", "write_baseline", "shard"]
    )]
    list: Option<PathBuf>,
}

/// How releases are divided among shards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ShardBy {
    /// By a hash of release and environment
    #[default]
    Name,
    /// By the bytes of the charts, the largest first
    Size,
}

/// A line of a list of work.
#[derive(Debug, Deserialize)]
struct Listed {
    release: String,
    /// The digest of what the release is made from, when it was listed.
    inputs: Option<String>,
}

/// The selected releases.
#[derive(Debug)]
pub(super) struct Part {
    /// Their jobs.
    pub(super) jobs: Vec<Job>,
    /// The number of releases of the whole run.
    pub(super) of: usize,
    /// What identifies the run of which this is a part.
    pub(super) run: InputDigest,
    /// Which part, if it is a shard.
    pub(super) shard: Option<Shard>,
    /// The digests of what releases were made from when they were listed, by job.
    pub(super) listed_inputs: HashMap<usize, String>,
}

impl PartFlags {
    /// Whether only a part of the releases is checked.
    pub(super) fn is_part(&self) -> bool {
        self.shard.is_some() || self.list.is_some()
    }

    /// The shard, if one is selected.
    ///
    /// # Errors
    /// It does not exist, or the environment does not say which it is.
    #[expect(clippy::disallowed_methods, reason = "the environment of the command")]
    fn shard(&self) -> Result<Option<Shard>, Error> {
        let Some(text) = &self.shard else { return Ok(None) };
        let shard = match text.as_str() {
            "auto" => engine::shard(&|name| std::env::var(name).ok()),
            text => text.parse(),
        };
        shard.map(Some).map_err(|error| error.after("--shard"))
    }

    /// Selects a part of all jobs.
    ///
    /// # Errors
    /// There is no such part, or the list names no release.
    pub(super) fn select(
        &self,
        jobs: Vec<Job>,
        run: InputDigest,
        reach: &Reach,
        streams: &mut Streams<'_>,
    ) -> Result<Part, Error> {
        let of = jobs.len();
        let mut part = Part { jobs, of, run, shard: self.shard()?, listed_inputs: HashMap::new() };
        if let Some(shard) = part.shard {
            match self.shard_by {
                ShardBy::Name => part.jobs.retain(|job| shard.has_name(&job.full_name())),
                ShardBy::Size => {
                    let sizes: Vec<(String, u64)> =
                        part.jobs.iter().map(|job| (job.full_name(), size_of_chart(job, reach))).collect();
                    let mut own = shard.takes_of_sizes(&sizes).into_iter();
                    part.jobs.retain(|_| own.next().unwrap_or_default());
                }
            }
        }
        if let Some(path) = &self.list {
            self.select_listed(path, &mut part, reach, streams)?;
        }
        Ok(part)
    }

    fn select_listed(
        &self,
        path: &Path,
        part: &mut Part,
        reach: &Reach,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let bytes = match path.as_os_str() == "-" {
            true => read_all(&mut streams.input, "stdin", reach.file_bytes())?,
            false => reach.read(By::User, path).map_err(|error| error.after("--releases"))?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let by_name: HashMap<String, usize> =
            part.jobs.iter().enumerate().map(|(at, job)| (job.full_name(), at)).collect();
        let mut wanted = vec![None; part.jobs.len()];
        let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
        for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
            let wrong = |why: String| Error::input(format!("--releases: line {number} of {}: {why}", path.display()));
            let listed = match line.starts_with('{') {
                true => serde_json::from_str(line).map_err(|error| wrong(format!("not a release: {error}")))?,
                false => Listed { release: line.to_owned(), inputs: None },
            };
            let near = || crate::similar::did_you_mean(&listed.release, by_name.keys().map(String::as_str));
            let at = by_name.get(&listed.release).copied();
            let at = at.ok_or_else(|| wrong(format!("there is no release {:?}{}", listed.release, near())))?;
            wanted[at] = Some(listed.inputs);
        }
        let mut jobs = Vec::new();
        for (job, wanted) in std::mem::take(&mut part.jobs).into_iter().zip(wanted) {
            let Some(inputs) = wanted else { continue };
            part.listed_inputs.extend(inputs.map(|inputs| (jobs.len(), inputs)));
            jobs.push(job);
        }
        part.jobs = jobs;
        Ok(())
    }
}

/// The bytes of a chart; 0 if it is not on the disk.
fn size_of_chart(job: &Job, reach: &Reach) -> u64 {
    let Some(path) = job.chart.local() else { return 0 };
    if !look::is_folder(path) {
        return look::size(path).unwrap_or_default();
    }
    let by = if job.entry.is_some() { By::Repository } else { By::User };
    let Ok(folder) = reach.folder(by, path, "the chart") else { return 0 };
    let files = folder.walk().flatten().filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}
