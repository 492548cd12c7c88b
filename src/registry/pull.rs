//! Reading a chart wholly: the archive in an artifact of helm.

use super::blob::Chunks as _;
use super::client::Client;
use super::digest::Digest;
use super::error::{Error, Kind};
use super::manifest::{Descriptor, Manifest};
use super::repository::Repository;
use bytes::{Bytes, BytesMut};

/// The media type of the config of a chart.
const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

/// The media types of its archive: today's, and that of the first helm with registries.
const CHART_ARCHIVES: [&str; 2] = ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"];

/// The most manifests of an index in which a chart is searched.
const CHILDREN: usize = 16;

/// A chart in a registry: its archive is known but not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChartArtifact {
    /// The digest of the manifest.
    pub manifest: Digest,
    /// The archive.
    pub archive: Descriptor,
}

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

    /// The chart of a tag or a digest; `None` if there is no such artifact. Provenance and other layers are passed over.
    ///
    /// # Errors
    /// The registry does not answer or refuses, or the artifact is no chart.
    pub(crate) async fn chart(&self, repository: &Repository, version: &str) -> Result<Option<ChartArtifact>, Error> {
        let Some(manifest) = self.manifest(repository, version).await? else { return Ok(None) };
        let named = format!("{repository}: {version}");
        let archive = if manifest.is_index() {
            self.only_chart_of(repository, &manifest, &named).await?
        } else {
            archive_of(&manifest, &named)?
        };
        Ok(Some(ChartArtifact { manifest: manifest.digest, archive }))
    }

    /// The archive of the only chart in an index.
    async fn only_chart_of(&self, repository: &Repository, index: &Manifest, named: &str) -> Result<Descriptor, Error> {
        let mut charts = Vec::new();
        for child in index.children.iter().take(CHILDREN) {
            let manifest = self.manifest(repository, child.digest.as_str()).await?;
            let chart = manifest.filter(|manifest| manifest.config_type.as_deref() == Some(CHART_CONFIG));
            charts.extend(chart.map(|manifest| archive_of(&manifest, named)).transpose()?);
        }
        match charts.as_slice() {
            [archive] => Ok(archive.clone()),
            charts => {
                let text = format!("{named} is an index with {} charts, not with one", charts.len());
                Err(Error::new(Kind::Rejected, text))
            }
        }
    }
}

/// The archive in the manifest of a chart.
fn archive_of(manifest: &Manifest, named: &str) -> Result<Descriptor, Error> {
    if manifest.config_type.as_deref() != Some(CHART_CONFIG) {
        let is = manifest.artifact_type.as_deref().or(manifest.config_type.as_deref()).unwrap_or(&manifest.media_type);
        let text = format!("{named} is no chart of helm but {is}; charts have a config of the type {CHART_CONFIG}");
        return Err(Error::new(Kind::Rejected, text));
    }
    let mut archives = manifest.blobs.iter().filter(|blob| CHART_ARCHIVES.contains(&blob.media_type.as_str()));
    match (archives.next(), archives.next()) {
        (Some(archive), None) => Ok(archive.clone()),
        (first, _) => {
            let has = if first.is_none() { "no layer" } else { "several layers" };
            let text = format!("{named} has {has} of the type {}", CHART_ARCHIVES[0]);
            Err(Error::new(Kind::Rejected, text))
        }
    }
}
