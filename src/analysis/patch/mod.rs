//! The patch of a template that makes an image follow the rewrite, if no value reaches the image.
//!
//! A patch is reported only if a trial succeeded: the release is rendered with it as it would be installed, and the image then
//! comes from its place on the mirror in the layout, with nothing else worse; and without the rewrite, every file renders byte
//! for byte as before.

mod site;

use super::Judged;
use super::advice::{MOST_PROVEN, keeps_version};
use super::given::Given;
use super::keys::usual_key;
use super::propose::{Proposal, added};
use super::rewrite;
use super::trial::{Texts, Trials};
use crate::fix::{Fix, Patch, Proven, Safety};
use crate::reads::{GLOBAL, Scopes};
use crate::release::InputChange;
use crate::source::File;
use crate::values_path::ValuesPath;
use site::{Site, site};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most renders that try patches.
const MOST_RENDERS: usize = 16;

/// Most patches that are tried.
const MOST_PATCHES: usize = 64;

/// The key that images should follow, and how to set it.
struct Key {
    name: ValuesPath,
    /// Its value.
    value: String,
    /// The user's edit, if it is not set.
    set: Option<Proposal>,
    /// The tool's changes.
    changes: Vec<InputChange>,
}

/// A patch, with the images that it is for.
struct Candidate {
    patch: Patch,
    key: usize,
    images: BTreeSet<usize>,
}

/// Searches patches for some images, and records those that work.
pub(super) fn find(judged: &mut [Judged], wanted: &[usize], given: &Given<'_>, trials: &mut Trials<'_>) {
    let mut keys = keys(given);
    let candidates = candidates(judged, wanted, &keys, given, trials);
    if candidates.is_empty() {
        return;
    }
    trials.allow(MOST_RENDERS);
    for (number, key) in keys.iter_mut().enumerate() {
        let own: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.key == number).collect();
        if own.is_empty() {
            continue;
        }
        if let Some(set) = &key.set
            && trials.possible(&set.edits).contains(&false)
        {
            // A value that cannot be written to the user's file can be set in an overlay.
            match set.over() {
                Some(over) => key.set = Some(over),
                None => continue,
            }
        }
        let mut removed = trials.keys.removed();
        removed.push(InputChange::Remove(key.name.clone()));
        let Some(before) = trials.texts(&[], &removed) else { return };
        let proven = prove(&own, key, &(removed, before), judged, trials);
        let patches: Vec<&Patch> = proven.iter().map(|(candidate, _)| &candidate.patch).collect();
        for (candidate, proof) in &proven {
            let patch = candidate.patch.beside(&patches);
            // One for all images of the patch: a proof may be as long as the list of them.
            let fix = fix(&patch, key, proof, judged);
            for number in proof.keys() {
                judged[*number].fix = Some(fix.clone());
            }
        }
    }
}

/// The keys that images may follow, the best first: those that templates read or the user set, otherwise the usual one.
fn keys(given: &Given<'_>) -> Vec<Key> {
    let Given { prepared, settings, keys, reads, .. } = *given;
    let mirror = &settings.mirror;
    let key = |name: &ValuesPath| {
        let value = keys.value(name)?.to_owned();
        let set = rewrite::setting(name, prepared, keys, mirror);
        let is_of_user = set.is_none() && !keys.assumed.contains(name);
        // Code that could read it is not enough: a patch should use a key that the chart reads.
        let is_known = is_of_user || settings.global_keys.is_some() || reads.looks_at(name);
        is_known.then(|| Key { name: name.clone(), value, set, changes: keys.defaults() })
    };
    let mut found: Vec<Key> = if keys.is_only_named() { Vec::new() } else { keys.all.iter().filter_map(key).collect() };
    found.sort_by_key(|key| !key.name[0].is(GLOBAL));
    if found.is_empty() && settings.global_keys.is_none() {
        found.extend(usual(given));
    }
    found
}

/// The key that most charts read; `None` if a single value cannot apply to all images.
fn usual(given: &Given<'_>) -> Option<Key> {
    let Given { prepared, settings, keys, .. } = *given;
    let (name, value) = (usual_key(), settings.mirror.only_place()?);
    let title = format!("set `{name}` to `{value}`");
    let set = (!keys.may_set()).then(|| added(name.clone(), value.as_str().into(), title, prepared));
    let mut changes = keys.defaults();
    if keys.may_set() {
        changes.push(InputChange::Default(name.clone(), value.clone()));
    }
    Some(Key { name, value, set, changes })
}

/// Patches that may help and do not overlap.
fn candidates(
    judged: &[Judged],
    wanted: &[usize],
    keys: &[Key],
    given: &Given<'_>,
    trials: &mut Trials<'_>,
) -> Vec<Candidate> {
    let mut sites: Vec<(usize, usize, ValuesPath, Site)> = Vec::new();
    for &number in wanted {
        let one = &judged[number];
        let chart = chart_of(&one.image.manifest.name);
        // The key that the chart reads for its other images is the right one for this image.
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&key| given.reads.read_in(&chart, &keys[key].name).is_none());
        let found = order.into_iter().find_map(|key| {
            let path = path_in(&chart, &keys[key].name)?;
            let site = site(one, &keys[key].value, given.settings, given.origins)?;
            Some((number, key, path, site))
        });
        sites.extend(found);
    }
    if sites.is_empty() {
        return Vec::new();
    }
    let helm = given.prepared.env.helm;
    let scopes = Scopes::of(&given.prepared.chart, &given.prepared.user.files, trials.compiler, helm);
    let mut found: Vec<Candidate> = Vec::new();
    for (file, positions) in positions(&sites) {
        let spots = scopes.spots(&file, &positions);
        for (number, key, path, site) in sites.iter().filter(|(.., site)| Arc::ptr_eq(&site.place.file, &file)) {
            let Some(spot) = spots.get(&site.place.start) else { continue };
            let Some(patch) = site.patch(spot, path, keys[*key].value.ends_with('/')) else { continue };
            let same = found.iter().position(|known| known.key == *key && known.patch.is_same(&patch));
            match same {
                Some(known) => {
                    found[known].images.insert(*number);
                }
                None if found.len() == MOST_PATCHES || found.iter().any(|one| one.patch.overlaps(&patch)) => {}
                None => found.push(Candidate { patch, key: *key, images: BTreeSet::from([*number]) }),
            }
        }
    }
    found
}

/// The files of sites, with the positions in each, in order.
fn positions(sites: &[(usize, usize, ValuesPath, Site)]) -> Vec<(Arc<File>, Vec<u32>)> {
    let mut files: Vec<(Arc<File>, Vec<u32>)> = Vec::new();
    for (.., site) in sites {
        let file = &site.place.file;
        match files.iter_mut().find(|(known, _)| Arc::ptr_eq(known, file)) {
            Some((_, positions)) => positions.push(site.place.start),
            None => files.push((file.clone(), vec![site.place.start])),
        }
    }
    for (_, positions) in &mut files {
        positions.sort_unstable();
        positions.dedup();
    }
    files
}

/// The full path of a template's chart: `app/charts/db` of `app/charts/db/templates/x.yaml`.
fn chart_of(template: &str) -> String {
    let parts: Vec<&str> = template.split('/').collect();
    let own = 1 + 2 * parts[1..].chunks(2).take_while(|pair| pair[0] == "charts").count();
    parts[..own.min(parts.len())].join("/")
}

/// The path of a release's key within a chart; `None` if the chart cannot read it.
fn path_in(chart: &str, path: &ValuesPath) -> Option<ValuesPath> {
    if path.first().is_some_and(|first| first.is(GLOBAL)) {
        return Some(path.clone());
    }
    let own = path.strip_prefix(&*ValuesPath::default().of_user(chart))?;
    // A map with that name may be the values of a subchart.
    (own.len() == 1).then(|| own.into())
}

/// The references of a patch's images with it.
type Proof = BTreeMap<usize, String>;

/// The patches that work: all of them together, or each half of them.
fn prove<'c>(
    candidates: &[&'c Candidate],
    key: &Key,
    without: &(Vec<InputChange>, Texts),
    judged: &[Judged],
    trials: &mut Trials<'_>,
) -> Vec<(&'c Candidate, Proof)> {
    let patches: Vec<&Patch> = candidates.iter().map(|candidate| &candidate.patch).collect();
    let targets: BTreeSet<usize> = candidates.iter().flat_map(|candidate| candidate.images.iter().copied()).collect();
    let edits = key.set.as_ref().map(|set| set.edits.clone()).unwrap_or_default();
    let Ok(Some(twin)) = trials.with_patches(&patches, &edits, &key.changes) else { return Vec::new() };
    let (removed, before) = without;
    if twin.is_whole
        && trials.spares(&twin, judged, &targets)
        && trials.texts(&patches, removed).is_some_and(|after| after == *before)
    {
        let becomes = |&number: &usize| {
            let (one, text) = (&judged[number], Trials::text(&twin, &judged[number].image)?);
            let is_right = trials.is_right(text, one.source.as_ref()) && keeps_version(one, text);
            (is_right && !one.is_taken_for_wrong(text, trials.settings)).then(|| (number, text.to_owned()))
        };
        let proof = |&candidate: &&'c Candidate| {
            let proof: Proof = candidate.images.iter().filter_map(becomes).collect();
            (!proof.is_empty()).then_some((candidate, proof))
        };
        return candidates.iter().filter_map(proof).collect();
    }
    if candidates.len() < 2 {
        return Vec::new();
    }
    let (some, others) = candidates.split_at(candidates.len() / 2);
    let mut proven = prove(some, key, without, judged, trials);
    proven.extend(prove(others, key, without, judged, trials));
    proven
}

fn fix(patch: &Patch, key: &Key, proof: &Proof, judged: &[Judged]) -> Fix {
    let title = format!("patch {} to apply `{}`", patch.place.file.name(), key.name);
    let title = match &key.set {
        Some(set) => format!("{title}, and {}", set.title),
        None => title,
    };
    let (mut seen, mut proven) = (BTreeSet::new(), Vec::new());
    for (&number, after) in proof {
        let before = judged[number].image.text.as_str();
        if proven.len() < MOST_PROVEN && seen.insert((before, after.as_str())) {
            proven.push(Proven { before: before.to_owned(), after: after.clone() });
        }
    }
    let edits = key.set.as_ref().map(|set| set.edits.clone()).unwrap_or_default();
    Fix {
        title,
        safety: Safety::Manual,
        edits,
        patches: vec![patch.clone()],
        proof: proven,
        overlay: Vec::new(),
        shown: None,
    }
}
