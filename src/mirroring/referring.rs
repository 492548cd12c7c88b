//! Copies what refers to an artifact: signatures, attestations, SBOMs.

use super::copy::Copying;
use super::outcome::Outcome;
use super::target::Named;
use crate::registry::{Digest, Error, Kind, Repository};
use std::collections::BTreeSet;

/// How far references are followed: the signature of an SBOM of an image.
const DEPTH: usize = 3;

/// The most manifests that refer to one artifact.
const REFERRERS: usize = 1000;

impl Copying<'_> {
    /// Copies everything that refers to manifests, except the manifests themselves.
    pub(super) async fn bring_referrers(
        &self,
        from: &Repository,
        to: &Repository,
        subjects: Vec<Digest>,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let mut seen: BTreeSet<Digest> = subjects.iter().cloned().collect();
        for subject in &subjects {
            for tag in self.source.cosign_tags(from, subject).await? {
                outcome.referrers += usize::from(self.bring_tag(from, to, &tag, outcome).await?);
            }
        }
        let mut level = subjects;
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for subject in level {
                for referrer in self.source.referrers(from, &subject).await? {
                    if seen.insert(referrer.digest.clone()) {
                        next.push(referrer.digest.clone());
                        outcome.referrers +=
                            usize::from(self.bring_referrer(from, to, &subject, &referrer.digest, outcome).await?);
                    }
                    if seen.len() > REFERRERS {
                        let text = format!("{from}: more than {REFERRERS} manifests refer to {subject}");
                        return Err(Error::new(Kind::Limit, text));
                    }
                }
            }
            level = next;
        }
        Ok(())
    }

    /// Copies a manifest that refers to another; returns whether the mirror did not have it.
    async fn bring_referrer(
        &self,
        from: &Repository,
        to: &Repository,
        subject: &Digest,
        digest: &Digest,
        outcome: &mut Outcome,
    ) -> Result<bool, Error> {
        if self.target.has_referrer(to, subject, digest).await? {
            return Ok(false);
        }
        let tree = self.tree(from, digest).await?;
        self.bring(from, to, &tree, outcome).await?;
        let knows_subject = self.put(from, to, Named::Digest, &tree, outcome).await?;
        let names_subject = tree.root.subject.as_ref().is_some_and(|named| named.digest == *subject);
        if !knows_subject && names_subject {
            self.target.add_referrer(to, subject, &tree.root).await?;
        }
        Ok(true)
    }

    /// Copies a tag; returns whether the mirror did not have it.
    async fn bring_tag(
        &self,
        from: &Repository,
        to: &Repository,
        tag: &str,
        outcome: &mut Outcome,
    ) -> Result<bool, Error> {
        let digest = self.source.resolve(from, tag).await?;
        if self.target.is_at(to, Named::Tag(tag), &digest).await? {
            return Ok(false);
        }
        let tree = self.tree(from, &digest).await?;
        self.bring(from, to, &tree, outcome).await?;
        self.put(from, to, Named::Tag(tag), &tree, outcome).await?;
        Ok(true)
    }
}
