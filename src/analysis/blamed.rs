//! [`Blamed`]: who decided an image if the manifest does not show it: a switch, a value that prints nothing, a rewrite that is
//! not set. It names the same deciders as lint, from the same trials, and renders the image without them.

use super::given::Given;
use super::judge::{Classified, classified, find_culprits};
use super::keys::Keys;
use super::propose::changed;
use super::trial::Trials;
use super::{Judged, Traced, render_with_mirror, rewrite};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::fix::{Edit, ValueAction};
use crate::images::{Class, ImageUse, Search};
use crate::provenance::Decider;
use crate::reads::Statics;
use crate::release::{InputChange, ReleaseInputs};
use crate::settings::Settings;
use crate::trace::Origins;
use crate::values_path::ValuesPath;
use std::collections::{BTreeMap, BTreeSet};

/// The most renders of images without their deciders.
const MOST_RENDERS: usize = 16;

/// An image whose deciders print nothing.
#[derive(Debug)]
pub(crate) struct Blamed {
    /// The use.
    pub image: ImageUse,
    /// The user's settings that together decide it; empty if the rewrite is not set.
    pub by: Vec<Decider>,
    /// The image without them, from a render; `None` if that shows nothing.
    pub otherwise: Option<Otherwise>,
}

/// An image without its deciders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Otherwise {
    /// The reference.
    pub reference: String,
    /// Without the settings that decided it.
    pub is_without: bool,
    /// With this key of the rewrite set to this value.
    pub with: Option<(ValuesPath, String)>,
}

/// Renders a release with traces and the mirror set, as lint does, and finds deciders that print nothing.
///
/// # Errors
/// The user's input cannot be used. A chart that does not render is a [`RenderFailure`](super::RenderFailure).
pub(crate) fn blame(
    prepared: &ReleaseInputs,
    settings: &Settings,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<(Traced, Vec<Blamed>), Error> {
    let mut statics = Statics::of(&prepared.chart, compiler, prepared.env.helm);
    prepared.user.files.iter().for_each(|file| statics.text(file));
    let mut keys = Keys::find(prepared, settings, &statics)?;
    let mut lines = Vec::new();
    let mut traced = render_with_mirror(prepared, settings, &mut keys, false, compiler, &mut lines)?;
    let mut uses = uses_of(&traced, prepared, settings)?;
    if keys.end_with_slash(uses.iter().map(|image| image.text.as_str())) {
        lines.clear();
        traced = render_with_mirror(prepared, settings, &mut keys, false, compiler, &mut lines)?;
        uses = uses_of(&traced, prepared, settings)?;
    }
    log.append(&mut lines);
    if traced.failure.is_some() || !prepared.is_given {
        return Ok((traced, Vec::new()));
    }
    let given = Given {
        prepared,
        settings,
        keys: &keys,
        rendered: &traced.rendered,
        manifests: &traced.manifests,
        origins: &traced.origins,
        reads: &traced.rendered.reads,
        statics: &statics,
        values: &traced.values,
    };
    let blamed = find_blamed(uses, &given, compiler);
    Ok((traced, blamed))
}

/// The images of the manifests; an error if the limit is exceeded.
fn uses_of(traced: &Traced, prepared: &ReleaseInputs, settings: &Settings) -> Result<Vec<ImageUse>, Error> {
    let manifests = traced.manifests.iter().filter(|manifest| !manifest.is_blank());
    let found = Search::counted(manifests, settings.hints(), &prepared.limits, &prepared.work);
    if found.is_cut { Err(Search::told(&prepared.limits)) } else { Ok(found.uses) }
}

fn find_blamed(uses: Vec<ImageUse>, given: &Given<'_>, compiler: &mut Compiler) -> Vec<Blamed> {
    let Classified { images: mut judged, slashed, .. } = classified(uses, given, BTreeSet::new(), compiler);
    let given = &Given { keys: slashed.as_ref().unwrap_or(given.keys), ..*given };
    let Given { prepared, settings, keys, rendered, .. } = *given;
    let mut trials = Trials::new(prepared, settings, keys, compiler, rendered, given.manifests);
    let of_user = find_culprits(&mut judged, given, &mut trials);
    let unset = rewrite::find(&judged, prepared, keys, &settings.mirror);
    trials.allow(MOST_RENDERS);
    let mut found: BTreeMap<usize, (Vec<Decider>, Option<Otherwise>)> = BTreeMap::new();
    for (unset, _) in unset {
        let key = (unset.key.clone(), unset.value.clone());
        let twin = trials.with_changes(&[InputChange::Set(unset.key, unset.value)]);
        let by: Vec<Decider> = unset.by.into_iter().map(|(decider, _)| decider).collect();
        for number in unset.images {
            let after = twin.as_ref().and_then(|twin| Trials::text(twin, &judged[number].image)).map(str::to_owned);
            let otherwise = after.map(|reference| Otherwise { reference, is_without: false, with: Some(key.clone()) });
            found.entry(number).or_insert((by.clone(), otherwise));
        }
    }
    let mut sets: Vec<(Vec<Decider>, Vec<usize>)> = Vec::new();
    for (number, one) in judged.iter().enumerate().filter(|(_, one)| one.class != Class::NotRewritten) {
        let by = culprits(one);
        match sets.iter_mut().find(|(known, _)| *known == by) {
            _ if by.is_empty() => {}
            Some((_, images)) => images.push(number),
            None => sets.push((by, vec![number])),
        }
    }
    for (by, images) in sets {
        let after = without(&by, &images, &judged, &of_user, &mut trials);
        for (number, otherwise) in images.into_iter().zip(after) {
            found.insert(number, (by.clone(), otherwise));
        }
    }
    let told = judged.into_iter().enumerate().filter_map(|(number, one)| {
        let (by, otherwise) = found.remove(&number)?;
        Some(Blamed { image: one.image, by, otherwise })
    });
    told.collect()
}

/// The user's settings that decide an image although nothing of them is printed: its registry, or else its version.
fn culprits(judged: &Judged) -> Vec<Decider> {
    match judged.culprits.is_empty() {
        false => judged.culprits.clone(),
        true => judged.version_decider.iter().cloned().collect(),
    }
}

/// Images without some of the user's settings: as the release is installed, or, if that does not bring them from the mirror,
/// with the rewrite set.
fn without(
    by: &[Decider],
    images: &[usize],
    judged: &[Judged],
    of_user: &Origins,
    trials: &mut Trials<'_>,
) -> Vec<Option<Otherwise>> {
    let (mut edits, mut removed): (Vec<Edit>, Vec<InputChange>) = (Vec::new(), Vec::new());
    for decider in by {
        let removal = changed(decider.origin, ValueAction::Remove, String::new(), of_user);
        match removal
            .and_then(|removal| removal.edits.into_iter().next())
            .filter(|edit| trials.possible(std::slice::from_ref(edit)) == [true])
        {
            Some(edit) => edits.push(edit),
            None => removed.push(InputChange::Remove(decider.path.clone())),
        }
    }
    let of_version = |number: usize| judged[number].culprits.is_empty();
    let mut found: Vec<Option<Otherwise>> = vec![None; images.len()];
    let (as_installed, mirrored) = (trials.keys.defaults(), trials.keys.mirrored());
    let keys: Vec<(ValuesPath, String)> = mirrored
        .iter()
        .filter_map(|change| Some((change.path().clone(), trials.keys.value(change.path())?.to_owned())))
        .collect();
    for (changes, with) in [(as_installed, None), (mirrored, keys.into_iter().next())] {
        if found.iter().all(Option::is_some) {
            break;
        }
        let changes: Vec<InputChange> = removed.iter().cloned().chain(changes).collect();
        let Ok(Some(twin)) = trials.with_edits_and(&edits, &changes) else { break };
        for (otherwise, &number) in found.iter_mut().zip(images).filter(|(otherwise, _)| otherwise.is_none()) {
            let Some(text) = Trials::text(&twin, &judged[number].image) else { continue };
            if of_version(number) || super::judged::serves(text, &trials.settings.mirror) {
                *otherwise = Some(Otherwise { reference: text.to_owned(), is_without: true, with: with.clone() });
            }
        }
    }
    found
}
