//! `charts/` and Chart.lock on the disk: they change in steps of which each leaves something that works.

use crate::chart::load::{ChartAt, load_from, load_stored};
use crate::chart::stored::Stored;
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::go::{go_quote, system_error};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

/// A path without `.` and without `..` where that is plain.
///
/// Source: Go `path/filepath`, `Clean`.
pub(super) fn cleaned(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            Component::ParentDir if clean.has_root() => {}
            part => clean.push(part),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// A path in a chart; the working folder is not named.
pub(super) fn joined(chart: &Path, name: &str) -> PathBuf {
    if chart == Path::new(".") { PathBuf::from(name) } else { chart.join(name) }
}

/// The names in a folder, sorted; none if it does not exist.
#[expect(clippy::disallowed_methods, reason = "the names in charts/ of a chart that the user named")]
pub(super) fn names(folder: &Path) -> Result<Vec<String>, Error> {
    if !look::is_folder(folder) {
        return Ok(Vec::new());
    }
    let unreadable = |error: io::Error| Error::file(format!("{}: {}", folder.display(), system_error(&error)));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        // Helm's own names are UTF-8.
        names.extend(entry.map_err(unreadable)?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Checks that `charts/` is a folder, or can become one.
pub(super) fn check_charts(charts: &Path, reach: &Reach) -> Result<(), Error> {
    if look::is_there(charts) && !look::is_folder(charts) {
        return Err(Error::file(format!("{} is not a directory", go_quote(charts.display().to_string().as_bytes()))));
    }
    reach.check_output(&charts.join("x"))
}

/// Puts archives into `charts/`, and removes those that do not belong there: all archives of charts but the ones in `local`.
///
/// The new ones are there before an old one goes. Returns what could not be removed.
///
/// # Errors
/// An archive is no chart, and then nothing was changed; or the folder cannot be written.
pub(super) fn replace(
    charts: &Path,
    archives: &BTreeMap<String, Vec<u8>>,
    local: &BTreeSet<&str>,
    reach: &Reach,
    limits: &Limits,
) -> Result<Vec<String>, Error> {
    for (name, archive) in archives {
        let stored = Stored::archive(archive.clone());
        load_stored(&stored, Path::new(name), None, limits, HelmVersion::V4)
            .map_err(|error| error.after(format_args!("{name}, which was fetched, is no chart")))?;
        reach.check_output(&charts.join(name))?;
    }
    std::fs::create_dir_all(charts).map_err(|error| cannot_write(charts, &error))?;
    for (name, archive) in archives {
        let path = charts.join(name);
        write(&path, archive).map_err(|error| cannot_write(&path, &error))?;
    }
    let mut left = Vec::new();
    for name in names(charts)? {
        let path = charts.join(&name);
        // Left by a run that was killed while it wrote.
        if name.starts_with(UNFINISHED) && look::is_file(&path) {
            let _ = std::fs::remove_file(&path);
            continue;
        }
        if archives.contains_key(&name) || look::kind(&path).is_none_or(|kind| kind.is_dir()) {
            continue;
        }
        let source = ChartAt { reach, by: By::User, path: &path, seen_as: None };
        match load_from(&source, limits, HelmVersion::V4) {
            Err(error) => left.push(format!("Could not verify {} for deletion: {error} (Skipping)", path.display())),
            Ok(loaded) if local.contains(loaded.chart.name()) => {}
            Ok(_) => {
                if let Err(error) = std::fs::remove_file(&path) {
                    left.push(format!("Could not delete {}: {} (Skipping)", path.display(), system_error(&error)));
                }
            }
        }
    }
    Ok(left)
}

/// Writes Chart.lock.
///
/// # Errors
/// It is a link, or cannot be written.
pub(super) fn write_lock(path: &Path, text: &[u8], reach: &Reach) -> Result<(), Error> {
    if look::kind(path).is_some_and(|kind| kind.is_symlink()) {
        let name = path.file_name().unwrap_or_default().display().to_string();
        return Err(Error::file(format!("the {name} file is a symlink; write it where it leads, or remove the link")));
    }
    reach.check_output(path)?;
    write(path, text).map_err(|error| cannot_write(path, &error))
}

/// How the name of a file begins that is not written to its end. Helm passes over names that begin with a dot in `charts/`.
const UNFINISHED: &str = ".airtight-";

/// Writes a file that appears whole or not at all.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let made = builder.prefix(UNFINISHED).tempfile_in(folder);
    let mut file = made.map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(text)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::file(format!("cannot write {}: {}", path.display(), system_error(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, expected) in [
            ("charts/shop/", "charts/shop"),
            ("./shop", "shop"),
            (".", "."),
            ("a/../..", ".."),
            ("../../a/./b", "../../a/b"),
            ("/../a", "/a"),
        ] {
            assert_eq!(cleaned(Path::new(path)), PathBuf::from(expected), "{path}");
        }
    }
}
