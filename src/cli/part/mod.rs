//! Which releases a run checks if others check the rest: shards, and lists of work.

mod engine;

use super::Streams;
use super::jobs::Job;
use crate::chart_reference::ChartReference;
use crate::content_digest::ContentDigest;
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

/// A release of a run, before it is known whether this process checks it.
#[derive(Debug)]
pub(super) struct Candidate {
    /// `shop/prod`.
    pub(super) name: String,
    /// Its chart.
    pub(super) chart: ChartReference,
    /// Who named the chart.
    pub(super) by: By,
}

/// The selected releases.
#[derive(Debug)]
pub(super) struct Part {
    /// Which of all releases they are.
    pub(super) own: Vec<bool>,
    /// Their jobs.
    pub(super) jobs: Vec<Job>,
    /// What identifies the run of which this is a part, for a blob.
    pub(super) run: Option<ContentDigest>,
    /// Which part, if it is a shard.
    pub(super) shard: Option<Shard>,
    /// The digests of what releases were made from when they were listed, by their index among all.
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

    /// Selects a part of all releases; their jobs are made then.
    ///
    /// # Errors
    /// There is no such part, or the list names no release.
    pub(super) fn select<'c>(
        &self,
        all: &'c [Candidate],
        reach: &Reach,
        streams: &mut Streams<'_>,
    ) -> Result<Part, Error> {
        let shard = self.shard()?;
        let own = match (shard, self.shard_by) {
            (Some(shard), ShardBy::Name) => all.iter().map(|one| shard.has_name(&one.name)).collect(),
            (Some(shard), ShardBy::Size) => {
                let mut known: HashMap<&ChartReference, u64> = HashMap::new();
                let mut bytes = |one: &'c Candidate| *known.entry(&one.chart).or_insert_with(|| one.chart_bytes(reach));
                let sizes: Vec<(&str, u64)> = all.iter().map(|one| (one.name.as_str(), bytes(one))).collect();
                shard.takes_of_sizes(&sizes)
            }
            (None, _) => vec![self.list.is_none(); all.len()],
        };
        let mut part = Part { own, jobs: Vec::new(), run: None, shard, listed_inputs: HashMap::new() };
        if let Some(path) = &self.list {
            select_listed(path, all, &mut part, reach, streams)?;
        }
        Ok(part)
    }
}

/// Selects the releases that a file lists.
fn select_listed(
    path: &Path,
    all: &[Candidate],
    part: &mut Part,
    reach: &Reach,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    let bytes = match path.as_os_str() == "-" {
        true => read_all(&mut streams.input, "stdin", reach.file_bytes())?,
        false => reach.read(By::User, path).map_err(|error| error.after("--releases"))?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let by_name: HashMap<&str, usize> =
        all.iter().enumerate().map(|(number, one)| (one.name.as_str(), number)).collect();
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        let wrong = |why: String| Error::input(format!("--releases: line {number} of {}: {why}", path.display()));
        let listed = match line.starts_with('{') {
            true => serde_json::from_str(line).map_err(|error| wrong(format!("not a release: {error}")))?,
            false => Listed { release: line.to_owned(), inputs: None },
        };
        let near = || crate::similar::did_you_mean(&listed.release, by_name.keys().copied());
        let number = by_name.get(listed.release.as_str()).copied();
        let number = number.ok_or_else(|| wrong(format!("there is no release {:?}{}", listed.release, near())))?;
        part.own[number] = true;
        part.listed_inputs.extend(listed.inputs.map(|inputs| (number, inputs)));
    }
    Ok(())
}

impl Candidate {
    /// The bytes of its chart; 0 if it is not on the disk.
    fn chart_bytes(&self, reach: &Reach) -> u64 {
        let Some(path) = self.chart.local() else { return 0 };
        if !look::is_folder(path) {
            return look::size(path).unwrap_or_default();
        }
        let Ok(folder) = reach.folder(self.by, path, "the chart") else { return 0 };
        let files = folder.walk().flatten().filter(|entry| entry.file_type().is_file());
        files.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
    }
}
