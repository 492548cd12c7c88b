//! Finds the image references in manifests: one file for each shape in which manifests hold them.
//!
//! A finder looks at one [`Object`] and adds what it finds; finders that come first win where two find the same text.
//! What they find is never checked with a registry.

mod containers;
mod fields;

use super::object::{Object, ObjectName, Path};
use super::reference::Reference;
use super::text::Text;
use crate::limits::Limits;
use crate::render::manifest::Manifest;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The finders, the surest first.
pub static FINDERS: &[&Finder] = &[&containers::FINDER, &fields::FINDER];

/// Finds references of one shape.
#[derive(Debug)]
pub struct Finder {
    /// Its name, that of its file.
    pub id: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Adds what it finds in an object.
    pub find: fn(&Object<'_>, &mut Found<'_>),
}

/// How sure it is that a text is an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The Kubernetes schema says so: a container's `image`, an image volume's `reference`.
    Certain,
    /// A reference in a place that is named for images.
    Likely,
    /// It looks like one.
    Possible,
}

impl Tier {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

/// The shapes in which a manifest holds a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// `image` of a container of a pod template.
    Container,
    /// `reference` of an image volume.
    Volume,
    /// A field named for images, in any object: `spec.proxyImage`.
    Field,
    /// Joined from sibling fields: `{registry, repository, tag}`.
    Descriptor,
    /// A command-line argument, or a part of one.
    Argument,
    /// An environment variable's value, or several together.
    Environment,
    /// A document nested in a text: YAML, JSON, TOML in a ConfigMap or Secret.
    Nested,
    /// A Go template in a text.
    Template,
    /// An OCI artifact that is not a pod's image: a chart, a database, a plugin.
    Artifact,
    /// A place that the configuration names.
    Custom,
}

impl Shape {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Volume => "volume",
            Self::Field => "field",
            Self::Descriptor => "descriptor",
            Self::Argument => "argument",
            Self::Environment => "environment",
            Self::Nested => "nested",
            Self::Template => "template",
            Self::Artifact => "artifact",
            Self::Custom => "custom",
        }
    }

    /// Whether people who read `image:` fields do not see it.
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::Argument | Self::Environment | Self::Nested | Self::Template)
    }
}

/// One place in a manifest that names an image.
#[derive(Debug, Clone)]
pub struct ImageUse {
    /// The manifest.
    pub manifest: Arc<Manifest>,
    /// The object the place is in: the manifest's own, or an item of a `List`.
    pub object: ObjectName,
    /// Path of the field in the object: `spec.template.spec.initContainers[0].image`.
    pub field: String,
    /// Name of the container, where it is one.
    pub container: Option<String>,
    /// The text, which knows its place in the manifest.
    pub text: Text,
    /// The reference; the error says why it is none.
    pub reference: Result<Reference, String>,
    /// How sure this is.
    pub tier: Tier,
    /// What it was found as.
    pub shape: Shape,
    /// Why it is taken for an image, in words: `the argument --acme-http01-solver-image names an image`.
    pub reason: Cow<'static, str>,
}

/// What a finder adds.
#[derive(Debug)]
pub struct Hit {
    /// Path of the field.
    pub path: Path,
    /// Name of the container, where it is one.
    pub container: Option<String>,
    /// The text.
    pub text: Text,
    /// How sure this is.
    pub tier: Tier,
    /// What it was found as.
    pub shape: Shape,
    /// Why it is taken for an image.
    pub reason: Cow<'static, str>,
}

/// What was found so far, and what finders may use.
#[derive(Debug)]
pub struct Found<'l> {
    /// The bounds on the work.
    pub limits: &'l Limits,
    uses: Vec<ImageUse>,
    /// Bytes of the manifest that were taken already.
    taken: Vec<Range<u32>>,
}

impl Found<'_> {
    /// Adds a reference, unless the same text was found already.
    pub fn add(&mut self, object: &Object<'_>, hit: Hit) {
        let places = hit.text.places(0..hit.text.len());
        let is_taken = |place: &Range<u32>| {
            self.taken.iter().any(|taken| {
                // An empty text takes its place as well.
                place.start < taken.end.max(taken.start + 1) && taken.start < place.end.max(place.start + 1)
            })
        };
        if places.iter().any(is_taken) {
            return;
        }
        self.taken.extend(places);
        self.uses.push(ImageUse {
            manifest: object.manifest.clone(),
            object: object.name.clone(),
            field: hit.path.to_string(),
            container: hit.container,
            reference: Reference::parse(&hit.text),
            text: hit.text,
            tier: hit.tier,
            shape: hit.shape,
            reason: hit.reason,
        });
    }
}

impl fmt::Display for ImageUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            Some(container) => write!(f, "{}, container {container}", self.object),
            None => write!(f, "{}, {}", self.object, self.field),
        }
    }
}

/// The image references of a manifest, in the order of its text.
pub fn find(manifest: &Arc<Manifest>, limits: &Limits) -> Vec<ImageUse> {
    let mut found = Found { limits, uses: Vec::new(), taken: Vec::new() };
    for object in Object::all(manifest) {
        for finder in FINDERS {
            (finder.find)(&object, &mut found);
        }
    }
    found.uses.sort_by_key(|image| (image.text.whole().start, image.text.whole().end));
    found.uses
}
