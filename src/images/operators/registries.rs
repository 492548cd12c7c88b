//! Registries that custom resources set for all images of their operator: `spec.registry`, `imageRegistry`, `hub`.
//!
//! How an operator uses such a field is not known here, only what the name says; known fields are in the catalogue.

use super::catalogue::{Given, On, catalogue};
use super::{Implicit, is_mirror};
use crate::objects::{Object, Path, Step};
use crate::reference::Mirror;
use crate::reference::Reference;
use crate::reference::hosts::is_public;
use crate::render::manifest::Manifest;
use crate::yaml::{Data, Node};
use std::sync::Arc;

/// API groups whose objects mention registries without pulling from them: policies, credentials.
const OTHERS: &[&str] =
    &["kyverno.io", "gatekeeper.sh", "external-secrets.io", "bitnami.com", "sigstore.dev", "argoproj.io"];

/// Adds the registries that are not the mirror.
pub(super) fn add(manifests: &[Arc<Manifest>], mirror: &Mirror, found: &mut Vec<Implicit>) {
    for object in manifests.iter().flat_map(Object::all) {
        let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let is_core = !group.contains('.') || group.ends_with(".k8s.io");
        let is_other = OTHERS.iter().any(|other| group == *other || group.ends_with(&format!(".{other}")));
        if is_core && !group.ends_with(".x-k8s.io") || is_other && object.kind != "AssignImage" {
            continue;
        }
        object.walk(&mut |path, node, above| {
            if path.steps().len() == 1 {
                return matches!(path.last_key(), Some("spec"));
            }
            let (Data::Str(_), Some(Step::Key(key)), Some(map)) = (&node.data, path.steps().last(), above.last())
            else {
                return true;
            };
            if is_registry_of_all(key, path, map) && !is_known(&object, group, path) {
                let registry = node.text();
                found.extend(implicit(&object, path, node, registry, mirror));
            }
            true
        });
    }
}

fn implicit(object: &Object<'_>, path: &Path, node: &Node, registry: String, mirror: &Mirror) -> Option<Implicit> {
    let host = registry.split('/').next().unwrap_or_default();
    let image = format!("{}/image", registry.trim_end_matches('/'));
    let is_host = Reference::parse(&image).is_ok_and(|reference| reference.registry_range.is_some());
    if !is_host || is_mirror(&registry, mirror) || !is_public(host.split(':').next().unwrap_or(host), mirror) {
        return None;
    }
    let place = object.source.places(node.start as usize..node.end as usize).into_iter().next()?;
    Some(Implicit {
        operator: format!("the operator of this {}", object.kind),
        image: registry.trim_end_matches('/').to_owned(),
        used: format!("the pods that it starts ({path})"),
        set: format!("`{path}`"),
        is_named: true,
        manifest: object.manifest.clone(),
        object: object.name.clone(),
        field: path.to_string(),
        container: None,
        place,
        doubt: Some(
            "what the operator pulls from there is not known; the name of the field says that it is images".to_owned(),
        ),
    })
}

/// Whether a field sets the registry of images that are named elsewhere, or not at all.
fn is_registry_of_all(key: &str, path: &Path, map: &Node) -> bool {
    // `{registry, repository, tag}` is one image, which finders join.
    let has = |names: &[&str]| names.iter().any(|name| map.member(name).is_some());
    match key {
        "imageRegistry" | "containerRegistry" | "dockerRegistry" | "image_registry" => {
            !has(&["repository", "imageRepository", "imageName", "image_name"])
        }
        // Gatekeeper's AssignImage, which keeps the paths of the images.
        "assignDomain" => !has(&["assignPath"]),
        "registry" | "hub" => {
            !has(&["repository", "repo", "name", "image", "username", "password", "credentials"])
                && !path.steps().iter().any(|step| matches!(step, Step::Key(key) if is_of_others(key)))
        }
        _ => false,
    }
}

/// Names of fields that mention registries without pulling from them.
fn is_of_others(key: &str) -> bool {
    const NAMES: &[&str] =
        &["auth", "credential", "secret", "allow", "deny", "polic", "rule", "match", "mirror", "push", "output"];
    let key = key.to_ascii_lowercase();
    NAMES.iter().any(|name| key.contains(name))
}

/// Whether the catalogue has this field.
fn is_known(object: &Object<'_>, group: &str, path: &Path) -> bool {
    catalogue().iter().any(|entry| {
        let On::Objects(objects) = &entry.when.on else { return false };
        let field = |given: &Given| given.own_field().is_some_and(|field| field.0.join(".") == path.to_string());
        objects.kinds.contains(&object.kind)
            && objects.group.as_deref().is_some_and(|known| group.ends_with(known))
            && entry.given.iter().any(field)
    })
}
