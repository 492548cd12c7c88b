//! [`Index`]: the `index.json` of a layout.

use crate::reference::Reference;
use crate::registry::{Digest, Error, Kind, MANIFEST_BYTES, Manifest, Repository};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The largest index, in bytes.
pub(super) const INDEX_BYTES: usize = MANIFEST_BYTES;

const MEDIA_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// By which clients find an artifact in a layout.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// By which docker and containerd name what they load.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// The place on the mirror that a list named. It is not that of the layout.
const DESTINATION: &str = "airtight.destination";

/// The index of a layout.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    entries: Vec<LayoutEntry>,
    /// The entries by their names.
    by_name: BTreeMap<String, usize>,
}

/// A descriptor of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayoutEntry {
    media_type: String,
    #[serde(rename = "digest")]
    digest_text: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: u32,
    media_type: Option<String>,
    manifests: Vec<LayoutEntry>,
}

impl Index {
    /// Reads an index; `shown` is its name for messages.
    ///
    /// # Errors
    /// It is none, or has a digest that cannot be verified.
    pub(super) fn parse(bytes: &[u8], shown: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::new(Kind::Input, format!("{shown}: not the index of an image layout: {why}"));
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if wire.schema_version != 2 {
            return Err(wrong(format!("its schema version is {}", wire.schema_version)));
        }
        let mut index = Self::default();
        for entry in wire.manifests {
            if Digest::parse(&entry.digest_text).is_none() {
                return Err(wrong(format!("{:?} is not a digest that can be verified", entry.digest_text)));
            }
            index.push(entry);
        }
        Ok(index)
    }

    /// The text. Its order does not depend on the order in which artifacts arrived.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn text(&self, shown: &str) -> Result<Vec<u8>, Error> {
        let mut entries = self.entries.clone();
        entries.sort_by(|a, b| {
            (a.name().is_none(), a.name(), &a.digest_text).cmp(&(b.name().is_none(), b.name(), &b.digest_text))
        });
        let wire = Wire { schema_version: 2, media_type: Some(MEDIA_TYPE.to_owned()), manifests: entries };
        let text = serde_json::to_vec(&wire).unwrap_or_default();
        if text.len() > INDEX_BYTES {
            let text = format!(
                "{shown} would have more than {INDEX_BYTES} bytes; write several layouts, from a part of the list each"
            );
            return Err(Error::new(Kind::Limit, text));
        }
        Ok(text)
    }

    /// All entries.
    pub(super) fn entries(&self) -> &[LayoutEntry] {
        &self.entries
    }

    /// The entry with a name: `quay.io/acme/api:1.4`.
    pub(super) fn find(&self, name: &str) -> Option<&LayoutEntry> {
        self.by_name.get(name).map(|&number| &self.entries[number])
    }

    /// Gives a name to a manifest. What had it before has none.
    pub(super) fn set(&mut self, name: &str, destination: Option<&str>, manifest: &Manifest) {
        let mut entry = LayoutEntry::of(manifest);
        entry.annotations.insert(REF_NAME.to_owned(), name.to_owned());
        entry.annotations.insert(IMAGE_NAME.to_owned(), name.to_owned());
        entry.annotations.extend(destination.map(|place| (DESTINATION.to_owned(), place.to_owned())));
        match self.by_name.get(name) {
            Some(&number) => self.entries[number] = entry,
            None => self.push(entry),
        }
    }

    /// Adds a manifest without a name, unless it is there.
    pub(super) fn add(&mut self, manifest: &Manifest) {
        let entry = LayoutEntry::of(manifest);
        if !self.entries.iter().any(|known| known.digest_text == entry.digest_text) {
            self.push(entry);
        }
    }

    fn push(&mut self, entry: LayoutEntry) {
        if let Some(name) = entry.name() {
            self.by_name.insert(name, self.entries.len());
        }
        self.entries.push(entry);
    }
}

impl LayoutEntry {
    fn of(manifest: &Manifest) -> Self {
        let mut rest = Map::new();
        if let Some(kind) = &manifest.artifact_type {
            rest.insert("artifactType".to_owned(), kind.as_str().into());
        }
        Self {
            media_type: manifest.media_type.clone(),
            digest_text: manifest.digest.to_string(),
            size: manifest.bytes.len() as u64,
            annotations: BTreeMap::new(),
            rest,
        }
    }

    /// The digest.
    pub(super) fn digest(&self) -> Option<Digest> {
        Digest::parse(&self.digest_text)
    }

    /// The digest, as in a list.
    pub(crate) fn digest_text(&self) -> &str {
        &self.digest_text
    }

    pub(super) fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The reference of the source, if the name is a whole one: `docker.io/library/busybox:1.37`.
    pub(crate) fn source(&self) -> Option<Reference> {
        let names = [IMAGE_NAME, REF_NAME].into_iter().filter_map(|key| self.annotations.get(key));
        // A tag alone would be taken for the name of an image.
        let has_host = |name: &&String| {
            name.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost")
        };
        names.filter(has_host).find_map(|name| Reference::parse(name).ok())
    }

    /// The place on the mirror that the list named.
    pub(crate) fn destination(&self) -> Option<&str> {
        self.annotations.get(DESTINATION).map(String::as_str)
    }

    /// Its name in the layout.
    fn name(&self) -> Option<String> {
        let source = self.source()?;
        let repository = Repository::of(&source);
        Some(match (&source.tag, &source.digest) {
            (Some(tag), _) => format!("{repository}:{tag}"),
            (None, Some(digest)) => format!("{repository}@{digest}"),
            (None, None) => format!("{repository}:latest"),
        })
    }
}
