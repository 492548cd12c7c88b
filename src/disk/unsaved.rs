//! [`Unsaved`]: the text of files that an editor holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The text of files that an editor holds, by their real paths: it counts in place of what is on the disk. Who may read a file, and whether
/// it exists, is decided by the disk alone.
///
/// A copy shares the text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unsaved(Arc<BTreeMap<PathBuf, Arc<[u8]>>>);

impl Unsaved {
    /// The text of a file, if an editor holds it.
    pub(super) fn of(&self, real: &Path) -> Option<Arc<[u8]>> {
        self.0.get(real).cloned()
    }
}

impl FromIterator<(PathBuf, Arc<[u8]>)> for Unsaved {
    fn from_iter<I: IntoIterator<Item = (PathBuf, Arc<[u8]>)>>(files: I) -> Self {
        Self(Arc::new(files.into_iter().collect()))
    }
}
