//! [`Writer`]: an image layout that is written.

use super::archive::{Archive, Kept};
use super::fault::{of_file, of_system};
use super::folder::BlobFolder;
use super::index::{INDEX_BYTES, Index};
use super::parts::{Parts, digest_of};
use super::paths::{Form, INDEX, MARKER, MARKER_TEXT, blob};
use super::stream::aside;
use super::volume::{Volume, beginning};
use crate::disk::made::{self, NewFile};
use crate::disk::{Reach, look};
use crate::registry::{Descriptor, Digest, Error, Kind, Manifest};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest blob of an archive that waits in memory.
const SMALL: u64 = 64 << 10;

/// The bytes that are written at a time.
const PIECE: usize = 256 << 10;

/// An image layout that is written.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    shown: String,
    index: RefCell<Index>,
    /// The artifacts that the index on the disk does not name yet; 1 if there is another reason to write it.
    unsaved: Cell<usize>,
    form: Written,
    /// Whoever writes a manifest or the index has its turn: two artifacts may have the same.
    turn: tokio::sync::Mutex<()>,
    /// Whether the folder is there, with the file that says that it is a layout.
    is_marked: Arc<Mutex<bool>>,
    /// What is wrong with what an earlier run left.
    pub(crate) problem: Option<String>,
}

#[derive(Debug)]
enum Written {
    Folder {
        /// Whether blobs that are there are read and verified.
        is_thorough: bool,
    },
    Archive {
        blobs: RefCell<BTreeMap<Digest, u64>>,
        volume: Arc<Mutex<Begun>>,
    },
}

/// An archive; nothing of it changes before something is added.
#[derive(Debug)]
struct Begun {
    archive: PathBuf,
    chunk: Option<u64>,
    kept: u64,
    volume: Option<Volume>,
}

impl Begun {
    fn volume(&mut self) -> io::Result<&mut Volume> {
        if self.volume.is_none() {
            self.volume = Some(Volume::begin(&self.archive, self.chunk, self.kept)?);
        }
        self.volume.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Writer {
    /// Prepares to write a layout, or to continue one of an earlier run. Nothing is written yet. `chunk` is the size of each part
    /// of an archive; `is_thorough` reads and verifies the blobs that are there.
    ///
    /// # Errors
    /// What is there is something else, or cannot be read.
    pub(crate) fn open(
        path: &Path,
        form: Form,
        chunk: Option<u64>,
        reach: &Reach,
        is_thorough: bool,
    ) -> Result<Self, Error> {
        reach.check_output(path).map_err(|error| of_file(&error))?;
        let shown = path.display().to_string();
        let mut is_ended = true;
        let (index, form, problem) = match form {
            Form::Folder => (open_folder(path, reach)?, Written::Folder { is_thorough }, None),
            Form::Archive => {
                let (index, kept);
                (index, kept, is_ended) = open_archive(path, chunk, reach)?;
                let begun = Begun { archive: path.to_path_buf(), chunk, kept: kept.bytes, volume: None };
                let volume = Arc::new(Mutex::new(begun));
                (index, Written::Archive { blobs: RefCell::new(kept.blobs), volume }, kept.problem)
            }
        };
        let unsaved = Cell::new(usize::from(!is_ended));
        Ok(Self {
            path: path.to_path_buf(),
            shown,
            index: RefCell::new(index),
            unsaved,
            form,
            problem,
            turn: tokio::sync::Mutex::default(),
            is_marked: Arc::default(),
        })
    }

    /// The digest of a name: `quay.io/acme/api:1.4`.
    pub(crate) fn find(&self, name: &str) -> Option<Digest> {
        self.index.borrow().find(name).and_then(super::index::Entry::digest)
    }

    /// Whether it has a blob.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub(crate) async fn has_blob(&self, digest: &Digest, size: Option<u64>) -> Result<bool, Error> {
        match &self.form {
            Written::Archive { blobs, .. } => Ok(blobs.borrow().contains_key(digest)),
            Written::Folder { is_thorough } => {
                let path = self.path.join(blob(digest));
                let is_there = look::size(&path).is_some_and(|there| size.is_none_or(|size| size == there));
                if !is_there || !is_thorough {
                    return Ok(is_there);
                }
                let wanted = digest.clone();
                Ok(aside(move || made::written(&path).and_then(|file| matches(&wanted, file))).await?.unwrap_or(false))
            }
        }
    }

    /// Begins to write a blob. Its bytes must have been verified before [`NewBlob::finish`].
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) async fn blob(&self, blob: &Descriptor) -> Result<NewBlob<'_>, Error> {
        let content = match &self.form {
            Written::Folder { .. } => {
                let (root, digest, is_marked) = (self.path.clone(), blob.digest.clone(), self.is_marked.clone());
                let begun = aside(move || {
                    mark(&root, &is_marked)?;
                    begin_in_folder(&root, &digest)
                });
                let begun = begun.await?;
                Content::Named(begun.map_err(|error| self.fault(&error))?)
            }
            Written::Archive { .. } if blob.size <= SMALL => Content::Memory(Vec::new()),
            Written::Archive { .. } => {
                let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
                let made = aside(move || made::folder(&folder).and_then(|()| made::scratch(&folder))).await?;
                Content::Scratch(made.map_err(|error| self.fault(&error))?)
            }
        };
        Ok(NewBlob { writer: self, blob: blob.clone(), content: Some(content), buffer: Vec::new() })
    }

    /// Writes a manifest as a blob.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) async fn put_manifest(&self, manifest: &Manifest) -> Result<(), Error> {
        let blob = Descriptor {
            media_type: manifest.media_type.clone(),
            digest: manifest.digest.clone(),
            size: manifest.bytes.len() as u64,
            is_foreign: false,
            platform: None,
        };
        let _turn = self.turn.lock().await;
        if self.has_blob(&blob.digest, Some(blob.size)).await? {
            return Ok(());
        }
        let mut new = self.blob(&blob).await?;
        new.write(&manifest.bytes).await?;
        new.finish().await
    }

    /// Adds a manifest that refers to another.
    pub(crate) fn add(&self, manifest: &Manifest) {
        self.index.borrow_mut().add(manifest);
        self.unsaved.set(self.unsaved.get() + 1);
    }

    /// Whether the index has a manifest.
    pub(crate) fn has_entry(&self, digest: &Digest) -> bool {
        self.index.borrow().entries().iter().any(|entry| entry.digest_text() == digest.as_str())
    }

    /// Gives a name to a manifest; everything below it is there. `destination` is the place that the list named.
    ///
    /// # Errors
    /// The disk does not take the index.
    pub(crate) async fn name(&self, name: &str, destination: Option<&str>, manifest: &Manifest) -> Result<(), Error> {
        self.index.borrow_mut().set(name, destination, manifest);
        self.unsaved.set(self.unsaved.get() + 1);
        // The index is written often enough that a run that is killed loses little, and seldom enough that it costs little.
        let is_due = self.unsaved.get() * 16 >= self.index.borrow().entries().len();
        match self.form {
            Written::Folder { .. } if is_due => self.save().await,
            _ => Ok(()),
        }
    }

    /// Writes what is still to be written: the index.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) async fn finish(&self) -> Result<(), Error> {
        match &self.form {
            Written::Folder { .. } if self.unsaved.get() > 0 => self.save().await,
            Written::Folder { .. } => Ok(()),
            Written::Archive { volume, .. } => {
                let is_changed = volume.lock().unwrap_or_else(PoisonError::into_inner).volume.is_some();
                if self.unsaved.get() == 0 && !is_changed {
                    return Ok(());
                }
                let text = self.index.borrow().text(&format!("{}: {INDEX}", self.shown))?;
                let volume = volume.clone();
                let finished = aside(move || {
                    let mut begun = volume.lock().unwrap_or_else(PoisonError::into_inner);
                    begun.volume()?;
                    begun.volume.take().map_or(Ok(()), |volume| volume.finish(&text))
                });
                finished.await?.map_err(|error| self.fault(&error))
            }
        }
    }

    async fn save(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let text = self.index.borrow().text(&format!("{}/{INDEX}", self.shown))?;
        self.unsaved.set(0);
        let (root, is_marked) = (self.path.clone(), self.is_marked.clone());
        let saved = aside(move || {
            mark(&root, &is_marked)?;
            let mut file = NewFile::begin(&root.join(INDEX))?;
            file.write(&text)?;
            file.finish()
        });
        saved.await?.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &io::Error) -> Error {
        of_system(format!("cannot write {}", self.shown), error)
    }
}

fn matches(digest: &Digest, file: File) -> io::Result<bool> {
    if digest.parts().0 == "sha256" {
        return Ok(digest_of(file)? == *digest);
    }
    let mut hasher = digest.hasher();
    let mut stream = io::BufReader::with_capacity(1 << 16, file);
    loop {
        let buffer = io::BufRead::fill_buf(&mut stream)?;
        if buffer.is_empty() {
            return Ok(hasher.finish() == *digest);
        }
        hasher.update(buffer);
        let length = buffer.len();
        io::BufRead::consume(&mut stream, length);
    }
}

/// The index of a folder that is there.
fn open_folder(path: &Path, reach: &Reach) -> Result<Index, Error> {
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
fn open_archive(path: &Path, chunk: Option<u64>, reach: &Reach) -> Result<(Index, Kept, bool), Error> {
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

/// Creates a folder with the file that says that it is a layout.
fn mark(root: &Path, is_marked: &Mutex<bool>) -> io::Result<()> {
    let mut is_marked = is_marked.lock().unwrap_or_else(PoisonError::into_inner);
    let marker = root.join(MARKER);
    if !*is_marked && !look::is_there(&marker) {
        made::folder(root)?;
        let mut file = NewFile::begin(&marker)?;
        file.write(MARKER_TEXT.as_bytes())?;
        file.finish()?;
    }
    *is_marked = true;
    Ok(())
}

fn begin_in_folder(root: &Path, digest: &Digest) -> io::Result<NewFile> {
    let path = root.join(blob(digest));
    path.parent().map_or(Ok(()), made::folder)?;
    NewFile::begin(&path)
}

/// A blob that is written. If it is dropped, nothing of it is there.
pub(crate) struct NewBlob<'w> {
    writer: &'w Writer,
    blob: Descriptor,
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
        written.map_err(|error| self.writer.fault(&error))
    }

    /// The blob is whole.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) async fn finish(mut self) -> Result<(), Error> {
        self.flush().await?;
        let Some(content) = self.content.take() else { return Ok(()) };
        let (digest, size) = (self.blob.digest.clone(), self.blob.size);
        let finished = match &self.writer.form {
            Written::Folder { .. } => {
                aside(move || match content {
                    Content::Named(file) => file.finish(),
                    _ => Ok(()),
                })
                .await?
            }
            Written::Archive { volume, blobs } => {
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
        finished.map_err(|error| self.writer.fault(&error))
    }
}

impl std::fmt::Debug for NewBlob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewBlob")
    }
}
