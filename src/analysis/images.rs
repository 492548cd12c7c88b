//! [`Image`]: a distinct reference with all that is known about it, independent of its release.

use crate::analysis::{Analysis, Judged, Traced};
use crate::error::Error;
use crate::holdings::Holding;
use crate::images::deciders::decider;
use crate::images::{Class, ImageUse, ReferencePart, Search, Shape, Tier};
use crate::limits::Limits;
use crate::objects::ObjectName;
use crate::provenance::layer_name;
use crate::provenance::{Decider, DeciderKind};
use crate::reference::Reference;
use crate::settings::Settings;
use crate::source::Place;
use crate::trace::Origins;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A distinct reference, and what is known about it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    /// As rendered: `mirror.internal/jetstack/cert-manager-webhook:v1.16.1`.
    pub(crate) reference: String,
    /// The registry, normalized; empty if the text is not a reference.
    pub(crate) registry: String,
    /// The class; if uses differ, the worst.
    pub(crate) class: Class,
    /// How certain it is that this is an image; if uses differ, the highest.
    pub(crate) tier: Tier,
    /// The reference without the rewrite, if known: what must be mirrored.
    pub(crate) source: Option<String>,
    /// Its path on the mirror, if the source is known.
    pub(crate) destination: Option<String>,
    /// Whether the mirror has it, if it was asked.
    pub(crate) on_mirror: Option<Holding>,
    /// Its uses, in the order of installation.
    pub(crate) uses: Vec<Use>,
}

/// What the user must know before copying a reference without a tag.
const NO_TAG: &str = "no tag: `:latest` would be copied; the real tag is decided elsewhere";

impl Image {
    /// What the user must know before the image is copied: a reference without a tag in an argument, a variable or a
    /// configuration file is completed by the program that reads it.
    pub(crate) fn caution(&self) -> Option<&'static str> {
        let reference = Reference::parse(&self.reference).ok()?;
        let is_pulled = |one: &Use| matches!(one.shape, Shape::Container | Shape::Volume);
        let has_version = reference.tag.is_some() || reference.digest.is_some();
        (!has_version && !self.uses.iter().any(is_pulled)).then_some(NO_TAG)
    }
}

/// One use of a reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Use {
    /// The object.
    pub(crate) object: ObjectName,
    /// The path of the field.
    pub(crate) field: String,
    /// The name of the container, if it is in one.
    pub(crate) container: Option<String>,
    /// The full name of the template that made the object, or of the file that contains it.
    pub(crate) template: String,
    /// Whether the image comes from the mirror, and why not.
    pub(crate) class: Class,
    /// How certain it is that this is an image.
    pub(crate) tier: Tier,
    /// The shape in which it was found.
    pub(crate) shape: Shape,
    /// Why it is taken for an image.
    pub(crate) reason: String,
    /// Who decided its parts: the registry, the repository, the tag and the digest, as far as present.
    pub(crate) origins: Vec<PartOrigin>,
    /// The user's settings that together decide the registry although nothing of them is printed.
    pub(crate) decided_by: Vec<PartOrigin>,
}

impl Use {
    /// The main decider of the image.
    pub(crate) fn decider(&self) -> Option<&PartOrigin> {
        self.decided_by.first().or(self.origins.first())
    }
}

/// Who decided a part of a reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartOrigin {
    /// The part.
    pub(crate) part: ReferencePart,
    /// For messages: `the default of chart app/charts/db`, `--set image.tag=1`, `template text`.
    pub(crate) who: String,
    /// The values path as in the file or flag; empty if it is not a value.
    pub(crate) path: String,
    /// The same path from the top chart: `db.image.tag`.
    pub(crate) user_path: String,
    /// Its location.
    pub(crate) place: Option<Place>,
    /// What it hides, for messages, with locations.
    pub(crate) hides: Vec<String>,
}

/// The distinct references of a release, sorted.
pub(crate) fn images(analysis: &Analysis, settings: &Settings) -> Vec<Image> {
    distinct(&analysis.images, &analysis.origins, Some(settings), &|number| analysis.unprinted_deciders(number))
}

/// The distinct references of a release that was rendered without a mirror, sorted: nothing is classified, and each
/// reference is its own source.
///
/// # Errors
/// The budget of the analysis was used up.
pub(crate) fn unjudged(traced: &Traced, settings: &Settings, limits: &Limits) -> Result<Vec<Image>, Error> {
    let found = Search::of(traced.crds.iter().chain(&traced.manifests), settings.hints(), limits);
    if found.is_cut {
        return Err(Search::told(limits));
    }
    let uses = found.uses.into_iter();
    let judged = |image: ImageUse| {
        let decider = decider(&image, ReferencePart::Registry, &traced.origins);
        let source = image.reference.as_ref().ok().cloned();
        Judged { source, ..Judged::new(image, Class::Unexplained, decider) }
    };
    let uses: Vec<Judged> = uses.map(judged).collect();
    Ok(distinct(&uses, &traced.origins, None, &|_| Vec::new()))
}

/// The distinct references of manifests without a chart and without a mirror, sorted: each is its own source.
pub(crate) fn unjudged_manifests(analysis: &Analysis) -> Vec<Image> {
    let mut images = distinct(&analysis.images, &analysis.origins, None, &|_| Vec::new());
    for image in &mut images {
        image.source = Reference::parse(&image.reference).ok().map(|reference| reference.to_string());
    }
    images
}

fn distinct<'a>(
    uses: &'a [Judged],
    origins: &Origins,
    settings: Option<&Settings>,
    unprinted: &dyn Fn(usize) -> Vec<&'a Decider>,
) -> Vec<Image> {
    let mut found: BTreeMap<&str, Image> = BTreeMap::new();
    for (number, judged) in uses.iter().enumerate() {
        let decided_by = unprinted(number).into_iter().map(|decider| part_origin(ReferencePart::Registry, decider));
        let one = Use { decided_by: decided_by.collect(), ..image_use(judged, origins) };
        let destination = || settings.and_then(|settings| judged.destination(settings));
        let reference = judged.image.text.as_str();
        match found.get_mut(reference) {
            Some(image) => {
                image.class = image.class.max(one.class);
                image.tier = image.tier.min(one.tier);
                image.source = image.source.take().or_else(|| judged.source.as_ref().map(ToString::to_string));
                image.destination = image.destination.take().or_else(destination);
                image.uses.push(one);
            }
            None => {
                let image = Image {
                    reference: reference.to_owned(),
                    registry: judged.image.known().map_or(String::new(), |known| known.registry.clone()),
                    class: one.class,
                    tier: one.tier,
                    source: judged.source.as_ref().map(ToString::to_string),
                    destination: destination(),
                    on_mirror: None,
                    uses: vec![one],
                };
                found.insert(reference, image);
            }
        }
    }
    found.into_values().collect()
}

fn image_use(judged: &Judged, origins: &Origins) -> Use {
    let image = &judged.image;
    let is_written = |part: &ReferencePart| match &image.reference {
        Ok(reference) => match part {
            ReferencePart::Registry => reference.registry_range.is_some(),
            ReferencePart::Repository => true,
            ReferencePart::Tag => reference.tag.is_some(),
            ReferencePart::Digest => reference.digest.is_some(),
        },
        Err(_) => *part == ReferencePart::Repository,
    };
    let parts = ReferencePart::ALL.iter().copied().filter(is_written);
    Use {
        object: image.object.clone(),
        field: image.field.clone(),
        container: image.container.clone(),
        template: image.manifest.name.clone(),
        class: judged.class,
        tier: image.tier,
        shape: image.shape,
        reason: image.reason.clone().into_owned(),
        origins: parts.map(|part| part_origin(part, &decider(image, part, origins))).collect(),
        decided_by: Vec::new(),
    }
}

fn part_origin(part: ReferencePart, decider: &Decider) -> PartOrigin {
    let who = match &decider.source {
        DeciderKind::User(layer) => layer_name(layer),
        DeciderKind::Tool => "the global rewrite".to_owned(),
        DeciderKind::ChartDefault(chart) => format!("the default of chart {chart}"),
        DeciderKind::Template => "template text".to_owned(),
        DeciderKind::Other(what) => what.clone(),
        DeciderKind::Unknown => "unknown".to_owned(),
    };
    let hides = decider.hides.iter().map(|(layer, place)| format!("{} at {place}", layer_name(layer))).collect();
    let user_path = match &decider.source {
        DeciderKind::ChartDefault(chart) => decider.path.of_user(chart),
        _ => decider.path.clone(),
    };
    let (path, user_path) = (decider.path.to_string(), user_path.to_string());
    PartOrigin { part, who, path, user_path, place: decider.place.clone(), hides }
}
