//! Zarf's packages: the images and charts of their components, in `zarf.dev/v1alpha1` and `v1beta1`.
//!
//! Source: zarf `src/api/v1alpha1`, `src/api/v1beta1`.

use super::typed::{
    Present, Text, artifact, artifact_of, documents, error_at, place, plain, platforms, refuse, written,
};
use super::writing::{Wish, Written, lost_place};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

const FORM: &str = "Zarf's package";

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_version: Option<Text>,
    kind: Text,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Option<Vec<Component>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Metadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    architecture: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    images: Option<Vec<Image>>,
    #[serde(default, skip_serializing)]
    image_archives: Option<Vec<Archive>>,
    #[serde(default, skip_serializing)]
    charts: Option<Vec<Chart>>,
    #[serde(default, skip_serializing)]
    only: Option<Only>,
    #[serde(default, skip_serializing)]
    target: Option<Only>,
    #[serde(default, skip_serializing)]
    import: Present,
    #[serde(default, skip_serializing)]
    repos: Present,
    #[serde(default, skip_serializing)]
    repositories: Present,
    #[serde(default, skip_serializing)]
    files: Present,
    #[serde(default, skip_serializing)]
    extensions: Present,
}

/// An image: its name, or since v1beta1 a map with its name.
#[derive(Debug)]
struct Image(Text);

#[derive(Debug, Deserialize)]
struct Archive {
    images: Option<Vec<Text>>,
}

#[derive(Debug, Deserialize)]
struct Chart {
    name: Text,
    version: Option<Text>,
    url: Option<Text>,
    oci: Option<Oci>,
}

#[derive(Debug, Deserialize)]
struct Oci {
    url: Text,
    #[serde(rename = "ref")]
    version: Option<OciRef>,
}

#[derive(Debug, Deserialize)]
struct OciRef {
    tag: Option<Text>,
    digest: Option<Text>,
}

#[derive(Debug, Deserialize)]
struct Only {
    flavor: Present,
    cluster: Option<Cluster>,
    architecture: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    architecture: Option<String>,
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = String;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an image, or a map with its name")
            }

            fn visit_str<E>(self, text: &str) -> Result<String, E> {
                Ok(text.to_owned())
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<String, A::Error> {
                Named::deserialize(MapAccessDeserializer::new(members)).map(|named| named.name)
            }
        }
        #[derive(Debug)]
        struct Name(String);
        impl<'de> Deserialize<'de> for Name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Either).map(Name)
            }
        }
        let name: serde_saphyr::Spanned<Name> = Deserialize::deserialize(deserializer)?;
        Ok(Self(serde_saphyr::Spanned::new(name.value.0, name.referenced, name.defined)))
    }
}

impl Serialize for Image {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.value.serialize(serializer)
    }
}

/// Reads the definition of a package.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for package in documents::<Package>(file, FORM)? {
        if !matches!(package.kind.value.as_str(), "ZarfPackageConfig" | "ZarfInitConfig") {
            let why = format!("unknown kind {:?}: the kind of {FORM} is ZarfPackageConfig", package.kind.value);
            return Err(error_at(file, &package.kind, why));
        }
        let architecture = package.metadata.and_then(|metadata| metadata.architecture);
        for component in package.components.unwrap_or_default() {
            read_component(file, component, architecture.as_deref(), &mut content)?;
        }
    }
    Ok(content)
}

fn read_component(
    file: &Arc<File>,
    component: Component,
    architecture: Option<&str>,
    content: &mut Content,
) -> Result<(), Error> {
    let why = "what the other package brings is not known here; put its components into this file";
    refuse(file, "import", &component.import, why)?;
    refuse(
        file,
        "extensions",
        &component.extensions,
        "which images the extension brings is not known here; list them",
    )?;
    let mut own = None;
    for only in component.only.iter().chain(&component.target) {
        let why = "whether the component is in the package depends on `--flavor`; leave out those that are not";
        refuse(file, "flavor", &only.flavor, why)?;
        let cluster = only.cluster.as_ref().and_then(|cluster| cluster.architecture.as_deref());
        own = own.or(cluster).or(only.architecture.as_deref());
    }
    let architecture = own.or(architecture);
    let platforms = platforms(file, &component.name, architecture.iter().map(|name| format!("linux/{name}")))?;
    let name = &component.name.value;
    for git in [&component.repos, &component.repositories].into_iter().flatten().filter(|git| git.value.is_something) {
        content.leave_out(place(file, git), format_args!("{name}: git repositories are not artifacts of a registry"));
    }
    if let Some(files) = component.files.as_ref().filter(|files| files.value.is_something) {
        content.leave_out(place(file, files), format_args!("{name}: files are not artifacts of a registry"));
    }
    let images = component.images.unwrap_or_default().into_iter().map(|image| image.0);
    let archived =
        component.image_archives.unwrap_or_default().into_iter().filter_map(|archive| archive.images).flatten();
    for image in images.chain(archived) {
        if image.value.contains("###") {
            let why = format!("{:?} contains a variable, whose value is not known here", image.value);
            return Err(error_at(file, &image, why));
        }
        let listed = artifact(file, &image, ArtifactKind::Image)?;
        let artifact = Artifact { platforms: platforms.clone(), ..listed.artifact };
        content.artifacts.push(Listed { artifact, ..listed });
    }
    component.charts.unwrap_or_default().iter().try_for_each(|chart| read_chart(file, chart, content))
}

fn read_chart(file: &Arc<File>, chart: &Chart, content: &mut Content) -> Result<(), Error> {
    let (url, version, digest) = match &chart.oci {
        Some(oci) => {
            let (tag, digest) = oci.version.as_ref().map(|version| (&version.tag, &version.digest)).unzip();
            (Some(&oci.url), tag.and_then(Option::as_ref), digest.and_then(Option::as_ref))
        }
        None => (chart.url.as_ref(), chart.version.as_ref(), None),
    };
    let name = &chart.name.value;
    let Some((url, bare)) = url.and_then(|url| Some((url, url.value.strip_prefix("oci://")?))) else {
        let from = url.map_or("elsewhere", |url| url.value.as_str());
        content.leave_out(
            place(file, &chart.name),
            format_args!("the chart {name} comes from {from}, not from a registry"),
        );
        return Ok(());
    };
    let version = match (version, digest) {
        (Some(version), _) => format!(":{}", version.value.replace('+', "_")),
        (None, Some(digest)) => format!("@{}", digest.value),
        (None, None) => {
            content.leave_out(place(file, url), format_args!("the chart {name} has no version"));
            return Ok(());
        }
    };
    let listed = artifact_of(file, url, &format!("{bare}{version}"), ArtifactKind::Chart)?;
    content.artifacts.push(listed);
    Ok(())
}

/// Writes a package with one component. Charts are among its images: a chart of a component would be installed.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let wanted: BTreeSet<&[String]> = wish.artifacts.iter().map(|artifact| artifact.platforms.as_slice()).collect();
    let architecture = match wanted.iter().collect::<Vec<_>>().as_slice() {
        [[one]] => one.strip_prefix("linux/").map(str::to_owned),
        _ => None,
    };
    if architecture.is_none() {
        wish.lose_all(&mut result, |artifact| {
            let platforms = artifact.platforms.join(", ");
            (!platforms.is_empty())
                .then(|| format!("a package of Zarf has one architecture, not {platforms} for one image"))
        });
    }
    wish.lose_all(&mut result, |artifact| lost_place(wish, artifact, "Zarf"));
    let images = wish.artifacts.iter().map(|artifact| Image(plain(artifact.pinned()))).collect();
    let component = Component {
        name: plain("images"),
        required: Some(true),
        images: Some(images),
        image_archives: None,
        charts: None,
        only: None,
        target: None,
        import: None,
        repos: None,
        repositories: None,
        files: None,
        extensions: None,
    };
    let package = Package {
        api_version: Some(plain("zarf.dev/v1alpha1")),
        kind: plain("ZarfPackageConfig"),
        metadata: Some(Metadata { name: Some("airtight".to_owned()), architecture }),
        components: Some(vec![component]),
    };
    result.files.push(("zarf.yaml".to_owned(), written(&[package])));
    result
}
