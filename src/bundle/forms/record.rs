//! `bundle.json`: what `airtight bundle` knows about the lists beside it, the digests, and what needs each artifact.

use super::typed::{Text, artifact, documents, error_at, plain, platforms};
use crate::bundle::artifact::{Artifact, ArtifactKind, Need};
use crate::bundle::lines::digest;
use crate::bundle::listed::{Content, Listed};
use crate::bundle::wanted::Wanted;
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Its name.
pub(crate) const NAME: &str = "bundle.json";

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 1;

/// The depth to which it has its own lines: one for each artifact.
pub(crate) const LINES: usize = 3;

const FORM: &str = "a bundle.json";

/// The document.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Record {
    version: u32,
    /// Whether everything that was asked for was explored, and each source is known.
    pub complete: bool,
    /// The releases.
    pub releases: Vec<RecordedRelease>,
    artifacts: Vec<Entry>,
    /// References to the mirror whose sources are not known; they are in no list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_sources: Vec<String>,
    /// Images that operators pull by themselves, with tags that no manifest shows; they are in no list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<RecordedOperator>,
}

/// A release of which the lists are.
#[derive(Debug, Clone, Deserialize, Serialize, PartialEq, Eq)]
pub(crate) struct RecordedRelease {
    /// `shop`, `shop/prod`.
    pub name: String,
    /// `shop-1.4.0`.
    pub chart: String,
}

/// An image that an operator pulls by itself.
#[derive(Debug, Clone, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordedOperator {
    /// The image without a tag.
    pub image: String,
    /// The operator.
    pub operator: String,
    /// The release, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The smallest settings under which it is pulled.
    #[serde(default)]
    pub settings: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    reference: Text,
    kind: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    platforms: Vec<String>,
    #[serde(default)]
    lists: Vec<String>,
    #[serde(default)]
    needed_by: Vec<NeedEntry>,
}

#[derive(Debug, Deserialize, Serialize)]
struct NeedEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    chart: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(default)]
    settings: Vec<String>,
}

impl Record {
    /// The record of artifacts with their lists.
    pub(crate) fn of(wanted: &[Wanted]) -> Self {
        Self {
            version: VERSION,
            complete: true,
            releases: Vec::new(),
            artifacts: wanted.iter().map(entry_of).collect(),
            unknown_sources: Vec::new(),
            operators: Vec::new(),
        }
    }
}

fn entry_of(one: &Wanted) -> Entry {
    let artifact = &one.artifact;
    let need = |need: &Need| NeedEntry {
        release: need.release.clone(),
        chart: need.chart.clone(),
        template: need.template.clone(),
        settings: need.settings.clone(),
    };
    Entry {
        reference: plain(artifact.reference.as_written()),
        kind: plain(artifact.kind.name()),
        digest: artifact.digest.as_deref().map(plain),
        platforms: artifact.index_platforms.clone(),
        lists: one.lists.iter().cloned().collect(),
        needed_by: artifact.needed_by.iter().map(need).collect(),
    }
}

/// Whether a file is a record, by its name, or as JSON with the keys of one.
pub(crate) fn is_record(file: &File) -> bool {
    let has = |key: &str| memchr::memmem::find(file.bytes(), key.as_bytes()).is_some();
    is_name(file.name().rsplit('/').next().unwrap_or_default())
        || file.bytes().trim_ascii_start().starts_with(b"{") && has("\"releases\"") && has("\"artifacts\"")
}

/// Whether it is the name of a record.
pub(crate) fn is_name(name: &str) -> bool {
    name == NAME
}

/// Reads a record.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content { is_record: true, ..Content::default() };
    for record in documents::<Record>(file, FORM)? {
        if record.version != VERSION {
            let why = format!("unknown version {}: this airtight reads {VERSION}", record.version);
            return Err(Error::input(format!("{}: {why}", file.shown())));
        }
        for entry in record.artifacts {
            content.artifacts.push(listed(file, entry)?);
        }
    }
    Ok(content)
}

fn listed(file: &Arc<File>, entry: Entry) -> Result<Listed, Error> {
    let kinds = [ArtifactKind::Image, ArtifactKind::Chart];
    let Some(kind) = kinds.into_iter().find(|kind| kind.name() == entry.kind.value) else {
        let why = format!("unknown kind {:?}: image or chart", entry.kind.value);
        return Err(error_at(file, &entry.kind, why));
    };
    let index_platforms = platforms(file, &entry.reference, entry.platforms)?;
    let Listed { artifact, place } = artifact(file, &entry.reference, kind)?;
    let own = entry.digest.map(|own| digest(&own.value).map_err(|error| error_at(file, &own, error))).transpose()?;
    let need = |need: NeedEntry| Need {
        release: need.release,
        chart: need.chart,
        template: need.template,
        settings: need.settings,
    };
    let needed_by = entry.needed_by.into_iter().map(need).collect();
    let digest = artifact.digest.clone().or(own);
    Ok(Listed { artifact: Artifact { digest, index_platforms, needed_by, ..artifact }, place })
}
