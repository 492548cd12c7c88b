//! [`Places`]: which blobs the mirror has where; a blob of several images is sent once.

use super::outcome::Blobs;
use super::source::Source;
use super::target::Target;
use crate::registry::{Arrival, Descriptor, Digest, Error, Repository, Watch};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::{Mutex, Semaphore};

/// The way of an artifact.
#[derive(Clone, Copy)]
pub(super) struct Way<'w> {
    pub(super) source: Source<'w>,
    pub(super) from: &'w Repository,
    pub(super) target: Target<'w>,
    pub(super) to: &'w Repository,
    pub(super) watch: &'w dyn Watch,
}

/// A registry, and a blob.
type Key = (String, Digest);

/// The most repositories that are tried for a mount.
const MOUNTS: usize = 2;

/// Which blobs the target has in which repositories, as far as this run knows.
#[derive(Debug)]
pub(super) struct Places {
    known: RefCell<BTreeMap<Key, Vec<Repository>>>,
    /// Whoever needs a blob that is on its way waits for it.
    turns: RefCell<BTreeMap<Key, Rc<Mutex<()>>>>,
    transfers: Semaphore,
    /// Whether the mirror is asked for a blob before it is told to mount it.
    asks_first: bool,
}

impl Places {
    /// For a number of transfers at a time. `asks_first` is for mirrors that are expected to have most blobs.
    pub(super) fn new(transfers: usize, asks_first: bool) -> Self {
        let transfers = Semaphore::new(transfers);
        Self { known: RefCell::default(), turns: RefCell::default(), transfers, asks_first }
    }

    /// Brings a blob to a repository of the mirror; `None` if it is no longer needed when its turn comes.
    ///
    /// # Errors
    /// The source does not give it, or the mirror does not take it.
    pub(super) async fn bring(
        &self,
        way: &Way<'_>,
        blob: &Descriptor,
        is_over: &Cell<bool>,
    ) -> Result<Option<Arrival>, Error> {
        let Way { source, from, target, to, watch } = *way;
        let key = (target.domain(to), blob.digest.clone());
        let turn = self.turns.borrow_mut().entry(key.clone()).or_default().clone();
        let _turn = turn.lock().await;
        let mut mounts = self.known.borrow().get(&key).cloned().unwrap_or_default();
        if mounts.contains(to) || !mounts.is_empty() && !target.mounts() {
            return Ok(Some(Arrival::Present));
        }
        mounts.truncate(MOUNTS);
        if from.host == to.host && matches!(source, Source::Registries(_)) && target.mounts() {
            mounts.push(from.clone());
        }
        // Whoever waits here holds a turn, never the other way around.
        let _transfer = self.transfers.acquire().await;
        if is_over.get() {
            return Ok(None);
        }
        let asks = self.asks_first || mounts.is_empty();
        let arrival = if asks && target.has_blob(to, blob).await? {
            Arrival::Present
        } else {
            target.take(&source.blobs(from), to, blob, &mounts, watch).await?
        };
        self.known.borrow_mut().entry(key).or_default().push(to.clone());
        Ok(Some(arrival))
    }

    /// Forgets that a repository has a blob: the registry said otherwise.
    pub(super) fn forget(&self, target: Target<'_>, to: &Repository, digest: &Digest) {
        if let Some(places) = self.known.borrow_mut().get_mut(&(target.domain(to), digest.clone())) {
            places.retain(|place| place != to);
        }
    }
}

impl Blobs {
    pub(super) fn count(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Present => self.present += 1,
            Arrival::Mounted => self.mounted += 1,
            Arrival::Copied => self.copied += 1,
        }
    }
}
