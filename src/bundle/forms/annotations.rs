//! The annotations of a Chart.yaml that list its images: `helm.sh/images`, `artifacthub.io/images`, and `images` of Bitnami's charts.
//!
//! Source: Helm's HIP 15, Artifact Hub's annotations, `dt annotate`.

use super::typed::{Text, documents, error_at, nested, place_of_text, plain, platforms, written};
use super::writing::{Wish, Written, lost_place};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::reference::Reference;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORM: &str = "a Chart.yaml";

/// The annotations.
pub(super) const KEYS: [&str; 3] = ["helm.sh/images", "artifacthub.io/images", "images"];

#[derive(Debug, Deserialize, Serialize)]
struct Chart {
    #[serde(default)]
    annotations: Option<BTreeMap<String, Text>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Image {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    image: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platforms: Option<Vec<String>>,
}

/// Reads the annotations.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for annotations in documents::<Chart>(file, FORM)?.into_iter().filter_map(|chart| chart.annotations) {
        for key in KEYS {
            let Some(text) = annotations.get(key) else { continue };
            for image in nested::<Vec<Image>>(file, text, key)?.into_iter().flatten() {
                let shown = image.image.value.trim();
                let reference = Reference::parse(shown)
                    .map_err(|why| error_at(file, text, format_args!("`{key}`: {shown:?}: {why}")))?;
                let artifact = Artifact::new(ArtifactKind::Image, reference);
                let platforms = platforms(file, text, image.platforms.unwrap_or_default())?;
                let artifact = Artifact { platforms, ..artifact };
                // Several annotations may say the same.
                if !content.artifacts.iter().any(|known: &Listed| known.artifact == artifact) {
                    content.artifacts.push(Listed { artifact, place: place_of_text(file, text, shown) });
                }
            }
        }
    }
    Ok(content)
}

/// Writes the annotations, to be put into a Chart.yaml.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let images: Vec<Image> = wish
        .artifacts
        .iter()
        .map(|artifact| Image {
            name: Some(artifact.reference.repository.rsplit('/').next().unwrap_or_default().to_owned()),
            image: plain(artifact.pinned()),
            platforms: Some(artifact.platforms.clone()).filter(|platforms| !platforms.is_empty()),
        })
        .collect();
    let text = written(&[images]);
    let annotations = KEYS[..2].iter().map(|key| ((*key).to_owned(), plain(text.clone()))).collect();
    wish.lose_all(&mut result, |artifact| lost_place(wish, artifact, "an annotation"));
    result.files.push(("annotations.yaml".to_owned(), written(&[Chart { annotations: Some(annotations) }])));
    result
}
