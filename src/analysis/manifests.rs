//! An [`Analysis`] of manifests without a chart, rendered elsewhere or read from a cluster, and of plain lists of images.
//!
//! There are no values and no templates: the line of the file decides an image, and nothing is known about a rewrite.

use super::documents::{Document, document, documents};
use super::listed;
use super::pull_secrets::PullSecrets;
use super::{Analysis, Judged, RenderFailure, sources, usual_key};
use crate::images::class::{Facts, classify};
use crate::images::deciders::decider;
use crate::images::{ImageUse, ReferencePart, Search};
use crate::limits::Limits;
use crate::objects::Object;
use crate::objects::ObjectName;
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::trace::{OriginData, Origins, Str};
use crate::work::Work;
use crate::yaml::{Data, Node};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads files of manifests, YAML or JSON, and of plain lists, and judges their images.
pub(crate) fn analyse_manifests(files: &[Arc<File>], settings: &Settings, limits: &Limits) -> Analysis {
    let mut origins = Origins::new();
    let (mut manifests, mut unreadable, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let origin = origins.add(OriginData::File(file.clone()));
        let text = Str::of_file(file, origin);
        if let Some(list) = listed::read(&text) {
            lists.push(Arc::new(document(file, 0, text, list)));
            continue;
        }
        for Document { start, content, read } in documents(&text, limits) {
            match read {
                Ok(nodes) => {
                    let manifest = |node| Arc::new(document(file, start, content.clone(), node));
                    manifests.extend(nodes.into_iter().map(manifest));
                }
                Err(error) => {
                    let place = Place { file: file.clone(), start, end: start };
                    unreadable.push(RenderFailure {
                        cause: super::Cause::of_output(error.kind()),
                        message: error.into_text(),
                        place: Some(place),
                        refuses_mirror: false,
                        before_templates: false,
                    });
                }
            }
        }
    }
    let work = Work::of(limits);
    let Search { uses: found, .. } = Search::counted(&manifests, settings.hints(), limits, &work);
    let uses = found.into_iter().chain(lists.iter().flat_map(listed::uses));
    let images = judged_as_given(uses, settings, &origins);
    manifests.extend(lists);
    let pull_secrets = PullSecrets::of_manifests(&manifests, settings);
    Analysis { pull_secrets, unreadable, ..Analysis::of_manifests(manifests, images, origins, work) }
}

/// Judges images about which only the text is known, and perhaps its line.
pub(super) fn judged_as_given(
    uses: impl Iterator<Item = ImageUse>,
    settings: &Settings,
    origins: &Origins,
) -> Vec<Judged> {
    let judged = |image: ImageUse| {
        let decider = decider(&image, ReferencePart::Registry, origins);
        let facts = Facts {
            text: &image.text,
            reference: image.known(),
            canary: None,
            source: None,
            decided_by: &decider.source,
            is_path_of_user: false,
        };
        let class = classify(&facts, &settings.mirror, &settings.mirror, settings.layout);
        let source = sources::source(&image, None, false, settings);
        Judged { source, ..Judged::new(image, class, decider) }
    };
    uses.map(judged).collect()
}

impl Analysis {
    /// An analysis of images without a chart.
    pub(super) fn of_manifests(
        manifests: Vec<Arc<Manifest>>,
        images: Vec<Judged>,
        origins: Origins,
        work: Work,
    ) -> Self {
        Self {
            manifests,
            images,
            origins,
            keys: vec![usual_key()],
            unset: Vec::new(),
            assumed_keys: Vec::new(),
            rewrite: super::Keys::default(),
            root: None,
            values: Default::default(),
            rendered: Rendered::default(),
            reads: Default::default(),
            statics: Default::default(),
            flow: Default::default(),
            compiler: Default::default(),
            latent: Vec::new(),
            numbers: Vec::new(),
            gated: Vec::new(),
            unstable: Vec::new(),
            pull_secrets: PullSecrets::default(),
            failure: None,
            refusal: None,
            unreadable: Vec::new(),
            running: None,
            work,
        }
    }
}

/// Whether a file is a plain list of images, one per line.
pub(crate) fn is_image_list(file: &Arc<File>) -> bool {
    listed::read(&Str::from(String::from_utf8_lossy(file.bytes()).as_ref())).is_some()
}

/// The owners of objects, as far as the manifests show.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    known: BTreeMap<ObjectName, ObjectName>,
}

/// The most levels of owners; a cluster has a handful.
const CHAIN: usize = 16;

impl Owners {
    /// Reads `metadata.ownerReferences` of all objects.
    pub(crate) fn of(manifests: &[Arc<Manifest>]) -> Self {
        let mut known = BTreeMap::new();
        for object in manifests.iter().flat_map(Object::all) {
            let references = object.node.descend(&["metadata", "ownerReferences"]).map(Node::items).unwrap_or_default();
            let controls = |owner: &&Node| owner.member("controller").is_some_and(|is| is.data == Data::Bool(true));
            let Some(owner) = references.iter().find(controls).or(references.first()) else { continue };
            let text = |name: &str| owner.text_of(name);
            let namespace = if text("kind") == "Node" { String::new() } else { object.name.namespace.clone() };
            known.insert(object.name.clone(), ObjectName { kind: text("kind"), name: text("name"), namespace });
        }
        Self { known }
    }

    /// The owners of an object, the nearest first: `ReplicaSet api-7d4f, Deployment api`; `None` if unknown.
    pub(crate) fn chain(&self, object: &ObjectName) -> Option<String> {
        let owners = std::iter::successors(self.known.get(object), |owner| self.known.get(owner));
        let owners: Vec<String> = owners.take(CHAIN).map(|owner| format!("{} {}", owner.kind, owner.name)).collect();
        (!owners.is_empty()).then(|| owners.join(", "))
    }
}
