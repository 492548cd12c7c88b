//! Decides for each image whether it comes from the mirror, who decided it, and what would send it to the mirror.

use super::candidates::{self, Lists, of_image};
use super::culprit;
use super::given::Given;
use super::keys::Keys;
use super::patch;
use super::pins;
use super::propose::{Proposal, changed};
use super::reach;
use super::rewrite::{self, RewriteUnset};
use super::sources;
use super::trial::Trials;
use super::{Judged, WithoutOverride, advice};
use crate::analysis::other_mirror::Twin;
use crate::compiler::Compiler;
use crate::fix::{Edit, ValueAction};
use crate::images::class::{Facts, classify};
use crate::images::deciders::{decider, deciders};
use crate::images::{Class, ImageUse, ReferencePart, Tier};
use crate::reference::Reference;
use crate::reference::mirror::NOWHERE;
use crate::rule_ids;
use crate::template::decisions::{MarkedDecision, Site};
use crate::trace::{Origin, Origins};
use std::collections::BTreeSet;

/// What is known about the images of a release.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) images: Vec<Judged>,
    pub(super) unset: Vec<RewriteUnset>,
    /// The decisions with another mirror at the requested sites.
    pub(super) other_ways: Vec<MarkedDecision>,
}

/// Renders with a canary for the mirror, and without the rewrite, and determines the class of each use, who decided it, and
/// what would send it to the mirror.
pub(super) fn judge(uses: Vec<ImageUse>, given: &Given<'_>, sites: BTreeSet<Site>, compiler: &mut Compiler) -> Verdict {
    let Classified { images: mut judged, other_ways, slashed } = classified(uses, given, sites, compiler);
    let given = &Given { keys: slashed.as_ref().unwrap_or(given.keys), ..*given };
    let Given { prepared, settings, keys, rendered, origins, .. } = *given;
    let mut trials = Trials::new(prepared, settings, keys, compiler, rendered, given.manifests);
    find_culprits(&mut judged, given, &mut trials);
    take_overrides_away(&mut judged, origins, &mut trials);
    judged.iter_mut().filter(|judged| judged.source.is_none()).for_each(|judged| {
        judged.source = pinned_source(judged, origins);
    });
    sources::fill(&mut judged, given, trials.compiler);
    let unset = advise(&mut judged, given, &mut trials);
    if settings.is_on(rule_ids::UNPINNED_IMAGE, true) {
        pins::find(&mut judged, origins, &mut trials);
    }
    Verdict { images: judged, unset, other_ways }
}

/// The class of each use.
pub(super) struct Classified {
    pub(super) images: Vec<Judged>,
    /// The decisions with another mirror at the requested sites.
    pub(super) other_ways: Vec<MarkedDecision>,
    /// The keys with a slash at the end of their values, if the chart turned out not to add one.
    pub(super) slashed: Option<Keys>,
}

/// Renders with a canary for the mirror, and without the rewrite, and determines the class of each use.
pub(super) fn classified(
    uses: Vec<ImageUse>,
    given: &Given<'_>,
    sites: BTreeSet<Site>,
    compiler: &mut Compiler,
) -> Classified {
    let Given { prepared, settings, keys, rendered, origins, .. } = *given;
    let canary = settings.mirror.at_host(NOWHERE);
    let (set, removed) = (keys.canary(&settings.mirror), keys.removed());
    let (with_canary, without) = if uses.is_empty() && sites.is_empty() || set.is_empty() {
        (Twin::default(), Twin::default())
    } else {
        (
            Twin::render(prepared, settings, &set, compiler, rendered, sites.clone()),
            Twin::render(prepared, settings, &removed, compiler, rendered, BTreeSet::new()),
        )
    };
    if let Some(slashed) = keys.slashed(with_canary.references(), &settings.mirror) {
        let classified = classified(uses, &Given { keys: &slashed, ..*given }, sites, compiler);
        return Classified { slashed: Some(classified.slashed.unwrap_or(slashed)), ..classified };
    }
    let registries = sources::Registries::of(given.reads, &prepared.chart);
    let judged = |image: ImageUse| {
        let decider = decider(&image, ReferencePart::Registry, origins);
        let source = without.text_of(&image).and_then(|text| Reference::parse(text).ok());
        let is_path_of_user =
            deciders(&image, ReferencePart::Repository, origins).iter().any(|one| one.source.is_user());
        let facts = Facts {
            text: &image.text,
            is_path_of_user,
            reference: image.known(),
            canary: with_canary.text_of(&image),
            source: source.as_ref(),
            decided_by: &decider.source,
        };
        let class = classify(&facts, &settings.mirror, &canary, settings.layout);
        let source = sources::source(&image, source, is_path_of_user, settings);
        let registry_with_path = source.as_ref().and_then(|source| registries.with_path(source));
        Judged { source, registry_with_path, ..Judged::new(image, class, decider) }
    };
    Classified { images: uses.into_iter().map(judged).collect(), other_ways: with_canary.decided, slashed: None }
}

/// Records whose settings decide references although nothing of them is printed; returns their origins.
pub(super) fn find_culprits(judged: &mut [Judged], given: &Given<'_>, trials: &mut Trials<'_>) -> Origins {
    let Given { prepared, settings, .. } = *given;
    let canary = settings.mirror.at_host(NOWHERE);
    let mut of_user = Origins::new();
    if prepared.is_given
        && let Ok(user) = prepared.user_values(Some(&mut of_user))
    {
        culprit::find(judged, &user, &of_user, &canary, trials);
    }
    of_user
}

/// Whether an image needs its own fix.
fn is_wrong(judged: &Judged, trials: &Trials<'_>) -> bool {
    judged.class != Class::NotRewritten && judged.image.tier != Tier::Possible && !trials.is_right_now(judged)
}

/// Searches for what would send images to the mirror, and tries it.
fn advise(judged: &mut [Judged], given: &Given<'_>, trials: &mut Trials<'_>) -> Vec<RewriteUnset> {
    let Given { prepared, settings, keys, origins, .. } = *given;
    let mut unset = rewrite::find(judged, prepared, keys, &settings.mirror);
    let reached = reach::find(judged, (given.reads, given.statics), given.values, trials);
    for (&number, reached) in &reached {
        judged[number].is_out_of_reach = reached.is_empty();
    }
    let set_key: Option<Proposal> =
        keys.all.iter().find_map(|key| rewrite::setting(key, prepared, keys, &settings.mirror));
    let mut lists = Lists::new(&prepared.work);
    judged.iter().filter(|one| is_wrong(one, trials)).for_each(|one| lists.note(one, settings, origins));
    let proposals = |(number, one): (usize, &Judged)| {
        let is_pin = one.is_needless_pin() && trials.is_right_now(one);
        if !is_wrong(one, trials) && !is_pin {
            return None;
        }
        let reached = reached.get(&number).map(Vec::as_slice).unwrap_or_default();
        Some((number, of_image(one, reached, set_key.as_ref(), &lists, &keys.all, (prepared, settings, origins))))
    };
    let of_images: Vec<(usize, Vec<Proposal>)> = judged.iter().enumerate().filter_map(proposals).collect();
    let further = |one: &Judged, after: &str| candidates::further(one, after, &lists, (prepared, settings, origins));
    advice::find(judged, of_images, &mut unset, &further, trials);
    // A user who set something can change it.
    let is_of_user = |one: &Judged| one.decider.source.is_user();
    let unhelped = |&number: &usize| {
        let one = &judged[number];
        one.fix.is_none() && !is_of_user(one) && is_wrong(one, trials)
    };
    let unhelped: Vec<usize> = (0..judged.len()).filter(unhelped).collect();
    patch::find(judged, &unhelped, given, trials);
    unset.into_iter().map(|(unset, _)| unset).collect()
}

/// Renders once more without the user's settings that decided registries, each removed in its own file, and records the
/// resulting references: the value of an earlier file counts then.
fn take_overrides_away(judged: &mut [Judged], origins: &Origins, trials: &mut Trials<'_>) {
    let is_override = |judged: &Judged| {
        judged.decider.source.is_user() && !matches!(judged.class, Class::Rewritten | Class::NotRewritten)
    };
    let of_user = judged.iter().filter(|judged| is_override(judged) && judged.culprits.is_empty());
    let deciding: BTreeSet<Origin> = of_user.map(|judged| judged.decider.origin).collect();
    let (mut edits, mut of_edits) = (Vec::<Edit>::new(), Vec::new());
    for origin in deciding {
        let removal = changed(origin, ValueAction::Remove, String::new(), origins);
        edits.extend(removal.into_iter().flat_map(|removal| removal.edits));
        of_edits.resize(edits.len(), origin);
    }
    let possible = trials.possible(&edits);
    let mut can = possible.iter();
    edits.retain(|_| can.next() == Some(&true));
    let removed: BTreeSet<Origin> =
        of_edits.into_iter().zip(possible).filter(|(_, can)| *can).map(|(origin, _)| origin).collect();
    if edits.is_empty() {
        return;
    }
    let Ok(Some(twin)) = trials.with_edits(&edits) else { return };
    for judged in judged.iter_mut().filter(|judged| removed.contains(&judged.decider.origin) && is_override(judged)) {
        let text = Trials::text(&twin, &judged.image);
        let Some(reference) = text.and_then(|text| Reference::parse(text).ok()) else { continue };
        judged.without_override = match trials.settings.mirror.serves(&reference) {
            true => WithoutOverride::Mirror(reference.as_written().to_owned()),
            false => WithoutOverride::Elsewhere(reference.as_written().to_owned()),
        };
    }
}

/// The source of an image that the user pointed at the mirror by hand: the chart's image, in the user's version.
///
/// None if the user chose another image: `mirror.internal/platform/nginx-hardened` for `docker.io/library/nginx`.
fn pinned_source(judged: &Judged, origins: &Origins) -> Option<Reference> {
    let (Class::PinnedToMirror, WithoutOverride::Elsewhere(default)) = (judged.class, &judged.without_override) else {
        return None;
    };
    let path = decider(&judged.image, ReferencePart::Repository, origins);
    if path.source.is_user() && path.origin != judged.decider.origin {
        return None;
    }
    sources::in_version_of(judged.image.reference.as_ref().ok()?, &Reference::parse(default).ok()?)
}
