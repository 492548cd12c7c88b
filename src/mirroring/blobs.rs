//! [`Places`]: which blobs the mirror has where; a blob of several images is sent once.

use super::outcome::Blobs;
use crate::registry::{Arrival, Client, Descriptor, Digest, Error, Repository};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::{Mutex, Semaphore};

/// A registry, and a blob.
type Key = (String, Digest);

/// The most repositories that are tried for a mount.
const MOUNTS: usize = 2;

/// Which blobs the mirror has in which repositories, as far as this run knows.
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
        client: &Client<'_>,
        from: &Repository,
        to: &Repository,
        blob: &Descriptor,
        is_over: &Cell<bool>,
    ) -> Result<Option<Arrival>, Error> {
        let key = (to.host.clone(), blob.digest.clone());
        let turn = self.turns.borrow_mut().entry(key.clone()).or_default().clone();
        let _turn = turn.lock().await;
        let mut mounts = self.known.borrow().get(&key).cloned().unwrap_or_default();
        if mounts.contains(to) {
            return Ok(Some(Arrival::Present));
        }
        mounts.truncate(MOUNTS);
        if from.host == to.host {
            mounts.push(from.clone());
        }
        // Whoever waits here holds a turn, never the other way around.
        let _transfer = self.transfers.acquire().await;
        if is_over.get() {
            return Ok(None);
        }
        let asks = self.asks_first || mounts.is_empty();
        let arrival = if asks && client.has_blob(to, &blob.digest).await? {
            Arrival::Present
        } else {
            client.copy_blob(from, to, blob, &mounts).await?
        };
        self.known.borrow_mut().entry(key).or_default().push(to.clone());
        Ok(Some(arrival))
    }

    /// Forgets that a repository has a blob: the registry said otherwise.
    pub(super) fn forget(&self, to: &Repository, digest: &Digest) {
        if let Some(places) = self.known.borrow_mut().get_mut(&(to.host.clone(), digest.clone())) {
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
