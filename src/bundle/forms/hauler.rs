//! Hauler's manifests: `Images`, `Charts` and `Files` of `content.hauler.cattle.io/v1`.
//!
//! Source: hauler `pkg/apis/hauler.cattle.io/v1`, `cmd/hauler/cli/store/sync.go`.

use super::typed::{Present, Text, artifact_of, documents, error_at, place, plain, platforms, refuse, written};
use super::writing::{Wish, Written};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::reference::Reference;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORM: &str = "Hauler's manifest";

/// The group of its kinds.
pub(super) const GROUP: &str = "content.hauler.cattle.io";

/// The group of kinds that were expanded to images and charts.
pub(super) const COLLECTIONS: &str = "collection.hauler.cattle.io";

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: Text,
    kind: Text,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    spec: Option<Spec>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Metadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<String, Text>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Spec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    images: Option<Vec<Image>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charts: Option<Vec<Chart>>,
    #[serde(default, skip_serializing)]
    files: Present,
}

#[derive(Debug, Deserialize, Serialize)]
struct Image {
    name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite: Option<Text>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Chart {
    name: Text,
    #[serde(default, rename = "repoURL", skip_serializing_if = "Option::is_none")]
    repo_url: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite: Option<Text>,
    #[serde(default, rename = "add-images", skip_serializing)]
    add_images: Present,
    #[serde(default, rename = "add-dependencies", skip_serializing)]
    add_dependencies: Present,
}

/// Reads a manifest.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for document in documents::<Document>(file, FORM)? {
        let (group, version) = document.api_version.value.split_once('/').unwrap_or_default();
        if group != GROUP || !version.starts_with('v') {
            let why = format!("{FORM} has documents of {GROUP}; what {:?} brings is not known", document.kind.value);
            return Err(error_at(file, &document.api_version, why));
        }
        let spec = document.spec.unwrap_or_default();
        let annotations = document.metadata.and_then(|metadata| metadata.annotations).unwrap_or_default();
        match document.kind.value.as_str() {
            "Images" => {
                for image in spec.images.unwrap_or_default() {
                    content.artifacts.push(read_image(file, &image, &annotations)?);
                }
            }
            "Charts" => {
                for chart in spec.charts.unwrap_or_default() {
                    read_chart(file, &chart, &mut content)?;
                }
            }
            "Files" => {
                if let Some(files) = spec.files.filter(|files| files.value.is_something) {
                    content.leave_out(place(file, &files), "files are not artifacts of a registry");
                }
            }
            kind => {
                let why = format!("unknown kind {kind:?}: {FORM} has Images, Charts and Files");
                return Err(error_at(file, &document.kind, why));
            }
        }
    }
    Ok(content)
}

fn read_image(file: &Arc<File>, image: &Image, annotations: &BTreeMap<String, Text>) -> Result<Listed, Error> {
    let name = image.name.value.trim();
    // An image without a registry is of that registry.
    let relocated = match annotations.get("hauler.dev/registry").map(|registry| registry.value.trim()) {
        Some(registry) if !registry.is_empty() && is_without_registry(name) => format!("{registry}/{name}"),
        _ => name.to_owned(),
    };
    let listed = artifact_of(file, &image.name, &relocated, ArtifactKind::Image)?;
    let platform = image.platform.as_ref().filter(|platform| !platform.value.is_empty());
    let platform = platform.or_else(|| annotations.get("hauler.dev/platform"));
    let platform = platform.filter(|platform| !platform.value.is_empty());
    let platforms = platform.map(|at| platforms(file, at, [at.value.clone()])).transpose()?.unwrap_or_default();
    let artifact = Artifact { platforms, ..listed.artifact };
    let artifact = rewritten(file, artifact, image.rewrite.as_ref())?;
    Ok(Listed { artifact, ..listed })
}

fn is_without_registry(name: &str) -> bool {
    Reference::parse(name).is_ok_and(|reference| reference.registry_range.is_none())
}

/// An artifact under its other name. The registry of that name counts only in Hauler's store.
fn rewritten(file: &Arc<File>, artifact: Artifact, rewrite: Option<&Text>) -> Result<Artifact, Error> {
    let Some(rewrite) = rewrite.filter(|rewrite| !rewrite.value.is_empty()) else { return Ok(artifact) };
    let written = rewrite.value.trim_start_matches('/');
    let other = super::typed::reference(file, rewrite, written)?;
    let path = &written[other.registry_range.as_ref().map_or(0, |range| range.end + 1)..];
    let tag = other.tag.clone().or_else(|| artifact.reference.tag.clone());
    if other.repository != artifact.reference.repository && path != artifact.reference.repository {
        return Ok(Artifact { path: Some(path.to_owned()), ..artifact });
    }
    // The same path with a tag says which tag a digest has.
    match (&artifact.reference.tag, tag) {
        (None, Some(tag)) => {
            let name = format!("{}:{tag}{}", artifact.reference.name(), artifact.reference.version());
            Ok(Artifact { reference: super::typed::reference(file, rewrite, &name)?, ..artifact })
        }
        (Some(own), Some(tag)) if *own != tag => Ok(Artifact { path: Some(path.to_owned()), ..artifact }),
        _ => Ok(artifact),
    }
}

fn read_chart(file: &Arc<File>, chart: &Chart, content: &mut Content) -> Result<(), Error> {
    let why = "which images Hauler finds in the chart is not known here; list them as Images";
    refuse(file, "add-images", &chart.add_images, why)?;
    let why = "which charts it depends on is not known here; list them";
    refuse(file, "add-dependencies", &chart.add_dependencies, why)?;
    let name = &chart.name.value;
    let Some(registry) = chart.repo_url.as_ref().and_then(|url| url.value.strip_prefix("oci://")) else {
        let from = chart.repo_url.as_ref().map_or("a folder", |url| url.value.as_str());
        content.leave_out(
            place(file, &chart.name),
            format_args!("the chart {name} comes from {from}, not from a registry"),
        );
        return Ok(());
    };
    let Some(version) = chart.version.as_ref().filter(|version| !version.value.is_empty()) else {
        content.leave_out(
            place(file, &chart.name),
            format_args!("the chart {name} has no version: Hauler takes the newest"),
        );
        return Ok(());
    };
    let name = format!("{}/{name}:{}", registry.trim_end_matches('/'), version.value.replace('+', "_"));
    let listed = artifact_of(file, &chart.name, &name, ArtifactKind::Chart)?;
    let artifact = rewritten(file, listed.artifact, chart.rewrite.as_ref())?;
    content.artifacts.push(Listed { artifact, ..listed });
    Ok(())
}

/// Writes a manifest.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut written_files = Written::default();
    let (mut images, mut charts) = (Vec::new(), Vec::new());
    for artifact in wish.artifacts {
        // Hauler reads it as a name of Docker Hub, with `library/` before a single component.
        let path = wish.other_path(artifact).filter(|path| {
            let is_readable = Reference::parse(path).is_ok();
            if !is_readable {
                written_files.lose(artifact, "Hauler takes no path this long on the mirror, so it is at its own");
            }
            is_readable
        });
        let path = path.map(plain);
        let reference = &artifact.reference;
        match (artifact.kind, &artifact.digest, &reference.tag) {
            (ArtifactKind::Chart, None, Some(tag)) => {
                let (parent, name) = split(reference);
                charts.push(Chart {
                    name: plain(name),
                    repo_url: Some(plain(format!("oci://{parent}"))),
                    version: Some(plain(tag.replace('_', "+"))),
                    rewrite: path,
                    add_images: None,
                    add_dependencies: None,
                });
            }
            (kind, digest, tag) => {
                if kind == ArtifactKind::Chart {
                    written_files.lose(artifact, "Hauler has no digests of charts, so it is among the images");
                }
                let platform = match artifact.platforms.as_slice() {
                    [] => None,
                    [one] => Some(plain(one)),
                    several => {
                        let text = format!("Hauler takes one platform or all: all, not only {}", several.join(", "));
                        written_files.lose(artifact, text);
                        None
                    }
                };
                let name = match (digest, tag) {
                    (Some(digest), _) => format!("{}@{digest}", reference.name()),
                    (None, Some(tag)) => format!("{}:{tag}", reference.name()),
                    (None, None) => reference.name(),
                };
                // A digest has its tag by the other name.
                let tagged = tag.as_ref().filter(|_| digest.is_some());
                let rewrite = path.or_else(|| tagged.map(|tag| plain(format!("{}:{tag}", reference.repository))));
                images.push(Image { name: plain(name), platform, rewrite });
            }
        }
    }
    let document = |kind: &str, spec: Spec| Document {
        api_version: plain(format!("{GROUP}/v1")),
        kind: plain(kind),
        metadata: Some(Metadata { name: Some(format!("airtight-{}", kind.to_lowercase())), annotations: None }),
        spec: Some(spec),
    };
    let mut documents = Vec::new();
    if !images.is_empty() || charts.is_empty() {
        documents.push(document("Images", Spec { images: Some(images), ..Spec::default() }));
    }
    if !charts.is_empty() {
        documents.push(document("Charts", Spec { charts: Some(charts), ..Spec::default() }));
    }
    written_files.files.push(("hauler.yaml".to_owned(), written(&documents)));
    written_files
}

/// The parent of a chart's repository, and the chart's name.
fn split(reference: &Reference) -> (String, String) {
    let name = reference.name();
    let (parent, name) = name.rsplit_once('/').unwrap_or_default();
    (parent.to_owned(), name.to_owned())
}
