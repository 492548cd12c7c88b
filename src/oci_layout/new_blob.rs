//! [`NewBlob`]: a blob that is written into a layout.

use super::fault::of_system;
use super::paths::blob;
use super::stream::aside;
use super::volume::Volume;
use crate::disk::made::{self, NewFile};
use crate::registry::{Descriptor, Digest, Error};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes that are written at a time.
const PIECE: usize = 256 << 10;

/// The largest blob of an archive that waits in memory.
const SMALL: u64 = 64 << 10;

/// An archive; nothing of it changes before something is added.
#[derive(Debug)]
pub(super) struct Begun {
    archive: PathBuf,
    chunk: Option<u64>,
    kept: u64,
    volume: Option<Volume>,
}

impl Begun {
    pub(super) fn new(archive: &Path, chunk: Option<u64>, kept: u64) -> Self {
        Self { archive: archive.to_path_buf(), chunk, kept, volume: None }
    }

    /// Whether something was added.
    pub(super) fn is_changed(&self) -> bool {
        self.volume.is_some()
    }

    /// Ends the archive with its index.
    pub(super) fn finish(&mut self, index: &[u8]) -> io::Result<()> {
        self.volume()?;
        self.volume.take().map_or(Ok(()), |volume| volume.finish(index))
    }

    fn volume(&mut self) -> io::Result<&mut Volume> {
        if self.volume.is_none() {
            self.volume = Some(Volume::begin(&self.archive, self.chunk, self.kept)?);
        }
        self.volume.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Where a blob is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'w> {
    /// The folder of a layout.
    Folder(&'w Path),
    /// The path of an archive, the archive, and its blobs with their sizes.
    Archive(&'w Path, &'w Arc<Mutex<Begun>>, &'w RefCell<BTreeMap<Digest, u64>>),
}

/// A blob that is written. If it is dropped, nothing of it is there.
///
/// A blob of an archive waits beside it until it is whole, because its bytes are verified last.
pub(crate) struct NewBlob<'w> {
    place: Place<'w>,
    blob: Descriptor,
    /// The layout, for messages.
    shown: &'w str,
    content: Option<Content>,
    buffer: Vec<u8>,
}

enum Content {
    Named(NewFile),
    Scratch(File),
    Memory(Vec<u8>),
}

impl Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Named(file) => file.write(bytes),
            Self::Scratch(file) => file.write_all(bytes),
            Self::Memory(memory) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

impl<'w> NewBlob<'w> {
    pub(super) async fn begin(place: Place<'w>, blob: &Descriptor, shown: &'w str) -> Result<Self, Error> {
        let begun = match place {
            Place::Folder(root) => {
                let (root, digest) = (root.to_path_buf(), blob.digest.clone());
                aside(move || begin_in_folder(&root, &digest).map(Content::Named)).await?
            }
            Place::Archive(..) if blob.size <= SMALL => Ok(Content::Memory(Vec::new())),
            Place::Archive(path, ..) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
                aside(move || made::folder(&folder).and_then(|()| made::scratch(&folder).map(Content::Scratch))).await?
            }
        };
        let content = begun.map_err(|error| fault(shown, &error))?;
        Ok(Self { place, blob: blob.clone(), shown, content: Some(content), buffer: Vec::new() })
    }
}

fn fault(shown: &str, error: &io::Error) -> Error {
    of_system(format_args!("cannot write {shown}"), error)
}

fn begin_in_folder(root: &Path, digest: &Digest) -> io::Result<NewFile> {
    let path = root.join(blob(digest));
    path.parent().map_or(Ok(()), made::folder)?;
    NewFile::begin(&path)
}

impl NewBlob<'_> {
    /// Writes bytes.
    ///
    /// # Errors
    /// The disk does not take them.
    pub(crate) async fn write(&mut self, bytes: &Bytes) -> Result<(), Error> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let Some(mut content) = self.content.take() else { return Ok(()) };
        let buffer = std::mem::take(&mut self.buffer);
        let (content, buffer, written) = aside(move || {
            let written = content.write(&buffer);
            (content, buffer, written)
        })
        .await?;
        self.content = Some(content);
        self.buffer = buffer;
        self.buffer.clear();
        written.map_err(|error| fault(self.shown, &error))
    }

    /// The blob is whole.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) async fn finish(mut self) -> Result<(), Error> {
        self.flush().await?;
        let Some(content) = self.content.take() else { return Ok(()) };
        let (digest, size) = (self.blob.digest.clone(), self.blob.size);
        let finished = match self.place {
            Place::Folder(_) => {
                aside(move || match content {
                    Content::Named(file) => file.finish(),
                    _ => Ok(()),
                })
                .await?
            }
            Place::Archive(_, volume, blobs) => {
                let volume = volume.clone();
                let key = digest.clone();
                let added = aside(move || {
                    let mut begun = volume.lock().unwrap_or_else(PoisonError::into_inner);
                    let volume = begun.volume()?;
                    match content {
                        Content::Memory(memory) => volume.blob(&digest, size, &mut memory.as_slice()),
                        Content::Scratch(mut file) => {
                            file.rewind()?;
                            volume.blob(&digest, size, &mut file)
                        }
                        Content::Named(_) => Ok(()),
                    }
                })
                .await?;
                if added.is_ok() {
                    blobs.borrow_mut().insert(key, size);
                }
                added
            }
        };
        finished.map_err(|error| fault(self.shown, &error))
    }
}

impl std::fmt::Debug for NewBlob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewBlob")
    }
}
