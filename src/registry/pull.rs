//! Reading a small artifact wholly, such as a chart.

use super::blob::Chunks as _;
use super::client::Client;
use super::error::{Error, Kind};
use super::manifest::{Descriptor, Manifest};
use super::repository::Repository;
use bytes::{Bytes, BytesMut};

#[cfg_attr(not(test), expect(dead_code, reason = "a chart in a registry will be pulled by it"))]
impl Client<'_> {
    /// A blob in memory, up to a limit. Damaged once, it is read again.
    ///
    /// # Errors
    /// It is larger than the limit, or cannot be read.
    pub(crate) async fn blob(&self, repository: &Repository, blob: &Descriptor, limit: u64) -> Result<Bytes, Error> {
        if blob.size > limit {
            let text = format!("{repository}: the blob {} has {} bytes, more than {limit}", blob.digest, blob.size);
            return Err(Error::new(Kind::Limit, text));
        }
        match self.blob_once(repository, blob).await {
            Err(error) if error.kind() == Kind::WrongDigest => self.blob_once(repository, blob).await,
            read => read,
        }
    }

    async fn blob_once(&self, repository: &Repository, blob: &Descriptor) -> Result<Bytes, Error> {
        let mut download = self.download(repository, blob).await?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = download.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// The manifest of a tag or a digest, and its only blob of a media type: `application/vnd.cncf.helm.chart.content.v1.tar+gzip`
    /// is the archive of a chart.
    ///
    /// # Errors
    /// There is no such artifact, it is of another kind, or it is larger than the limit.
    pub(crate) async fn pull(
        &self,
        repository: &Repository,
        version: &str,
        media_type: &str,
        limit: u64,
    ) -> Result<(Manifest, Bytes), Error> {
        let manifest = self.manifest(repository, version).await?.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("{repository}: there is no {version}; check the name and the version"))
        })?;
        let mut blobs = manifest.blobs.iter().filter(|blob| blob.media_type == media_type);
        let (Some(blob), None) = (blobs.next(), blobs.next()) else {
            let is =
                manifest.config_type.as_deref().or(manifest.artifact_type.as_deref()).unwrap_or(&manifest.media_type);
            let text = format!("{repository}: {version} is {is}, which has not exactly one {media_type}");
            return Err(Error::new(Kind::Rejected, text));
        };
        let bytes = self.blob(repository, blob, limit).await?;
        Ok((manifest, bytes))
    }
}
