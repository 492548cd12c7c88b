//! Which values reach an image that neither a default of the chart nor the user decides: tried by setting each value that
//! templates read to a unique host, and searching the hosts in the output; switches are flipped as well.

use super::Judged;
use super::judged::serves;
use super::trial::Trials;
use crate::analysis::other_mirror::Twin;
use crate::images::Class;
use crate::provenance::DeciderKind;
use crate::reads::ValueReads;
use crate::reads::statics::Statics;
use crate::release::InputChange;
use crate::render::output::is_crd_file;
use crate::template::{Map, Value};
use crate::values::value_at;
use crate::values_path::{Key, ValuesPath};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The most values that are tried together.
const MOST_TOGETHER: usize = 40;

/// The most values that are tried one by one, if together they keep the chart from rendering.
const MOST_ALONE: usize = 8;

/// The most switches that are flipped one by one, if all of them together change an image.
const MOST_SWITCHES: usize = 12;

/// The most elements of a list that are replaced.
const MOST_ELEMENTS: usize = 40;

/// Words in names of values for a registry or an image.
const NAMES: &[&str] = &["registry", "repository", "image", "hub", "repo", "host", "url", "prefix", "domain", "mirror"];

/// Values that reach an image together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reached {
    /// The paths, each with the value that makes the image right.
    pub(super) values: Vec<(ValuesPath, Json)>,
}

/// A value that may reach an image, and the forms into which hosts are put.
#[derive(Debug, Clone)]
struct Candidate {
    path: ValuesPath,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Text,
    /// A list of these texts; of one text if it is empty.
    List(Vec<String>),
}

/// The values that templates read, as candidates.
struct Candidates {
    texts: Vec<Candidate>,
    /// Texts that only code names and that a switch may enable.
    hidden: Vec<Candidate>,
    /// Switches, with the changes that flip them.
    switches: Vec<(ValuesPath, bool)>,
    /// Whether there are more of them.
    are_all: bool,
}

/// The values that reach images, by the image's index; an image without an entry was not tried.
pub(super) fn find(
    judged: &[Judged],
    (reads, statics): (&ValueReads, &Statics),
    values: &Map,
    trials: &mut Trials<'_>,
) -> BTreeMap<usize, Vec<Reached>> {
    let is_wanted = |one: &Judged| {
        let is_of_code = !matches!(one.decider.source, DeciderKind::User(_) | DeciderKind::ChartDefault(_));
        is_of_code
            && matches!(one.class, Class::HardCoded | Class::Unexplained)
            && !is_crd_file(&one.image.manifest.name)
    };
    let images: Vec<usize> = (0..judged.len()).filter(|&number| is_wanted(&judged[number])).collect();
    let mut found = BTreeMap::new();
    if images.is_empty() {
        return found;
    }
    let candidates = candidates(judged, &images, (reads, statics), values, trials);
    let mut all_tried = texts(judged, &images, &candidates.texts, trials, &mut found);
    let open: Vec<usize> =
        images.iter().copied().filter(|number| found.get(number).is_none_or(Vec::is_empty)).collect();
    if !open.is_empty() && !candidates.switches.is_empty() {
        all_tried &= switches(judged, &open, &candidates, trials, &mut found);
    }
    let is_told = |of_image: &Vec<Reached>| all_tried && candidates.are_all || !of_image.is_empty();
    found.retain(|_, of_image| is_told(of_image));
    found
}

/// Sets hosts in texts and lists; returns whether all were tried.
fn texts(
    judged: &[Judged],
    images: &[usize],
    candidates: &[Candidate],
    trials: &mut Trials<'_>,
    found: &mut BTreeMap<usize, Vec<Reached>>,
) -> bool {
    if candidates.is_empty() {
        found.extend(images.iter().map(|&number| (number, Vec::new())));
        return true;
    }
    let Some(twin) = together(candidates, &[], trials) else { return false };
    if twin.is_whole {
        let of_image = |&number: &usize| (number, reached(&judged[number], &twin, candidates, &[], trials));
        found.extend(images.iter().map(of_image));
        return true;
    }
    // Some of them keep the chart from rendering: a string where the chart expects a list or something else.
    let mut one_by_one: Vec<Candidate> = candidates.iter().take(MOST_ALONE).cloned().collect();
    let lists = one_by_one.iter().filter(|one| matches!(one.form, Form::Text)).cloned();
    let lists: Vec<Candidate> = lists.map(|one| Candidate { form: Form::List(Vec::new()), ..one }).collect();
    one_by_one.extend(lists);
    let mut failed: Vec<ValuesPath> = Vec::new();
    for candidate in one_by_one {
        // If a string does not fit, it may be a list.
        let is_second = matches!(&candidate.form, Form::List(texts) if texts.is_empty());
        let was_text = candidates.iter().any(|one| one.path == candidate.path && matches!(one.form, Form::Text));
        if is_second && was_text && !failed.contains(&candidate.path) {
            continue;
        }
        let path = candidate.path.clone();
        let one = [candidate];
        let Some(twin) = together(&one, &[], trials) else { return false };
        if !twin.is_whole {
            failed.push(path);
        }
        for &number in images {
            let of_image: &mut Vec<Reached> = found.entry(number).or_default();
            if twin.is_whole {
                of_image.extend(reached(&judged[number], &twin, &one, &[], trials));
            }
        }
    }
    candidates.len() <= MOST_ALONE
}

/// Flips switches, all together first, and with hosts in the texts; returns whether all were tried.
fn switches(
    judged: &[Judged],
    images: &[usize],
    candidates: &Candidates,
    trials: &mut Trials<'_>,
    found: &mut BTreeMap<usize, Vec<Reached>>,
) -> bool {
    let Candidates { texts, hidden, switches, .. } = candidates;
    let texts = &[texts.as_slice(), hidden].concat();
    let Some(all) = together(texts, switches, trials) else { return false };
    let is_other = |&number: &usize| all.text_of(&judged[number].image).is_some();
    if all.is_whole && !images.iter().any(is_other) {
        return true;
    }
    for turned in switches.iter().take(MOST_SWITCHES) {
        let turned = std::slice::from_ref(turned);
        // Alone, to see whether it follows the rewrite then; and with hosts, if it reads another value.
        for texts in [&[][..], texts] {
            let Some(twin) = together(texts, turned, trials) else { return false };
            for &number in images.iter().filter(|_| twin.is_whole) {
                let of_image: &mut Vec<Reached> = found.entry(number).or_default();
                if of_image.is_empty() {
                    of_image.extend(reached(&judged[number], &twin, texts, turned, trials));
                }
            }
        }
        if images.iter().all(|number| found.get(number).is_some_and(|of_image| !of_image.is_empty())) {
            return true;
        }
    }
    switches.len() <= MOST_SWITCHES
}

/// The values that templates of the images, or helpers, read: strings or missing, lists of strings, switches.
fn candidates(
    judged: &[Judged],
    images: &[usize],
    (reads, statics): (&ValueReads, &Statics),
    values: &Map,
    trials: &Trials<'_>,
) -> Candidates {
    let is_free = |path: &ValuesPath| {
        let is_index = path.iter().any(Key::is_index);
        !is_index && !trials.keys.all.contains(path)
    };
    let files: BTreeSet<&str> = images.iter().map(|&number| judged[number].image.manifest.source.name()).collect();
    let is_near = |path: &ValuesPath| {
        let of_image = |file: &str| files.contains(file);
        let is_helper = |file: &str| file.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
        reads.places(path).iter().any(|place| of_image(place.file.name()) || is_helper(place.file.name()))
    };
    let is_named = |path: &ValuesPath| {
        let name = path.last().and_then(Key::name).map(str::to_ascii_lowercase).unwrap_or_default();
        NAMES.iter().any(|word| name.contains(word))
    };
    let (mut named, mut others, mut switches) = (Vec::new(), Vec::new(), Vec::new());
    for path in reads.paths().filter(|path| is_free(path) && is_near(path)) {
        let value = value_at(values, path);
        let form = match &value {
            None | Some(Value::Nil | Value::Str(_)) if !reads.looks_into(path) => Form::Text,
            Some(Value::Bool(is_on, _)) => {
                switches.push((path.clone(), !is_on));
                continue;
            }
            Some(Value::List(list)) => {
                let texts = list.iter().map(|item| Some(item.as_str()?.to_text().into_owned()));
                let Some(texts) = texts.collect::<Option<Vec<String>>>() else { continue };
                Form::List(texts)
            }
            _ => continue,
        };
        let candidate = Candidate { path: path.clone(), form };
        match is_named(path) {
            true => named.push(candidate),
            // A string without such a name is something else.
            false if value.is_none_or(|value| !value.truth()) => others.push(candidate),
            false => {}
        }
    }
    switches.sort_by_key(|(path, _)| !is_named(path));
    let are_all = switches.len() <= MOST_TOGETHER;
    switches.truncate(MOST_TOGETHER);
    let texts: Vec<Candidate> = named.into_iter().chain(others).take(MOST_TOGETHER).collect();
    let is_hidden = |path: &ValuesPath| {
        let is_nothing = || value_at(values, path).is_none_or(|value| !value.truth() && value.as_map().is_none());
        is_free(path) && is_named(path) && reads.read(path).is_none() && is_nothing()
    };
    let known = if switches.is_empty() { BTreeSet::new() } else { statics.paths() };
    // A value whose members are read is a map.
    let is_table = |path: &ValuesPath| known.range(path.clone()..).nth(1).is_some_and(|next| next.starts_with(path));
    let hidden = known.iter().filter(|path| is_hidden(path) && !is_table(path)).take(MOST_TOGETHER);
    let hidden = hidden.map(|path| Candidate { path: path.clone(), form: Form::Text }).collect();
    Candidates { texts, hidden, switches, are_all }
}

/// The host of an element of a candidate.
fn host(number: usize, element: usize) -> String {
    format!("c{number}-{element}.airtight.invalid")
}

impl Candidate {
    /// Its value with a different text at each position.
    fn with(&self, text: impl Fn(usize) -> String) -> Json {
        match &self.form {
            Form::Text => text(0).into(),
            Form::List(texts) => {
                let all = (0..texts.len().max(1)).map(|element| match element < MOST_ELEMENTS {
                    true => Json::from(text(element)),
                    false => Json::from(texts[element].as_str()),
                });
                Json::Array(all.collect())
            }
        }
    }

    /// Its value with one text at one position, and its current texts elsewhere.
    fn with_one(&self, at: usize, text: &str) -> Json {
        self.with(|element| match &self.form {
            Form::List(texts) if element != at => texts[element].clone(),
            _ => text.to_owned(),
        })
    }

    fn places(&self) -> usize {
        match &self.form {
            Form::Text => 1,
            Form::List(texts) => texts.len().clamp(1, MOST_ELEMENTS),
        }
    }
}

fn together(candidates: &[Candidate], switches: &[(ValuesPath, bool)], trials: &mut Trials<'_>) -> Option<Twin> {
    let mut changes = trials.keys.defaults();
    let set = |(number, one): (usize, &Candidate)| {
        InputChange::SetJson(one.path.clone(), one.with(|element| host(number, element)).to_string())
    };
    changes.extend(candidates.iter().enumerate().map(set));
    changes.extend(switches.iter().map(|(path, to)| InputChange::SetJson(path.clone(), to.to_string())));
    trials.with_changes(&changes)
}

/// The values whose hosts appear in an image, with their new values; or only the switches, if they are enough.
fn reached(
    judged: &Judged,
    twin: &Twin,
    candidates: &[Candidate],
    switches: &[(ValuesPath, bool)],
    trials: &Trials<'_>,
) -> Vec<Reached> {
    let Some(text) = Trials::text(twin, &judged.image) else { return Vec::new() };
    let Some(wanted) = judged.destination(trials.settings) else { return Vec::new() };
    let turned = || switches.iter().map(|(path, to)| (path.clone(), Json::from(*to)));
    if !switches.is_empty() && serves(text, &trials.settings.mirror) {
        return vec![Reached { values: turned().collect() }];
    }
    let mut found = Vec::new();
    for (number, candidate) in candidates.iter().enumerate() {
        for element in 0..candidate.places() {
            let host = host(number, element);
            let value = text.split_once(host.as_str());
            let value = value.and_then(|(before, after)| wanted.strip_prefix(before)?.strip_suffix(after));
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let set = (candidate.path.clone(), candidate.with_one(element, value));
                found.push(Reached { values: turned().chain([set]).collect() });
            }
        }
    }
    found
}
