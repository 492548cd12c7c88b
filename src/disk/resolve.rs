//! [`resolve`]: resolves a path, and lists the links on the way.

use crate::error::Error;
use crate::go::system_error;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A path with links resolved, and the links on the way.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The real path.
    pub(super) path: PathBuf,
    /// The real paths of the links that were followed, in order.
    pub(super) links: Vec<PathBuf>,
}

/// Resolves all links of a path.
///
/// # Errors
/// Those of Go's `filepath.EvalSymlinks`: `lstat /a/b: no such file or directory`.
pub(super) fn resolve(path: &Path) -> Result<Resolved, Error> {
    /// Go's limit.
    const MOST: usize = 255;
    let path = absolute(path)?;
    let mut left = parts(&path);
    let mut found = PathBuf::new();
    let mut links = Vec::new();
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
            .map_err(|error| Error::file(format!("lstat {}: {}", found.display(), system_error(&error))))?;
        if about.is_symlink() {
            links.push(found.clone());
            if links.len() > MOST {
                return Err(Error::file("EvalSymlinks: too many links"));
            }
            let target = fs::read_link(&found)
                .map_err(|error| Error::file(format!("readlink {}: {}", found.display(), system_error(&error))))?;
            found.pop();
            left.extend(parts(&target));
        } else if !about.is_dir() && !left.is_empty() {
            return Err(Error::file("not a directory"));
        }
    }
    // The actual spelling, on file systems that ignore case.
    let path = found
        .canonicalize()
        .map_err(|error| Error::file(format!("lstat {}: {}", found.display(), system_error(&error))))?;
    Ok(Resolved { path, links })
}

/// An absolute path; nothing else changes.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    if path.is_absolute() {
        return Ok(path.to_path_buf());
    }
    let here = std::env::current_dir().map_err(|error| Error::file(format!("getwd: {}", system_error(&error))))?;
    Ok(here.join(path))
}

/// The parts of a path, the last first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}
