//! [`Target`]: where artifacts are written, the mirror or an image layout.

use super::plan::Item;
use crate::oci_layout::LayoutWriter;
use crate::registry::{
    Arrival, BlobSource, Chunks as _, Client, Descriptor, Digest, Error, Kind, Manifest, Repository, Watch,
};

/// Where artifacts are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'c> {
    /// The mirror.
    Mirror(&'c Client<'c>),
    /// A layout on a disk.
    Layout(&'c LayoutWriter),
}

/// The name under which a manifest is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named<'n> {
    /// That of an artifact of the list.
    Artifact(&'n Item),
    /// A tag.
    Tag(&'n str),
    /// Its digest alone.
    Digest,
}

impl Target<'_> {
    /// Which repositories share blobs.
    pub(super) fn domain(self, to: &Repository) -> String {
        match self {
            Self::Mirror(_) => to.host.clone(),
            Self::Layout(_) => String::new(),
        }
    }

    /// Whether a blob can be there before this run, although the source is another registry.
    pub(super) fn mounts(self) -> bool {
        matches!(self, Self::Mirror(_))
    }

    /// Whether an artifact or a tag is there at a digest.
    ///
    /// # Errors
    /// The mirror does not answer, or refuses.
    pub(super) async fn is_at(self, to: &Repository, named: Named<'_>, digest: &Digest) -> Result<bool, Error> {
        let found = match (self, named) {
            (Self::Mirror(client), Named::Artifact(item)) => client.head_manifest(to, item.place()).await?,
            (Self::Mirror(client), Named::Tag(tag)) => client.head_manifest(to, tag).await?,
            (_, Named::Digest) => return self.has_manifest(to, digest).await,
            (Self::Layout(writer), Named::Artifact(item)) => {
                return Ok(writer.find(&item.name).as_ref() == Some(digest));
            }
            (Self::Layout(writer), Named::Tag(tag)) => {
                return Ok(writer.find(&format!("{to}:{tag}")).as_ref() == Some(digest));
            }
        };
        Ok(found.is_some_and(|head| head.digest.as_ref() == Some(digest)))
    }

    /// Whether it has a manifest.
    ///
    /// # Errors
    /// The mirror does not answer, or refuses.
    pub(super) async fn has_manifest(self, to: &Repository, digest: &Digest) -> Result<bool, Error> {
        match self {
            Self::Mirror(client) => Ok(client.head_manifest(to, digest.as_str()).await?.is_some()),
            Self::Layout(writer) => writer.has_blob(digest, None).await,
        }
    }

    /// Whether it has a blob.
    ///
    /// # Errors
    /// The mirror does not answer, or refuses.
    pub(super) async fn has_blob(self, to: &Repository, blob: &Descriptor) -> Result<bool, Error> {
        match self {
            Self::Mirror(client) => client.has_blob(to, &blob.digest).await,
            Self::Layout(writer) => writer.has_blob(&blob.digest, Some(blob.size)).await,
        }
    }

    /// Copies a blob that it does not have. `mounts` are repositories of the mirror that may have it.
    ///
    /// # Errors
    /// The source does not give it, it is not what its digest says, or it is not taken.
    pub(super) async fn take(
        self,
        from: &impl BlobSource,
        to: &Repository,
        blob: &Descriptor,
        mounts: &[Repository],
        watch: &dyn Watch,
    ) -> Result<Arrival, Error> {
        let writer = match self {
            Self::Mirror(client) => return client.copy_blob(from, to, blob, mounts).await,
            Self::Layout(writer) => writer,
        };
        match write(writer, from, blob, watch).await {
            // What was damaged on the way is not damaged again.
            Err(error) if error.kind() == Kind::WrongDigest => write(writer, from, blob, watch).await?,
            written => written?,
        }
        Ok(Arrival::Copied)
    }

    /// Writes a manifest; returns whether it is now known as a referrer of its subject.
    ///
    /// # Errors
    /// It is not taken. [`Kind::BlobUnknown`] if the mirror misses what the manifest refers to.
    pub(super) async fn put(self, to: &Repository, named: Named<'_>, manifest: &Manifest) -> Result<bool, Error> {
        match self {
            Self::Mirror(client) => {
                let version = match named {
                    Named::Artifact(item) => item.place_of(&manifest.digest),
                    Named::Tag(tag) => tag.to_owned(),
                    Named::Digest => manifest.digest.to_string(),
                };
                Ok(client.put_manifest(to, &version, manifest).await?.knows_subject)
            }
            Self::Layout(writer) => {
                writer.put_manifest(manifest).await?;
                match named {
                    Named::Artifact(item) => {
                        writer.name(&item.name, item.listed_place.as_deref(), manifest).await?;
                    }
                    Named::Tag(tag) => writer.name(&format!("{to}:{tag}"), None, manifest).await?,
                    Named::Digest if manifest.subject.is_some() => writer.add(manifest),
                    Named::Digest => {}
                }
                Ok(true)
            }
        }
    }

    /// Whether it knows that a manifest refers to another.
    ///
    /// # Errors
    /// The mirror does not answer, or refuses.
    pub(super) async fn has_referrer(self, to: &Repository, subject: &Digest, digest: &Digest) -> Result<bool, Error> {
        match self {
            Self::Mirror(client) => {
                Ok(client.referrers(to, subject).await?.iter().any(|known| known.digest == *digest))
            }
            Self::Layout(writer) => Ok(writer.has_entry(digest)),
        }
    }

    /// Notes that a manifest refers to another, where this does not follow from the manifest itself.
    ///
    /// # Errors
    /// The mirror does not answer, or refuses.
    pub(super) async fn add_referrer(
        self,
        to: &Repository,
        subject: &Digest,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        match self {
            Self::Mirror(client) => client.add_referrer(to, subject, manifest).await,
            Self::Layout(_) => Ok(()),
        }
    }
}

/// Writes a blob into a layout.
async fn write(
    writer: &LayoutWriter,
    from: &impl BlobSource,
    blob: &Descriptor,
    watch: &dyn Watch,
) -> Result<(), Error> {
    let mut chunks = from.open(blob).await?;
    let mut new = writer.blob(blob).await?;
    let mut moved = 0;
    let written = async {
        while let Some(chunk) = chunks.next().await? {
            new.write(&chunk).await?;
            moved += chunk.len() as u64;
            watch.moved(chunk.len() as u64);
        }
        new.finish().await
    }
    .await;
    if written.is_err() {
        watch.lost(moved);
    }
    written
}
