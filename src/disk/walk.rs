//! [`Walk`]: what lies in a folder and below.

use std::ffi::OsStr;
use std::path::Path;
use walkdir::{DirEntry, WalkDir};

/// The entries below a folder by the bytes of their names, depth first. Links are told and not followed; what git keeps
/// in `.git` is left out.
#[derive(Debug)]
pub struct Walk(walkdir::IntoIter);

impl Walk {
    pub(super) fn new(folder: &Path) -> Self {
        Self(WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter())
    }

    /// Passes over what is in the folder that came last.
    pub fn skip_current_dir(&mut self) {
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

/// Whether a name is that of git's own folder, or of the file that stands for it in a submodule. Git itself keeps no
/// file of such a name, in whatever case.
pub(super) fn is_git(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// Whether all that is in a folder are empty files and folders. A folder of git's name that holds nothing is none of git's,
/// and a part of a chart as for helm.
fn holds_nothing(folder: &Path) -> bool {
    let is_empty = |entry: DirEntry| {
        let kind = entry.file_type();
        kind.is_dir() || kind.is_file() && entry.metadata().is_ok_and(|about| about.len() == 0)
    };
    WalkDir::new(folder).into_iter().all(|entry| entry.is_ok_and(is_empty))
}
