//! What operators take for an image that nobody named: a catalogue of them, and where a release leaves one to them.
//!
//! An operator starts pods of its own. Where its custom resource or its settings name no image, it takes one that is
//! compiled into its binary, and that one is public: no manifest shows it.

mod catalogue;
mod release;

pub use catalogue::{Entry, catalogue};

use super::object::ObjectName;
use crate::limits::Limits;
use crate::render::manifest::Manifest;
use std::ops::Range;
use std::sync::Arc;

/// A place where an image is left to an operator's default.
#[derive(Debug, Clone)]
pub struct Implicit {
    /// What the catalogue says of it.
    pub entry: &'static Entry,
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

/// The places in a release where an image is left to an operator's default, in the order of the catalogue.
pub fn implicit(manifests: &[Arc<Manifest>], limits: &Limits) -> Vec<Implicit> {
    release::Release::read(manifests, limits).implicit()
}
