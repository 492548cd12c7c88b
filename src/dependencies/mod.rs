//! The dependencies of a chart as helm's `dependency` commands see them: the lock and its digest, the archive of a local chart, and
//! the status of each. Nothing here reads or writes files.

mod lock;
mod package;
mod status;
mod table;
mod tree;

pub(crate) use lock::{digest, digest_of_helm_2, lock_text};
pub(crate) use package::package;
pub(crate) use status::{Found, status};
pub(crate) use table::table;
