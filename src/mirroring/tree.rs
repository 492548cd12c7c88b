//! [`Tree`]: an artifact with all manifests below it.

use super::source::Source;
use crate::registry::{Descriptor, Digest, Error, Kind, Manifest, Repository};
use std::collections::BTreeSet;

/// The most manifests below one.
const MANIFESTS: usize = 2000;

/// The most bytes of the manifests of an artifact together.
const BYTES: usize = 16 << 20;

/// The deepest nesting of indexes.
const DEPTH: usize = 8;

/// An artifact with all manifests below it.
#[derive(Debug)]
pub(super) struct Tree {
    /// The manifest itself.
    pub(super) root: Manifest,
    /// The manifests below, each after those that it contains.
    pub(super) below: Vec<Manifest>,
    /// The manifests that the registry does not have.
    pub(super) missing: Vec<Descriptor>,
}

impl Tree {
    /// Reads all manifests below one.
    ///
    /// # Errors
    /// A manifest cannot be read, or there are too many.
    pub(super) async fn read(source: Source<'_>, repository: &Repository, root: Manifest) -> Result<Self, Error> {
        let mut tree = Self { root, below: Vec::new(), missing: Vec::new() };
        let mut seen = BTreeSet::from([tree.root.digest.clone()]);
        let mut bytes = tree.root.bytes.len();
        // Each with its depth; a manifest is added when those below it were.
        let mut next: Vec<(Step, usize)> =
            tree.root.children.iter().rev().map(|one| (Step::Read(one.clone()), 1)).collect();
        while let Some((step, depth)) = next.pop() {
            let descriptor = match step {
                Step::Add(manifest) => {
                    tree.below.push(manifest);
                    continue;
                }
                Step::Read(descriptor) => descriptor,
            };
            if !seen.insert(descriptor.digest.clone()) {
                continue;
            }
            let Some(manifest) = source.manifest(repository, &descriptor.digest).await? else {
                tree.missing.push(descriptor);
                continue;
            };
            if manifest.bytes.len() as u64 != descriptor.size {
                let text = format!(
                    "{repository}: the manifest {} has {} bytes, its descriptor says {}; clients refuse such an index",
                    descriptor.digest,
                    manifest.bytes.len(),
                    descriptor.size
                );
                return Err(Error::new(Kind::WrongDigest, text));
            }
            bytes += manifest.bytes.len();
            if seen.len() > MANIFESTS || bytes > BYTES || depth > DEPTH {
                let text = format!(
                    "{repository}: {} has more than {MANIFESTS} manifests below it, {BYTES} bytes of them, or {DEPTH} levels",
                    tree.root.digest
                );
                return Err(Error::new(Kind::Limit, text));
            }
            let children: Vec<Descriptor> = manifest.children.clone();
            next.push((Step::Add(manifest), depth));
            next.extend(children.into_iter().rev().map(|child| (Step::Read(child), depth + 1)));
        }
        Ok(tree)
    }

    /// All manifests, each after those that it contains.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.below.iter().chain([&self.root])
    }

    /// The digests of all manifests.
    pub(super) fn digests(&self) -> Vec<Digest> {
        self.manifests().map(|manifest| manifest.digest.clone()).collect()
    }

    /// The layers that say they are at another address.
    pub(super) fn foreign(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests().flat_map(|manifest| &manifest.blobs).filter(|blob| blob.is_foreign)
    }

    /// That no manifest is missing.
    ///
    /// # Errors
    /// Names what is.
    pub(super) fn check(&self, source: Source<'_>, repository: &Repository) -> Result<(), Error> {
        if !self.missing.is_empty() {
            let named: Vec<String> = self.missing.iter().map(named).collect();
            let text = format!(
                "{repository}: {} refers to manifests that {} does not have: {}; {}",
                self.root.digest,
                source.called(),
                named.join(", "),
                source.advice()
            );
            return Err(Error::new(Kind::NotFound, text));
        }
        Ok(())
    }
}

enum Step {
    Read(Descriptor),
    Add(Manifest),
}

/// A manifest of an index, with its platform.
pub(super) fn named(descriptor: &Descriptor) -> String {
    match descriptor.platform.as_deref().filter(|platform| !platform.is_empty()) {
        Some(platform) => format!("{} ({platform})", descriptor.digest),
        None => descriptor.digest.to_string(),
    }
}
