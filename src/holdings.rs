//! [`Holds`]: who knows what the mirror has, for rules, which ask nobody themselves.

use crate::names::names;
use std::fmt;
use std::sync::Arc;

/// Which version of a repository a question is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    /// What has this tag.
    Tag(String),
    /// What has this digest, which is pulled whatever the tag beside it is.
    Digest {
        /// The digest.
        digest: String,
        /// The tag beside it.
        tag: Option<String>,
    },
    /// Any version.
    Any,
}

/// A question: does the mirror have this?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Question {
    /// The host of the mirror, with its port.
    pub registry: String,
    /// The path of the repository there.
    pub repository: String,
    /// The version.
    pub version: Version,
}

/// What the mirror answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has it.
    There,
    /// It has the digest; the tag beside it is another one's (its digest), or there is no such tag.
    ThereWithoutTag(Option<String>),
    /// It does not have it.
    Missing {
        /// What the tag beside the digest names.
        tagged: Option<String>,
        /// Versions that it has, for messages.
        others: Option<String>,
    },
    /// It says that it has the digest, but sends something else; and what.
    Damaged(String),
    /// It is not known, and why.
    NotKnown(String),
}

/// Whether the mirror has an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holding {
    /// It does.
    There,
    /// It does not.
    Missing,
    /// It could not be asked, or did not say.
    NotKnown,
}

names!(Holding { There: "there", Missing: "missing", NotKnown: "not-known" });

/// Who knows what the mirror has.
pub(crate) trait Holds: Send + Sync {
    /// Answers questions, in their order. Each is asked once, whoever else asks it.
    fn answers(&self, questions: &[Question]) -> Vec<Answer>;
}

/// What the checks of a run share: one that knows what the mirror has.
#[derive(Clone)]
pub(crate) struct MirrorCheck {
    holds: Arc<dyn Holds>,
    /// The flags with which `airtight mirror` reaches the same mirror, each after a space.
    pub flags: &'static str,
}

impl MirrorCheck {
    /// With answers from `holds`; `flags` are those with which `airtight mirror` reaches the same mirror.
    pub(crate) fn new(holds: impl Holds + 'static, flags: &'static str) -> Self {
        Self { holds: Arc::new(holds), flags }
    }

    /// Asks nobody: nothing is known, and why.
    pub(crate) fn nobody(why: impl Into<String>) -> Self {
        Self::new(Nobody(why.into()), "")
    }

    /// See [`Holds::answers`].
    pub(crate) fn answers(&self, questions: &[Question]) -> Vec<Answer> {
        self.holds.answers(questions)
    }
}

impl PartialEq for MirrorCheck {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.holds, &other.holds)
    }
}

impl Eq for MirrorCheck {}

impl fmt::Debug for MirrorCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MirrorCheck")
    }
}

/// Knows nothing, and why.
struct Nobody(String);

impl Holds for Nobody {
    fn answers(&self, questions: &[Question]) -> Vec<Answer> {
        questions.iter().map(|_| Answer::NotKnown(self.0.clone())).collect()
    }
}
