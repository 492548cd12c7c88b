//! [`Source`]: where artifacts are read, registries or an image layout.

use crate::oci_layout::{ImageLayout, Stream};
use crate::registry::{BlobSource, Chunks, Client, Descriptor, Digest, Download, Error, Kind, Manifest, Repository};
use bytes::Bytes;

/// Where artifacts are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'c> {
    /// The registries that the list names.
    Registries(&'c Client<'c>),
    /// A layout on a disk.
    Layout(&'c ImageLayout<'c>),
}

impl<'c> Source<'c> {
    /// The digest of a tag.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub(super) async fn resolve(self, from: &Repository, version: &str) -> Result<Digest, Error> {
        match self {
            Self::Registries(client) => {
                let missing = || {
                    let text = format!(
                        "{from}: the registry has no {version}; check the name and the version, and that the credential may see it"
                    );
                    Error::new(Kind::NotFound, text)
                };
                let head = client.head_manifest(from, version).await?.ok_or_else(missing)?;
                match head.digest {
                    Some(digest) => Ok(digest),
                    // Some registries name no digest.
                    None => Ok(client.manifest(from, version).await?.ok_or_else(missing)?.digest),
                }
            }
            Self::Layout(layout) => layout.find(&format!("{from}:{version}")).ok_or_else(|| {
                let text =
                    format!("{from}: {} has no {version}; is it in the list that was written there?", layout.shown());
                Error::new(Kind::NotFound, text)
            }),
        }
    }

    /// The manifest of a tag or a digest.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub(super) async fn artifact(self, from: &Repository, version: &str) -> Result<Manifest, Error> {
        let found = match (self, Digest::parse(version)) {
            (Self::Registries(client), _) => client.manifest(from, version).await?,
            (Self::Layout(layout), Some(digest)) => layout.manifest(&digest)?,
            (Self::Layout(layout), None) => layout.manifest(&self.resolve(from, version).await?)?,
        };
        found.ok_or_else(|| {
            let text = format!("{from}: {} has no {version}; check the name and the version", self.called());
            Error::new(Kind::NotFound, text)
        })
    }

    /// A manifest; `None` if it is not there.
    ///
    /// # Errors
    /// It cannot be read, or is not what its digest says.
    pub(super) async fn manifest(self, from: &Repository, digest: &Digest) -> Result<Option<Manifest>, Error> {
        match self {
            Self::Registries(client) => client.manifest(from, digest.as_str()).await,
            Self::Layout(layout) => layout.manifest(digest),
        }
    }

    /// Whether it has a blob.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(super) async fn has_blob(self, from: &Repository, digest: &Digest) -> Result<bool, Error> {
        match self {
            Self::Registries(client) => client.has_blob(from, digest).await,
            Self::Layout(layout) => Ok(layout.has_blob(digest)),
        }
    }

    /// The tags of cosign for a manifest.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(super) async fn cosign_tags(self, from: &Repository, subject: &Digest) -> Result<Vec<String>, Error> {
        match self {
            Self::Registries(client) => client.cosign_tags(from, subject).await,
            Self::Layout(layout) => {
                let tags = subject.cosign_tags().into_iter();
                Ok(tags.filter(|tag| layout.find(&format!("{from}:{tag}")).is_some()).collect())
            }
        }
    }

    /// The manifests that refer to a manifest.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) async fn referrers(self, from: &Repository, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        match self {
            Self::Registries(client) => client.referrers(from, subject).await,
            Self::Layout(layout) => layout.referrers(subject),
        }
    }

    /// What it is called in messages.
    pub(super) fn called(self) -> String {
        match self {
            Self::Registries(_) => "the registry".to_owned(),
            Self::Layout(layout) => layout.shown().to_owned(),
        }
    }

    /// What can be done if something of an artifact is missing there.
    pub(super) fn advice(self) -> String {
        match self {
            Self::Registries(_) => "ask its owner to push the image again".to_owned(),
            Self::Layout(layout) => match layout.problems() {
                [] => "write the layout again, with --repair".to_owned(),
                problems => problems.join("; "),
            },
        }
    }

    /// The blobs of a repository.
    pub(super) fn blobs(self, from: &'c Repository) -> Blobs<'c> {
        Blobs { source: self, from }
    }
}

/// The blobs of a repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blobs<'c> {
    source: Source<'c>,
    from: &'c Repository,
}

/// A blob that is being read.
#[derive(Debug)]
pub(super) enum Reading<'c> {
    Download(Download<'c>),
    Stream(Stream<'c>),
}

impl BlobSource for Blobs<'_> {
    type Chunks<'s>
        = Reading<'s>
    where
        Self: 's;

    async fn open<'s>(&'s self, blob: &'s Descriptor) -> Result<Reading<'s>, Error> {
        Ok(match self.source {
            Source::Registries(client) => Reading::Download(client.download(self.from, blob).await?),
            Source::Layout(layout) => Reading::Stream(layout.open_blob(self.from, blob)?),
        })
    }
}

impl Chunks for Reading<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Download(download) => download.next().await,
            Self::Stream(stream) => stream.next().await,
        }
    }
}
