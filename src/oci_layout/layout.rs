//! [`ImageLayout`]: an image layout that is read.

use super::archive::Archive;
use super::fault::of_file;
use super::folder::BlobFolder;
use super::index::{INDEX_BYTES, Index, LayoutEntry};
use super::parts::{Parts, whole};
use super::paths::{INDEX, MARKER};
use super::storage::Storage;
use super::stream::Stream;
use crate::disk::{Reach, look};
use crate::registry::{Descriptor, Digest, Error, Kind, MANIFEST_BYTES, Manifest, Repository};
use bytes::Bytes;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;

/// The longest `oci-layout`, in bytes.
const MARKER_BYTES: usize = 4096;

/// An image layout that is read.
#[derive(Debug)]
pub(crate) struct ImageLayout<'r> {
    /// The path, for messages.
    shown: String,
    index: Index,
    storage: Rc<Storage<'r>>,
    /// The manifests without a name, by what they refer to.
    referrers: OnceCell<BTreeMap<Digest, Vec<Descriptor>>>,
}

impl<'r> ImageLayout<'r> {
    /// Opens a layout: a folder, an archive, or an archive in parts.
    ///
    /// # Errors
    /// It is none, or cannot be read.
    pub(crate) fn open(path: &Path, reach: &'r Reach) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let (storage, index) = if look::is_folder(path) {
            let folder = BlobFolder::open_at(path, reach).map_err(|error| of_file(&error))?;
            let read = |name: &str, limit: usize| {
                let text = folder.small(name, limit).map_err(|error| {
                    let text =
                        format!("{}; is {shown} an image layout, and was it written to its end?", of_file(&error));
                    Error::new(Kind::Disk, text)
                })?;
                if text.len() > limit {
                    return Err(Error::new(
                        Kind::Limit,
                        format!("{shown}/{name} has more than {limit} bytes, the limit"),
                    ));
                }
                Ok(text)
            };
            read(MARKER, MARKER_BYTES)?;
            let index = read(INDEX, INDEX_BYTES)?;
            (Storage::Folder(folder), index)
        } else {
            let path = if look::is_there(path) && Parts::find(&whole(path), reach).is_ok_and(|parts| parts.is_none()) {
                path.to_path_buf()
            } else {
                whole(path)
            };
            let parts = Parts::find(&path, reach)?.ok_or_else(|| {
                let text =
                    format!("{shown}: there is no folder, no archive and no {shown}.000 of this name, or it is empty");
                Error::new(Kind::Disk, text)
            })?;
            let archive = Archive::read(parts)?;
            let index = archive.index(INDEX_BYTES)?.ok_or_else(|| {
                let why = match archive.problems.as_slice() {
                    [] => "it is cut, parts at its end are missing, or it was not written to its end".to_owned(),
                    problems => problems.join("; "),
                };
                Error::new(Kind::Disk, format!("{shown} has no index: {why}"))
            })?;
            (Storage::Archive(archive), index)
        };
        let index = Index::parse(&index, &format!("{shown}: {INDEX}"))?;
        Ok(Self { shown, index, storage: Rc::new(storage), referrers: OnceCell::new() })
    }

    /// The path, for messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// What is wrong with it, for people. Artifacts that do not need what is missing can be read.
    pub(crate) fn problems(&self) -> &[String] {
        match &*self.storage {
            Storage::Folder(_) => &[],
            Storage::Archive(archive) => &archive.problems,
        }
    }

    /// The artifacts that have the name of their source, in the order of the index.
    pub(crate) fn artifacts(&self) -> impl Iterator<Item = &LayoutEntry> {
        // The tags of cosign are found by what they are about.
        let is_artifact =
            |entry: &&LayoutEntry| entry.source().is_some_and(|source| !source.tag.is_some_and(|tag| is_cosign(&tag)));
        self.index.entries().iter().filter(is_artifact)
    }

    /// The digest of a name: `quay.io/acme/api:1.4`.
    pub(crate) fn find(&self, name: &str) -> Option<Digest> {
        self.index.find(name).and_then(LayoutEntry::digest)
    }

    /// A manifest; `None` if it is not there.
    ///
    /// # Errors
    /// It cannot be read, or is not what its digest says.
    pub(crate) fn manifest(&self, digest: &Digest) -> Result<Option<Manifest>, Error> {
        let subject = format!("{}: the manifest {digest}", self.shown);
        let Some(size) = self.storage.size(digest) else { return Ok(None) };
        if size > MANIFEST_BYTES as u64 {
            return Err(Error::new(Kind::Limit, format!("{subject} has {size} bytes, more than {MANIFEST_BYTES}")));
        }
        let Some(reader) = self.storage.read(digest)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = reader.take(MANIFEST_BYTES as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| Error::new(Kind::Disk, format!("{subject}: {}", super::storage::unreadable(&error))))?;
        if !digest.matches(&bytes) {
            let text =
                format!("{subject} has the digest {}; it is{}", Digest::of(&bytes), self.storage.explain(digest));
            return Err(Error::new(Kind::WrongDigest, text));
        }
        let entry = self.index.entries().iter().find(|entry| entry.digest().as_ref() == Some(digest));
        let mut manifest = Manifest::parse(Bytes::from(bytes), entry.map(LayoutEntry::media_type), &subject)?;
        manifest.digest = digest.clone();
        Ok(Some(manifest))
    }

    /// Whether it has a blob.
    pub(crate) fn has_blob(&self, digest: &Digest) -> bool {
        self.storage.size(digest).is_some()
    }

    /// The manifests that refer to a manifest.
    ///
    /// # Errors
    /// One of those without a name cannot be read.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        if let Some(known) = self.referrers.get() {
            return Ok(known.get(subject).cloned().unwrap_or_default());
        }
        let mut all: BTreeMap<Digest, Vec<Descriptor>> = BTreeMap::new();
        for entry in self.index.entries().iter().filter(|entry| entry.source().is_none()) {
            let Some(digest) = entry.digest() else { continue };
            let subject = self.manifest(&digest)?.and_then(|manifest| manifest.subject);
            let Some(subject) = subject else { continue };
            all.entry(subject.digest).or_default().push(Descriptor {
                media_type: entry.media_type().to_owned(),
                digest,
                size: entry.size,
                is_foreign: false,
                platform: None,
            });
        }
        Ok(self.referrers.get_or_init(|| all).get(subject).cloned().unwrap_or_default())
    }

    /// Begins to read a blob of an artifact of a repository.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn open_blob(&self, from: &Repository, blob: &Descriptor) -> Result<Stream<'r>, Error> {
        let subject = format!("{from}: the blob {} of {}", blob.digest, self.shown);
        let missing = || Error::new(Kind::NotFound, format!("{from}: {} has no blob {}", self.shown, blob.digest));
        let size = self.storage.size(&blob.digest).ok_or_else(missing)?;
        if size != blob.size {
            let text = format!(
                "{subject} has {size} bytes instead of {}; it is{}",
                blob.size,
                self.storage.explain(&blob.digest)
            );
            return Err(Error::new(Kind::WrongDigest, text));
        }
        let reader = self.storage.read(&blob.digest)?.ok_or_else(missing)?;
        Ok(Stream::new(reader, blob.clone(), subject, self.storage.clone()))
    }
}

/// Whether a tag is one of cosign: `sha256-9f86….sig`.
fn is_cosign(tag: &str) -> bool {
    let digest = tag.rsplit_once('.').and_then(|(digest, _)| Digest::parse(&digest.replacen('-', ":", 1)));
    digest.is_some_and(|digest| digest.cosign_tags().iter().any(|known| known == tag))
}
