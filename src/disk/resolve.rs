//! [`resolve`]: resolves a path, and lists the links on the way.

use crate::error::Error;
use crate::go::system_error;
use std::fs;
use std::io;
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
            // Neither the root nor a drive is a link, and Windows cannot be asked about `\\?\C:` alone.
            Some(Component::RootDir | Component::Prefix(_)) => {
                found.push(&part);
                continue;
            }
            Some(Component::Normal(_)) => found.push(&part),
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
    let path =
        real(&found).map_err(|error| Error::file(format!("lstat {}: {}", found.display(), system_error(&error))))?;
    Ok(Resolved { path, links })
}

/// The real path: `/work/charts`, or `C:\work\charts`, which Windows calls `\\?\C:\work\charts`.
///
/// # Errors
/// The system's error if it does not exist.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    let real = path.canonicalize()?;
    let usual = if cfg!(windows) { real.to_str().and_then(without_verbatim) } else { None };
    Ok(usual.map_or(real, PathBuf::from))
}

/// A verbatim path of Windows as people and programs write it, so that it begins as other paths do; `None` if it is not verbatim, or if
/// its usual form would be another file.
fn without_verbatim(path: &str) -> Option<String> {
    const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt", "conin$", "conout$"];
    // In the usual form these are devices, or lose their last character.
    let is_odd = |name: &str| {
        let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
        let stem = stem.trim_end_matches(|c: char| c.is_numeric());
        name.ends_with(['.', ' ']) || name.contains('/') || RESERVED.contains(&stem)
    };
    let rest = path.strip_prefix(r"\\?\")?;
    let usual = match rest.strip_prefix(r"UNC\") {
        Some(share) => format!(r"\\{share}"),
        None if rest.as_bytes().get(1..3) == Some(br":\") && rest.as_bytes()[0].is_ascii_alphabetic() => {
            rest.to_owned()
        }
        None => return None,
    };
    (!rest.split('\\').any(is_odd)).then_some(usual)
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

#[cfg(test)]
mod tests {
    use super::without_verbatim;

    #[test]
    fn real_paths_of_windows_begin_as_others_do() {
        for (verbatim, usual) in [
            (r"\\?\C:\work\charts", Some(r"C:\work\charts")),
            (r"\\?\c:\", Some(r"c:\")),
            (r"\\?\UNC\server\share\charts", Some(r"\\server\share\charts")),
            (r"\\?\C:\work\consul\null.yaml", Some(r"C:\work\consul\null.yaml")),
            // Other files in the usual form, or devices.
            (r"\\?\C:\work\nul", None),
            (r"\\?\C:\work\COM1.yaml", None),
            (r"\\?\C:\work\a.", None),
            (r"\\?\C:\work\a \b", None),
            (r"\\?\C:\work\a/b", None),
            (r"\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\work", None),
            (r"\\?\C:", None),
            (r"\\.\NUL", None),
            (r"C:\work", None),
            ("/work/charts", None),
        ] {
            assert_eq!(without_verbatim(verbatim).as_deref(), usual, "{verbatim}");
        }
    }
}
