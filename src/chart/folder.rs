//! Reads a chart folder.
#![expect(clippy::disallowed_methods, reason = "charts are read from the disk here")]

use super::budget::Budget;
use super::ignore::Rules;
use super::raw::RawFile;
use crate::go::system_error;
use crate::log;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// The files of a chart folder that its `.helmignore` leaves, in helm's order: entries by their names' bytes, depth
/// first.
///
/// Unlike helm, which follows a symbolic link to wherever it leads, this reads nothing outside of the folder: a chart
/// could show a secret of the machine that renders it.
pub(super) fn read(folder: &Path, budget: &mut Budget<'_>, warnings: &mut Vec<String>) -> Result<Vec<RawFile>, String> {
    let root = real_path(folder)?;
    let rules = Rules::parse(&helmignore(folder, &root)?)?;
    let mut walk =
        Walk { root: &root, shown_root: folder, rules, budget, warnings, files: Vec::new(), links: Vec::new() };
    walk.folder("", &root)?;
    Ok(walk.files)
}

/// Reads `Chart.yaml` of a folder before anything else is known about it.
pub(super) fn chart_yaml(folder: &Path, budget: &Budget<'_>) -> Result<Vec<u8>, String> {
    let path = folder.join("Chart.yaml");
    let detect = |error: String| format!("unable to detect chart at {}: {error}", path.display());
    let root = real_path(folder)?;
    let found = match fs::symlink_metadata(&path) {
        Err(error) => return Err(detect(format!("open {}: {}", path.display(), system_error(&error)))),
        Ok(about) if about.is_symlink() => follow(&path, &root).map_err(detect)?,
        Ok(_) => path.clone(),
    };
    read_file(&found, &path, budget.bytes_left()).map_err(detect)
}

/// The content of `.helmignore`; empty when there is none.
fn helmignore(folder: &Path, root: &Path) -> Result<Vec<u8>, String> {
    let path = folder.join(".helmignore");
    let found = match fs::symlink_metadata(&path) {
        Err(_) => return Ok(Vec::new()),
        // A broken one is reported when the walk comes to it.
        Ok(about) if about.is_symlink() && fs::metadata(&path).is_err() => return Ok(Vec::new()),
        Ok(about) if about.is_symlink() => follow(&path, root)?,
        Ok(_) => path.clone(),
    };
    /// Far more than anybody writes.
    const BYTES: u64 = 1 << 20;
    read_file(&found, &path, BYTES)
}

struct Walk<'a, 'l> {
    root: &'a Path,
    shown_root: &'a Path,
    rules: Rules,
    budget: &'a mut Budget<'l>,
    warnings: &'a mut Vec<String>,
    files: Vec<RawFile>,
    /// The real folders that hold the links which were followed to get here.
    links: Vec<PathBuf>,
}

impl Walk<'_, '_> {
    /// Walks a real folder as if it were at a path of the chart; `""` is the chart itself.
    fn folder(&mut self, path: &str, real: &Path) -> Result<(), String> {
        let mut walk = WalkDir::new(real).min_depth(1).sort_by_file_name().into_iter();
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
                self.file(&name, entry.path())?;
            }
        }
        Ok(())
    }

    /// Follows a symbolic link that stays inside the chart.
    fn link(&mut self, name: &str, link: &Path) -> Result<(), String> {
        let shown = self.shown(name);
        let target = follow(link, self.root).map_err(|error| self.as_typed(&error))?;
        let inside = target.strip_prefix(self.root).unwrap_or(&target);
        let resolved = self.shown(&inside.to_string_lossy());
        self.warnings.push(log::line(
            "INFO",
            "found symbolic link in path. Contents of linked file included and used",
            &[("path", &shown), ("resolved", &resolved)],
        ));
        let is_folder =
            fs::metadata(&target).map_err(|error| format!("lstat {resolved}: {}", system_error(&error)))?.is_dir();
        if !self.visit(name, is_folder)? {
            return Ok(());
        }
        if !is_folder {
            return self.file(name, &target);
        }
        self.links.push(link.parent().unwrap_or(self.root).to_owned());
        if self.links.iter().any(|folder| folder.starts_with(&target)) {
            return Err(format!("error evaluating symlink {shown}: it leads to {resolved}, which contains the link"));
        }
        self.folder(name, &target)?;
        self.links.pop();
        Ok(())
    }

    /// Whether an entry is part of the chart.
    fn visit(&mut self, name: &str, is_folder: bool) -> Result<bool, String> {
        if self.rules.ignore(name, is_folder) {
            return Ok(false);
        }
        self.budget.take_entry(name)?;
        Ok(true)
    }

    fn file(&mut self, name: &str, real: &Path) -> Result<(), String> {
        let shown = self.shown(name);
        let left = self.budget.bytes_left();
        let content = read_file(real, Path::new(&shown), left.saturating_add(1)).map_err(|error| match error {
            error if error.starts_with("open ") || error.starts_with("read ") => {
                format!("error reading {name}: {error}")
            }
            error => error,
        })?;
        if content.len() as u64 > self.budget.file_bytes() {
            let limit = self.budget.file_bytes();
            let base = name.rsplit('/').next().unwrap_or(name);
            return Err(format!("chart file {base:?} is larger than the maximum file size {limit}"));
        }
        if !self.budget.take_bytes(content.len() as u64) {
            let limit = self.budget.limits.chart_bytes;
            return Err(format!("error reading {name}: chart exceeds maximum decompressed size of {limit} bytes"));
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

    /// A path of the chart as the user would type it.
    fn shown(&self, name: &str) -> String {
        if name.is_empty() {
            self.shown_root.display().to_string()
        } else {
            self.shown_root.join(name).display().to_string()
        }
    }

    /// Turns the real root in a message into what the user typed.
    fn as_typed(&self, message: &str) -> String {
        message.replace(&*self.root.to_string_lossy(), &self.shown_root.to_string_lossy())
    }

    fn walk_error(&mut self, path: &str, real: &Path, error: &walkdir::Error) -> String {
        let at = error.path().unwrap_or(real);
        let inside = self.join(path, at.strip_prefix(real).unwrap_or(at));
        let what = error.io_error().map_or_else(|| error.to_string(), system_error);
        format!("open {}: {what}", self.shown(&inside))
    }
}

/// Reads a regular file of at most so many bytes (one that is longer is cut there); `shown` is for messages.
pub(super) fn read_file(path: &Path, shown: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let (mut file, _) = open(path, shown)?;
    let mut content = Vec::new();
    file.by_ref()
        .take(limit)
        .read_to_end(&mut content)
        .map_err(|error| format!("read {}: {}", shown.display(), system_error(&error)))?;
    Ok(content)
}

/// Opens a regular file, and nothing else: opening a pipe would wait, and reading a device may never end.
pub(super) fn open(path: &Path, shown: &Path) -> Result<(File, Metadata), String> {
    let failed = |error: io::Error| format!("open {}: {}", shown.display(), system_error(&error));
    let about = fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Err(format!("read {}: is a directory", shown.display()));
    }
    if !about.is_file() {
        return Err(format!("cannot load irregular file {} as it has file mode type bits set", shown.display()));
    }
    File::open(path).map(|file| (file, about)).map_err(failed)
}

/// Where a symbolic link leads, when that is inside the chart.
fn follow(link: &Path, root: &Path) -> Result<PathBuf, String> {
    let failed = |error: String| format!("error evaluating symlink {}: {error}", link.display());
    let target = evaluate(link).map_err(failed)?;
    // Whatever way it took, this is the place that would be read.
    let target = target.canonicalize().map_err(|error| failed(system_error(&error)))?;
    if !target.starts_with(root) {
        let target = target.display();
        return Err(failed(format!(
            "it leads out of the chart, to {target}; helm would read that, airtight reads nothing outside of the chart"
        )));
    }
    Ok(target)
}

/// Go's `filepath.EvalSymlinks`, for its errors.
fn evaluate(path: &Path) -> Result<PathBuf, String> {
    let mut left: Vec<PathBuf> = parts(path);
    let mut found = PathBuf::new();
    let mut links = 0;
    while let Some(part) = left.pop() {
        match part.components().next() {
            Some(Component::ParentDir) => {
                found.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            _ => found.push(&part),
        }
        let about = fs::symlink_metadata(&found)
            .map_err(|error| format!("lstat {}: {}", found.display(), system_error(&error)))?;
        if about.is_symlink() {
            links += 1;
            if links > 255 {
                return Err("EvalSymlinks: too many links".to_owned());
            }
            let target = fs::read_link(&found)
                .map_err(|error| format!("readlink {}: {}", found.display(), system_error(&error)))?;
            found.pop();
            left.extend(parts(&target));
        } else if !about.is_dir() && !left.is_empty() {
            return Err("not a directory".to_owned());
        }
    }
    Ok(found)
}

/// The parts of a path, the last first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

fn real_path(folder: &Path) -> Result<PathBuf, String> {
    folder.canonicalize().map_err(|error| format!("lstat {}: {}", folder.display(), system_error(&error)))
}
