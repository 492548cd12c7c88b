//! `Images.lock`, as `dt images lock` makes it for a chart.
//!
//! Its digests are those of the images for each platform, while the digest of an artifact is that of its index: a lock says which
//! platforms there are.
//!
//! Source: distribution-tooling-for-helm `pkg/imagelock`.

use super::typed::{Text, artifact, documents, error_at, plain, platforms as platforms_of, written};
use super::writing::{Wish, Written, lost_place};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const FORM: &str = "an Images.lock";

#[derive(Debug, Deserialize, Serialize)]
struct Lock {
    #[serde(rename = "apiVersion")]
    api_version: Text,
    kind: Text,
    #[serde(default)]
    chart: Option<Chart>,
    #[serde(default)]
    images: Option<Vec<Image>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Chart {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default, rename = "appVersion")]
    app_version: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Image {
    #[serde(default)]
    name: String,
    image: Text,
    #[serde(default)]
    chart: String,
    #[serde(default)]
    digests: Option<Vec<Digest>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Digest {
    digest: String,
    arch: String,
}

/// Reads a lock.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for lock in documents::<Lock>(file, FORM)? {
        if lock.api_version.value != "v0" {
            let why = format!("unknown version {:?}: {FORM} has v0", lock.api_version.value);
            return Err(error_at(file, &lock.api_version, why));
        }
        for image in lock.images.unwrap_or_default() {
            let listed = artifact(file, &image.image, ArtifactKind::Image)?;
            let platforms = image.digests.into_iter().flatten().map(|digest| digest.arch);
            let platforms = platforms_of(file, &image.image, platforms)?;
            content.artifacts.push(Listed { artifact: Artifact { platforms, ..listed.artifact }, ..listed });
        }
    }
    Ok(content)
}

/// Writes a lock without digests, which `dt` adds.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let mut images = Vec::new();
    for artifact in wish.artifacts {
        if artifact.kind == ArtifactKind::Chart {
            result.lose(artifact, "an Images.lock has no charts, so it is left out");
            continue;
        }
        if !artifact.platforms.is_empty() {
            result.lose(artifact, "an Images.lock has a digest for each platform, and the lists have none");
        }
        let name = artifact.reference.repository.rsplit('/').next().unwrap_or_default().to_owned();
        images.push(Image { name, image: plain(artifact.pinned()), chart: String::new(), digests: Some(Vec::new()) });
    }
    wish.lose_all(&mut result, |artifact| lost_place(wish, artifact, "an Images.lock"));
    let lock = Lock {
        api_version: plain("v0"),
        kind: plain("ImagesLock"),
        chart: Some(Chart::default()),
        images: Some(images),
    };
    result.files.push(("Images.lock".to_owned(), written(&[lock])));
    result
}
