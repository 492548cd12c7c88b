//! [`Found`]: a file that may be read, and that is opened later, possibly several times and in parts.

use super::folder::Folder;
use super::open::{Opened, open};
use super::reach::{By, Reach, in_words_of_go};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// A file that may be read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    real: PathBuf,
    shown: PathBuf,
}

impl Found {
    /// Opens it. If it has become a link or a pipe in the meantime, it is neither followed nor waited for.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn open(&self) -> Result<Opened, Error> {
        open(&self.real, None).map_err(|fault| in_words_of_go(&self.shown, fault))
    }
}

impl Reach {
    /// Finds a file that may be read.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn found(&self, by: By, path: &Path) -> Result<Found, Error> {
        Ok(Found { real: self.find(by, path)?, shown: path.to_path_buf() })
    }
}

impl Folder<'_> {
    /// Finds a file of the folder by its path in it; links are followed as far as they stay inside.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn found(&self, inside: &Path) -> Result<Found, Error> {
        let shown = self.shown().join(inside);
        Ok(Found { real: self.find_inside(inside, &shown)?, shown })
    }
}
