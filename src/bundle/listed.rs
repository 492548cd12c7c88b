//! What files of a bundle say, each thing with its position.

use super::artifact::Artifact;
use crate::error::Error;
use crate::source::Place;
use std::fmt;

/// An artifact, and where a list has it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// What was mirrored.
    pub artifact: Artifact,
    /// The reference in the list.
    pub place: Place,
}

/// Where nodes find the images of a source registry, by the configuration of a cluster or of its nodes.
#[derive(Debug, Clone)]
pub(crate) struct NodeMirror {
    /// The registry, or the beginning of repositories there: `quay.io`, `quay.io/jetstack`; `*` for all others.
    pub source: String,
    /// The place on the mirror of what is below the source: `mirror.internal/quay`.
    pub place: String,
    /// What is pulled from there.
    pub pulls: Pulls,
    /// Where the file has it.
    pub at: Place,
}

/// Which references are pulled from a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pulls {
    /// Those with a digest.
    ByDigest,
    /// Those with a tag.
    ByTag,
    /// All.
    All,
}

/// Something in a file that is not an artifact of a registry, or is not fixed.
#[derive(Debug, Clone)]
pub(crate) struct LeftOut {
    /// What it is, as a sentence.
    pub what: String,
    /// Where the file has it.
    pub at: Place,
}

/// What a file says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    /// The artifacts, in the order of the file.
    pub artifacts: Vec<Listed>,
    /// Where nodes find them.
    pub mirrors: Vec<NodeMirror>,
    /// What is neither.
    pub left_out: Vec<LeftOut>,
    /// Whether it describes the lists beside it.
    pub is_record: bool,
}

impl Content {
    /// Adds something that is not an artifact.
    pub(super) fn leave_out(&mut self, at: Place, what: impl fmt::Display) {
        self.left_out.push(LeftOut { what: what.to_string(), at });
    }
}

/// An error about a position: `bundle/hauler.yaml:3:11: …`.
pub(super) fn placed_error(at: &Place, why: impl fmt::Display) -> Error {
    Error::input(format!("{at}: {why}"))
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.artifact == other.artifact && is_same(&self.place, &other.place)
    }
}

impl Eq for Listed {}

impl PartialEq for NodeMirror {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, &self.place, self.pulls) == (&other.source, &other.place, other.pulls)
            && is_same(&self.at, &other.at)
    }
}

impl Eq for NodeMirror {}

impl PartialEq for LeftOut {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what && is_same(&self.at, &other.at)
    }
}

impl Eq for LeftOut {}

fn is_same(one: &Place, other: &Place) -> bool {
    (one.file.shown(), one.start, one.end) == (other.file.shown(), other.start, other.end)
}
