//! Manifests rendered elsewhere or read from a cluster: files, folders, stdin.

use super::Streams;
use crate::analysis::manifests::is_image_list;
use crate::bundle::is_list;
use crate::disk::{By, Reach, look};
use crate::disk::{seen, shown};
use crate::error::Error;
use crate::limits::Limits;
use crate::lint::lint_manifests;
use crate::settings::Settings;
use crate::source::File;
use crate::store::own_files::Own;
use crate::suppress::Checked;
use crate::suppress::comment::Comment;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What helm writes above each document that it renders.
const SOURCE: &[u8] = b"# Source: ";

/// The name of stdin in a report.
const STDIN: &str = "<stdin>";

/// The extensions of manifests.
const MANIFESTS: &[&str] = &["yaml", "yml", "json", "jsonl", "ndjson"];

/// The extensions of files that may be lists of images.
const LISTS: &[&str] = &["txt", "list"];

/// Reads the manifests at some paths and judges their images.
pub(crate) fn check(
    paths: &[PathBuf],
    settings: Settings,
    limits: &Limits,
    reach: &Reach,
    streams: &mut Streams<'_>,
) -> Result<Checked, Error> {
    let files = read(paths, reach, streams)?;
    let report = lint_manifests(&files, &settings, limits);
    let comments =
        files.iter().filter(|file| is_written_here(file)).flat_map(|file| Comment::all(file, false)).collect();
    Ok(Checked { report, settings, comments })
}

/// Judges the images of what stdin contained. Its comments are the charts', and accept nothing.
pub(super) fn check_input(input: Vec<u8>, settings: Settings, limits: &Limits) -> Result<Checked, Error> {
    let files = [File::new(STDIN, decoded(input))];
    refuse_large(&files)?;
    let report = lint_manifests(&files, &settings, limits);
    Ok(Checked { report, settings, comments: Vec::new() })
}

/// The files at some paths: files, those in folders and below, and stdin.
pub(super) fn read(paths: &[PathBuf], reach: &Reach, streams: &mut Streams<'_>) -> Result<Vec<Arc<File>>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(File::new(STDIN, decoded(streams.read_input(reach.file_bytes())?)));
        } else {
            add(path, reach, &mut files)?;
        }
    }
    refuse_large(&files)?;
    Ok(files)
}

/// Refuses texts in which positions do not fit.
fn refuse_large(files: &[Arc<File>]) -> Result<(), Error> {
    match files.iter().find(|file| u32::try_from(file.bytes().len()).is_err()) {
        Some(large) => Err(Error::input(format!("{} has more than 4 GiB", large.name()))),
        None => Ok(()),
    }
}

/// A text as UTF-8: PowerShell writes files as UTF-16 with a byte order mark. Invalid text stays unchanged.
fn decoded(content: Vec<u8>) -> Vec<u8> {
    let unit = match content[..] {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return content,
    };
    let (pairs, rest) = content[2..].as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() => text.into_bytes(),
        _ => content,
    }
}

/// Whether a comment in a file is the user's: comments on stdin, or in helm's output, where templates from anywhere leave
/// theirs, are not.
fn is_written_here(file: &File) -> bool {
    let is_rendered = file.bytes().starts_with(SOURCE) || memchr::memmem::find(file.bytes(), b"\n# Source: ").is_some();
    !is_rendered && file.path().is_some_and(|path| Own::default().holds(Path::new(path)))
}

/// Adds a file, or all manifests in a folder and below, sorted by name.
fn add(path: &Path, reach: &Reach, files: &mut Vec<Arc<File>>) -> Result<(), Error> {
    let file = |path: &Path, content: Vec<u8>| File::on_disk(shown(path), seen(path), decoded(content));
    if !look::is_folder(path) {
        files.push(file(path, reach.read(By::User, path)?));
        return Ok(());
    }
    let folder = reach.folder(By::User, path, "the folder")?;
    for entry in folder.walk() {
        let entry = entry.map_err(|error| Error::file(format!("cannot read {}: {error}", path.display())))?;
        let ends = |ends: &[&str]| entry.path().extension().is_some_and(|own| ends.iter().any(|end| own == *end));
        let may_be_list = ends(LISTS);
        if !(may_be_list || ends(MANIFESTS)) || entry.file_type().is_dir() {
            continue;
        }
        let inside = entry.path().strip_prefix(folder.real()).unwrap_or(entry.path());
        let content = match folder.read(inside) {
            Ok(content) => content,
            // Folders also contain notes.
            Err(_) if may_be_list && !is_list(&entry.file_name().to_string_lossy()) => continue,
            Err(why) => return Err(why),
        };
        let read = file(&path.join(inside), content);
        if !may_be_list || is_image_list(&read) {
            files.push(read);
        }
    }
    Ok(())
}
