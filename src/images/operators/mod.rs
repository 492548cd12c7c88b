//! What operators take for an image that nobody named: a catalogue of them, and where a release leaves one to them.
//!
//! An operator starts pods of its own. Where its custom resource or its settings name no image, it takes one that is
//! compiled into its binary, and that one is public: no manifest shows it.

mod catalogue;
mod registries;
mod release;
mod settings;

pub use catalogue::{Entry, catalogue};

use crate::limits::Limits;
use crate::objects::ObjectName;
use crate::reference::mirror::Mirror;
use crate::render::manifest::Manifest;
use std::ops::Range;
use std::sync::Arc;

/// A place where an image is left to an operator's default.
#[derive(Debug, Clone)]
pub struct Implicit {
    /// Whose default it is: `cert-manager`.
    pub operator: String,
    /// The public image, or the registry that is named for it: `docker.io/envoyproxy/envoy`, `quay.io`.
    pub image: String,
    /// What it is used for, in words.
    pub used: String,
    /// What to set, in words.
    pub set: String,
    /// Whether the release itself names the registry, one that is not the mirror.
    pub is_named: bool,
    /// The manifest.
    pub manifest: Arc<Manifest>,
    /// The object that leaves it open: a custom resource, an operator's configuration, an operator's pods.
    pub object: ObjectName,
    /// Path of what is there of the field that would name the image: `spec.envoyProxy`.
    pub field: String,
    /// The operator's container, where its arguments or variables would name the image.
    pub container: Option<String>,
    /// Where in the manifest the setting would belong.
    pub place: Range<u32>,
    /// Why the image might be given all the same, where that cannot be told from the release.
    pub doubt: Option<String>,
}

/// The places in a release where an image is left to an operator's default, in the order of the catalogue; then those where
/// an operator is told to take its images from a registry that is not the mirror.
pub fn implicit(manifests: &[Arc<Manifest>], mirror: &Mirror, limits: &Limits) -> Vec<Implicit> {
    let mut found = release::Release::read(manifests, limits).implicit(mirror);
    registries::add(manifests, mirror, &mut found);
    settings::add(manifests, mirror, limits, &mut found);
    found
}

/// Whether images of a registry, `mirror.internal` or `mirror.internal/team`, come from the mirror.
fn is_mirror(registry: &str, mirror: &Mirror) -> bool {
    let image = format!("{}/image", registry.trim_end_matches('/'));
    crate::reference::Reference::parse(&image).is_ok_and(|reference| mirror.serves(&reference))
}
