//! [`Storage`]: the blobs of a layout that is read.

use super::archive::{Archive, said};
use super::fault::of_file;
use super::folder::BlobFolder;
use super::paths::blob;
use crate::registry::{Digest, Error};
use std::io::Read;

/// The blobs of a layout.
#[derive(Debug)]
pub(super) enum Storage<'r> {
    Folder(BlobFolder<'r>),
    Archive(Archive),
}

impl Storage<'_> {
    /// The size of a blob; `None` if there is none.
    pub(super) fn size(&self, digest: &Digest) -> Option<u64> {
        match self {
            Self::Folder(folder) => folder.size(digest),
            Self::Archive(archive) => archive.blob(digest).map(|range| range.end - range.start),
        }
    }

    /// The bytes of a blob; `None` if there is none.
    pub(super) fn read(&self, digest: &Digest) -> Result<Option<Box<dyn Read + Send>>, Error> {
        match self {
            Self::Folder(folder) => {
                if folder.size(digest).is_none() {
                    return Ok(None);
                }
                let opened = folder.open(digest).map_err(|error| of_file(&error))?;
                Ok(Some(Box::new(opened.file)))
            }
            Self::Archive(archive) => {
                let stream = archive.blob(digest).map(|range| archive.parts.read(range));
                Ok(stream.map(|stream| Box::new(stream) as Box<dyn Read + Send>))
            }
        }
    }

    /// Where a blob is and what is wrong there, for the message about one that is damaged.
    pub(super) fn explain(&self, digest: &Digest) -> String {
        match self {
            Self::Folder(_) => format!(" in {}; copy the layout again, or write it again", blob(digest)),
            Self::Archive(archive) => match archive.blob(digest) {
                Some(range) => {
                    let why = archive.parts.explain(&range);
                    format!(" in {}{why}", archive.parts.names(&range))
                }
                None => String::new(),
            },
        }
    }
}

/// An error while a blob is read.
pub(super) fn unreadable(error: &std::io::Error) -> String {
    said(error)
}
