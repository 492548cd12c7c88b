//! Finds deciders that origins cannot show: a value that prints nothing, `registry: ""`, `tag: null`, or a switch.
//!
//! The release is rendered without the user's settings. If that makes a reference right, the smallest set of them is searched
//! whose removal has this effect.

use super::Judged;
use super::propose::changed;
use super::trial::Trials;
use crate::fix::{Edit, ValueAction};
use crate::images::{Class, Shape, Tier};
use crate::provenance::{Decider, DeciderKind, decider_of};
use crate::reference::{Mirror, Reference};
use crate::release::InputChange;
use crate::template::Value;
use crate::trace::{Origin, Origins};
use crate::values::layers::Merged;
use crate::values_path::{Key, ValuesPath};
use std::collections::{BTreeMap, BTreeSet};

/// The most renders in this search.
const MOST: usize = 24;

/// A setting of the user's that can be left out.
struct Candidate {
    path: ValuesPath,
    origin: Origin,
    /// Whether it prints nothing, or disables something.
    is_nothing: bool,
    /// The edit that removes it, if possible.
    removal: Option<Edit>,
}

/// The user's settings that decide references although nothing of them is printed.
pub(super) struct Culprits<'t, 'a> {
    trials: &'t mut Trials<'a>,
    canary: &'t Mirror,
    candidates: Vec<Candidate>,
    wanted: Vec<(usize, Wanted)>,
    /// Results: what was good without which candidates.
    known: BTreeMap<BTreeSet<usize>, BTreeSet<usize>>,
    left: usize,
}

/// Images by index, each with what it must become.
type Images = Vec<(usize, Wanted)>;

/// What a reference must become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A reference that comes from the mirror.
    Mirrored,
    /// A reference, if it is not one.
    Valid,
    /// A reference with a tag or a digest.
    Pinned,
}

/// Searches for culprits and records them as deciders of the registry or the version.
pub(super) fn find(judged: &mut [Judged], user: &Merged, origins: &Origins, canary: &Mirror, trials: &mut Trials<'_>) {
    let wanted: Vec<(usize, Wanted)> =
        judged.iter().enumerate().filter_map(|(number, one)| Some((number, wanted(one)?))).collect();
    if wanted.is_empty() {
        return;
    }
    let candidates = candidates(user, origins, trials);
    if candidates.is_empty() {
        return;
    }
    let mut culprits = Culprits { trials, canary, candidates, wanted, known: BTreeMap::new(), left: MOST };
    for (numbers, settings) in culprits.find(judged) {
        let origins_of = settings.iter().map(|&setting| culprits.candidates[setting].origin);
        let deciders: Vec<Decider> = origins_of.map(|origin| decider_of(origin, 0, origins)).collect();
        for (number, wanted) in numbers {
            let one = &mut judged[number];
            match wanted {
                Wanted::Pinned => one.version_decider = deciders.first().cloned(),
                Wanted::Mirrored | Wanted::Valid => {
                    one.decider = deciders[0].clone();
                    if matches!(one.class, Class::ChartDefault | Class::HardCoded | Class::Unexplained) {
                        one.class = Class::Overridden;
                    }
                    one.culprits = deciders.clone();
                }
            }
        }
    }
}

/// What a reference must become, if a setting may be the cause that it is not.
fn wanted(judged: &Judged) -> Option<Wanted> {
    let image = &judged.image;
    if image.tier == Tier::Possible {
        return None;
    }
    let printed_by_user = matches!(judged.decider.source, DeciderKind::User(_));
    match (&image.reference, judged.class) {
        (Err(_), _) => Some(Wanted::Valid),
        (_, Class::ChartDefault | Class::HardCoded | Class::Unexplained | Class::HalfRewritten) => {
            (!printed_by_user).then_some(Wanted::Mirrored)
        }
        (Ok(reference), _) if reference.tag.is_none() && reference.digest.is_none() => {
            matches!(image.shape, Shape::Container | Shape::Volume).then_some(Wanted::Pinned)
        }
        _ => None,
    }
}

/// The user's settings: scalars, whole lists, empty maps and nulls; not those for the mirror.
fn candidates(user: &Merged, origins: &Origins, trials: &Trials<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    collect(&Value::Map(user.values.clone()), &mut ValuesPath::default(), (user, origins), &mut found);
    let (keys, mirror) = (&trials.keys.all, &trials.settings.mirror);
    let is_rewrite = |candidate: &Candidate| {
        let value = crate::values::value_at(&user.values, &candidate.path);
        let text = value.as_ref().and_then(Value::as_str).map(|text| text.to_text().into_owned());
        keys.contains(&candidate.path) && text.is_some_and(|text| mirror.split(&text).is_some())
    };
    found.retain(|candidate| !is_rewrite(candidate));
    let removal = |candidate: &Candidate| {
        let removal = changed(candidate.origin, ValueAction::Remove, String::new(), origins);
        removal.and_then(|removal| removal.edits.into_iter().next())
    };
    found.iter_mut().for_each(|candidate| candidate.removal = removal(candidate));
    let edits: Vec<Edit> = found.iter().filter_map(|candidate| candidate.removal.clone()).collect();
    let mut possible = trials.possible(&edits).into_iter();
    for candidate in &mut found {
        candidate.removal = candidate.removal.take().filter(|_| possible.next() == Some(true));
    }
    found
}

fn collect(value: &Value, path: &mut ValuesPath, of: (&Merged, &Origins), found: &mut Vec<Candidate>) {
    if let Value::Map(map) = value
        && (!map.is_empty() || path.is_empty())
    {
        for (key, value) in map.entries() {
            path.push(&*key.to_text());
            collect(&value, path, of, found);
            path.pop();
        }
        return;
    }
    let (user, origins) = of;
    let origin = match value {
        Value::Nil => user.nulls.get(&path.iter().filter_map(Key::name).map(Into::into).collect::<Vec<_>>()),
        value if value.origin().is_none() => origins.of_user_at(path),
        value => value.origin(),
    };
    if !origin.is_none() {
        found.push(Candidate { path: path.clone(), origin, is_nothing: !value.truth(), removal: None });
    }
}

impl Culprits<'_, '_> {
    /// The images of each smallest set of settings, with that set.
    fn find(&mut self, judged: &[Judged]) -> Vec<(Images, Vec<usize>)> {
        let all: BTreeSet<usize> = (0..self.candidates.len()).collect();
        let nothing: BTreeSet<usize> = all.iter().copied().filter(|&one| self.candidates[one].is_nothing).collect();
        let mut found = Vec::new();
        let mut open: BTreeSet<usize> = (0..self.wanted.len()).collect();
        for from in [nothing, all] {
            if from.is_empty() {
                continue;
            }
            let mut hopeful: BTreeSet<usize> = self.good_without(&from, judged).intersection(&open).copied().collect();
            while let Some(&first) = hopeful.first() {
                if self.left == 0 {
                    break;
                }
                let Some(set) = self.smallest(&from, first, judged) else {
                    hopeful.remove(&first);
                    continue;
                };
                let mut good = self.good_without(&set, judged);
                good.insert(first);
                let images = good.iter().filter(|one| open.contains(one)).map(|&one| self.wanted[one]).collect();
                found.push((images, set.into_iter().collect()));
                hopeful.retain(|one| !good.contains(one));
                open.retain(|one| !good.contains(one));
            }
        }
        found
    }

    /// The smallest subset of some settings without which a reference is good; `None` if the remaining renders do not show it.
    fn smallest(&mut self, from: &BTreeSet<usize>, wanted: usize, judged: &[Judged]) -> Option<BTreeSet<usize>> {
        let mut set = from.clone();
        let mut parts = 2;
        while set.len() > 1 {
            let size = set.len().div_ceil(parts);
            let items: Vec<usize> = set.iter().copied().collect();
            let chunks: Vec<BTreeSet<usize>> =
                items.chunks(size).map(|chunk| chunk.iter().copied().collect()).collect();
            let others = chunks.iter().map(|chunk| set.difference(chunk).copied().collect::<BTreeSet<usize>>());
            let candidates: Vec<(BTreeSet<usize>, bool)> = match chunks.len() {
                2 => chunks.iter().cloned().map(|chunk| (chunk, true)).collect(),
                _ => {
                    chunks.iter().cloned().map(|chunk| (chunk, true)).chain(others.map(|rest| (rest, false))).collect()
                }
            };
            let mut smaller = None;
            for (candidate, is_chunk) in candidates {
                if self.left == 0 && !self.known.contains_key(&candidate) {
                    return None;
                }
                if self.good_without(&candidate, judged).contains(&wanted) {
                    smaller = Some((candidate, is_chunk));
                    break;
                }
            }
            match smaller {
                Some((candidate, is_chunk)) => {
                    set = candidate;
                    parts = if is_chunk { 2 } else { (parts - 1).max(2) };
                }
                None if size == 1 => break,
                None => parts = (parts * 2).min(set.len()),
            }
        }
        Some(set)
    }

    /// Which references are good without some settings.
    fn good_without(&mut self, settings: &BTreeSet<usize>, judged: &[Judged]) -> BTreeSet<usize> {
        if let Some(known) = self.known.get(settings) {
            return known.clone();
        }
        if self.left == 0 {
            return BTreeSet::new();
        }
        self.left -= 1;
        // A setting is removed in its own file: the value of an earlier file counts then.
        let (mut edits, mut changes) = (Vec::new(), Vec::new());
        for candidate in settings.iter().map(|&one| &self.candidates[one]) {
            match &candidate.removal {
                Some(edit) => edits.push(edit.clone()),
                None => changes.push(InputChange::Remove(candidate.path.clone())),
            }
        }
        changes.extend(self.trials.keys.canary(&self.trials.settings.mirror));
        let mut good = BTreeSet::new();
        let twin = self.trials.with_edits_and(&edits, &changes).or_else(|_| {
            // If they cannot be removed together: remove their merged values.
            let removed = settings.iter().map(|&one| InputChange::Remove(self.candidates[one].path.clone()));
            let kept = changes.iter().filter(|change| !matches!(change, InputChange::Remove(_))).cloned();
            self.trials.with_edits_and(&[], &removed.chain(kept).collect::<Vec<_>>())
        });
        if let Ok(Some(twin)) = twin {
            let is_good = |&(number, wanted): &(usize, Wanted)| {
                let image = &judged[number].image;
                let reference = Trials::text(&twin, image).and_then(|text| Reference::parse(text).ok());
                reference.is_some_and(|reference| match wanted {
                    Wanted::Mirrored => {
                        self.canary.serves(&reference) || self.trials.settings.mirror.serves(&reference)
                    }
                    Wanted::Valid => true,
                    Wanted::Pinned => reference.tag.is_some() || reference.digest.is_some(),
                })
            };
            good = (0..self.wanted.len()).filter(|&one| is_good(&self.wanted[one])).collect();
        }
        self.known.insert(settings.clone(), good.clone());
        good
    }
}
