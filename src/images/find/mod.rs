//! Finds the image references in manifests: one file for each shape in which manifests hold them.
//!
//! The walk goes through an [`Object`] once and shows each node to every finder, outermost nodes first; what comes first
//! wins where two find the same text. `looks` knows what a reference looks like, `lines` finds references in texts that
//! are no documents. Nothing is left out for a name that anybody can write: what is called prose (`prose`) is possible at
//! most, and of a schema (`schema`) only what a schema has. What is found is never checked with a registry.

mod arguments;
mod artifacts;
mod commands;
mod containers;
mod custom;
mod descriptors;
mod dockerfile;
mod doubt;
mod encoded;
mod environment;
mod fields;
mod groovy;
mod hints;
mod history;
mod kubeadm;
mod lines;
mod looks;
mod mutations;
mod named;
mod nested;
mod parts;
mod place;
mod properties;
mod prose;
mod registries;
mod schema;
mod template;
mod variables;
mod volumes;

use super::mirror::Mirror;
use super::object::{Object, ObjectName, Path};
use super::open::OpenReference;
use super::reference::Reference;
use super::text::Text;
use crate::limits::Limits;
use crate::render::manifest::Manifest;
use crate::work::Work;
pub use hints::{Action, Hints, PlaceRule};
pub use looks::words;
use named::Names;
use place::Place;
pub use registries::{is_well_known, may_be_registry};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
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
    &kubeadm::FINDER,
    &encoded::FINDER,
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
    /// A line of a plain list of images.
    List,
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
            Self::List => "list",
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
    /// The same with the names of elements in place of their numbers, where these tell them apart:
    /// `spec.template.spec.initContainers[name=setup].image`.
    pub named: String,
    /// Which reference of this field it is, from 0: a text may hold several.
    pub nth: u32,
    /// Name of the container, where it is one.
    pub container: Option<String>,
    /// The text, which knows its place in the manifest.
    pub text: Text,
    /// The reference; the error says why it is none.
    pub reference: Result<Reference, String>,
    /// What is known of a reference that variables stand in.
    pub open: Option<OpenReference>,
    /// How sure this is.
    pub tier: Tier,
    /// What it was found as.
    pub shape: Shape,
    /// Why it is taken for an image, in words: `the argument --acme-http01-solver-image names an image`.
    pub reason: Cow<'static, str>,
}

impl ImageUse {
    /// The reference as far as it is known: of one with variables what stands before the first of them.
    pub fn known(&self) -> Option<&Reference> {
        self.reference.as_ref().ok().or_else(|| self.open.as_ref()?.known.as_ref())
    }

    /// Whether it is pulled from a mirror.
    pub fn is_served_by(&self, mirror: &Mirror) -> bool {
        self.known().is_some_and(|reference| mirror.serves(reference))
    }
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
    /// The nodes that the text was put together from, the one that no other reference shares first; empty where it is
    /// the node at `path` alone.
    pub nodes: Vec<Path>,
}

/// What was found so far, and what finders may use.
#[derive(Debug)]
pub struct Found<'l> {
    /// The bounds on the work.
    pub limits: &'l Limits,
    /// What the user knows.
    pub hints: Hints<'l>,
    uses: Vec<ImageUse>,
    /// Bytes of the manifest that were taken already, by the path of the node they belong to and by their start. An alias
    /// is a node of its own with the bytes of another.
    taken: HashMap<String, BTreeMap<u32, u32>>,
    /// Texts without a place of their own that were taken already, with the path of their node.
    unplaced: HashSet<(String, String)>,
    /// Nodes of nested documents that were read.
    nested_nodes: u64,
    /// Bytes of texts that were decoded.
    decoded_bytes: usize,
    /// How many of the keys on the way call what is below them prose.
    prose: u32,
    /// Steps taken.
    steps: u64,
    /// Whether there was more than could be looked through.
    is_cut: bool,
}

/// Bytes of a text that are one step.
const BYTES_OF_STEP: usize = 64;

/// What each reference counts: it is compared in each render, and judged.
const STEPS_OF_AN_IMAGE: u64 = 80;

/// What each step of the way to a reference counts.
const STEPS_OF_A_STEP: u64 = 4;

impl Found<'_> {
    /// Adds a reference, unless the same text was found already.
    pub fn add(&mut self, object: &Object<'_>, hit: Hit) {
        let own = hit.text.places(0..hit.text.len());
        self.add_joined(object, hit, &own);
    }

    /// Adds a reference whose parts may belong to others too, as a registry does that stands once for many images;
    /// unless its `own` part was found already.
    pub fn add_joined(&mut self, object: &Object<'_>, mut hit: Hit, own: &[Range<u32>]) {
        // The way to a node is written out for each reference: what is deep costs more.
        self.take_more(STEPS_OF_AN_IMAGE + STEPS_OF_A_STEP * hit.path.steps().len() as u64);
        let field = hit.path.to_string();
        if custom::is_excluded(self.hints, object, &hit.path) || !self.take(&hit, &field, own) {
            return;
        }
        // What is called prose may be something else, but for a container no other name is needed.
        if self.prose > 0 && !matches!(hit.shape, Shape::Container | Shape::Volume | Shape::Custom) {
            hit.tier = Tier::Possible;
        }
        // What a text holds is read by a program, not by Kubernetes.
        if object.depth > 0 {
            hit.tier = hit.tier.max(Tier::Likely);
            if !matches!(hit.shape, Shape::Artifact | Shape::Template | Shape::Custom) {
                hit.shape = Shape::Nested;
            }
        }
        let (reference, open) = match Reference::parse(&hit.text) {
            Ok(reference) => (Ok(reference), None),
            Err(why) => match OpenReference::parse(&hit.text).filter(|_| !is_expanded_by_nobody(&hit, object)) {
                Some(open) => (Err(open.why()), Some(open)),
                None => (Err(why), None),
            },
        };
        self.uses.push(ImageUse {
            manifest: object.manifest.clone(),
            object: object.name.clone(),
            field,
            named: String::new(),
            nth: 0,
            container: hit.container,
            reference,
            open,
            text: hit.text,
            tier: hit.tier,
            shape: hit.shape,
            reason: hit.reason,
        });
    }

    /// Whether so many bytes more may be decoded; counts them.
    fn may_decode(&mut self, bytes: usize) -> bool {
        self.decoded_bytes = self.decoded_bytes.saturating_add(bytes);
        self.decoded_bytes <= self.limits.yaml_bytes
    }

    /// Takes steps of what was found already.
    fn take_more(&mut self, steps: u64) {
        self.steps += steps;
        self.is_cut |= self.steps > self.limits.find_steps;
    }

    /// Takes the steps of a value with so many bytes; false when there are none left.
    fn take_steps(&mut self, bytes: usize) -> bool {
        self.steps += 1 + (bytes / BYTES_OF_STEP) as u64;
        self.is_cut |= self.steps > self.limits.find_steps;
        !self.is_cut
    }

    /// Takes the text of a hit; false when its `own` part was taken already.
    fn take(&mut self, hit: &Hit, field: &str, own: &[Range<u32>]) -> bool {
        if !hit.text.is_placed() {
            return self.unplaced.insert((field.to_owned(), hit.text.as_str().to_owned()));
        }
        let is_taken =
            |node: &str| self.taken.get(node).is_some_and(|taken| own.iter().any(|place| is_taken(taken, place)));
        // A nested document is a part of the text that it is in.
        let path = hit.nodes.first().unwrap_or(&hit.path);
        if path.texts().any(|node| is_taken(&node)) {
            return false;
        }
        let others = hit.nodes.iter().map(ToString::to_string);
        for node in others.chain(hit.nodes.is_empty().then(|| field.to_owned())) {
            let taken = self.taken.entry(node).or_default();
            for place in hit.text.places(0..hit.text.len()) {
                let end = taken.entry(place.start).or_default();
                *end = (*end).max(place.end.max(place.start + 1));
            }
        }
        true
    }
}

/// Whether a part of these bytes is among those that were taken.
fn is_taken(taken: &BTreeMap<u32, u32>, place: &Range<u32>) -> bool {
    // An empty text takes its place as well.
    let end = place.end.max(place.start + 1);
    taken.range(..end).next_back().is_some_and(|(_, taken)| *taken > place.start)
}

/// Whether a text with variables is the image of a container that Kubernetes itself runs: nobody fills them in.
fn is_expanded_by_nobody(hit: &Hit, object: &Object<'_>) -> bool {
    hit.shape == Shape::Container && object.depth == 0 && containers::is_workload(&object.kind)
}

impl fmt::Display for ImageUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            Some(container) if self.shape == Shape::Container => write!(f, "{}, container {container}", self.object),
            _ => write!(f, "{}, {}", self.object, self.field),
        }
    }
}

/// What was found in manifests.
#[derive(Debug, Default)]
pub struct Search {
    /// The references, in the order of the manifests and their texts.
    pub uses: Vec<ImageUse>,
    /// Steps that it took.
    pub steps: u64,
    /// Whether there was more than could be looked through.
    pub is_cut: bool,
}

impl Search {
    /// The image references of manifests.
    pub fn of<'m>(manifests: impl IntoIterator<Item = &'m Arc<Manifest>>, hints: Hints<'_>, limits: &Limits) -> Self {
        Self::counted(manifests, hints, limits, &Work::of(limits))
    }

    /// The same, as a part of what is done for a release: its steps count with the others, and are bounded with them.
    pub fn counted<'m>(
        manifests: impl IntoIterator<Item = &'m Arc<Manifest>>,
        hints: Hints<'_>,
        limits: &Limits,
        work: &Work,
    ) -> Self {
        let before = work.looks();
        let mut all = Self { steps: before, ..Self::default() };
        for manifest in manifests {
            let found = search(manifest, hints, limits, all.steps);
            all.uses.extend(found.uses);
            (all.steps, all.is_cut) = (found.steps, all.is_cut || found.is_cut);
        }
        all.steps -= before;
        work.take_of_looks(all.steps);
        all
    }

    /// That there was more than could be looked through.
    pub fn told(limits: &Limits) -> String {
        format!("more than {} steps of looking for images (--limit find-steps)", limits.find_steps)
    }
}

/// The image references of a manifest, in the order of its text, as far as the bounds let it be looked through.
pub fn find(manifest: &Arc<Manifest>, hints: Hints<'_>, limits: &Limits) -> Vec<ImageUse> {
    search(manifest, hints, limits, 0).uses
}

/// The image references of a manifest, after so many steps in others.
fn search(manifest: &Arc<Manifest>, hints: Hints<'_>, limits: &Limits, steps: u64) -> Search {
    let mut found = Found {
        limits,
        hints,
        uses: Vec::new(),
        taken: HashMap::new(),
        unplaced: HashSet::new(),
        nested_nodes: 0,
        decoded_bytes: 0,
        prose: 0,
        steps,
        is_cut: false,
    };
    let objects = Object::all(manifest);
    for object in &objects {
        // Objects of one list, or of one stream, have the same paths.
        found.taken.clear();
        found.unplaced.clear();
        place::walk(object, &mut found);
    }
    let mut names = Names::of(&objects);
    found.uses.iter_mut().for_each(doubt::lower);
    found.uses.sort_by_key(|image| (image.text.whole().start, image.text.whole().end));
    let mut seen: HashMap<(ObjectName, String), u32> = HashMap::new();
    for image in &mut found.uses {
        let count = seen.entry((image.object.clone(), image.field.clone())).or_default();
        image.nth = *count;
        *count += 1;
        image.named = names.field(&image.object, &image.field);
    }
    Search { uses: found.uses, steps: found.steps, is_cut: found.is_cut }
}
