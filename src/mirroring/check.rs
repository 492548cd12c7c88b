//! [`Checking`]: whether the mirror has an artifact with everything below it.

use super::copy::blobs_of;
use super::outcome::{Outcome, State};
use super::plan::Item;
use super::platform::Platforms;
use super::source::Source;
use super::tree::{Tree, named};
use crate::registry::{Client, Error, Repository};

/// Checks that the mirror has artifacts. The sources are not asked.
#[derive(Debug)]
pub(crate) struct Checking<'c> {
    client: &'c Client<'c>,
    /// The platforms of indexes that must be there.
    platforms: Platforms,
}

impl<'c> Checking<'c> {
    /// Prepares to check.
    pub(crate) fn new(client: &'c Client<'c>, platforms: Platforms) -> Self {
        Self { client, platforms }
    }

    /// Checks an artifact: its manifest, those that it contains, and their blobs.
    pub(crate) async fn check(&self, item: &Item) -> Outcome {
        match self.checked(item).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::failed(error, item.digest.clone()),
        }
    }

    async fn checked(&self, item: &Item) -> Result<Outcome, Error> {
        let Some(root) = self.client.manifest(&item.to, item.place()).await? else {
            let missing = vec![format!("the manifest {}", item.place())];
            return Ok(Outcome { missing, ..Outcome::new(State::Missing, None) });
        };
        let digest = root.digest.clone();
        if item.digest.as_ref().is_some_and(|listed| *listed != digest) {
            return Ok(Outcome::new(State::Differs, Some(digest)));
        }
        // What is below the platforms that are not wanted may be missing.
        let lacking = self.platforms.lacking(&root);
        if !lacking.is_empty() {
            let missing = lacking.iter().map(|platform| format!("the image for {platform}")).collect();
            return Ok(Outcome { missing, ..Outcome::new(State::Missing, Some(digest)) });
        }
        let reduced = self.platforms.reduced(&root, &item.to.to_string())?;
        let root = reduced.unwrap_or(root);
        let tree = Tree::read(Source::Registries(self.client), &item.to, root).await?;
        let mut absent: Vec<String> = tree.missing.iter().map(|one| format!("the manifest {}", named(one))).collect();
        absent.extend(self.absent_blobs(&item.to, &tree).await?);
        let state = if absent.is_empty() { State::Present } else { State::Missing };
        Ok(Outcome { missing: absent, ..Outcome::new(state, Some(digest)) })
    }

    async fn absent_blobs(&self, repository: &Repository, tree: &Tree) -> Result<Vec<String>, Error> {
        let mut absent = Vec::new();
        for blob in blobs_of(tree.manifests()) {
            if !self.client.has_blob(repository, &blob.digest).await? {
                let kind = if blob.is_foreign { "the foreign layer" } else { "the blob" };
                absent.push(format!("{kind} {}", blob.digest));
            }
        }
        Ok(absent)
    }
}
