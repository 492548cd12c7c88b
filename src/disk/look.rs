//! What is at a path, without reading it.

use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

/// Whether a path leads to an ordinary file, over links.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether a path leads to a folder, over links.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// Whether a path leads to something, over links.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether something has this path, if only a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether something that is no folder has this path; a link is none, wherever it leads.
pub fn is_no_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| !about.is_dir())
}

/// What kind of thing has this path, if only a link; `None` where nothing has.
pub fn kind(path: &Path) -> Option<FileType> {
    path.symlink_metadata().ok().map(|about| about.file_type())
}

/// A path from the root on, without links.
///
/// # Errors
/// The system's, where nothing is there.
pub fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// The working folder.
///
/// # Errors
/// The system's, where it was taken away.
pub fn working_folder() -> io::Result<PathBuf> {
    std::env::current_dir()
}
