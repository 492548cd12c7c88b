//! Manifests, and the images in them.

use super::{is_bound, limits};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::images::find::Hints;
use crate::images::{Shape, find};
use crate::reference::Mirror;
use crate::render::manifest::{Manifests, manifests as read};
use crate::render::{Rendered, RenderedFile};
use crate::source::File;
use crate::trace::{OriginData, Origins, Str};
use crate::yaml::Node;
use std::sync::Arc;

/// Sorting documents for output, and finding images in them, read the same.
pub(super) fn manifests(data: &[u8]) {
    let limits = limits();
    let rendered = rendered(data);
    for helm in [HelmVersion::V4, HelmVersion::V3] {
        let whole = read::<Node>(&rendered, helm, &limits);
        let heads = read::<()>(&rendered, helm, &limits);
        assert_eq!(told(whole), told(heads), "reading less of a manifest decides otherwise");
    }
}

/// The order, the positions and the kinds; or the message.
fn told<N>(read: Result<Manifests<N>, Error>) -> Result<Vec<String>, Error> {
    let read = read?;
    let line = |manifest: crate::render::manifest::Manifest<N>| {
        let crate::render::manifest::Manifest { start, content, api_version, kind, object_name, hook, .. } = manifest;
        format!("{start} {} {api_version:?} {kind:?} {object_name:?} {hook:?}", content.len())
    };
    Ok(read
        .ordinary
        .into_iter()
        .map(line)
        .chain(read.log)
        .collect::<Vec<_>>()
        .into_iter()
        .chain(read.hooks.into_iter().map(|hook| hook.kind))
        .collect())
}

/// Each reference is in the manifest at its reported position.
pub(super) fn finders(data: &[u8]) {
    let limits = limits();
    let read = match read::<Node>(&rendered(data), HelmVersion::V4, &limits) {
        Ok(read) => read,
        Err(error) if is_bound(error.helm_text()) => return,
        Err(_) => return,
    };
    let mirror = Mirror::nowhere();
    let hints = Hints { mirror: &mirror, places: &[] };
    for manifest in read.ordinary.into_iter().chain(read.hooks) {
        let manifest = Arc::new(manifest);
        let found = find(&manifest, hints, &limits);
        let again = find(&manifest, hints, &limits);
        assert_eq!(found.len(), again.len(), "the same manifest holds another number of images");
        for (one, other) in found.iter().zip(&again) {
            let place = one.text.whole();
            assert_eq!((&one.field, place.clone()), (&other.field, other.text.whole()), "the order of images differs");
            assert!(place.start <= place.end && place.end as usize <= manifest.content.len(), "{one} stands outside");
            // A scalar of one piece that is entirely the reference equals the text of the manifest there.
            let there = &manifest.content.as_bytes()[place.start as usize..place.end as usize];
            let is_plain = there.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"./:-@_".contains(&byte));
            let is_whole = matches!(one.shape, Shape::Container | Shape::Volume) && !there.is_empty();
            assert!(
                !is_plain || !is_whole || one.text.as_str() == String::from_utf8_lossy(there),
                "{one}: {:?} is said to be {:?}",
                one.text.as_str(),
                String::from_utf8_lossy(there)
            );
        }
    }
}

/// A chart that rendered to a text.
fn rendered(data: &[u8]) -> Rendered {
    let source = File::new("app/templates/a.yaml", data);
    let origin = Origins::new().add(OriginData::File(source.clone()));
    let text = Str::with_origin(data, origin);
    Rendered {
        files: vec![RenderedFile { name: source.name().to_owned(), source, text, emits: Vec::new() }],
        ..Rendered::default()
    }
}
