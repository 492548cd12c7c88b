//! [`Outcome`]: what became of an artifact.

use crate::registry::{Digest, Error};

/// What became of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The result in a word.
    pub state: State,
    /// Its digest, if it is known.
    pub digest: Option<Digest>,
    /// How its index was reduced.
    pub reduced: Option<Reduced>,
    /// The bytes of blobs that were sent; of a plan, those that would be.
    pub bytes: u64,
    /// How its blobs came to the mirror.
    pub blobs: Blobs,
    /// The signatures, attestations and SBOMs that were copied with it.
    pub referrers: usize,
    /// What is not on the mirror.
    pub missing: Vec<String>,
    /// Why it failed.
    pub error: Option<Error>,
}

/// The result in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It is on the mirror, and was before.
    Present,
    /// It was copied.
    Copied,
    /// It would be copied.
    Planned,
    /// It, or a part of it, is not on the mirror.
    Missing,
    /// The mirror has something else in its place.
    Differs,
    /// It could not be copied or checked.
    Failed,
}

impl State {
    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Copied => "copied",
            Self::Planned => "planned",
            Self::Missing => "missing",
            Self::Differs => "differs",
            Self::Failed => "failed",
        }
    }
}

/// An index with only some of its platforms, which has another digest than the whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reduced {
    /// The digest of the whole index.
    pub whole: Digest,
    /// The platforms that are left.
    pub platforms: Vec<String>,
}

/// How blobs came to the mirror.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Blobs {
    /// Those that were there.
    pub present: usize,
    /// Those that the mirror took from another of its repositories.
    pub mounted: usize,
    /// Those that were sent; of a plan, those that would be.
    pub copied: usize,
}

impl Outcome {
    pub(super) fn new(state: State, digest: Option<Digest>) -> Self {
        Self {
            state,
            digest,
            reduced: None,
            bytes: 0,
            blobs: Blobs::default(),
            referrers: 0,
            missing: Vec::new(),
            error: None,
        }
    }

    pub(super) fn failed(error: Error, digest: Option<Digest>) -> Self {
        Self { error: Some(error), ..Self::new(State::Failed, digest) }
    }
}
