//! A blob: the results of a part of a run, for `airtight merge`.
//!
//! Shape: lines of JSON. The first is the [`Head`], then comes a [`Line`] for each release, as they are checked, and the last is the
//! [`Tail`]: a blob without it was cut off. Only the version that wrote it reads it.

mod read;
mod write;

pub(crate) use read::Blobs;
pub(crate) use write::Writer;

use super::record::Record;
use super::shard::Shard;
use crate::suppress::Known;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The version of the format.
const SCHEMA: u32 = 1;

/// The first line: which run, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The version of the format.
    #[serde(rename = "airtight-blob")]
    schema: u32,
    /// The program.
    pub(crate) tool: String,
    /// What the run checks, and how: the digest of the configuration, flags and lists. Parts of one run have the same.
    pub(crate) configuration: String,
    /// The day on which suppressions were judged.
    pub(crate) today: Date,
    /// Which part, if it is a shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<Shard>,
    /// The number of releases of this part.
    pub(crate) releases: usize,
    /// The number of releases of the run.
    pub(crate) of: usize,
}

/// A line about a release.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Its index among all releases of the run.
    pub(crate) number: usize,
    /// The result.
    pub(crate) result: Record,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct Tail {
    /// The number of releases before it.
    end: usize,
    /// What is known about suppressions after these releases.
    suppressions: Known,
}

impl Head {
    /// The first line of a part of a run.
    pub(crate) fn new(
        tool: String,
        configuration: String,
        today: Date,
        shard: Option<Shard>,
        releases: usize,
        of: usize,
    ) -> Self {
        Self { schema: SCHEMA, tool, configuration, today, shard, releases, of }
    }
}
