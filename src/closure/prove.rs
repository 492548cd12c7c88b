//! [`Prover`]: the smallest settings for each reference, confirmed by a complete render.

use super::explore::{Assignment, Explorer, Sighting, is_within, references, run, settings_of};
use super::slots::Slots;
use super::{Closure, ClosureImage, Setting, Switch, value_at};
use crate::error::Error;
use crate::images::rendered::of_file;
use crate::release::{InputChange, ReleaseInputs, RenderProblem};
use crate::render::units::{RelevantPipes, Units};
use crate::source::File;
use crate::template::Map;
use crate::values_path::ValuesPath;
use crate::work::Work;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Finds the settings of references.
pub(super) struct Prover<'p, 'e> {
    pub(super) explorer: &'p mut Explorer<'e>,
    /// The values as they are given.
    pub(super) given: &'p Map,
    pub(super) slots: &'p Slots,
    pub(super) files: &'p [(usize, String, Arc<File>)],
    /// Whether the search can begin again with what is learned here.
    pub(super) may_repeat: bool,
}

/// A complete render: the references of each file, or why there are none.
type Complete = Result<BTreeMap<String, BTreeSet<String>>, String>;

impl Prover<'_, '_> {
    /// Fills in the images of a closure; false if a render showed positions or free values that were not known.
    pub(super) fn prove(
        &mut self,
        units: &mut Units,
        writers: &[usize],
        found: BTreeMap<String, Vec<Sighting>>,
        closure: &mut Closure,
    ) -> Result<bool, Error> {
        let mut renders: BTreeMap<Vec<Setting>, Complete> = BTreeMap::new();
        let today = self.complete(&[]);
        closure.failure = today.as_ref().err().cloned();
        let today_all: BTreeSet<String> =
            today.iter().flat_map(|files| files.values().flatten().cloned()).collect();
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
            let mut best: Option<(Vec<Setting>, Assignment, usize)> = None;
            for sighting in sightings {
                let assignment = self.minimal(units, writers, sighting, reference);
                let settings = self.settings(units, writers, sighting.file, &assignment, reference);
                if best.as_ref().is_none_or(|(known, ..)| settings.len() < known.len()) {
                    best = Some((settings, assignment, sighting.file));
                }
            }
            let Some((settings, assignment, file)) = best else { continue };
            if self.may_repeat && self.is_of_free_text(file, &assignment) {
                is_settled = false;
                continue;
            }
            if !renders.contains_key(&settings) {
                renders.insert(settings.clone(), self.complete(&settings));
            }
            let unproven = match &renders[&settings] {
                Ok(files) if files.values().any(|found| found.contains(reference)) => None,
                Ok(_) => Some("a complete render with these settings does not print it".to_owned()),
                Err(why) => Some(why.clone()),
            };
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
        closure.images.sort_by(|one, other| one.reference.cmp(&other.reference));
        Ok(is_settled)
    }

    fn name(&self, file: usize) -> Option<&str> {
        self.files.iter().find(|(number, ..)| *number == file).map(|(_, name, _)| name.as_str())
    }

    /// Drops each setting without which the file still prints the reference.
    fn minimal(
        &self,
        units: &mut Units,
        writers: &[usize],
        sighting: &Sighting,
        reference: &str,
    ) -> Assignment {
        let mut assignment = sighting.assignment.clone();
        for switch in sighting.assignment.keys() {
            let mut without = assignment.clone();
            without.remove(switch);
            if self.prints(units, writers, sighting.file, &without, reference) {
                assignment = without;
            }
        }
        assignment
    }

    /// Whether a file prints a reference under an assignment.
    fn prints(
        &self,
        units: &mut Units,
        writers: &[usize],
        file: usize,
        assignment: &Assignment,
        reference: &str,
    ) -> bool {
        let mut files: Vec<usize> = writers.iter().copied().take_while(|&writer| writer != file).collect();
        files.push(file);
        let Some((_, name, source)) = self.files.iter().find(|(number, ..)| *number == file) else { return false };
        let release = units.release();
        let own = &self.explorer.prepared.capabilities;
        let nothing = RelevantPipes::default();
        let output = run(units, &files, assignment, &nothing, self.slots, release.as_ref(), own);
        let (helm, limits) = (units.helm(), &self.explorer.prepared.limits);
        let found = references(&output.text, (name, source), helm, self.explorer.settings, limits);
        found.iter().any(|one| one == reference)
    }

    /// The settings of an assignment relative to what is given: those that enable the chart of the file, those that the file needs of
    /// what was enabled for the search, and its own.
    fn settings(
        &self,
        units: &mut Units,
        writers: &[usize],
        file: usize,
        assignment: &Assignment,
        reference: &str,
    ) -> Vec<Setting> {
        let name = self.name(file).unwrap_or_default();
        let mut needed = self.explorer.gates.of_file(name);
        // Other charts were enabled as well; the file may depend on that.
        let mut as_given = assignment.clone();
        let others: Vec<&ValuesPath> = self.explorer.gates.all.difference(&needed).collect();
        let given_value = |path: &ValuesPath| -> std::rc::Rc<str> {
            let is_set = value_at(self.given, path).is_some();
            if is_set { "false".into() } else { "null".into() }
        };
        for path in &others {
            as_given.entry(Switch::Value((*path).clone())).or_insert_with(|| given_value(path));
        }
        if !self.prints(units, writers, file, &as_given, reference) {
            let mut kept: BTreeSet<ValuesPath> = others.iter().map(|path| (*path).clone()).collect();
            for path in &others {
                let mut trial = assignment.clone();
                for other in kept.iter().filter(|other| other != path).fold(others.clone(), |mut left, kept| {
                    left.retain(|one| *one != kept);
                    left
                }) {
                    trial.entry(Switch::Value(other.clone())).or_insert_with(|| given_value(other));
                }
                if self.prints(units, writers, file, &trial, reference) {
                    kept.remove(*path);
                }
            }
            needed.extend(kept);
        }
        let mut settings: BTreeSet<Setting> = needed
            .into_iter()
            .map(|path| Setting { switch: Switch::Value(path), value: "true".to_owned() })
            .collect();
        for setting in settings_of(assignment) {
            settings.retain(|other| other.switch != setting.switch);
            let is_given = match &setting.switch {
                Switch::Value(path) => {
                    setting.value == "false" && value_at(self.given, path).is_some_and(|value| !value.truth())
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

    /// Whether a text that was changed is a part of what the file prints without the change.
    fn is_of_free_text(&mut self, file: usize, assignment: &Assignment) -> bool {
        let Some(name) = self.name(file).map(str::to_owned) else { return false };
        let texts = assignment.iter().filter(|(_, value)| value.starts_with('"') || &***value == "null");
        let texts: Vec<Switch> = texts.map(|(switch, _)| switch.clone()).collect();
        let mut is_free = false;
        for switch in texts {
            let mut without = assignment.clone();
            without.remove(&switch);
            self.explorer.look_closer(&name, &without);
            if let Switch::Value(path) = &switch {
                is_free |= self.explorer.discovered.free.iter().any(|free| is_within(free, path));
            }
        }
        is_free
    }

    /// Renders the release with settings as helm would, and finds the references of each file.
    fn complete(&mut self, settings: &[Setting]) -> Complete {
        let explorer = &mut *self.explorer;
        let mut prepared = ReleaseInputs { work: Work::of(&explorer.prepared.limits), ..explorer.prepared.clone() };
        prepared.limits.crypto_calls = crate::limits::Limits::default().crypto_calls;
        let mut changes: Vec<InputChange> = Vec::new();
        for setting in settings {
            changes.extend(setting.change());
            setting.apply(&mut prepared);
        }
        let outcome = prepared.render(explorer.compiler, &changes, None, &mut Vec::new());
        let outcome = outcome.map_err(|problem| match problem {
            RenderProblem::Input(error) | RenderProblem::Chart(_, error) => error.into_text(),
            RenderProblem::Template(error) => error.to_string(),
        })?;
        let hints = explorer.settings.hints();
        let found = outcome.rendered.files.iter().map(|file| {
            let found = of_file(file, prepared.env.helm, hints, &prepared.limits, &prepared.work);
            (file.name.clone(), found.into_iter().map(|image| image.text.as_str().to_owned()).collect())
        });
        Ok(found.collect())
    }
}
