//! [`Unstable`]: what decides about images and differs between installs: randomness, the clock, the order of Go's maps; and the
//! mirror's name, if it changes the release.
//!
//! The render knows which conditions depend on these. For each, the release is rendered once more with the branch taking the
//! other way, and the images are compared.

use super::Analysis;
use super::course::{self, Courses, Ran, marks};
use crate::images::ImageUse;
use crate::reference::Reference;
use crate::template::decisions::{Course, Decisions, MarkedDecision, Site};
use crate::trace::Marks;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

/// The most renders that try other branches.
const MAX_RENDERS: usize = 16;

/// Something that differs between installs and decides about images.
#[derive(Debug, Clone)]
pub(crate) enum Unstable {
    /// A branch whose other way has other images.
    Branch {
        /// The branch.
        decided: MarkedDecision,
        /// References that only the other way has.
        other: Vec<String>,
        /// References that only this way has.
        own: Vec<String>,
    },
    /// The text of an image.
    Image {
        /// The image's index in the analysis.
        number: usize,
        /// Its marks.
        marks: Marks,
        /// The first bytes of the manifest that depend on it.
        at: Range<u32>,
        /// The text without the unstable part: `quay.io/acme/api:…`.
        shown: String,
    },
}

/// The text of an image without its unstable parts, and the first bytes of these in the manifest.
fn shown(image: &ImageUse) -> (String, Option<Range<u32>>) {
    let spans = image.manifest.content.spans();
    let is_unstable = |place: u32| {
        let span = spans.get(spans.partition_point(|span| span.end <= place));
        span.is_some_and(|span| span.start <= place && span.origin.marks().is_unstable())
    };
    let (mut shown, mut first) = (String::new(), None);
    for (at, character) in image.text.as_str().char_indices() {
        let places = image.text.places(at..at + character.len_utf8());
        let Some(place) = places.into_iter().find(|place| is_unstable(place.start)) else {
            shown.push(character);
            continue;
        };
        first.get_or_insert(place);
        if !shown.ends_with('…') {
            shown.push('…');
        }
    }
    (shown, first)
}

/// The sites that depend only on the mirror's name.
pub(super) fn mirror_sites(decisions: &Decisions) -> BTreeSet<Site> {
    let of_mirror = |decided: &&MarkedDecision| decided.marks.mirror && !decided.marks.is_unstable();
    decisions.decided().iter().filter(of_mirror).map(|decided| decided.site.clone()).collect()
}

/// A planned render: the sites that take another way; the last one is tested.
struct Trial {
    turned: BTreeMap<Site, bool>,
    about: MarkedDecision,
}

/// What decides about images and differs between installs. `with_canary` are the decisions with another mirror.
pub(super) fn find(
    analysis: &Analysis,
    decisions: &Decisions,
    with_canary: &[MarkedDecision],
    courses: &mut Courses<'_>,
) -> Vec<Unstable> {
    let unstable_text = |(number, image): (usize, &ImageUse)| {
        let marks = marks(image);
        let (shown, at) = shown(image);
        Some(Unstable::Image { number, marks, at: at?, shown })
    };
    let images = analysis.images.iter().map(|judged| &judged.image);
    let mut found: Vec<Unstable> = images.clone().enumerate().filter_map(unstable_text).collect();
    let differs = |decided: &&MarkedDecision| {
        decided.marks.is_unstable()
            || with_canary.iter().any(|other| other.site == decided.site && other.ways != decided.ways)
    };
    let sites: Vec<MarkedDecision> = decisions.decided().iter().filter(differs).cloned().collect();
    if sites.is_empty() {
        return found;
    }
    let installed: BTreeSet<String> =
        images.filter(|image| !marks(image).is_unstable()).map(|image| image.text.as_str().to_owned()).collect();
    let mut known: BTreeSet<Site> = sites.iter().map(|decided| decided.site.clone()).collect();
    let mut trials: VecDeque<Trial> = sites.iter().flat_map(|decided| turns(decided, &BTreeMap::new())).collect();
    if let [first, _, ..] = &sites[..] {
        let turned = sites.iter().map(|one| (one.site.clone(), !one.ways[1])).collect();
        trials.push_back(Trial { turned, about: first.clone() });
    }
    let mut told: BTreeMap<Site, (MarkedDecision, BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    let mut all_other: BTreeSet<String> = BTreeSet::new();
    for _ in 0..MAX_RENDERS {
        let Some(trial) = trials.pop_front() else { break };
        let decisions = course::decisions(Course::Turned(trial.turned.clone()), courses.keys);
        // If the other way fails, it has no images.
        let Some(ran) = courses.render(decisions, &[], courses.prepared.limits.clone()) else { continue };
        let (other, own) = compare(analysis, &ran, &installed, courses);
        let of_mirror = !trial.about.marks.is_unstable();
        let mirror = &courses.settings.mirror;
        let other: BTreeSet<String> = other
            .into_iter()
            .filter(|reference| !of_mirror || bypasses(reference, courses) && !mirror.is_named_in(reference))
            .collect();
        let own = if of_mirror { BTreeSet::new() } else { own };
        let is_new = trial.turned.len() == 1 || other.iter().any(|reference| !all_other.contains(reference));
        if is_new && !(other.is_empty() && own.is_empty()) {
            all_other.extend(other.iter().cloned());
            let entry = told.entry(trial.about.site.clone());
            let (_, others, owns) = entry.or_insert_with(|| (trial.about.clone(), BTreeSet::new(), BTreeSet::new()));
            others.extend(other);
            owns.extend(own);
        }
        // A branch that was not reached before.
        for decided in ran.decisions.decided() {
            if decided.marks.is_unstable() && known.insert(decided.site.clone()) {
                trials.extend(turns(decided, &trial.turned));
            }
        }
    }
    let branch = |(decided, other, own): (MarkedDecision, BTreeSet<String>, BTreeSet<String>)| Unstable::Branch {
        decided,
        other: other.into_iter().collect(),
        own: own.into_iter().collect(),
    };
    found.extend(told.into_values().map(branch));
    found
}

/// The renders in which a site takes a way that it did not always take.
fn turns(decided: &MarkedDecision, before: &BTreeMap<Site, bool>) -> Vec<Trial> {
    let both = decided.ways == [true, true];
    let ways = [true, false].into_iter().filter(|&way| both || !decided.ways[usize::from(way)]);
    let trial = |way| {
        let mut turned = before.clone();
        turned.insert(decided.site.clone(), way);
        Trial { turned, about: decided.clone() }
    };
    ways.map(trial).collect()
}

/// The references that only the other render has, and those that only the release has, as far as files differ.
fn compare(
    analysis: &Analysis,
    ran: &Ran,
    installed: &BTreeSet<String>,
    courses: &Courses<'_>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let first: BTreeMap<&str, &[u8]> =
        analysis.rendered.files.iter().map(|file| (file.name.as_str(), file.text.as_bytes())).collect();
    let changed = ran.rendered.files.iter().filter(|file| first.get(file.name.as_str()) != Some(&file.text.as_bytes()));
    let mut names = BTreeSet::new();
    let mut there = BTreeSet::new();
    for file in changed {
        names.insert(file.name.as_str());
        let images = courses.images(file).into_iter().filter(|image| !marks(image).is_unstable());
        there.extend(images.map(|image| image.text.as_str().to_owned()));
    }
    let images = || analysis.images.iter().map(|judged| &judged.image);
    let is_in = |image: &&ImageUse| names.contains(image.manifest.name.as_str());
    // Images of other files exist either way.
    let elsewhere: BTreeSet<&str> = images().filter(|image| !is_in(image)).map(|image| image.text.as_str()).collect();
    let here = images().filter(is_in).filter(|image| image.tier != crate::images::Tier::Possible);
    let own = here.map(|image| image.text.as_str()).filter(|text| installed.contains(*text));
    let own = own.filter(|text| !there.contains(*text) && !elsewhere.contains(text)).map(str::to_owned).collect();
    let other = there.into_iter().filter(|text| !installed.contains(text)).collect();
    (other, own)
}

fn bypasses(reference: &str, courses: &Courses<'_>) -> bool {
    !Reference::parse(reference).is_ok_and(|reference| courses.settings.mirror.serves(&reference))
}
