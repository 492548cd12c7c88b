//! Finds the image references in manifests: one file for each form in which manifests contain them.
//!
//! The walk visits an [`Object`] once and shows each node to every finder, outermost nodes first; if two finders find the
//! same text, the first takes precedence. `appearance` knows what a reference looks like, `lines` finds references in text that
//! is not a document. Nothing is left out because of a name that anybody can write: prose (`prose`) is possible at most, and
//! of a schema (`schema`) only its own parts. No registry is asked about what is found.

mod appearance;
mod arguments;
mod artifacts;
mod commands;
mod containers;
mod custom;
mod decode;
mod descriptors;
mod dockerfile;
mod doubt;
mod encoded;
mod environment;
mod fields;
mod file_names;
mod groovy;
mod hints;
mod history;
mod joined_parts;
mod judge;
mod kubeadm;
mod lines;
mod mutations;
mod named_paths;
mod nested;
mod place;
mod properties;
mod prose;
mod registries;
mod schema;
mod template;
mod variables;
mod volumes;
mod walk;

use crate::error::Error;
use crate::limits::Limits;
use crate::names::names;
use crate::objects::text::Text;
use crate::objects::{Object, ObjectName, Path};
use crate::reference::Reference;
use crate::reference::mirror::Mirror;
use crate::reference::open::OpenReference;
use crate::render::manifest::Manifest;
use crate::work::Work;
pub(crate) use appearance::words;
pub(crate) use hints::{HintAction, Hints, PlaceRule};
use named_paths::Names;
use place::FieldAt;
pub(crate) use registries::{is_well_known, may_be_registry};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The finders, the most certain first.
pub(crate) static FINDERS: &[&Finder] = &[
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

/// Finds references of one form.
#[derive(Debug)]
pub(crate) struct Finder {
    /// Its name, which is that of its file.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/finders.md lists it"))]
    pub(crate) id: &'static str,
    /// What it finds, in one line.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/finders.md lists it"))]
    pub(crate) summary: &'static str,
    /// Inspects one node, and adds what it finds.
    pub(crate) visit: fn(&FieldAt<'_>, &mut Hits<'_>),
}

/// How certain it is that a text is an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tier {
    /// The Kubernetes schema says so: a container's `image`, an image volume's `reference`.
    Certain,
    /// A reference in a field whose name says image.
    Likely,
    /// A text that looks like one.
    Possible,
}

names!(Tier { Certain: "certain", Likely: "likely", Possible: "possible" });

/// The forms in which a manifest contains a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shape {
    /// `image` of a container of a pod template.
    Container,
    /// `reference` of an image volume.
    Volume,
    /// A field whose name says image, in any object: `spec.proxyImage`.
    Field,
    /// Joined from sibling fields: `{registry, repository, tag}`.
    Descriptor,
    /// A command-line argument, or a part of one.
    Argument,
    /// The value of an environment variable, or of several together.
    Environment,
    /// A document nested in a text: YAML, JSON, TOML in a ConfigMap or Secret.
    Nested,
    /// A Go template in a text.
    Template,
    /// An OCI artifact that is not a pod's image: a chart, a database, a plugin.
    Artifact,
    /// A field from the configuration.
    Custom,
    /// A line of a plain list of images.
    List,
}

names!(Shape {
    Container: "container",
    Volume: "volume",
    Field: "field",
    Descriptor: "descriptor",
    Argument: "argument",
    Environment: "environment",
    Nested: "nested",
    Template: "template",
    Artifact: "artifact",
    Custom: "custom",
    List: "list",
});

impl Shape {
    /// Whether it is not an `image:` field, so that readers of the manifest miss it.
    pub(crate) fn is_hidden(self) -> bool {
        matches!(self, Self::Argument | Self::Environment | Self::Nested | Self::Template)
    }
}

/// One use of an image in a manifest.
#[derive(Debug, Clone)]
pub(crate) struct ImageUse {
    /// The manifest.
    pub(crate) manifest: Arc<Manifest>,
    /// The object: the manifest's own, or an item of a `List`.
    pub(crate) object: ObjectName,
    /// The path of the field in the object: `spec.template.spec.initContainers[0].image`.
    pub(crate) field: String,
    /// The same with the names of list elements in place of their indexes, where these are unique:
    /// `spec.template.spec.initContainers[name=setup].image`.
    pub(crate) named: String,
    /// The index of the reference in this field, from 0: a text may contain several.
    pub(crate) nth: u32,
    /// The name of the container, if it is in one.
    pub(crate) container: Option<String>,
    /// The text, with its position in the manifest.
    pub(crate) text: Text,
    /// The reference; the error says why the text is not one.
    pub(crate) reference: Result<Reference, String>,
    /// What is known of a reference with variables.
    pub(crate) open: Option<OpenReference>,
    /// The certainty.
    pub(crate) tier: Tier,
    /// Its form.
    pub(crate) shape: Shape,
    /// Why it is taken for an image: `the argument --acme-http01-solver-image names an image`.
    pub(crate) reason: Cow<'static, str>,
}

impl ImageUse {
    /// The reference as far as known: with variables, the part before the first of them.
    pub(crate) fn known(&self) -> Option<&Reference> {
        self.reference.as_ref().ok().or_else(|| self.open.as_ref()?.known.as_ref())
    }

    /// Whether it is pulled from the mirror.
    pub(crate) fn is_served_by(&self, mirror: &Mirror) -> bool {
        self.known().is_some_and(|reference| mirror.serves(reference))
    }
}

/// A hit of a finder.
#[derive(Debug)]
pub(crate) struct Hit {
    /// The path of the field.
    pub(crate) path: Path,
    /// The name of the container, if it is in one.
    pub(crate) container: Option<String>,
    /// The text.
    pub(crate) text: Text,
    /// The certainty.
    pub(crate) tier: Tier,
    /// Its form.
    pub(crate) shape: Shape,
    /// Why it is taken for an image.
    pub(crate) reason: Cow<'static, str>,
    /// The nodes that the text was joined from, the one that no other reference shares first; empty if it is only the node at
    /// `path`.
    pub(crate) nodes: Vec<Path>,
}

/// The hits so far, and the context for finders.
#[derive(Debug)]
pub(crate) struct Hits<'l> {
    /// The limits.
    pub(crate) limits: &'l Limits,
    /// The user's hints.
    pub(crate) hints: Hints<'l>,
    uses: Vec<ImageUse>,
    /// Byte ranges of the manifest that were already taken, by the path of their node and by their start. An alias is a separate
    /// node with the bytes of another.
    taken: HashMap<String, BTreeMap<u32, u32>>,
    /// Texts without their own position that were already taken, with the path of their node.
    unplaced: HashSet<(String, String)>,
    /// Nodes of nested documents that were parsed.
    nested_nodes: u64,
    /// Bytes of decoded texts.
    decoded_bytes: usize,
    /// How many keys on the current path mark prose.
    prose: u32,
    /// Steps taken.
    steps: u64,
    /// Whether the limit was reached.
    is_cut: bool,
}

/// Bytes of text that cost one step.
const BYTES_OF_STEP: usize = 64;

/// The cost of a reference: it is compared in each render, and judged.
const STEPS_OF_AN_IMAGE: u64 = 80;

/// The cost of each level of a reference's path.
const STEPS_OF_A_STEP: u64 = 4;

impl Hits<'_> {
    /// Adds a reference, unless the same text was already found.
    pub(crate) fn add(&mut self, object: &Object<'_>, hit: Hit) {
        let own = hit.text.places(0..hit.text.len());
        self.add_joined(object, hit, &own);
    }

    /// Adds a reference that may share parts with others, such as a common registry, unless its `own` part was already found.
    pub(crate) fn add_joined(&mut self, object: &Object<'_>, mut hit: Hit, own: &[Range<u32>]) {
        // The path is written out for each reference, so deep nodes cost more.
        self.take_more(STEPS_OF_AN_IMAGE + STEPS_OF_A_STEP * hit.path.steps().len() as u64);
        let field = hit.path.to_string();
        if custom::is_excluded(self.hints, object, &hit.path) || !self.take(&hit, &field, own) {
            return;
        }
        // Prose may contain real values, but for a container the name of a key does not matter.
        if self.prose > 0 && !matches!(hit.shape, Shape::Container | Shape::Volume | Shape::Custom) {
            hit.tier = Tier::Possible;
        }
        // The content of a text is read by a program, not by Kubernetes.
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

    /// Whether this many more bytes may be decoded; counts them.
    fn may_decode(&mut self, bytes: usize) -> bool {
        self.decoded_bytes = self.decoded_bytes.saturating_add(bytes);
        self.decoded_bytes <= self.limits.yaml_bytes
    }

    /// Charges steps for something already found.
    fn take_more(&mut self, steps: u64) {
        self.steps += steps;
        self.is_cut |= self.steps > self.limits.find_steps;
    }

    /// Charges the steps for a value of this many bytes; false if none are left.
    fn take_steps(&mut self, bytes: usize) -> bool {
        self.steps += 1 + (bytes / BYTES_OF_STEP) as u64;
        self.is_cut |= self.steps > self.limits.find_steps;
        !self.is_cut
    }

    /// Takes the text of a hit; false if its `own` part was already taken.
    fn take(&mut self, hit: &Hit, field: &str, own: &[Range<u32>]) -> bool {
        if !hit.text.is_placed() {
            return self.unplaced.insert((field.to_owned(), hit.text.as_str().to_owned()));
        }
        let is_taken =
            |node: &str| self.taken.get(node).is_some_and(|taken| own.iter().any(|place| is_taken(taken, place)));
        // A nested document is part of the text that contains it.
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

/// Whether a part of these bytes was already taken.
fn is_taken(taken: &BTreeMap<u32, u32>, place: &Range<u32>) -> bool {
    // An empty text occupies its position as well.
    let end = place.end.max(place.start + 1);
    taken.range(..end).next_back().is_some_and(|(_, taken)| *taken > place.start)
}

/// Whether a text with variables is the image of a container that Kubernetes itself runs: nothing fills them in.
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

/// The hits in manifests.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// The references, in the order of the manifests and their texts.
    pub(crate) uses: Vec<ImageUse>,
    /// The steps used.
    pub(crate) steps: u64,
    /// Whether the limit was reached.
    pub(crate) is_cut: bool,
}

impl Search {
    /// The image references of manifests.
    pub(crate) fn of<'m>(
        manifests: impl IntoIterator<Item = &'m Arc<Manifest>>,
        hints: Hints<'_>,
        limits: &Limits,
    ) -> Self {
        Self::counted(manifests, hints, limits, &Work::of(limits))
    }

    /// The same, charged to the work of a release and limited by it.
    pub(crate) fn counted<'m>(
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

    /// The message that the limit was reached.
    pub(crate) fn told(limits: &Limits) -> Error {
        Error::limit(format!("finding images takes more than {} steps (--limit find-steps)", limits.find_steps))
    }
}

/// The image references of a manifest, in the order of its text, within the limits.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn find(manifest: &Arc<Manifest>, hints: Hints<'_>, limits: &Limits) -> Vec<ImageUse> {
    search(manifest, hints, limits, 0).uses
}

/// The image references of a manifest, after a number of steps in others.
fn search(manifest: &Arc<Manifest>, hints: Hints<'_>, limits: &Limits, steps: u64) -> Search {
    let mut found = Hits {
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
        walk::walk(object, &mut found);
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
