//! Checks what is at a path, without reading it.

use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Whether a path is a regular file, following links.
pub(crate) fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether a path is a folder, following links.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// Whether a path exists, following links.
pub(crate) fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether a path exists, including a broken link.
pub(crate) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether a path exists and is not a folder; a link is not a folder, whatever its target.
pub(crate) fn is_no_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| !about.is_dir())
}

/// The file type of a path, without following links; `None` if it does not exist.
pub(crate) fn kind(path: &Path) -> Option<FileType> {
    path.symlink_metadata().ok().map(|about| about.file_type())
}

/// The size of a regular file, without following links; `None` if there is none.
pub(crate) fn size(path: &Path) -> Option<u64> {
    path.symlink_metadata().ok().filter(|about| about.is_file()).map(|about| about.len())
}

/// When a file was last changed.
pub(crate) fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|about| about.modified()).ok()
}

/// An absolute path with links resolved.
///
/// # Errors
/// The system's error if it does not exist.
pub(crate) fn real(path: &Path) -> io::Result<PathBuf> {
    super::resolve::real(path)
}

/// The working folder.
///
/// # Errors
/// The system's error if it was removed.
pub(crate) fn working_folder() -> io::Result<PathBuf> {
    std::env::current_dir()
}
