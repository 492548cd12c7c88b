//! oc-mirror's `ImageSetConfiguration`, in `mirror.openshift.io/v1alpha2` and `v2alpha1`.
//!
//! Source: oc-mirror `internal/pkg/api/v2alpha1`, `v1/pkg/api/v1alpha2`.

use super::typed::{Present, Text, artifact, documents, error_at, plain, reference, refuse, written};
use super::writing::{Wish, Written};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const FORM: &str = "oc-mirror's configuration";

/// The group of its kind.
pub(super) const GROUP: &str = "mirror.openshift.io";

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    api_version: Text,
    kind: Text,
    #[serde(default)]
    mirror: Option<Contents>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Contents {
    #[serde(default, skip_serializing)]
    platform: Present,
    #[serde(default, skip_serializing)]
    operators: Present,
    #[serde(default)]
    additional_images: Option<Vec<Image>>,
    #[serde(default, skip_serializing)]
    helm: Option<Helm>,
    #[serde(default, skip_serializing)]
    blocked_images: Present,
    #[serde(default, skip_serializing)]
    samples: Present,
}

#[derive(Debug, Deserialize)]
struct Helm {
    repositories: Present,
    local: Present,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_repo: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_tag: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platforms: Option<Vec<Platform>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Platform {
    os: String,
    architecture: String,
}

/// Reads a configuration.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for config in documents::<Config>(file, FORM)? {
        if config.kind.value != "ImageSetConfiguration" {
            let why = format!("unknown kind {:?}: the kind of {FORM} is ImageSetConfiguration", config.kind.value);
            return Err(error_at(file, &config.kind, why));
        }
        let mirror = config.mirror.unwrap_or_default();
        let why = "which images oc-mirror finds there is not known here; list them under `additionalImages`";
        refuse(file, "platform", &mirror.platform, why)?;
        refuse(file, "operators", &mirror.operators, why)?;
        refuse(file, "samples", &mirror.samples, why)?;
        if let Some(helm) = &mirror.helm {
            refuse(file, "repositories", &helm.repositories, why)?;
            refuse(file, "local", &helm.local, why)?;
        }
        let why = "which images the patterns block is decided by oc-mirror; leave the images out instead";
        refuse(file, "blockedImages", &mirror.blocked_images, why)?;
        for image in mirror.additional_images.unwrap_or_default() {
            content.artifacts.push(read_image(file, &image)?);
        }
    }
    Ok(content)
}

fn read_image(file: &Arc<File>, image: &Image) -> Result<Listed, Error> {
    let listed = artifact(file, &image.name, ArtifactKind::Image)?;
    let own = &listed.artifact.reference;
    let tag = image.target_tag.as_ref().filter(|tag| !tag.value.is_empty());
    let repository = image.target_repo.as_ref().filter(|repository| !repository.value.is_empty());
    let platforms = image.platforms.iter().flatten();
    let platforms = platforms.map(|platform| format!("{}/{}", platform.os, platform.architecture));
    let platforms = super::typed::platforms(file, &image.name, platforms)?;
    let mut artifact = Artifact { platforms, ..listed.artifact.clone() };
    match (repository, tag, &own.tag) {
        (None, None, _) => {}
        // A digest that gets its tag on the mirror.
        (None, Some(tag), None) => {
            let name = format!("{}:{}{}", own.name(), tag.value, own.version());
            artifact.reference = reference(file, tag, &name)?;
        }
        (repository, tag, own_tag) => {
            let path = repository.map_or(own.repository.as_str(), |repository| repository.value.as_str());
            let tag = tag.map(|tag| tag.value.as_str()).or(own_tag.as_deref());
            let path = path.to_owned() + &tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            // The same check as for a whole place.
            reference(file, repository.or(image.target_tag.as_ref()).unwrap_or(&image.name), &format!("x.y/{path}"))?;
            artifact.path = Some(path);
        }
    }
    Ok(Listed { artifact, ..listed })
}

/// Writes a configuration.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let mut images = Vec::new();
    for artifact in wish.artifacts {
        if artifact.kind == ArtifactKind::Chart {
            result.lose(artifact, "oc-mirror has no charts of registries, so it is left out");
            continue;
        }
        let reference = &artifact.reference;
        let own_tag = reference.tag.as_deref();
        let (mut repository, mut tag) = (None, None);
        if let Some(path) = wish.other_path(artifact) {
            let last = path.rfind('/').map_or(0, |slash| slash + 1);
            let (bare, version) = path[last..]
                .find(':')
                .map_or((path.as_str(), None), |at| (&path[..last + at], Some(&path[last + at + 1..])));
            repository = Some(bare.to_owned()).filter(|bare| *bare != reference.repository);
            tag = version.filter(|version| Some(*version) != own_tag).map(str::to_owned);
        }
        let name = match &artifact.digest {
            // oc-mirror takes a tag or a digest; a digest gets its tag on the mirror.
            Some(digest) => {
                tag = tag.or_else(|| reference.tag.clone());
                format!("{}@{digest}", reference.name())
            }
            None => artifact.pinned(),
        };
        let mut platforms = Vec::new();
        for platform in &artifact.platforms {
            match platform.split_once('/') {
                Some((os, architecture)) if !architecture.contains('/') => {
                    platforms.push(Platform { os: os.to_owned(), architecture: architecture.to_owned() });
                }
                _ => result.lose(artifact, format_args!("oc-mirror has no variants of platforms, such as {platform}")),
            }
        }
        let platforms =
            Some(platforms).filter(|platforms| platforms.len() == artifact.platforms.len() && !platforms.is_empty());
        images.push(Image {
            name: plain(name),
            target_repo: repository.map(plain),
            target_tag: tag.map(plain),
            platforms,
        });
    }
    let config = Config {
        api_version: plain(format!("{GROUP}/v2alpha1")),
        kind: plain("ImageSetConfiguration"),
        mirror: Some(Contents { additional_images: Some(images), ..Contents::default() }),
    };
    result.files.push(("imageset-config.yaml".to_owned(), written(&[config])));
    result
}
