//! [`Comparison`]: what changes from one set of artifacts to another.

use super::artifact::Artifact;
use super::merge::{is_same_version, merged};
use crate::names::names;
use std::collections::BTreeMap;

/// What changes from one set of artifacts to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// The changes, in the order of the references.
    pub changes: Vec<Change>,
    /// How many artifacts both sets have.
    pub same: usize,
}

/// A change of one artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Only the new set has it.
    New(Box<Artifact>),
    /// The new set has another tag or another digest of the same repository: the old one, and the new one.
    Retagged(Box<Artifact>, Box<Artifact>),
    /// Only the old set has it.
    Gone(Box<Artifact>),
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeKind {
    /// Only the new set has it.
    New,
    /// The new set has another version.
    Retagged,
    /// Only the old set has it.
    Gone,
}

names!(ChangeKind { New: "new", Retagged: "retagged", Gone: "gone" });

impl Change {
    /// Its kind.
    pub(crate) fn kind(&self) -> ChangeKind {
        match self {
            Self::New(_) => ChangeKind::New,
            Self::Retagged(..) => ChangeKind::Retagged,
            Self::Gone(_) => ChangeKind::Gone,
        }
    }

    /// The artifact before, if it was there.
    pub(crate) fn before(&self) -> Option<&Artifact> {
        match self {
            Self::New(_) => None,
            Self::Retagged(old, _) | Self::Gone(old) => Some(old),
        }
    }

    /// The artifact now, if it is there.
    pub(crate) fn after(&self) -> Option<&Artifact> {
        match self {
            Self::New(new) | Self::Retagged(_, new) => Some(new),
            Self::Gone(_) => None,
        }
    }

    /// The artifact now, or before if it is gone.
    pub(crate) fn artifact(&self) -> &Artifact {
        match self {
            Self::New(one) | Self::Retagged(_, one) | Self::Gone(one) => one,
        }
    }
}

impl Comparison {
    /// Compares two sets of artifacts. One that has no digest is the same as any with its tag.
    ///
    /// If a repository has several tags before or now, a digest that changed under its tag comes first; the others are paired in order.
    pub(crate) fn of<'a>(
        old: impl IntoIterator<Item = &'a Artifact>,
        new: impl IntoIterator<Item = &'a Artifact>,
    ) -> Self {
        let mut names: BTreeMap<String, Versions> = BTreeMap::new();
        for artifact in merged(old.into_iter()) {
            names.entry(artifact.reference.name()).or_default().old.push(artifact);
        }
        for artifact in merged(new.into_iter()) {
            names.entry(artifact.reference.name()).or_default().new.push(artifact);
        }
        let mut comparison = Self::default();
        names.into_values().for_each(|versions| versions.compare(&mut comparison));
        comparison
    }

    /// The number of changes of a kind.
    pub(crate) fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind() == kind).count()
    }
}

/// The versions of one repository.
#[derive(Debug, Default)]
struct Versions {
    old: Vec<Artifact>,
    new: Vec<Artifact>,
}

impl Versions {
    fn compare(self, comparison: &mut Comparison) {
        // By tag, or by digest if there is no tag.
        let key = |artifact: &Artifact| match artifact.version() {
            (Some(tag), _) => tag.to_owned(),
            (None, digest) => digest.unwrap_or_default().to_owned(),
        };
        let mut all_new: BTreeMap<String, Vec<Artifact>> = BTreeMap::new();
        for new in self.new {
            all_new.entry(key(&new)).or_default().push(new);
        }
        let mut take = |old: &Artifact, belong: &dyn Fn(&Artifact, &Artifact) -> bool| {
            let same_key = all_new.get_mut(&key(old))?;
            let at = same_key.iter().position(|new| belong(old, new))?;
            Some(same_key.remove(at))
        };
        let mut left = Vec::new();
        for old in self.old {
            match take(&old, &is_same_version) {
                Some(_) => comparison.same += 1,
                None => left.push(old),
            }
        }
        let retagged = |old: Artifact, new: Artifact| Change::Retagged(Box::new(old), Box::new(new));
        let (mut changes, mut all_old) = (Vec::new(), Vec::new());
        for old in left {
            match take(&old, &|_, _| true) {
                Some(new) => changes.push(retagged(old, new)),
                None => all_old.push(old),
            }
        }
        let (mut all_old, mut all_new) = (all_old.into_iter(), all_new.into_values().flatten());
        loop {
            changes.push(match (all_old.next(), all_new.next()) {
                (Some(old), Some(new)) => retagged(old, new),
                (Some(old), None) => Change::Gone(Box::new(old)),
                (None, Some(new)) => Change::New(Box::new(new)),
                (None, None) => break,
            });
        }
        changes.sort_by_cached_key(|change| change.artifact().pinned());
        comparison.changes.extend(changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundle;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn compared(old: &str, new: &str) -> (Vec<String>, usize) {
        let read = |text: &str| Bundle::parse([("images.txt", text)]).expect("a list").merged();
        let comparison = Comparison::of(&read(old), &read(new));
        let told = |change: &Change| {
            let sides = [change.before(), change.after()].into_iter().flatten().map(Artifact::pinned);
            format!("{} {}", change.kind().name(), sides.collect::<Vec<_>>().join(" "))
        };
        (comparison.changes.iter().map(told).collect(), comparison.same)
    }

    #[test]
    fn versions_of_a_repository_are_paired() {
        let (changes, same) = compared(
            "quay.io/a/api:1\nquay.io/a/db:1\nquay.io/a/kubectl:1.29\nquay.io/a/kubectl:1.30\nbusybox:1\nquay.io/a/old:1\n",
            "quay.io/a/api:2\nquay.io/a/db:1\nquay.io/a/kubectl:1.30\nquay.io/a/kubectl:1.31\ndocker.io/library/busybox:1\n\
             quay.io/a/new:1\n",
        );
        let expected = [
            "retagged quay.io/a/api:1 quay.io/a/api:2",
            "retagged quay.io/a/kubectl:1.29 quay.io/a/kubectl:1.31",
            "new quay.io/a/new:1",
            "gone quay.io/a/old:1",
        ];
        assert_eq!((changes, same), (expected.map(str::to_owned).to_vec(), 3));
    }

    #[test]
    fn a_digest_counts_if_both_sides_have_one() {
        let pinned = |digest: &str| format!("quay.io/a/api:1 {digest}\n");
        assert_eq!(compared(&pinned(A), "quay.io/a/api:1\n"), (Vec::new(), 1));
        assert_eq!(compared(&pinned(A), &pinned(A)), (Vec::new(), 1));
        let (changes, same) = compared(&(pinned(A) + "quay.io/a/api:2\n"), &(pinned(B) + "quay.io/a/api:0\n"));
        let expected = [
            "retagged quay.io/a/api:2 quay.io/a/api:0".to_owned(),
            format!("retagged quay.io/a/api:1@{A} quay.io/a/api:1@{B}"),
        ];
        assert_eq!((changes, same), (expected.to_vec(), 0));
    }
}
