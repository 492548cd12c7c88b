//! [`Folder`]: a folder whose links must not leave it.

use super::open::{Fault, Opened, open};
use super::reach::{Bound, By, Reach, quoted};
use super::resolve::{Resolved, absolute, resolve};
use super::walk::Walk;
use crate::error::Error;
use crate::go::system_error;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

/// A folder that may be read: a chart, a folder of manifests or lists.
#[derive(Debug)]
pub(crate) struct Folder<'r> {
    reach: &'r Reach,
    bound: Bound,
    shown: PathBuf,
    real: PathBuf,
}

/// The target of a link in a folder.
#[derive(Debug)]
pub(crate) struct LinkTarget {
    /// The real path.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_folder: bool,
}

impl Reach {
    /// A folder whose links must not leave the folder itself (if the user typed it) or the repository (otherwise).
    /// `what` is its name for messages: `the chart`.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn folder<'r>(&'r self, by: By, path: &Path, what: &'static str) -> Result<Folder<'r>, Error> {
        let real = self.find(by, path)?;
        let bound = match (by, &self.root) {
            (By::Repository, Some(root)) => root.clone(),
            _ => Bound { folder: real.clone(), what },
        };
        Ok(Folder { reach: self, bound, shown: path.to_path_buf(), real })
    }
}

impl Folder<'_> {
    /// The path as given.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// The path as given, made absolute, as helm writes it.
    pub(crate) fn absolute(&self) -> PathBuf {
        let path = absolute(&self.shown).unwrap_or_else(|_| self.shown.clone());
        // `.` and `..` are removed lexically, as Go's `filepath.Abs` does.
        let mut clean = PathBuf::new();
        for part in path.components() {
            match part {
                std::path::Component::CurDir => {}
                std::path::Component::ParentDir => drop(clean.pop()),
                part => clean.push(part),
            }
        }
        clean
    }

    /// The real path.
    pub(crate) fn real(&self) -> &Path {
        &self.real
    }

    /// Everything in it and below.
    pub(crate) fn walk(&self) -> Walk {
        Walk::new(&self.real)
    }

    /// Everything in the target folder of a link of this one ([`Folder::follow`]), and below.
    pub(crate) fn walk_target(&self, target: &Path) -> Walk {
        Walk::new(target)
    }

    /// The sorted names in it, as far as they are UTF-8.
    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        let failed = |error: std::io::Error| Error::file(format!("{}: {}", self.shown.display(), system_error(&error)));
        let entries = fs::read_dir(&self.real).map_err(failed)?;
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The target of a link, given by its real path, if it may be read.
    ///
    /// # Errors
    /// Those of Go's `filepath.EvalSymlinks`, or why it may not be read, without the link's name.
    pub(crate) fn follow(&self, link: &Path) -> Result<LinkTarget, Error> {
        let resolved = resolve(link)?;
        self.check(link, &resolved)?;
        let is_folder = fs::symlink_metadata(&resolved.path)
            .map_err(|error| Error::file(format!("lstat {}: {}", resolved.path.display(), system_error(&error))))?
            .is_dir();
        Ok(LinkTarget { path: resolved.path, is_folder })
    }

    fn check(&self, link: &Path, resolved: &Resolved) -> Result<(), Error> {
        if let Some(place) = super::open::forbidden(&resolved.path) {
            return Err(Error::file(format!(
                "it leads to {}, and nothing in {place} is read or written",
                resolved.path.display()
            )));
        }
        if self.reach.check_bound(&self.bound, link, resolved).is_err() {
            let what = self.bound.what;
            return Err(Error::file(format!(
                "it leads out of {what}, to {}; if this is intended, use --allow-outside {}",
                resolved.path.display(),
                quoted(&resolved.path)
            )));
        }
        Ok(())
    }

    /// Opens a regular file by its real path, which is below this folder or the target of a link. `kind` is the file type from
    /// the walk.
    ///
    /// # Errors
    /// Helm's texts for charts, with `shown` as the path.
    pub(crate) fn open(&self, real: &Path, kind: Option<FileType>, shown: &Path) -> Result<Opened, Error> {
        let opened = open(real, kind).map_err(|fault| {
            let shown = shown.display();
            Error::file(match fault {
                Fault::System(error) => format!("open {shown}: {}", system_error(&error)),
                Fault::Folder => format!("read {shown}: is a directory"),
                Fault::Odd(_) => format!("cannot load irregular file {shown} as it has file mode type bits set"),
            })
        })?;
        Ok(opened.with(self.reach.unsaved.of(real)))
    }

    /// Reads a file of the folder by its path in it; links are followed.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn read(&self, inside: &Path) -> Result<Vec<u8>, Error> {
        self.reach.read_inside(&self.bound, &self.real.join(inside), &self.shown.join(inside))
    }

    /// The real path of a file of the folder, if it may be read.
    pub(super) fn find_inside(&self, inside: &Path, shown: &Path) -> Result<PathBuf, Error> {
        self.reach.find_inside(&self.bound, &self.real.join(inside), shown)
    }
}
