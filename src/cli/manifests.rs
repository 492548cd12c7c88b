//! Manifests that were rendered elsewhere, or read from a cluster: files, folders, stdin.

use super::Streams;
use super::config::{seen, shown};
use super::own::Own;
use crate::disk::{By, Reach};
use crate::limits::Limits;
use crate::lint::lint_manifests;
use crate::settings::Settings;
use crate::source::File;
use crate::suppress::Checked;
use crate::suppress::comment::Comment;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What helm writes above each document that it renders.
const SOURCE: &[u8] = b"# Source: ";

/// What stdin is called in a report.
const STDIN: &str = "<stdin>";

/// Reads the manifests at some paths and judges their images.
pub fn check(
    paths: &[PathBuf],
    settings: Settings,
    limits: &Limits,
    reach: &Reach,
    streams: &mut Streams<'_>,
) -> Result<Checked, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(File::new(STDIN, streams.read_input(reach.file_bytes())?));
        } else {
            add(path, reach, &mut files)?;
        }
    }
    if let Some(large) = files.iter().find(|file| u32::try_from(file.bytes().len()).is_err()) {
        return Err(format!("{} has more than 4 GiB", large.name()));
    }
    let report = lint_manifests(&files, &settings, limits);
    let comments =
        files.iter().filter(|file| is_written_here(file)).flat_map(|file| Comment::all(file, false)).collect();
    Ok(Checked { report, settings, comments })
}

/// Whether a comment in a file is the user's: not in what stdin holds, nor in what helm rendered, where templates from
/// anywhere leave theirs.
fn is_written_here(file: &File) -> bool {
    let is_rendered = file.bytes().starts_with(SOURCE) || memchr::memmem::find(file.bytes(), b"\n# Source: ").is_some();
    !is_rendered && file.path().is_some_and(|path| Own::default().holds(Path::new(path)))
}

/// Adds a file, or all manifests in a folder and below, in the order of their names.
fn add(path: &Path, reach: &Reach, files: &mut Vec<Arc<File>>) -> Result<(), String> {
    let file = |path: &Path, content: Vec<u8>| File::on_disk(shown(path), seen(path), content);
    if !path.is_dir() {
        files.push(file(path, reach.read(By::User, path)?));
        return Ok(());
    }
    let folder = reach.folder(By::User, path, "the folder")?;
    for entry in folder.walk() {
        let entry = entry.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let is_manifest =
            entry.path().extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|one| end == *one));
        if is_manifest && !entry.file_type().is_dir() {
            let inside = entry.path().strip_prefix(folder.real()).unwrap_or(entry.path());
            files.push(file(&path.join(inside), folder.read(inside)?));
        }
    }
    Ok(())
}
