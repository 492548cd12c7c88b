//! An [`Analysis`] of what runs in a cluster: each image once, whatever number of pods has it.

use super::listed::{self, image_list};
use super::manifests::{analyse_manifests, judged_as_given};
use super::pull_secrets::PullSecrets;
use super::{Analysis, Cause, Judged, RenderFailure};
use crate::cluster::objects::{Metadata, Pod, Secret, ServiceAccount};
use crate::images::find::Shape;
use crate::images::{Class, ImageUse, Tier};
use crate::limits::Limits;
use crate::objects::Object;
use crate::running::{Against, PulledFrom, Running, RunningImage, UserKind};
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::trace::Origins;
use crate::work::Work;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The name of what was read from a cluster, in place of a file's.
const CLUSTER: &str = "<cluster>";

/// The kind of a list of pods, as the API gives it.
const POD_LIST: &str = "PodList";

/// Judges what was collected from a cluster.
pub(crate) fn analyse_running(running: Running, settings: &Settings, limits: &Limits) -> Analysis {
    let list = image_list(CLUSTER, running.images.keys().map(String::as_str));
    let uses = listed::uses(&list).into_iter().zip(running.images.values()).map(|(listed, image)| ImageUse {
        object: running.reported_for(image).unwrap_or_default(),
        ..use_of(listed, image)
    });
    let origins = Origins::new();
    let images = judged_as_given(uses, settings, &origins);
    let manifests = if running.images.is_empty() { Vec::new() } else { vec![list] };
    let analysis = Analysis::of_manifests(manifests, images, origins, Work::of(limits));
    with_running(analysis, running, settings)
}

/// The use of an image in pods, instead of in a list.
fn use_of(listed: ImageUse, image: &RunningImage) -> ImageUse {
    let user = image.uses.values().flat_map(|uses| uses.users.iter()).next();
    let (kind, name) = user.map_or((UserKind::Container, String::new()), |(kind, name)| (*kind, name.to_string()));
    let (list, field, shape, reason) = match kind {
        UserKind::Container => ("containers", "image", Shape::Container, "a container's image"),
        UserKind::Init | UserKind::Sidecar => ("initContainers", "image", Shape::Container, "a container's image"),
        UserKind::Ephemeral => ("ephemeralContainers", "image", Shape::Container, "a container's image"),
        UserKind::Volume => ("volumes", "image.reference", Shape::Volume, "the reference of an image volume"),
    };
    let field = format!("spec.{list}[name={name}].{field}");
    ImageUse {
        named: field.clone(),
        field,
        container: (shape == Shape::Container).then_some(name),
        tier: Tier::Certain,
        shape,
        reason: Cow::Borrowed(reason),
        ..listed
    }
}

/// Judges saved objects of a cluster, as `kubectl get -o json` prints them, and plain lists of images. Each image is judged once, at its
/// first use.
pub(crate) fn analyse_saved(
    files: &[Arc<File>],
    against: Against<'_>,
    settings: &Settings,
    limits: &Limits,
) -> Analysis {
    let mut analysis = analyse_manifests(files, settings, limits);
    let (mut running, mut unreadable) = (Running::default(), Vec::new());
    let objects: Vec<Object<'_>> = analysis.manifests.iter().flat_map(Object::all).collect();
    running.secrets.is_known = objects.iter().any(|object| object.kind == "Secret");
    for object in &objects {
        if let Err(why) = add(object, against, settings, &mut running) {
            unreadable.push(failure(object, &why));
        }
    }
    drop(objects);
    let mut others = BTreeSet::new();
    // Those of pods are counted already.
    for judged in analysis.images.iter().filter(|judged| !is_in_pod(&judged.image)) {
        running.uses += 1;
        let is_mirrored = against.pulled_from(&judged.image.text) != PulledFrom::Elsewhere;
        running.mirrored += usize::from(is_mirrored && judged.class != Class::Doubled);
        others.insert(&judged.image.object);
    }
    running.others = others.len();
    let mut seen = BTreeSet::new();
    analysis.images.retain(|judged| seen.insert(judged.image.text.as_str().to_owned()));
    for judged in &mut analysis.images {
        judge_by_nodes(judged, against.pulled_from(&judged.image.text));
        let known = running.images.get(judged.image.text.as_str()).filter(|_| is_in_pod(&judged.image));
        if let Some(object) = known.and_then(|image| running.reported_for(image)) {
            judged.image.object = object;
        }
    }
    analysis.unreadable.append(&mut unreadable);
    with_running(analysis, running, settings)
}

/// Whether a pod pulls it: a container's image, or an image volume's. What else names an image in a pod is only found.
fn is_in_pod(image: &ImageUse) -> bool {
    let is_pod = image.object.kind == "Pod" || image.manifest.kind == POD_LIST;
    is_pod && matches!(image.shape, Shape::Container | Shape::Volume)
}

/// Collects what an object says.
fn add(
    object: &Object<'_>,
    against: Against<'_>,
    settings: &Settings,
    running: &mut Running,
) -> Result<(), serde_json::Error> {
    let tree = || object.node.to_json();
    // The items of a list of one kind have no kind of their own.
    let is_item = object.kind.is_empty() && object.manifest.kind == POD_LIST;
    match if is_item { "Pod" } else { object.kind.as_str() } {
        "Pod" => running.add(&Pod::deserialize(tree())?, against),
        "Secret" => running.secrets.add_secret(&Secret::deserialize(tree())?, &settings.mirror),
        "ServiceAccount" => running.secrets.add_account(&ServiceAccount::deserialize(tree())?),
        _ => {
            // A list of images has none.
            let Some(metadata) = object.node.member("metadata") else { return Ok(()) };
            running.owners.add(object.name.clone(), &Metadata::deserialize(metadata.to_json())?);
        }
    }
    Ok(())
}

fn failure(object: &Object<'_>, why: &serde_json::Error) -> RenderFailure {
    let start = object.manifest.start + object.node.start;
    RenderFailure {
        cause: Cause::NotYaml,
        // The error may quote a secret.
        message: format!(
            "{} does not have the form of its kind{}",
            object.name,
            if why.is_data() { "" } else { ", and is cut off" }
        ),
        place: Some(Place { file: object.manifest.source.clone(), start, end: start }),
        refuses_mirror: false,
        before_templates: false,
    }
}

/// The analysis with what runs beside it.
fn with_running(mut analysis: Analysis, mut running: Running, settings: &Settings) -> Analysis {
    for judged in &mut analysis.images {
        if let Some(image) = running.images.get(judged.image.text.as_str()) {
            judge_by_nodes(judged, image.from);
            // The mirror is asked, and does not have it under this name.
            if judged.class == Class::Doubled {
                running.mirrored -= image.count;
            }
        }
    }
    // Whether pods have their secrets is looked at where they run, by another rule.
    let is_unknown = settings.pull_secrets.is_empty() && !running.secrets.namespaces.is_empty();
    analysis.pull_secrets = PullSecrets { has_pullers: is_unknown, ..PullSecrets::default() };
    analysis.running = Some(running);
    analysis
}

/// An image that nodes pull from the mirror is there under its own name.
fn judge_by_nodes(judged: &mut Judged, from: PulledFrom) {
    if from == PulledFrom::NodeMirror {
        judged.class = Class::Rewritten;
        judged.source = None;
    }
}
