//! [`Prover`]: the smallest settings for each reference, confirmed by a complete render.

use super::assignment::{Assignment, Pipes, Sighting, references, run, settings_of};
use super::domain::STUB;
use super::explore::{Explorer, refused};
use super::pipelines::pipes_of;
use super::slots::Slots;
use super::unprinted::unprinted;
use super::{Closure, ClosureImage, OperatorImage, Setting, Switch, under};
use crate::error::Error;
use crate::images::operators::implicit;
use crate::images::rendered::of_file;
use crate::limits::Limits;
use crate::render::capabilities::HAS;
use crate::render::manifest::{Manifest, manifests};
use crate::render::units::Units;
use crate::source::File;
use crate::template::Value;
use crate::template::touched::ProbedPipes;
use crate::template::touched::Touch;
use crate::values::value_at;
use crate::values_path::ValuesPath;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Finds the settings of references.
pub(super) struct Prover<'p, 'e> {
    pub(super) explorer: &'p mut Explorer<'e>,
    pub(super) slots: &'p Slots,
    pub(super) files: &'p [(usize, String, Arc<File>)],
    /// Whether the search can begin again with what is learned here.
    pub(super) may_repeat: bool,
}

/// A complete render, or why it failed.
type Complete = Result<Printed, Refusal>;

/// What a complete render shows.
#[derive(Debug)]
struct Printed {
    /// The references of each file.
    files: BTreeMap<String, BTreeSet<String>>,
    /// Operators, each with an image that it pulls by itself.
    operators: BTreeSet<(String, String)>,
}

/// Why a complete render failed.
#[derive(Debug, Clone)]
struct Refusal {
    why: String,
    /// The file that failed, if it was one.
    file: Option<String>,
}

/// What is tried in place of a text for a value that only has to be there.
const STAND_INS: &[&str] = &[
    "true",
    "1",
    "\"airtight-stub\"",
    "{\"airtight-stub\":\"airtight-stub\"}",
    "[{\"name\":\"airtight-stub\"}]",
    "[\"airtight-stub\"]",
];

/// The most switches of a refusing file of which two are changed together.
const MOST_SWITCHES: usize = 20;

impl Prover<'_, '_> {
    /// Fills in the images of a closure; false if a render showed positions or free values that were not known.
    pub(super) fn prove(
        &mut self,
        units: &mut Units,
        found: BTreeMap<String, Vec<Sighting>>,
        closure: &mut Closure,
    ) -> Result<bool, Error> {
        let mut renders: BTreeMap<Vec<Setting>, Complete> = BTreeMap::new();
        let today = self.complete(&[]);
        closure.failure = today.as_ref().err().map(|refusal| refusal.why.clone());
        let today_all: BTreeSet<String> =
            today.iter().flat_map(|render| render.files.values().flatten().cloned()).collect();
        renders.insert(Vec::new(), today);
        let mut is_settled = true;
        for (reference, sightings) in &found {
            let templates: BTreeSet<String> =
                sightings.iter().filter_map(|sighting| self.name(sighting.file).map(str::to_owned)).collect();
            if today_all.contains(reference) {
                closure.images.push(ClosureImage {
                    reference: reference.clone(),
                    is_today: true,
                    settings: Vec::new(),
                    templates,
                    unproven: None,
                });
                continue;
            }
            let mut best: Option<(Vec<Setting>, Assignment, &Sighting)> = None;
            for sighting in sightings {
                let assignment = self.minimal(units, sighting, reference);
                let settings = self.settings(units, sighting, &assignment, reference);
                if best.as_ref().is_none_or(|(known, ..)| settings.len() < known.len()) {
                    best = Some((settings, assignment, sighting));
                }
            }
            let Some((settings, assignment, sighting)) = best else { continue };
            if self.may_repeat && !assignment.is_empty() && self.shows_more(sighting.file, &assignment) {
                is_settled = false;
            }
            let mut settings = settings;
            let mut unproven = self.doubt(&settings, reference, &mut renders);
            if let Some(refusal) = &unproven {
                let others = self.accepted(units, (sighting, reference), (&settings, refusal), &mut renders);
                if let Some(accepted) = others {
                    (settings, unproven) = (accepted, None);
                }
            }
            let unproven = unproven.map(|refusal| refusal.why);
            closure.images.push(ClosureImage {
                reference: reference.clone(),
                is_today: false,
                settings,
                templates,
                unproven,
            });
        }
        // What is printed today by files that have no image positions, in crds/ for example.
        for reference in today_all {
            if !closure.images.iter().any(|image| image.reference == reference) {
                let image = ClosureImage {
                    reference,
                    is_today: true,
                    settings: Vec::new(),
                    templates: BTreeSet::new(),
                    unproven: None,
                };
                closure.images.push(image);
            }
        }
        closure.operators = self.operators(&renders);
        closure.unprinted = unprinted(&self.explorer.prepared.chart, &closure.images);
        closure.images.sort_by(|one, other| one.reference.cmp(&other.reference));
        Ok(is_settled)
    }

    /// Why a complete render with these settings does not print a reference; `None` if it does.
    fn doubt(
        &mut self,
        settings: &[Setting],
        reference: &str,
        renders: &mut BTreeMap<Vec<Setting>, Complete>,
    ) -> Option<Refusal> {
        if !renders.contains_key(settings) {
            renders.insert(settings.to_vec(), self.complete(settings));
        }
        match &renders[settings] {
            Ok(render) if render.files.values().any(|found| found.contains(reference)) => None,
            Ok(_) => {
                let why = "a complete render with these settings does not print it".to_owned();
                Some(Refusal { why, file: None })
            }
            Err(refusal) => Some(refusal.clone()),
        }
    }

    /// Settings like these that the chart accepts: with another value for what only has to be there, or with one or two switches
    /// more that the refusing file reads.
    fn accepted(
        &mut self,
        units: &mut Units,
        (sighting, reference): (&Sighting, &str),
        (settings, refusal): (&[Setting], &Refusal),
        renders: &mut BTreeMap<Vec<Setting>, Complete>,
    ) -> Option<Vec<Setting>> {
        // Of a value that is not set, only its truth was tried.
        let is_any = |setting: &Setting| match &setting.switch {
            Switch::Value(path) => {
                setting.value.contains(STUB)
                    || setting.value == "true" && self.slots.value(path).is_none_or(|value| value.is_nil())
            }
            _ => false,
        };
        let stubs: Vec<usize> = (0..settings.len()).filter(|&at| is_any(&settings[at])).collect();
        for stand_in in STAND_INS.iter().filter(|_| !stubs.is_empty()) {
            let mut trial = settings.to_vec();
            stubs.iter().for_each(|&at| trial[at].value = (*stand_in).to_owned());
            if self.doubt(&trial, reference, renders).is_none() {
                return Some(trial);
            }
        }
        let refusing = self.files.iter().find(|(_, name, _)| refusal.file.as_ref() == Some(name))?.0;
        let assignment: Assignment =
            settings.iter().map(|one| (one.switch.clone(), one.value.as_str().into())).collect();
        let switches = self.switches_of(units, refusing, &assignment);
        let mut trials: Vec<Vec<(Switch, &str)>> = switches.iter().map(|one| vec![one.clone()]).collect();
        for (at, one) in switches.iter().enumerate() {
            trials.extend(switches[at + 1..].iter().map(|other| vec![one.clone(), other.clone()]));
        }
        for more in trials {
            let mut trial = assignment.clone();
            trial.extend(more.iter().map(|(switch, value)| (switch.clone(), (*value).into())));
            let (release, own) = (units.release(), &self.explorer.prepared.capabilities);
            let nothing = Pipes::default();
            let output = run(units, &[refusing], &trial, &nothing, self.slots, release.as_ref(), own);
            if output.failures > 0 || !self.prints(units, sighting, &trial, reference) {
                continue;
            }
            let trial = settings_of(&trial);
            if self.doubt(&trial, reference, renders).is_none() {
                return Some(trial);
            }
        }
        None
    }

    /// The booleans that a file reads, each with its other value, and the API versions that it asks for.
    fn switches_of(&self, units: &mut Units, file: usize, assignment: &Assignment) -> Vec<(Switch, &'static str)> {
        let Some((_, name, _)) = self.files.iter().find(|(number, ..)| *number == file) else { return Vec::new() };
        let Some(body) = units.templates().get(name.as_bytes()).cloned() else { return Vec::new() };
        let relevant = pipes_of(&body.body).into_iter().collect();
        let relevant: Pipes = Rc::new(ProbedPipes { relevant, ..ProbedPipes::default() });
        let (release, own) = (units.release(), &self.explorer.prepared.capabilities);
        let output = run(units, &[file], assignment, &relevant, self.slots, release.as_ref(), own);
        let mut found = Vec::new();
        for (map, touch) in &output.probed.reads {
            let Touch::Member(member) = touch else { continue };
            let Some(map) = map else {
                let fact = member.to_text();
                let version = fact.strip_prefix(HAS).filter(|name| !own.api_versions.iter().any(|own| own == name));
                let switch = version.map(|name| Switch::ApiVersion(name.to_owned()));
                found.extend(switch.filter(|switch| !assignment.contains_key(switch)).map(|switch| (switch, "true")));
                continue;
            };
            let Some(path) = self.slots.path(*map).map(|path| path.with(&*member.to_text())) else { continue };
            let Some(Value::Bool(truth, _)) = self.slots.value(&path) else { continue };
            let switch = Switch::Value(path);
            if !assignment.contains_key(&switch) && !found.iter().any(|(known, _)| *known == switch) {
                found.push((switch, if truth { "false" } else { "true" }));
            }
            if found.len() >= MOST_SWITCHES {
                break;
            }
        }
        found
    }

    fn name(&self, file: usize) -> Option<&str> {
        self.files.iter().find(|(number, ..)| *number == file).map(|(_, name, _)| name.as_str())
    }

    /// Drops each setting without which the file still prints the reference.
    fn minimal(&self, units: &mut Units, sighting: &Sighting, reference: &str) -> Assignment {
        let mut assignment = sighting.assignment.clone();
        for switch in sighting.assignment.keys() {
            let mut without = assignment.clone();
            without.remove(switch);
            if self.prints(units, sighting, &without, reference) {
                assignment = without;
            }
        }
        assignment
    }

    /// Whether a file prints a reference under an assignment.
    fn prints(&self, units: &mut Units, sighting: &Sighting, assignment: &Assignment, reference: &str) -> bool {
        let file = self.files.iter().find(|(number, ..)| *number == sighting.file);
        let Some((_, name, source)) = file else { return false };
        let release = units.release();
        let own = &self.explorer.prepared.capabilities;
        let nothing = Pipes::default();
        let output = run(units, &sighting.files, assignment, &nothing, self.slots, release.as_ref(), own);
        let (helm, limits) = (units.helm(), &self.explorer.prepared.limits);
        let (found, _) = references(&output.text, (name, source), helm, self.explorer.settings, limits);
        found.iter().any(|one| one == reference)
    }

    /// The settings of an assignment relative to what is given: those that enable the chart of the file, those that the file needs of
    /// what was enabled for the search, and its own.
    fn settings(
        &self,
        units: &mut Units,
        sighting: &Sighting,
        assignment: &Assignment,
        reference: &str,
    ) -> Vec<Setting> {
        let name = self.name(sighting.file).unwrap_or_default();
        let mut needed = self.explorer.gates.of_file(name);
        // Other charts were enabled as well; the file may depend on that.
        let mut as_given = assignment.clone();
        let others: Vec<&ValuesPath> = self.explorer.gates.all.difference(&needed).collect();
        let given_value = |path: &ValuesPath| -> std::rc::Rc<str> {
            let is_set = value_at(&self.explorer.given, path).is_some();
            if is_set { "false".into() } else { "null".into() }
        };
        for path in &others {
            as_given.entry(Switch::Value((*path).clone())).or_insert_with(|| given_value(path));
        }
        if !self.prints(units, sighting, &as_given, reference) {
            let mut kept: BTreeSet<ValuesPath> = others.iter().map(|path| (*path).clone()).collect();
            for path in &others {
                let mut trial = assignment.clone();
                for other in others.iter().filter(|other| *other == path || !kept.contains(**other)) {
                    trial.entry(Switch::Value((*other).clone())).or_insert_with(|| given_value(other));
                }
                if self.prints(units, sighting, &trial, reference) {
                    kept.remove(*path);
                }
            }
            needed.extend(kept);
        }
        let mut settings: BTreeSet<Setting> =
            needed.into_iter().map(|path| Setting { switch: Switch::Value(path), value: "true".to_owned() }).collect();
        for setting in settings_of(assignment) {
            settings.retain(|other| other.switch != setting.switch);
            let is_given = match &setting.switch {
                Switch::Value(path) => {
                    setting.value == "false"
                        && value_at(&self.explorer.given, path).is_some_and(|value| !value.truth())
                        && self.explorer.gates.all.contains(path)
                }
                _ => false,
            };
            if !is_given {
                settings.insert(setting);
            }
        }
        settings.into_iter().collect()
    }

    /// Whether a traced render under these settings, and without a text among them, shows image positions or free values that
    /// were not known.
    fn shows_more(&mut self, file: usize, assignment: &Assignment) -> bool {
        let Some(name) = self.name(file).map(str::to_owned) else { return false };
        let texts = assignment.iter().filter(|(_, value)| value.starts_with('"') || &***value == "null");
        let texts: Vec<Switch> = texts.map(|(switch, _)| switch.clone()).collect();
        let mut is_new = self.explorer.look_closer(&name, assignment);
        for switch in texts {
            let mut without = assignment.clone();
            without.remove(&switch);
            is_new |= self.explorer.look_closer(&name, &without);
        }
        is_new
    }

    /// What operators pull by themselves in these renders, each with the fewest settings.
    fn operators(&self, renders: &BTreeMap<Vec<Setting>, Complete>) -> Vec<OperatorImage> {
        let mut found: BTreeMap<(&str, &str), &Vec<Setting>> = BTreeMap::new();
        for (settings, render) in renders {
            for (operator, image) in render.iter().flat_map(|render| &render.operators) {
                let known = found.entry((image, operator)).or_insert(settings);
                if settings.len() < known.len() {
                    *known = settings;
                }
            }
        }
        let of = |((image, operator), settings): ((&str, &str), &Vec<Setting>)| OperatorImage {
            image: image.to_owned(),
            operator: operator.to_owned(),
            settings: settings.clone(),
        };
        found.into_iter().map(of).collect()
    }

    /// Renders the release with settings as helm would, and finds the references of each file.
    fn complete(&mut self, settings: &[Setting]) -> Complete {
        let explorer = &mut *self.explorer;
        let (mut prepared, changes) = under(&explorer.prepared, settings);
        prepared.limits.crypto_calls = Limits::default().crypto_calls;
        let mut file = None;
        let outcome = prepared.render_noting(explorer.compiler, &changes, None, None, (None, &mut file));
        let outcome = outcome.map_err(|problem| Refusal { why: refused(problem).into_text(), file })?;
        let hints = explorer.settings.hints();
        let mut operators = BTreeSet::new();
        if let Ok(manifests) = manifests::<crate::yaml::Node>(&outcome.rendered, prepared.env.helm, &prepared.limits) {
            let manifests: Vec<Arc<Manifest>> =
                manifests.ordinary.into_iter().chain(manifests.hooks).map(Arc::new).collect();
            for one in implicit(&manifests, &explorer.settings.mirror, &prepared.limits) {
                operators.insert((one.operator, one.image));
            }
        }
        let found = outcome.rendered.files.iter().map(|file| {
            let found = of_file(file, prepared.env.helm, hints, &prepared.limits, &prepared.work);
            (file.name.clone(), found.references().map(|image| image.text.as_str().to_owned()).collect())
        });
        Ok(Printed { files: found.collect(), operators })
    }
}
