//! The YAML of `skopeo sync --src yaml`: registries with repositories with tags and digests.
//!
//! Source: skopeo, `skopeo-sync(1)`.

use super::typed::{Present, Text, documents, error_at, plain, refuse, written};
use super::writing::{Wish, Written, lost_place, lost_platforms};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::sync::Arc;

const FORM: &str = "skopeo's list";

/// The fields of a registry, one of which each has.
pub(super) const FIELDS: [&str; 6] =
    ["images", "images-by-tag-regex", "images-by-semver", "credentials", "tls-verify", "cert-dir"];

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Registry {
    #[serde(default)]
    images: Option<BTreeMap<String, Spanned<Option<Vec<Text>>>>>,
    #[serde(default, skip_serializing)]
    images_by_tag_regex: Present,
    #[serde(default, skip_serializing)]
    images_by_semver: Present,
}

/// Reads a list.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for registries in documents::<BTreeMap<String, Registry>>(file, FORM)? {
        for (registry, images) in registries {
            let why = "which tags match is known only to the registry; list them under `images`";
            refuse(file, "images-by-tag-regex", &images.images_by_tag_regex, why)?;
            refuse(file, "images-by-semver", &images.images_by_semver, why)?;
            for (repository, tags) in images.images.unwrap_or_default() {
                let Some(versions) = tags.value.as_ref().filter(|versions| !versions.is_empty()) else {
                    let why =
                        format!("{registry}/{repository} has no tags: skopeo takes all that there are; list them");
                    return Err(error_at(file, &tags, why));
                };
                for version in versions {
                    let text = version.value.trim();
                    // A tag has no colon.
                    let mark = if text.contains(':') { '@' } else { ':' };
                    let name = format!("{registry}/{repository}{mark}{text}");
                    content.artifacts.push(super::typed::artifact_of(file, version, &name, ArtifactKind::Image)?);
                }
            }
        }
    }
    // The order of the file, not that of the maps.
    content.artifacts.sort_by_key(|listed: &Listed| listed.place.start);
    Ok(content)
}

/// Writes a list.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let mut registries: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for artifact in wish.artifacts {
        let reference = &artifact.reference;
        let versions = registries.entry(reference.registry.clone()).or_default();
        let versions = versions.entry(reference.repository.clone()).or_default();
        let (tag, digest) = artifact.version();
        if let (Some(tag), Some(_)) = (tag, digest) {
            result.lose(
                artifact,
                format_args!("skopeo copies the digest and the tag {tag}, which may be another image by then"),
            );
        }
        for version in tag.into_iter().chain(digest) {
            if !versions.iter().any(|known| known == version) {
                versions.push(version.to_owned());
            }
        }
    }
    wish.lose_all(&mut result, |artifact: &Artifact| lost_platforms(artifact, "skopeo's list"));
    wish.lose_all(&mut result, |artifact: &Artifact| lost_place(wish, artifact, "skopeo's list"));
    let spanned = |versions: Vec<String>| {
        let unknown = serde_saphyr::Location::UNKNOWN;
        Spanned::new(Some(versions.into_iter().map(plain).collect::<Vec<Text>>()), unknown, unknown)
    };
    let registries: BTreeMap<String, Registry> = registries
        .into_iter()
        .map(|(name, images)| {
            let images = images.into_iter().map(|(name, versions)| (name, spanned(versions))).collect();
            (name, Registry { images: Some(images), ..Registry::default() })
        })
        .collect();
    result.files.push(("skopeo-sync.yaml".to_owned(), written(&[registries])));
    result
}
