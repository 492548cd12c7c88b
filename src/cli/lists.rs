//! Files that say what was mirrored: read from paths, and parsed.

use crate::bundle::forms::recognition::{found, is_candidate};
use crate::bundle::forms::record;
use crate::bundle::{Bundle, is_list};
use crate::disk::{By, Folder, Reach, look, seen, shown};
use crate::error::Error;
use crate::source::File;
use std::path::Path;
use std::sync::Arc;

/// The file of containerd in the folder of a registry.
const HOSTS: &str = "hosts.toml";

/// The files at a path: a file, or those of a folder that say what was mirrored.
pub(super) fn read_lists(by: By, path: &Path, reach: &Reach) -> Result<Vec<Arc<File>>, Error> {
    if look::is_folder(path) {
        let folder = reach.folder(by, path, "the folder")?;
        return lists_in(&folder, path);
    }
    if !look::is_there(path) {
        return Err(Error::input(format!("there is no file or folder {}", path.display())));
    }
    Ok(vec![file_of(&shown(path), reach.read(by, path)?)])
}

/// A list as a file.
pub(super) fn file_of(name: &str, text: Vec<u8>) -> Arc<File> {
    File::on_disk(name, seen(Path::new(name)), text)
}

/// Parses lists.
pub(super) fn parse_lists(lists: &[Arc<File>]) -> Result<Bundle, Error> {
    Bundle::read(lists)
}

/// Parses the lists of what was mirrored.
///
/// # Errors
/// They say where nodes find images, but not which images there are.
pub(super) fn parse_mirrored(lists: &[Arc<File>]) -> Result<Bundle, Error> {
    let bundle = parse_lists(lists)?;
    match bundle.node_mirrors.first() {
        Some(mirror) if bundle.entries().is_empty() => Err(Error::input(format!(
            "{} says where nodes find images, not which were mirrored; name the lists of images, too",
            mirror.at.file.shown()
        ))),
        _ => Ok(bundle),
    }
}

/// Whether a file in a folder may be one of the bundle's, by its name.
pub(super) fn may_be_of_bundle(name: &str) -> bool {
    is_list(name) || record::is_name(name) || is_candidate(name)
}

/// Whether a file in a folder is one of the bundle's: plain lists by their names, others by their content.
pub(super) fn is_of_bundle(name: &str, file: &Arc<File>) -> Result<bool, Error> {
    Ok(is_list(name) || record::is_name(name) || is_candidate(name) && found(file)?.is_some())
}

/// The lists in a folder, by name.
fn lists_in(folder: &Folder<'_>, path: &Path) -> Result<Vec<Arc<File>>, Error> {
    let read = |inside: &Path| folder.read(inside).map(|text| file_of(&shown(&path.join(inside)), text));
    let mut files = Vec::new();
    for name in folder.names()? {
        let inside = Path::new(&name).join(HOSTS);
        if look::is_file(&path.join(&inside)) {
            files.push(read(&inside)?);
        } else if is_list(&name) || may_be_of_bundle(&name) && look::is_file(&path.join(&name)) {
            let file = read(Path::new(&name))?;
            if is_of_bundle(&name, &file)? {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        let folder = folder.shown().display();
        let text =
            "holds no artifacts.txt, images.txt, images-*.txt, charts.txt or bundle.json, and no list of another tool";
        return Err(Error::input(format!("{folder} {text}")));
    }
    Ok(files)
}
