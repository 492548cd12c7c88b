//! `registries.yaml` of k3s and RKE2: a mirror for each registry.
//!
//! Source: k3s documentation, rancher/wharfie `pkg/registries`.

use super::node::{Depth, checked_place, checked_source, for_all, place_of_url, places, split};
use super::typed::{Text, documents, error_at, place, plain, written};
use super::writing::{Wish, Written};
use crate::bundle::listed::{Content, NodeMirror, Pulls};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORM: &str = "a registries.yaml";

/// The pattern of all repositories.
const ALL: &str = "^(.*)$";

#[derive(Debug, Deserialize, Serialize)]
struct Registries {
    #[serde(default)]
    mirrors: Option<BTreeMap<String, Option<Mirror>>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Mirror {
    #[serde(default)]
    endpoint: Option<Vec<Text>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite: Option<BTreeMap<String, Text>>,
}

/// Reads the mirrors. A registry without an endpoint is asked itself, or the other nodes of the cluster are.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for (source, mirror) in documents::<Registries>(file, FORM)?.into_iter().filter_map(|all| all.mirrors).flatten() {
        let mirror = mirror.unwrap_or_default();
        let source = checked_source(&source).map_err(|why| Error::input(format!("{}: {FORM}: {why}", file.shown())))?;
        let rewrites = mirror.rewrite.unwrap_or_default();
        for endpoint in mirror.endpoint.unwrap_or_default() {
            let mut at = place_of_url(&endpoint.value, endpoint.value.trim_end_matches('/').contains("/v2/"))
                .map_err(|why| error_at(file, &endpoint, why))?;
            if let Some((pattern, to)) = rewrites.iter().next() {
                let prefix = to.value.strip_suffix("/$1").filter(|_| pattern == ALL && rewrites.len() == 1);
                let prefix = prefix.ok_or_else(|| {
                    let why = format!("the rewrite {pattern:?} is not understood: only {ALL:?} to \"PATH/$1\" is");
                    error_at(file, to, why)
                })?;
                at = checked_place(&format!("{at}/{prefix}")).map_err(|why| error_at(file, to, why))?;
            }
            content.mirrors.push(NodeMirror {
                source: source.clone(),
                place: at,
                pulls: Pulls::All,
                at: place(file, &endpoint),
            });
        }
    }
    content.mirrors.sort_by_key(|mirror| mirror.at.start);
    Ok(content)
}

/// Writes the mirrors.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let mut mirrors: BTreeMap<String, Option<Mirror>> = BTreeMap::new();
    for (source, place) in for_all(places(wish, Depth::Registry, &mut result)) {
        let (host, path) = split(&place);
        let rewrite = path.map(|path| BTreeMap::from([(ALL.to_owned(), plain(format!("{path}/$1")))]));
        if source.contains('/') {
            result.lost.push(format!("{source}: only a whole registry has a mirror in a registries.yaml, not {place}"));
            continue;
        }
        let endpoint = plain(format!("https://{host}"));
        match mirrors.get_mut(&source) {
            Some(Some(known)) if known.rewrite.as_ref().map(texts) == rewrite.as_ref().map(texts) => {
                known.endpoint.get_or_insert_default().push(endpoint);
            }
            Some(_) => {
                result.lost.push(format!("{source}: a registries.yaml has one path for all mirrors, so not {place}"))
            }
            None => {
                mirrors.insert(source, Some(Mirror { endpoint: Some(vec![endpoint]), rewrite }));
            }
        }
    }
    result.files.push(("registries.yaml".to_owned(), written(&[Registries { mirrors: Some(mirrors) }])));
    result
}

fn texts(rewrite: &BTreeMap<String, Text>) -> Vec<(&str, &str)> {
    rewrite.iter().map(|(pattern, to)| (pattern.as_str(), to.value.as_str())).collect()
}
