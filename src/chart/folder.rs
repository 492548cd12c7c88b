//! Reads a chart folder.

use super::budget::Budget;
use super::ignore::{BYTES, Rules};
use super::raw::RawFile;
use crate::disk::{Folder, Walk as Entries, look};
use crate::error::Error;
use crate::go::system_error;
use crate::log;
use std::fs::FileType;
use std::path::{Path, PathBuf};

/// The files of a chart folder except those that its `.helmignore` excludes, in helm's order: entries sorted by the bytes of
/// their names, depth first.
///
/// Helm follows symbolic links anywhere and treats `.git` as part of the chart. This function reads only what the folder's
/// [`Folder::follow`] allows: a chart could print a secret of the machine that renders it.
pub(super) fn read(
    folder: &Folder<'_>,
    budget: &mut Budget<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<RawFile>, Error> {
    let rules = match special(folder, ".helmignore", BYTES) {
        // A broken link is reported when the walk reaches it.
        Err(Missing::NotThere | Missing::Broken(_)) => Rules::parse(&[])?,
        Err(Missing::Refused(error)) => return Err(error),
        Ok(content) => Rules::parse(&content)?,
    };
    let mut walk = Walk { folder, rules, budget, warnings, files: Vec::new(), links: Vec::new() };
    walk.entries("", folder.walk(), folder.real())?;
    Ok(walk.files)
}

/// Reads `Chart.yaml` of a folder before anything else.
pub(super) fn chart_yaml(folder: &Folder<'_>, budget: &Budget<'_>) -> Result<Vec<u8>, Error> {
    const NAME: &str = "Chart.yaml";
    let path = folder.shown().join(NAME);
    special(folder, NAME, budget.bytes_left()).map_err(|missing| {
        let error = match missing {
            Missing::NotThere => Error::file(format!("open {}: no such file or directory", path.display())),
            Missing::Broken(error) | Missing::Refused(error) => error,
        };
        error.after(format_args!("unable to detect chart at {}", path.display()))
    })
}

/// Why a top-level file of a chart is not read.
enum Missing {
    NotThere,
    /// It is a broken link.
    Broken(Error),
    Refused(Error),
}

/// Reads a top-level file of a chart, up to a number of bytes.
fn special(folder: &Folder<'_>, name: &str, limit: u64) -> Result<Vec<u8>, Missing> {
    let (place, shown) = (folder.real().join(name), folder.shown().join(name));
    let kind = look::kind(&place).ok_or(Missing::NotThere)?;
    let real = match kind.is_symlink() {
        true => follow(folder, &place, &shown).map_err(|error| match look::exists(&place) {
            true => Missing::Refused(error),
            false => Missing::Broken(error),
        })?,
        false => (place, false),
    };
    let kind = Some(kind).filter(|kind| !kind.is_symlink());
    let opened = folder.open(&real.0, kind, &shown).map_err(Missing::Refused)?;
    opened.read_at_most(&shown, limit).map_err(Missing::Refused)
}

/// The target of a symbolic link, if it may be read, and whether it is a folder; `shown` is for messages.
fn follow(folder: &Folder<'_>, link: &Path, shown: &Path) -> Result<(PathBuf, bool), Error> {
    match folder.follow(link) {
        Ok(target) => Ok((target.path, target.is_folder)),
        Err(error) => {
            let error = error.reworded(|text| as_typed(folder, text));
            Err(error.after(format_args!("error evaluating symlink {}", shown.display())))
        }
    }
}

/// Replaces real paths inside the chart by the typed path in a message.
fn as_typed(folder: &Folder<'_>, message: &str) -> String {
    let below = |path: &Path| format!("{}/", path.display());
    message.replace(&below(folder.real()), &below(folder.shown()))
}

struct Walk<'a, 'l> {
    folder: &'a Folder<'a>,
    rules: Rules,
    budget: &'a mut Budget<'l>,
    warnings: &'a mut Vec<String>,
    files: Vec<RawFile>,
    /// The real folders that contain the links which were followed to get here.
    links: Vec<PathBuf>,
}

impl Walk<'_, '_> {
    /// Walks a real folder as if it were at a path of the chart; `""` is the chart itself.
    fn entries(&mut self, path: &str, mut walk: Entries, real: &Path) -> Result<(), Error> {
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| self.walk_error(path, real, &error))?;
            let inside = entry.path().strip_prefix(real).unwrap_or(entry.path());
            let name = self.join(path, inside);
            if entry.path_is_symlink() {
                self.link(&name, entry.path())?;
                continue;
            }
            let is_folder = entry.file_type().is_dir();
            if !self.visit(&name, is_folder)? {
                if is_folder {
                    walk.skip_current_dir();
                }
            } else if !is_folder {
                self.file(&name, entry.path(), Some(entry.file_type()))?;
            }
        }
        Ok(())
    }

    /// Follows a symbolic link to a target that may be read.
    fn link(&mut self, name: &str, link: &Path) -> Result<(), Error> {
        let (target, is_folder) = follow(self.folder, link, Path::new(&self.shown(name)))?;
        let (path, resolved) = (self.folder.absolute().join(name), target.to_string_lossy());
        self.warnings.push(log::line(
            "INFO",
            "found symbolic link in path. Contents of linked file included and used",
            &[("path", &path.to_string_lossy()), ("resolved", &resolved)],
        ));
        if !self.visit(name, is_folder)? {
            return Ok(());
        }
        if !is_folder {
            return self.file(name, &target, None);
        }
        self.links.push(link.parent().unwrap_or(link).to_owned());
        if self.links.iter().any(|folder| folder.starts_with(&target)) {
            let (shown, inside) = (self.shown(name), target.strip_prefix(self.folder.real()));
            let resolved = inside.map_or(resolved, |inside| self.shown(&inside.to_string_lossy()).into());
            return Err(Error::chart(format!(
                "error evaluating symlink {shown}: it leads to {resolved}, which contains the link"
            )));
        }
        self.entries(name, self.folder.walk_target(&target), &target)?;
        self.links.pop();
        Ok(())
    }

    /// Whether an entry is part of the chart.
    fn visit(&mut self, name: &str, is_folder: bool) -> Result<bool, Error> {
        if self.rules.ignore(name, is_folder, self.budget)? {
            return Ok(false);
        }
        self.budget.take_entry(name)?;
        Ok(true)
    }

    fn file(&mut self, name: &str, real: &Path, kind: Option<FileType>) -> Result<(), Error> {
        let shown = self.shown(name);
        let shown = Path::new(&shown);
        let left = self.budget.bytes_left();
        let opened = self.folder.open(real, kind, shown);
        let read = opened.and_then(|opened| opened.read_at_most(shown, left.saturating_add(1)));
        // Helm refuses an irregular file by itself, without this context.
        let is_of_system = |error: &Error| ["open ", "read "].iter().any(|word| error.helm_text().starts_with(word));
        let content = read.map_err(|error| match is_of_system(&error) {
            true => error.after(format_args!("error reading {name}")),
            false => error,
        })?;
        if content.len() as u64 > self.budget.file_bytes() {
            let limit = self.budget.file_bytes();
            let base = name.rsplit('/').next().unwrap_or(name);
            return Err(Error::limit(format!("chart file {base:?} is larger than the maximum file size {limit}")));
        }
        if !self.budget.take_bytes(content.len() as u64) {
            let limit = self.budget.limits.chart_bytes;
            return Err(Error::limit(format!(
                "error reading {name}: chart exceeds maximum decompressed size of {limit} bytes"
            )));
        }
        self.files.push(RawFile::new(name.to_owned(), content));
        Ok(())
    }

    /// The path of an entry inside the chart.
    fn join(&mut self, path: &str, inside: &Path) -> String {
        let mut name = path.to_owned();
        for part in inside.components() {
            if !name.is_empty() {
                name.push('/');
            }
            let part = part.as_os_str();
            if part.to_str().is_none() {
                self.warnings.push(format!("{part:?} is a file name that is not UTF-8"));
            }
            name.push_str(&part.to_string_lossy());
        }
        name
    }

    /// A path of the chart in terms of the typed path.
    fn shown(&self, name: &str) -> String {
        if name.is_empty() {
            self.folder.shown().display().to_string()
        } else {
            self.folder.shown().join(name).display().to_string()
        }
    }

    fn walk_error(&mut self, path: &str, real: &Path, error: &walkdir::Error) -> Error {
        let at = error.path().unwrap_or(real);
        let inside = self.join(path, at.strip_prefix(real).unwrap_or(at));
        let what = error.io_error().map_or_else(|| error.to_string(), system_error);
        Error::file(format!("open {}: {what}", self.shown(&inside)))
    }
}
