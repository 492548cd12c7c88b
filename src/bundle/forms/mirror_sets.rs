//! The mirrors of a cluster: `ImageDigestMirrorSet`, `ImageTagMirrorSet`, and the older `ImageContentSourcePolicy`.
//!
//! Source: openshift/api `config/v1`, `operator/v1alpha1`.

use super::node::{Depth, checked_place, checked_source, places};
use super::typed::{Text, documents, error_at, place, written};
use super::writing::{Wish, Written};
use crate::bundle::listed::{Content, NodeMirror, Pulls};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORM: &str = "a set of mirrors";

/// The kinds.
pub(super) const KINDS: [&str; 3] = ["ImageDigestMirrorSet", "ImageTagMirrorSet", "ImageContentSourcePolicy"];

/// Whether a kind is a list of them, as the API server gives it, or may be one, as `oc get` gives it.
pub(super) fn is_list_of_them(kind: &str) -> bool {
    kind == "List" || kind.strip_suffix("List").is_some_and(|kind| KINDS.contains(&kind))
}

#[derive(Debug, Deserialize)]
struct Set {
    kind: Option<Text>,
    spec: Option<Spec>,
    /// The sets of a list.
    items: Option<Vec<Item>>,
}

/// A set in a list of its kind, which may leave the kind to the list.
#[derive(Debug, Deserialize)]
struct Item {
    kind: Option<String>,
    spec: Option<Spec>,
}

impl Item {
    fn spec(self) -> Option<Spec> {
        self.spec.filter(|_| self.kind.is_none_or(|kind| KINDS.contains(&kind.as_str())))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    image_digest_mirrors: Option<Vec<Entry>>,
    image_tag_mirrors: Option<Vec<Entry>>,
    repository_digest_mirrors: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    source: Text,
    mirrors: Option<Vec<Text>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenSet {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: BTreeMap<&'static str, Vec<WrittenEntry>>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    name: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEntry {
    mirror_source_policy: &'static str,
    mirrors: Vec<String>,
    source: String,
}

/// Reads sets; other documents of the file are not about mirrors.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for set in documents::<Set>(file, FORM)? {
        let kind = set.kind.map(|kind| kind.value).unwrap_or_default();
        let items = match is_list_of_them(&kind) {
            true => set.items.unwrap_or_default().into_iter().filter_map(Item::spec).collect(),
            false if KINDS.contains(&kind.as_str()) => vec![set.spec.unwrap_or_default()],
            false => continue,
        };
        for spec in items {
            read_spec(file, spec, &mut content)?;
        }
    }
    Ok(content)
}

fn read_spec(file: &Arc<File>, spec: Spec, content: &mut Content) -> Result<(), Error> {
    let lists = [
        (spec.image_digest_mirrors, Pulls::ByDigest),
        (spec.repository_digest_mirrors, Pulls::ByDigest),
        (spec.image_tag_mirrors, Pulls::ByTag),
    ];
    for (entries, pulls) in lists {
        for entry in entries.unwrap_or_default() {
            if entry.source.value.starts_with("*.") {
                content.leave_out(place(file, &entry.source), "mirrors of all registries of a domain");
                continue;
            }
            let source = checked_source(&entry.source.value).map_err(|why| error_at(file, &entry.source, why))?;
            for mirror in entry.mirrors.unwrap_or_default() {
                let there = checked_place(&mirror.value).map_err(|why| error_at(file, &mirror, why))?;
                let at = place(file, &mirror);
                content.mirrors.push(NodeMirror { source: source.clone(), place: there, pulls, at });
            }
        }
    }
    Ok(())
}

/// Writes sets for digests and for tags.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let places = places(wish, Depth::Repository, &mut result);
    let mut documents = Vec::new();
    for (kind, field, pulls) in
        [(KINDS[0], "imageDigestMirrors", Pulls::ByDigest), (KINDS[1], "imageTagMirrors", Pulls::ByTag)]
    {
        let mut entries: Vec<WrittenEntry> = Vec::new();
        for place in places.iter().filter(|place| place.pulls == pulls || place.pulls == Pulls::All) {
            if place.source == "*" {
                let text = format!("all other registries: OpenShift has no mirror for them, {}", place.place);
                result.lost.extend((!result.lost.contains(&text)).then_some(text));
                continue;
            }
            match entries.iter_mut().find(|entry| entry.source == place.source) {
                Some(entry) if entry.mirrors.contains(&place.place) => {}
                Some(entry) => entry.mirrors.push(place.place.clone()),
                None => entries.push(WrittenEntry {
                    mirror_source_policy: "NeverContactSource",
                    mirrors: vec![place.place.clone()],
                    source: place.source.clone(),
                }),
            }
        }
        if !entries.is_empty() {
            let spec = BTreeMap::from([(field, entries)]);
            let metadata = Metadata { name: "airtight" };
            documents.push(WrittenSet { api_version: "config.openshift.io/v1", kind, metadata, spec });
        }
    }
    if !documents.is_empty() {
        result.files.push(("image-mirror-sets.yaml".to_owned(), written(&documents)));
    }
    result
}
