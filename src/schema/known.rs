//! [`KnownSchemas`]: a cache of the schemas of a chart and its subcharts, each read and compiled once.

use super::budget::Budget;
use super::prepare::Prepared;
use super::remote::Resource;
use super::{Compiled, compiled};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::source::File;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The schemas that were read. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownSchemas(Arc<Mutex<HashMap<Key, Arc<Known>>>>);

/// The file's address, and helm's version.
type Key = (usize, HelmVersion);

/// A schema that was read.
pub(super) struct Known {
    /// Kept so that its address stays unique.
    _file: Arc<File>,
    pub(super) prepared: Prepared,
    /// The steps of reading it, which each validation takes.
    steps: u64,
    compiled: OnceLock<Compiled>,
    /// What helm loads for it.
    pub(super) resources: OnceLock<Vec<Resource>>,
}

impl KnownSchemas {
    /// Reads a schema.
    ///
    /// # Errors
    /// See [`Prepared::read`].
    pub(super) fn read(
        &self,
        file: &Arc<File>,
        helm: HelmVersion,
        budget: &mut Budget<'_>,
    ) -> Result<Arc<Known>, Error> {
        let key = (Arc::as_ptr(file) as usize, helm);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return budget.take(known.steps).map(|()| known);
        }
        let before = budget.left();
        let prepared = Prepared::read(file.bytes(), helm, budget)?;
        let steps = before - budget.left();
        let known = Arc::new(Known {
            _file: file.clone(),
            prepared,
            steps,
            compiled: OnceLock::new(),
            resources: OnceLock::new(),
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known.clone());
        Ok(known)
    }
}

impl Known {
    /// The schema, compiled for boon.
    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| compiled(&self.prepared, self.prepared.doc.clone()))
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("steps", &self.steps).finish_non_exhaustive()
    }
}
