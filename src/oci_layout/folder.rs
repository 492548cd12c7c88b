//! [`BlobFolder`]: the files of a layout that is a folder.

use super::paths::blob;
use crate::disk::{By, Folder, Opened, Reach, look};
use crate::error::Error;
use crate::registry::Digest;
use std::path::Path;

/// A layout that is a folder. Its links must not leave it.
#[derive(Debug)]
pub(super) struct BlobFolder<'r> {
    folder: Folder<'r>,
}

impl<'r> BlobFolder<'r> {
    /// Opens a folder.
    pub(super) fn open_at(path: &Path, reach: &'r Reach) -> Result<Self, Error> {
        Ok(Self { folder: reach.folder(By::User, path, "the layout")? })
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.folder.names().is_ok_and(|names| names.is_empty())
    }

    /// Reads a small file; one byte more than the limit if it is longer.
    pub(super) fn small(&self, name: &str, limit: usize) -> Result<Vec<u8>, Error> {
        let opened = self.folder.found(Path::new(name))?.open()?;
        opened.read_at_most(&self.folder.shown().join(name), limit as u64 + 1)
    }

    /// The size of a blob; `None` if it is not there.
    pub(super) fn size(&self, digest: &Digest) -> Option<u64> {
        let path = self.folder.real().join(blob(digest));
        // A link is followed, and checked, when it is opened.
        look::size(&path).or_else(|| look::is_there(&path).then(|| self.open(digest).ok().map(|it| it.about.len()))?)
    }

    pub(super) fn open(&self, digest: &Digest) -> Result<Opened, Error> {
        self.folder.found(Path::new(&blob(digest)))?.open()
    }
}
