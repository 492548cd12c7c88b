//! [`Copying`]: copies artifacts to the mirror.

use super::blobs::{Places, Way};
use super::outcome::{Outcome, Reduced, State};
use super::plan::Item;
use super::platform::Platforms;
use super::run::Follow;
use super::source::Source;
use super::target::{Named, Target};
use super::tree::Tree;
use crate::registry::{Arrival, Descriptor, Digest, Error, Kind, Manifest, Repository};
use futures_util::future::join_all;
use std::cell::Cell;
use std::collections::BTreeSet;

/// Copies artifacts to the mirror.
pub(crate) struct Copying<'c> {
    pub(super) source: Source<'c>,
    pub(super) target: Target<'c>,
    pub(super) follow: &'c dyn Follow,
    /// Whether signatures, attestations and SBOMs are copied too.
    pub(super) with_referrers: bool,
    /// The platforms to which indexes are reduced.
    platforms: Platforms,
    wish: Wish,
    places: Places,
}

/// What is done with artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Those that the mirror does not have are copied.
    Copy,
    /// The same, and what is missing below those that it has.
    Repair,
    /// Nothing is written.
    Plan,
}

impl<'c> Copying<'c> {
    /// Prepares to copy, with a number of transfers at a time.
    pub(crate) fn new(
        source: Source<'c>,
        target: Target<'c>,
        follow: &'c dyn Follow,
        transfers: usize,
        with_referrers: bool,
        platforms: Platforms,
        wish: Wish,
    ) -> Self {
        Self {
            source,
            target,
            follow,
            with_referrers,
            platforms,
            wish,
            places: Places::new(transfers, wish == Wish::Repair),
        }
    }

    /// Copies an artifact, unless the mirror has it.
    pub(crate) async fn copy(&self, item: &Item) -> Outcome {
        let is_between_registries = matches!((self.source, self.target), (Source::Registries(_), Target::Mirror(_)));
        if item.from == item.to && is_between_registries {
            let text = format!("{}: it is on the mirror already; the list must name its source", item.source);
            return Outcome::failed(Error::new(Kind::Input, text), item.digest.clone());
        }
        let mut digest = item.digest.clone();
        match self.copied(item, &mut digest).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::failed(error, digest),
        }
    }

    async fn copied(&self, item: &Item, known: &mut Option<Digest>) -> Result<Outcome, Error> {
        let (digest, root, reduced) = self.wanted(item, known).await?;
        *known = Some(digest.clone());
        let is_there = self.target.is_at(&item.to, Named::Artifact(item), &digest).await?;
        if is_there && self.wish != Wish::Repair {
            return Ok(Outcome { reduced, ..Outcome::new(State::Present, Some(digest)) });
        }
        let tree = match root {
            Some(root) => self.complete(&item.from, root).await?,
            None => self.tree(&item.from, &digest).await?,
        };
        if self.wish == Wish::Plan {
            return Ok(Outcome { reduced, ..self.planned(item, &tree).await? });
        }
        let mut outcome = Outcome { reduced, ..Outcome::new(State::Copied, Some(digest)) };
        let written = self.bring(&item.from, &item.to, &tree, &mut outcome).await?;
        if self.with_referrers {
            self.bring_referrers(&item.from, &item.to, tree.digests(), &mut outcome).await?;
        }
        if is_there {
            let sent = outcome.blobs.copied + outcome.blobs.mounted + outcome.referrers + written;
            outcome.state = if sent == 0 { State::Present } else { State::Copied };
            return Ok(outcome);
        }
        // The tag last: it says that everything is there.
        self.put(&item.from, &item.to, Named::Artifact(item), &tree, &mut outcome).await?;
        Ok(outcome)
    }

    /// The digest of what is to be there, and its manifest if it was read.
    async fn wanted(
        &self,
        item: &Item,
        listed: &Option<Digest>,
    ) -> Result<(Digest, Option<Manifest>, Option<Reduced>), Error> {
        if self.platforms.are_all() {
            return Ok(match listed {
                Some(digest) => (digest.clone(), None, None),
                None => (self.source.resolve(&item.from, &item.version).await?, None, None),
            });
        }
        let whole = self.source.artifact(&item.from, &item.version).await?;
        let name = format!("{}: {}", item.from, item.version);
        match (self.platforms.reduced(&whole, &name)?, listed) {
            (None, _) => Ok((whole.digest.clone(), Some(whole), None)),
            // Whoever pulls by the digest would not find it.
            (Some(_), Some(listed)) => {
                let text = format!(
                    "{}: the list says {listed}, which is an index of more platforms, and --platform gives it another digest; leave the \
                     digest out of the list, list that of one platform's image, or copy it without --platform",
                    item.from
                );
                Err(Error::new(Kind::Input, text))
            }
            (Some(index), None) => {
                let reduced = Reduced { whole: whole.digest, platforms: self.platforms.names() };
                Ok((index.digest.clone(), Some(index), Some(reduced)))
            }
        }
    }

    /// An artifact of the source with everything below it; nothing of it is missing.
    pub(super) async fn tree(&self, from: &Repository, digest: &Digest) -> Result<Tree, Error> {
        let root = self.source.manifest(from, digest).await?.ok_or_else(|| {
            let called = self.source.called();
            let text = format!("{from}: {called} has no manifest {digest}; was the tag moved, or the image deleted?");
            Error::new(Kind::NotFound, text)
        })?;
        self.complete(from, root).await
    }

    /// Everything below a manifest; nothing of it is missing.
    async fn complete(&self, from: &Repository, root: Manifest) -> Result<Tree, Error> {
        let digest = root.digest.clone();
        let tree = Tree::read(self.source, from, root).await?;
        tree.check(self.source, from)?;
        let mut elsewhere = Vec::new();
        for blob in tree.foreign() {
            // Some registries hold such layers all the same.
            if !self.source.has_blob(from, &blob.digest).await? {
                elsewhere.push(blob.digest.to_string());
            }
        }
        if !elsewhere.is_empty() {
            let text = format!(
                "{from}: {digest} has layers that are not in the registry but at other addresses (foreign layers): {}; without them \
                 the image does not run behind the gap, so it was not copied",
                elsewhere.join(", ")
            );
            return Err(Error::new(Kind::Rejected, text));
        }
        Ok(tree)
    }

    /// What would be sent.
    async fn planned(&self, item: &Item, tree: &Tree) -> Result<Outcome, Error> {
        let mut outcome = Outcome::new(State::Planned, Some(tree.root.digest.clone()));
        for blob in blobs_of(tree.manifests()) {
            if self.target.has_blob(&item.to, &blob).await? {
                outcome.blobs.present += 1;
            } else {
                outcome.blobs.copied += 1;
                outcome.bytes += blob.size;
            }
        }
        Ok(outcome)
    }

    /// Brings everything below a manifest to the mirror: its blobs, and the manifests that it contains with theirs. Returns how many
    /// of these it did not have.
    pub(super) async fn bring(
        &self,
        from: &Repository,
        to: &Repository,
        tree: &Tree,
        outcome: &mut Outcome,
    ) -> Result<usize, Error> {
        // A manifest that the mirror has stands for everything below it, unless something below it is to be repaired.
        let mut absent: Vec<&Manifest> = Vec::new();
        for manifest in &tree.below {
            if !self.target.has_manifest(to, &manifest.digest).await? {
                absent.push(manifest);
            }
        }
        let blobs = match self.wish {
            Wish::Repair => blobs_of(tree.manifests()),
            Wish::Copy | Wish::Plan => blobs_of(absent.iter().copied().chain([&tree.root])),
        };
        self.bring_blobs(from, to, &blobs, outcome).await?;
        for manifest in &absent {
            self.target.put(to, Named::Digest, manifest).await?;
        }
        Ok(absent.len())
    }

    async fn bring_blobs(
        &self,
        from: &Repository,
        to: &Repository,
        blobs: &[Descriptor],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.follow.expects(blobs.iter().map(|blob| blob.size).sum());
        // If the mirror refuses one, the others are not tried. All that the source does not have are named.
        let is_over = Cell::new(false);
        let is_missing =
            |error: &Error| error.kind() == Kind::NotFound && error.to_string().starts_with(&format!("{from}:"));
        let brought = join_all(blobs.iter().map(|blob| async {
            let arrival = self.places.bring(&self.way(from, to), blob, &is_over).await;
            is_over.set(is_over.get() || arrival.as_ref().is_err_and(|error| !is_missing(error)));
            if !matches!(arrival, Ok(Some(Arrival::Copied))) {
                self.follow.expects_less(blob.size);
            }
            arrival
        }));
        let mut missing: Vec<String> = Vec::new();
        let mut failed = None;
        for (blob, arrival) in blobs.iter().zip(brought.await) {
            match arrival {
                Ok(None) => {}
                Ok(Some(arrival)) => {
                    outcome.blobs.count(arrival);
                    outcome.bytes += if arrival == Arrival::Copied { blob.size } else { 0 };
                }
                Err(error) if is_missing(&error) => {
                    missing.push(blob.digest.to_string());
                    failed.get_or_insert(error);
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            None => Ok(()),
            Some(error) if error.kind() == Kind::NotFound && !missing.is_empty() => {
                let text = format!(
                    "{from}: {} does not have all blobs of the image: {}; {}",
                    self.source.called(),
                    missing.join(", "),
                    self.source.advice()
                );
                Err(Error::new(Kind::NotFound, text))
            }
            Some(error) => Err(error),
        }
    }

    /// Writes the manifest itself. If the mirror turns out not to have what it said it had, that is sent, once.
    pub(super) async fn put(
        &self,
        from: &Repository,
        to: &Repository,
        named: Named<'_>,
        tree: &Tree,
        outcome: &mut Outcome,
    ) -> Result<bool, Error> {
        match self.target.put(to, named, &tree.root).await {
            Err(error) if error.kind() == Kind::BlobUnknown => {
                self.repair(from, to, tree, error.blobs(), outcome).await?;
                self.target.put(to, named, &tree.root).await
            }
            done => done,
        }
    }

    fn way<'w>(&'w self, from: &'w Repository, to: &'w Repository) -> Way<'w> {
        Way { source: self.source, from, target: self.target, to, watch: self.follow }
    }

    /// Sends what the mirror misses although it said that it was there: the named blobs, or all.
    async fn repair(
        &self,
        from: &Repository,
        to: &Repository,
        tree: &Tree,
        named: &[Digest],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        // A manifest that it misses may miss blobs in turn.
        let of_named = tree.below.iter().filter(|manifest| named.contains(&manifest.digest));
        let of_named: BTreeSet<Digest> = blobs_of(of_named).into_iter().map(|blob| blob.digest).collect();
        let mut wanted = blobs_of(tree.manifests());
        let all = wanted.clone();
        wanted.retain(|blob| named.contains(&blob.digest) || of_named.contains(&blob.digest));
        let wanted = if wanted.is_empty() { &all } else { &wanted };
        for blob in wanted {
            self.places.forget(self.target, to, &blob.digest);
            let arrival = self.target.take(&self.source.blobs(from), to, blob, &[], self.follow).await?;
            outcome.blobs.count(arrival);
            outcome.bytes += blob.size;
        }
        for manifest in &tree.below {
            self.target.put(to, Named::Digest, manifest).await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Copying<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Copying")
    }
}

/// The blobs of manifests, each once, in order.
pub(super) fn blobs_of<'m>(manifests: impl Iterator<Item = &'m Manifest>) -> Vec<Descriptor> {
    let mut seen: BTreeSet<&Digest> = BTreeSet::new();
    let mut blobs = Vec::new();
    for blob in manifests.flat_map(|manifest| &manifest.blobs) {
        if seen.insert(&blob.digest) {
            blobs.push(blob.clone());
        }
    }
    blobs
}
