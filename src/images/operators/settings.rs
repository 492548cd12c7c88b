//! Registries that settings of a program name for all images that it starts: environment variables, arguments and
//! configuration files, `AGENT_IMAGE_REGISTRY`, `--container-registry`, `container-registry: quay.io`.
//!
//! How the program uses such a setting is not known here, only what the name says; known settings are in the catalogue.

use super::{Implicit, is_mirror};
use crate::images::find::{is_well_known, words};
use crate::limits::Limits;
use crate::objects::pods::{Container, Pod};
use crate::objects::text::Text;
use crate::objects::{Object, Path, Step};
use crate::reference::Mirror;
use crate::reference::Reference;
use crate::reference::hosts::is_public;
use crate::render::manifest::Manifest;
use crate::yaml::{self, Data, Node};
use std::ops::Range;
use std::sync::Arc;

/// Adds the registries that are not the mirror, except those that the catalogue reported.
pub(super) fn add(manifests: &[Arc<Manifest>], mirror: &Mirror, limits: &Limits, found: &mut Vec<Implicit>) {
    let mut all = Vec::new();
    for object in manifests.iter().flat_map(Object::all) {
        if let Some(pod) = Pod::of(&object) {
            pod.containers().iter().for_each(|container| of_container(&object, container, mirror, &mut all));
        } else if object.kind == "ConfigMap" && object.api_version == "v1" {
            of_config(&object, mirror, limits, &mut all);
        }
    }
    let is_told = |one: &Implicit| found.iter().any(|known| known.is_named && known.image == one.image);
    all.retain(|one| !is_told(one));
    found.append(&mut all);
}

fn of_container(object: &Object<'_>, container: &Container<'_>, mirror: &Mirror, found: &mut Vec<Implicit>) {
    let variables = container.environment();
    let is_login = variables.iter().any(|(name, _)| is_about_login(name));
    for (index, (name, value)) in variables.iter().enumerate().filter(|_| !is_login) {
        let Some(text) = value.and_then(|value| object.text(value)) else { continue };
        let field = container.path.key("env").with(Step::Index(index)).key("value");
        let whole = 0..text.len();
        found.extend(implicit(object, &field, Some(container), name, (&text, whole), mirror));
    }
    let words = container.words(object);
    let is_login = words.iter().any(|word| word.starts_with('-') && is_about_login(word));
    for (at, word) in words.iter().enumerate().filter(|_| !is_login) {
        let Some(flag) = word.strip_prefix("--") else { continue };
        let (name, value) = match flag.split_once('=') {
            Some((name, _)) => (name, Some((word, word.len() - (flag.len() - name.len() - 1)..word.len()))),
            None => (flag, words.get(at + 1).map(|value| (value, 0..value.len()))),
        };
        let Some((text, range)) = value else { continue };
        found.extend(implicit(object, &container.path, Some(container), &format!("--{name}"), (text, range), mirror));
    }
}

/// The settings in the texts of a ConfigMap, and texts that are settings themselves.
fn of_config(object: &Object<'_>, mirror: &Mirror, limits: &Limits, found: &mut Vec<Implicit>) {
    let Some(Data::Map(entries)) = object.node.member("data").map(|data| &data.data) else { return };
    let is_login = entries.iter().any(|(entry, _)| is_about_login(&entry.key.to_text()));
    for (entry, value) in entries {
        let Some(text) = object.text(value) else { continue };
        let (key, path) = (entry.key.to_text(), Path::default().key("data").key(&entry.key.to_text()));
        if !text.contains('\n') && !text.starts_with('{') {
            let whole = 0..text.len();
            found.extend(implicit(object, &path, None, &key, (&text, whole), mirror).filter(|_| !is_login));
            continue;
        }
        if memchr::memmem::find(text.as_bytes(), b"egistry").is_none() {
            continue;
        }
        let Ok(node) = yaml::read(text.as_bytes(), limits) else { continue };
        let nested = Object {
            manifest: object.manifest,
            name: object.name.clone(),
            api_version: String::new(),
            kind: String::new(),
            node: &node,
            source: text.clone(),
            prefix: path.with(Step::Nested),
            depth: 1,
            is_list: false,
        };
        nested.walk(&mut |path, node, above| {
            if let (Data::Str(_), Some(Step::Key(key)), Some(map)) = (&node.data, path.steps().last(), above.last())
                && !has_parts_or_login(map)
                && let Some(text) = nested.text(node)
            {
                let whole = 0..text.len();
                found.extend(implicit(&nested, path, None, key, (&text, whole), mirror));
            }
            true
        });
    }
}

/// Whether a map contains other parts of one image, or credentials.
fn has_parts_or_login(map: &Node) -> bool {
    let Data::Map(entries) = &map.data else { return false };
    entries.iter().any(|(entry, _)| {
        let name = entry.key.to_text();
        matches!(&*name, "repository" | "repo" | "image" | "imageName" | "tag") || is_about_login(&name)
    })
}

/// Whether a setting is about credentials.
fn is_about_login(name: &str) -> bool {
    const WORDS: &[&str] = &["username", "password", "passwd", "login", "credentials", "dockerconfigjson"];
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The registry in a setting, if it is a public registry of images.
fn implicit(
    object: &Object<'_>,
    field: &Path,
    container: Option<&Container<'_>>,
    name: &str,
    (text, range): (&Text, Range<usize>),
    mirror: &Mirror,
) -> Option<Implicit> {
    let registry = text.get(range.clone())?.trim_end_matches('/');
    let host = registry.split('/').next().unwrap_or_default();
    let is_registry = match naming(name)? {
        Naming::Images => is_public(host.split(':').next().unwrap_or(host), mirror),
        Naming::Registry => is_well_known(host),
    };
    let is_host = Reference::parse(&format!("{registry}/image")).is_ok_and(|image| image.registry_range.is_some());
    if !is_registry || !is_host || is_mirror(registry, mirror) {
        return None;
    }
    Some(Implicit {
        operator: match container {
            Some(container) => format!("container {}", container.name),
            None => "the program that reads this setting".to_owned(),
        },
        image: registry.to_owned(),
        used: format!("the pods that it starts (`{name}`)"),
        set: format!("`{name}`"),
        is_named: true,
        manifest: object.manifest.clone(),
        object: object.name.clone(),
        field: field.to_string(),
        container: container.map(|container| container.name.clone()),
        place: text.places(range).into_iter().next()?,
        doubt: Some(
            "what is pulled from there is not known; the name of the setting says that it is images".to_owned(),
        ),
    })
}

/// What the name of a setting says about its registry.
enum Naming {
    /// It contains images: `PROXY_IMAGE_REGISTRY`, `--container-registry`.
    Images,
    /// It is a registry of something: `DEFAULT_REGISTRY`.
    Registry,
}

fn naming(name: &str) -> Option<Naming> {
    const OTHERS: &[&str] = &[
        "allowed",
        "auth",
        "cache",
        "chart",
        "charts",
        "helm",
        "insecure",
        "mirror",
        "mirrors",
        "npm",
        "package",
        "plugin",
        "push",
        "scan",
        "schema",
        "secret",
        "terraform",
        "token",
        "trusted",
        "user",
    ];
    let words = words(name);
    let (last, before) = words.split_last()?;
    if before.iter().any(|word| OTHERS.contains(&word.as_str())) {
        return None;
    }
    match last.as_str() {
        "imageregistry" | "containerregistry" | "dockerregistry" => Some(Naming::Images),
        "registry" => match before.last().map(String::as_str) {
            Some("image" | "images" | "container" | "docker" | "oci") => Some(Naming::Images),
            Some(_) => Some(Naming::Registry),
            // The name of a section as well as of a setting.
            None => None,
        },
        _ => None,
    }
}
