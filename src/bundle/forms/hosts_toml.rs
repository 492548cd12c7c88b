//! `hosts.toml` of containerd, in a folder with the name of its registry.
//!
//! Source: containerd `core/remotes/docker/config/hosts.go`, `docs/hosts.md`.

use super::node::{Depth, NodePlace, checked_place, place_of_url, places, split};
use super::typed::text_of;
use super::writing::{Wish, Written};
use crate::bundle::listed::{Content, NodeMirror, Pulls, placed_error};
use crate::error::Error;
use crate::source::{File, Place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

/// The folder for all registries without their own.
const DEFAULT: &str = "_default";

#[derive(Debug, Deserialize)]
struct Hosts {
    server: Option<Spanned<String>>,
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    override_path: bool,
    #[serde(default)]
    host: BTreeMap<Spanned<String>, Host>,
}

#[derive(Debug, Deserialize)]
struct Host {
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    override_path: bool,
}

/// A host, or the server, with its URL.
struct Endpoint<'h> {
    url: &'h Spanned<String>,
    host: &'h Host,
}

impl Host {
    fn endpoint<'h>(&'h self, url: &'h Spanned<String>) -> Endpoint<'h> {
        Endpoint { url, host: self }
    }
}

#[derive(Debug, Serialize)]
struct WrittenHosts {
    server: String,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_path: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    host: BTreeMap<String, WrittenHost>,
}

#[derive(Debug, Serialize)]
struct WrittenHost {
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_path: Option<bool>,
}

/// Whether a file looks like the form: it is TOML by its name, or has a table of a host. A plain list has none.
pub(super) fn may_be(file: &File) -> bool {
    let has_host = |text: &str| text.lines().any(|line| line.trim_start().starts_with("[host"));
    file.name().ends_with(".toml") || text_of(file).is_ok_and(has_host)
}

/// Whether a file has the form.
pub(super) fn is_hosts(file: &File) -> bool {
    text_of(file).is_ok_and(|text| {
        toml::from_str::<toml::Table>(text)
            .is_ok_and(|table| table.contains_key("server") || table.contains_key("host"))
    })
}

/// Reads the mirrors of a registry.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let text = text_of(file)?;
    let skipped = (file.bytes().len() - text.len()) as u32;
    let place = |range: Range<usize>| Place {
        file: file.clone(),
        start: range.start as u32 + skipped,
        end: range.end as u32 + skipped,
    };
    let hosts: Hosts = toml::from_str(text).map_err(|error| match error.span() {
        Some(range) => placed_error(&place(range), error.message()),
        None => Error::input(format!("{}: {}", file.shown(), error.message())),
    })?;
    let source = source(file, hosts.server.as_ref().map(|server| server.get_ref().as_str()))?;
    let mut mirrors: Vec<Endpoint<'_>> = hosts.host.iter().map(|(url, host)| host.endpoint(url)).collect();
    mirrors.sort_by_key(|mirror| mirror.url.span().start);
    let server = Host { capabilities: hosts.capabilities, override_path: hosts.override_path };
    mirrors.extend(hosts.server.iter().map(|url| server.endpoint(url)));
    let mut content = Content::default();
    for Endpoint { url, host } in mirrors {
        let capabilities = host.capabilities.as_deref();
        let can = |name: &str| {
            capabilities.is_none_or(|all| all.is_empty() || all.iter().any(|one| one.eq_ignore_ascii_case(name)))
        };
        let at = place(url.span());
        let there = place_of_url(url.get_ref(), host.override_path).map_err(|why| placed_error(&at, why))?;
        // The registry itself, and where images are only pushed to.
        if there == upstream(&source) || there == source || !can("pull") {
            continue;
        }
        let pulls = if can("resolve") { Pulls::All } else { Pulls::ByDigest };
        content.mirrors.push(NodeMirror { source: source.clone(), place: there, pulls, at });
    }
    Ok(content)
}

/// The registry of a file, by its folder, or else by its server.
fn source(file: &File, server: Option<&str>) -> Result<String, Error> {
    let mut parts = file.name().rsplit('/').skip(1);
    let folder = parts.next().unwrap_or_default();
    if folder == DEFAULT {
        return Ok("*".to_owned());
    }
    // containerd writes a port as `host_5000_`.
    let folder = match folder.strip_suffix('_').and_then(|rest| rest.rsplit_once('_')) {
        Some((host, port)) => format!("{host}:{port}"),
        None => folder.to_owned(),
    };
    if let Ok(folder) = checked_place(&folder).map_err(drop)
        && !folder.ends_with(".d")
    {
        return Ok(folder);
    }
    let server = server.and_then(|server| place_of_url(server, false).ok());
    match server.as_deref() {
        Some("registry-1.docker.io") => Ok("docker.io".to_owned()),
        Some(server) => Ok(server.to_owned()),
        None => Err(Error::input(format!(
            "{}: the registry is not known: a hosts.toml is in a folder with its name, such as certs.d/quay.io",
            file.shown()
        ))),
    }
}

/// The host that a registry's name stands for.
fn upstream(source: &str) -> &str {
    if source == "docker.io" { "registry-1.docker.io" } else { source }
}

/// Writes a folder for each registry. The last mirror is the server, so that nothing outside is asked.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let mut registries: BTreeMap<String, Vec<NodePlace>> = BTreeMap::new();
    for place in places(wish, Depth::Registry, &mut result) {
        if place.source.contains('/') {
            result
                .lost
                .push(format!("{}: only a whole registry has a hosts.toml, so not {}", place.source, place.place));
            continue;
        }
        registries.entry(place.source.clone()).or_default().push(place);
    }
    for (source, places) in registries {
        let mut urls: Vec<(String, Option<bool>)> = Vec::new();
        for place in &places {
            let (host, path) = split(&place.place);
            let url = match path {
                Some(path) => (format!("https://{host}/v2/{path}"), Some(true)),
                None => (format!("https://{host}"), None),
            };
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        // Without `resolve`, a node does not ask for tags.
        let is_by_digest = wish.artifacts.is_empty() && places.iter().all(|place| place.pulls == Pulls::ByDigest);
        let capabilities = || if is_by_digest { vec!["pull"] } else { vec!["pull", "resolve"] };
        let Some((server, override_path)) = urls.pop() else { continue };
        let host = urls
            .into_iter()
            .map(|(url, override_path)| (url, WrittenHost { capabilities: capabilities(), override_path }));
        let hosts = WrittenHosts { server, capabilities: capabilities(), override_path, host: host.collect() };
        let folder = if source == "*" { DEFAULT.to_owned() } else { folder(&source) };
        result.files.push((format!("{folder}/hosts.toml"), toml::to_string(&hosts).unwrap_or_default()));
    }
    result
}

/// The folder of a registry.
fn folder(registry: &str) -> String {
    match registry.rsplit_once(':') {
        Some((host, port)) => format!("{host}_{port}_"),
        None => registry.to_owned(),
    }
}
