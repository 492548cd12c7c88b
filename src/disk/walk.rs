//! [`Walk`]: everything in a folder and below.

use std::ffi::OsStr;
use std::path::Path;
use walkdir::{DirEntry, WalkDir};

/// The entries below a folder, sorted by the bytes of their names, depth first. Links are returned but not followed; `.git`
/// is left out.
#[derive(Debug)]
pub(crate) struct Walk(walkdir::IntoIter);

impl Walk {
    pub(super) fn new(folder: &Path) -> Self {
        Self(WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter())
    }

    /// Skips the content of the last folder.
    pub(crate) fn skip_current_dir(&mut self) {
        self.0.skip_current_dir();
    }
}

impl Iterator for Walk {
    type Item = walkdir::Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self.0.next()?;
            let Ok(found) = &entry else { return Some(entry) };
            if !is_git(found.file_name()) {
                return Some(entry);
            }
            if found.file_type().is_dir() {
                if holds_nothing(found.path()) {
                    return Some(entry);
                }
                self.0.skip_current_dir();
            }
        }
    }
}

/// Whether a name is that of git's own folder, or of the file that replaces it in a submodule. Git itself tracks no file
/// with this name, in any case.
pub(super) fn is_git(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// Whether a folder contains only empty files and folders. Such a folder with git's name is not git's, and is part of a
/// chart as in helm.
fn holds_nothing(folder: &Path) -> bool {
    let is_empty = |entry: DirEntry| {
        let kind = entry.file_type();
        kind.is_dir() || kind.is_file() && entry.metadata().is_ok_and(|about| about.len() == 0)
    };
    WalkDir::new(folder).into_iter().all(|entry| entry.is_ok_and(is_empty))
}
