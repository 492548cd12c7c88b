//! [`KnownSchemas`]: schemas of charts, read and compiled once for all checks of a release.

use super::cost::Cost;
use super::prepare::Prepared;
use super::{Compiled, compiled};
use crate::helm::HelmVersion;
use crate::source::File;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Schemas that were read. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct KnownSchemas(Arc<Mutex<HashMap<Key, Arc<Known>>>>);

/// The file's address, and helm's version.
type Key = (usize, HelmVersion);

/// A schema that was read.
pub(super) struct Known {
    /// Kept so that its address stays its own.
    _file: Arc<File>,
    pub(super) prepared: Prepared,
    /// Steps that reading it took: each check counts them.
    steps: u64,
    compiled: OnceLock<Compiled>,
}

impl KnownSchemas {
    /// A schema, read.
    ///
    /// # Errors
    /// As of [`Prepared::read`].
    pub(super) fn read(&self, file: &Arc<File>, helm: HelmVersion, cost: &mut Cost<'_>) -> Result<Arc<Known>, String> {
        let key = (Arc::as_ptr(file) as usize, helm);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return cost.take(known.steps).map(|()| known);
        }
        let before = cost.left();
        let prepared = Prepared::read(file.bytes(), helm, cost)?;
        let steps = before - cost.left();
        let known = Arc::new(Known { _file: file.clone(), prepared, steps, compiled: OnceLock::new() });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known.clone());
        Ok(known)
    }
}

impl Known {
    /// The schema as boon takes it.
    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| compiled(&self.prepared, self.prepared.doc.clone()))
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("steps", &self.steps).finish_non_exhaustive()
    }
}
