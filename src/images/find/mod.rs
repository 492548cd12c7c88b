//! Finds the image references in manifests: one file for each shape in which manifests hold them.
//!
//! The walk goes through an [`Object`] once and shows each node to every finder, outermost nodes first; what comes first
//! wins where two find the same text. `looks` knows what a reference looks like, `lines` finds references in texts that
//! are no documents. What is found is never checked with a registry.

mod arguments;
mod artifacts;
mod commands;
mod containers;
mod custom;
mod descriptors;
mod dockerfile;
mod doubt;
mod environment;
mod fields;
mod groovy;
mod hints;
mod lines;
mod looks;
mod mutations;
mod nested;
mod parts;
mod place;
mod properties;
mod template;
mod volumes;

use super::object::{Object, ObjectName, Path};
use super::reference::Reference;
use super::text::Text;
use crate::limits::Limits;
use crate::render::manifest::Manifest;
pub use hints::{Action, Hints, PlaceRule};
use place::Place;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The finders, the surest first.
pub static FINDERS: &[&Finder] = &[
    &custom::FINDER,
    &containers::FINDER,
    &volumes::FINDER,
    &descriptors::FINDER,
    &mutations::FINDER,
    &environment::FINDER,
    &arguments::FINDER,
    &artifacts::FINDER,
    &fields::FINDER,
    &nested::FINDER,
];

/// Finds references of one shape.
#[derive(Debug)]
pub struct Finder {
    /// Its name, that of its file.
    pub id: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Looks at one node, and adds what it finds.
    pub visit: fn(&Place<'_>, &mut Found<'_>),
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
    /// Which reference of this field it is, from 0: a text may hold several.
    pub nth: u32,
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
    /// What the user knows.
    pub hints: Hints<'l>,
    uses: Vec<ImageUse>,
    /// Bytes of the manifest that were taken already, by their start.
    taken: BTreeMap<u32, u32>,
    /// Nodes of nested documents that were read.
    nested_nodes: u64,
}

impl Found<'_> {
    /// Adds a reference, unless the same text was found already.
    pub fn add(&mut self, object: &Object<'_>, hit: Hit) {
        let own = hit.text.places(0..hit.text.len());
        self.add_joined(object, hit, &own);
    }

    /// Adds a reference whose parts may belong to others too, as a registry does that stands once for many images;
    /// unless its `own` part was found already.
    pub fn add_joined(&mut self, object: &Object<'_>, mut hit: Hit, own: &[Range<u32>]) {
        if own.iter().any(|place| self.is_taken(place)) || custom::is_excluded(self.hints, object, &hit.path) {
            return;
        }
        for place in hit.text.places(0..hit.text.len()) {
            let end = self.taken.entry(place.start).or_default();
            *end = (*end).max(place.end.max(place.start + 1));
        }
        // What a text holds is read by a program, not by Kubernetes.
        if object.depth > 0 {
            hit.tier = hit.tier.max(Tier::Likely);
            if !matches!(hit.shape, Shape::Artifact | Shape::Template | Shape::Custom) {
                hit.shape = Shape::Nested;
            }
        }
        self.uses.push(ImageUse {
            manifest: object.manifest.clone(),
            object: object.name.clone(),
            field: hit.path.to_string(),
            nth: 0,
            container: hit.container,
            reference: Reference::parse(&hit.text),
            text: hit.text,
            tier: hit.tier,
            shape: hit.shape,
            reason: hit.reason,
        });
    }

    /// Whether a part of these bytes of the manifest was found already.
    fn is_taken(&self, place: &Range<u32>) -> bool {
        // An empty text takes its place as well.
        let end = place.end.max(place.start + 1);
        self.taken.range(..end).next_back().is_some_and(|(_, taken)| *taken > place.start)
    }
}

impl fmt::Display for ImageUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            Some(container) if self.shape == Shape::Container => write!(f, "{}, container {container}", self.object),
            _ => write!(f, "{}, {}", self.object, self.field),
        }
    }
}

/// The image references of a manifest, in the order of its text.
pub fn find(manifest: &Arc<Manifest>, hints: Hints<'_>, limits: &Limits) -> Vec<ImageUse> {
    let mut found = Found { limits, hints, uses: Vec::new(), taken: BTreeMap::new(), nested_nodes: 0 };
    for object in Object::all(manifest) {
        place::walk(&object, &mut found);
    }
    found.uses.iter_mut().for_each(doubt::lower);
    found.uses.sort_by_key(|image| (image.text.whole().start, image.text.whole().end));
    let mut seen: HashMap<(ObjectName, String), u32> = HashMap::new();
    for image in &mut found.uses {
        let count = seen.entry((image.object.clone(), image.field.clone())).or_default();
        image.nth = *count;
        *count += 1;
    }
    found.uses
}
