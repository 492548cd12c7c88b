//! [`LayoutWriter`]: an image layout that is written.

use super::earlier::{open_archive, open_folder};
use super::fault::{of_file, of_system};
use super::index::Index;
use super::new_blob::{Begun, NewBlob, Place};
use super::parts::digest_of;
use super::paths::{Form, INDEX, MARKER, MARKER_TEXT, blob};
use super::stream::aside;
use crate::disk::made::{self, NewFile};
use crate::disk::{Reach, look};
use crate::registry::{Descriptor, Digest, Error, Manifest};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// An image layout that is written.
#[derive(Debug)]
pub(crate) struct LayoutWriter {
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

impl LayoutWriter {
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
                let volume = Arc::new(Mutex::new(Begun::new(path, chunk, kept.bytes)));
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
        self.index.borrow().find(name).and_then(super::index::LayoutEntry::digest)
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
        let place = match &self.form {
            Written::Folder { .. } => {
                let (root, is_marked) = (self.path.clone(), self.is_marked.clone());
                let marked = aside(move || mark(&root, &is_marked)).await?;
                marked.map_err(|error| self.fault(&error))?;
                Place::Folder(&self.path)
            }
            Written::Archive { volume, blobs } => Place::Archive(&self.path, volume, blobs),
        };
        NewBlob::begin(place, blob, &self.shown).await
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
                let is_changed = volume.lock().unwrap_or_else(PoisonError::into_inner).is_changed();
                if self.unsaved.get() == 0 && !is_changed {
                    return Ok(());
                }
                let text = self.index.borrow().text(&format!("{}: {INDEX}", self.shown))?;
                let volume = volume.clone();
                let finished = aside(move || {
                    let mut begun = volume.lock().unwrap_or_else(PoisonError::into_inner);
                    begun.finish(&text)
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
        of_system(format_args!("cannot write {}", self.shown), error)
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
