//! What an earlier run left of a layout that is to be written.

use super::archive::{Archive, Kept};
use super::fault::of_file;
use super::folder::BlobFolder;
use super::index::{INDEX_BYTES, Index};
use super::parts::Parts;
use super::paths::{INDEX, MARKER};
use super::volume::beginning;
use crate::disk::{Reach, look};
use crate::registry::{Error, Kind};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

/// The index of a folder that is there.
pub(super) fn open_folder(path: &Path, reach: &Reach) -> Result<Index, Error> {
    let shown = path.display();
    if !look::is_there(path) {
        return Ok(Index::default());
    }
    if !look::is_folder(path) {
        let text = format!("{shown} is there and is no folder; a name with .tar is that of an archive");
        return Err(Error::new(Kind::Input, text));
    }
    for part in ["blobs", "blobs/sha256", "blobs/sha512"] {
        let inside = path.join(part);
        if look::is_no_folder(&inside) {
            let text = format!("{}: it is no folder, so no layout is written there", inside.display());
            return Err(Error::new(Kind::Input, text));
        }
    }
    let folder = BlobFolder::open_at(path, reach).map_err(|error| of_file(&error))?;
    if !look::is_there(&path.join(MARKER)) {
        if !folder.is_empty() {
            let text = format!("{shown} is not empty and no image layout; name another folder");
            return Err(Error::new(Kind::Input, text));
        }
        return Ok(Index::default());
    }
    if !look::is_there(&path.join(INDEX)) {
        return Ok(Index::default());
    }
    let text = folder.small(INDEX, INDEX_BYTES).map_err(|error| of_file(&error))?;
    if text.len() > INDEX_BYTES {
        let text = format!("{shown}/{INDEX} has more than {INDEX_BYTES} bytes, the limit");
        return Err(Error::new(Kind::Limit, text));
    }
    Index::parse(&text, &format!("{shown}/{INDEX}"))
}

/// The index of an archive that is there, what is kept of it, and whether it was written to its end.
pub(super) fn open_archive(path: &Path, chunk: Option<u64>, reach: &Reach) -> Result<(Index, Kept, bool), Error> {
    let nothing = Kept { bytes: 0, blobs: BTreeMap::new(), problem: None };
    let Some(parts) = Parts::find(path, reach)? else { return Ok((Index::default(), nothing, true)) };
    let other = |is: String| {
        let text = format!("{}: {is}; give the same --chunk-size as before, or name another file", path.display());
        Err(Error::new(Kind::Input, text))
    };
    match (parts.split(), chunk) {
        (None, None) => {}
        (None, Some(_)) => return other("it is there, in one part".to_owned()),
        (Some(_), None) => return other("it is there, in several parts".to_owned()),
        (Some((count, size)), Some(chunk)) => {
            if count > 1 && size != chunk || size > chunk {
                return other(format!("its parts have {size} bytes"));
            }
        }
    }
    let archive = Archive::read(parts)?;
    check_beginning(path, &archive)?;
    let kept = archive.kept();
    // What was cut off is no longer there for the artifacts of the index.
    let is_whole = kept.problem.is_none();
    let index = match archive.index(INDEX_BYTES) {
        Ok(Some(text)) if is_whole => Index::parse(&text, &format!("{}: {INDEX}", path.display()))?,
        _ => Index::default(),
    };
    Ok((index, kept, archive.is_ended && archive.parts.has_sums()))
}

/// That an archive is ours, or the beginning of one: nothing else is replaced.
fn check_beginning(path: &Path, archive: &Archive) -> Result<(), Error> {
    let mut is = Vec::new();
    let wanted = beginning();
    let read = archive.parts.read(0..archive.parts.total().min(wanted.len() as u64)).read_to_end(&mut is);
    if read.is_ok() && wanted.starts_with(&is) {
        return Ok(());
    }
    let text = format!(
        "{}: it is there, and not an archive that airtight mirror wrote; name another file, or remove it",
        path.display()
    );
    Err(Error::new(Kind::Input, text))
}
