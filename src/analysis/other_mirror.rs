//! [`Twin`]: the same release rendered with another mirror, and the images in that render.

use crate::compiler::Compiler;
use crate::images::{ImageUse, Search};
use crate::release::{InputChange, ReleaseInputs};
use crate::render::Rendered;
use crate::render::manifest::{Manifest, Manifests, manifests};
use crate::settings::Settings;
use crate::template::decisions::{Course, Decisions, MarkedDecision, Site};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The images of a second render, as far as they differ from those of the first.
#[derive(Debug, Default)]
pub(super) struct Twin {
    texts: BTreeMap<Key, String>,
    /// The files that differ or are missing.
    files: BTreeSet<String>,
    /// The objects in these files.
    objects: BTreeSet<ObjectKey>,
    /// Whether it rendered.
    pub(super) is_whole: bool,
    /// The decisions at the requested sites.
    pub(super) decided: Vec<MarkedDecision>,
}

/// A use of the first render, in the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen<'t> {
    /// Unchanged.
    Same,
    /// Another reference.
    Other(&'t str),
    /// Missing, or unknown.
    Gone,
}

/// Bytes of manifests that are parsed in one step.
const BYTES_OF_A_STEP: usize = 4;

/// An object: the template file, its kind, namespace and name.
type ObjectKey = (String, String, String, String);

/// The location of a use: the template file, the object's kind, namespace and name, the field, and the reference's index in it.
type Key = (String, String, String, String, String, u32);

impl Twin {
    /// Renders the release with other values and parses the files that differ. A render that fails shows nothing.
    pub(super) fn render(
        prepared: &ReleaseInputs,
        settings: &Settings,
        changes: &[InputChange],
        compiler: &mut Compiler,
        first: &Rendered,
        sites: BTreeSet<Site>,
    ) -> Self {
        // Other text has the same shape: the schema was already checked.
        let prepared = ReleaseInputs { check_schema: false, ..prepared.clone() };
        let outcome = match sites.is_empty() {
            true => prepared.render_again(compiler, changes, first),
            false => {
                let decisions = Decisions::new(Course::Watched(sites), |_| false);
                prepared.render_deciding(compiler, changes, None, Some(decisions), None)
            }
        };
        let Ok(outcome) = outcome else { return Self::default() };
        Self::of(outcome.rendered, &prepared, settings, first)
    }

    /// A second render, as far as it differs from the first.
    fn of(mut rendered: Rendered, prepared: &ReleaseInputs, settings: &Settings, first: &Rendered) -> Self {
        let decided = rendered.decisions.take().map(|decisions| decisions.decided().to_vec()).unwrap_or_default();
        let files = rendered.keep_different(first);
        let Ok(read) = manifests(&rendered, prepared.env.helm, &prepared.limits) else {
            return Self { decided, ..Self::default() };
        };
        let Manifests { ordinary, hooks, .. } = read;
        let all: Vec<Arc<Manifest>> = ordinary.into_iter().chain(hooks).map(Arc::new).collect();
        let bytes: usize = rendered.files.iter().map(|file| file.text.len()).sum();
        prepared.work.take_of_looks((bytes / BYTES_OF_A_STEP) as u64);
        let found = Search::counted(&all, settings.hints(), &prepared.limits, &prepared.work);
        if found.is_cut {
            return Self { decided, ..Self::default() };
        }
        let uses = found.uses.into_iter();
        let texts = uses.map(|image| (key(&image), image.text.as_str().to_owned())).collect();
        Self { texts, files, objects: all.iter().map(|manifest| object(manifest)).collect(), is_whole: true, decided }
    }

    /// A use of the first render, in this one.
    pub(super) fn seen(&self, image: &ImageUse) -> Seen<'_> {
        if !self.is_whole {
            return Seen::Gone;
        }
        if !self.files.contains(&image.manifest.name) {
            return Seen::Same;
        }
        match self.texts.get(&key(image)) {
            Some(text) if text == image.text.as_str() => Seen::Same,
            Some(text) => Seen::Other(text),
            None => Seen::Gone,
        }
    }

    /// The references of new uses.
    pub(super) fn new_ones<'t>(&'t self, first: impl Iterator<Item = &'t ImageUse>) -> Vec<&'t str> {
        let known: BTreeSet<Key> = first.map(key).collect();
        self.texts.iter().filter(|(key, _)| !known.contains(*key)).map(|(_, text)| text.as_str()).collect()
    }

    /// Whether an object of the first render is in this one as well.
    pub(super) fn has(&self, manifest: &Manifest) -> bool {
        self.is_whole && (!self.files.contains(&manifest.name) || self.objects.contains(&object(manifest)))
    }

    /// The references of files that differ.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.texts.values().map(String::as_str)
    }

    /// A new use in this render, identified in another render.
    pub(super) fn text_at(&self, image: &ImageUse) -> Option<&str> {
        self.texts.get(&key(image)).map(String::as_str)
    }

    /// Whether uses that were good in another render of the same changes are good here, and new uses are good.
    pub(super) fn is_no_worse_than(&self, before: &Self, is_good: &dyn Fn(&str) -> bool) -> bool {
        let stays =
            |(key, text): (&Key, &String)| !is_good(text) || self.texts.get(key).is_some_and(|text| is_good(text));
        // A file that is not listed is unchanged.
        let is_read = |(key, _): &(&Key, &String)| self.files.contains(&key.0);
        before.texts.iter().filter(is_read).all(stays)
            && self.texts.iter().all(|(key, text)| before.texts.contains_key(key) || is_good(text))
            && before
                .objects
                .iter()
                .filter(|object| self.files.contains(&object.0))
                .all(|object| self.objects.contains(object))
    }

    /// A use of the first render in this one; `None` if it is unchanged or missing.
    pub(super) fn text_of(&self, image: &ImageUse) -> Option<&str> {
        let text = self.texts.get(&key(image))?;
        (text != image.text.as_str()).then_some(text.as_str())
    }
}

fn object(manifest: &Manifest) -> ObjectKey {
    let namespace = manifest.node.text_at(&["metadata", "namespace"]);
    (manifest.name.clone(), manifest.kind.clone(), namespace, manifest.object_name.clone())
}

fn key(image: &ImageUse) -> Key {
    let object = &image.object;
    (
        image.manifest.name.clone(),
        object.kind.clone(),
        object.namespace.clone(),
        object.name.clone(),
        image.named.clone(),
        image.nth,
    )
}
