//! [`Manifest`]: an image manifest or an index, as its bytes and what they refer to.

use super::digest::Digest;
use super::error::{Error, Kind};
use bytes::Bytes;
use serde::Deserialize;

/// The largest manifest, in bytes. Registries accept 4 MiB.
pub(crate) const MANIFEST_BYTES: usize = 4 << 20;

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(super) const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The manifest of an artifact, of a draft of the specification.
pub(super) const ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";

/// A manifest, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The bytes of which the digest is made. They are never written anew.
    pub bytes: Bytes,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The media type.
    pub media_type: String,
    /// The manifests of an index.
    pub children: Vec<Descriptor>,
    /// The config and the layers of an image or an artifact.
    pub blobs: Vec<Descriptor>,
    /// The media type of the config; it says what an artifact is.
    pub config_type: Option<String>,
    /// The manifest that this one refers to, such as the image of a signature.
    pub subject: Option<Descriptor>,
    /// The kind of artifact, if it says so.
    pub artifact_type: Option<String>,
    /// The annotations.
    pub annotations: serde_json::Map<String, serde_json::Value>,
}

/// A reference to a manifest or a blob by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// The media type.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// The size in bytes.
    pub size: u64,
    /// Whether the registry does not hold it, and it is to be fetched from elsewhere: a foreign layer.
    pub is_foreign: bool,
    /// The platform of an image in an index, `linux/amd64`.
    pub platform: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: Option<u32>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<WireDescriptor>,
    layers: Option<Vec<WireDescriptor>>,
    /// Of an artifact manifest.
    blobs: Option<Vec<WireDescriptor>>,
    manifests: Option<Vec<WireDescriptor>>,
    subject: Option<WireDescriptor>,
    #[serde(default)]
    annotations: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    urls: Option<Vec<String>>,
    platform: Option<WirePlatform>,
}

#[derive(Deserialize)]
struct WirePlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

impl Manifest {
    /// Reads a manifest; `media_type` is what the registry said.
    ///
    /// # Errors
    /// It is no manifest, or one that could be taken for two things.
    pub(crate) fn parse(bytes: Bytes, media_type: Option<&str>, name: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::new(Kind::Protocol, format!("{name}: not a manifest: {why}"));
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if wire.schema_version == Some(1) {
            let text = "the old format of schema version 1, which registries no longer accept; push the image again";
            return Err(wrong(text.to_owned()));
        }
        let is_index = wire.manifests.is_some();
        // What one client takes for an image, another would take for an index.
        if is_index && (wire.layers.is_some() || wire.config.is_some() || wire.blobs.is_some()) {
            return Err(wrong("it has both manifests and layers".to_owned()));
        }
        let said = media_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let known = |text: &str| [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX, ARTIFACT].contains(&text);
        let media_type = wire.media_type.or(said.filter(|text| known(text)));
        let media_type = media_type.unwrap_or_else(|| (if is_index { OCI_INDEX } else { OCI_MANIFEST }).to_owned());
        let is_called_index = matches!(media_type.as_str(), OCI_INDEX | DOCKER_INDEX);
        if known(&media_type) && is_called_index != is_index {
            return Err(wrong(format!("its media type is {media_type}, its content is another")));
        }
        if !media_type.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("its media type is not one".to_owned()));
        }
        let one = |wire: WireDescriptor| wire.read().map_err(wrong);
        let all =
            |list: Option<Vec<WireDescriptor>>| list.into_iter().flatten().map(one).collect::<Result<Vec<_>, _>>();
        let config = wire.config.map(one).transpose()?;
        let config_type = config.as_ref().map(|config| config.media_type.clone());
        let mut blobs: Vec<Descriptor> = config.into_iter().collect();
        blobs.extend(all(wire.layers)?);
        blobs.extend(all(wire.blobs)?);
        Ok(Self {
            digest: Digest::of(&bytes),
            media_type,
            children: all(wire.manifests)?,
            blobs,
            config_type,
            subject: wire.subject.map(one).transpose()?,
            artifact_type: wire.artifact_type,
            annotations: wire.annotations.unwrap_or_default(),
            bytes,
        })
    }

    /// Whether it is an index.
    pub(crate) fn is_index(&self) -> bool {
        matches!(self.media_type.as_str(), OCI_INDEX | DOCKER_INDEX) || !self.children.is_empty()
    }
}

impl WireDescriptor {
    fn read(self) -> Result<Descriptor, String> {
        let Some(digest) = Digest::parse(&self.digest) else {
            return Err(format!("{:?} is not a digest that can be verified", self.digest));
        };
        let is_foreign = self.media_type.contains(".nondistributable.") || self.media_type.contains(".foreign.");
        let is_foreign = is_foreign || self.urls.is_some_and(|urls| !urls.is_empty());
        let platform = self.platform.map(|platform| {
            let parts = [platform.os, platform.architecture, platform.variant];
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
        });
        Ok(Descriptor { media_type: self.media_type, digest, size: self.size, is_foreign, platform })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parse(text: &str, media_type: Option<&str>) -> Result<Manifest, String> {
        let text = text.replace("DIGEST", DIGEST);
        Manifest::parse(Bytes::from(text), media_type, "x").map_err(|error| error.to_string())
    }

    #[test]
    fn manifests_are_read() {
        let image = r#"{"schemaVersion": 2, "config": {"mediaType": "c", "digest": "DIGEST", "size": 3},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": "DIGEST", "size": 3}]}"#;
        let image =
            parse(image, Some("application/vnd.docker.distribution.manifest.v2+json; charset=utf-8")).expect("one");
        assert_eq!((image.media_type.as_str(), image.is_index(), image.blobs.len()), (DOCKER_MANIFEST, false, 2));
        assert!(image.blobs[1].is_foreign && !image.blobs[0].is_foreign);
        let index = r#"{"manifests": [{"mediaType": "m", "digest": "DIGEST", "size": 3,
            "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}}]}"#;
        let index = parse(index, Some("text/plain")).expect("one");
        assert_eq!((index.media_type.as_str(), index.is_index()), (OCI_INDEX, true));
        assert_eq!(index.children[0].platform.as_deref(), Some("linux/arm/v7"));
        assert!(parse(r#"{"manifests": []}"#, None).expect("an index").is_index());
    }

    #[test]
    fn what_could_be_two_things_is_neither() {
        for (text, media_type, why) in [
            (r#"{"manifests": [], "layers": []}"#, None, "it has both manifests and layers"),
            (r#"{"manifests": []}"#, Some(OCI_MANIFEST), "its media type is"),
            (r#"{"mediaType": "application/vnd.oci.image.index.v1+json", "layers": []}"#, None, "its media type is"),
            (r#"{"schemaVersion": 1, "fsLayers": []}"#, None, "schema version 1"),
            (r#"{"layers": [{"digest": "sha256:1", "size": 1}]}"#, None, "\"sha256:1\" is not a digest"),
            (r#"{"layers": [{"digest": "DIGEST", "size": -1}]}"#, None, "not a manifest"),
            ("[]", None, "not a manifest"),
            ("", None, "not a manifest"),
        ] {
            let error = parse(text, media_type).expect_err(text);
            assert!(error.contains(why), "{error}");
        }
    }
}
