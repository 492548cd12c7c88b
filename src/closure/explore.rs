//! [`Explorer`]: executes each file once for each sequence of decisions that can change its images.

use super::assignment::{Assignment, Sighting, settings_of};
use super::discover::Discovered;
use super::domain::{Domains, STUB, versions};
use super::facts::Group;
use super::file_search::FileSearch;
use super::shared::{Searches, Twins};
use super::slice::Slices;
use super::slots::Slots;
use super::unit::{Unit, Writer};
use super::unreached::{Reached, UnreachedBranch};
use super::usage::Usage;
use super::{Closure, Gates, Request, Switch, UnitReport, under};
use crate::chart::owner_of;
use crate::compiler::Compiler;
use crate::error::{Error, ErrorKind};
use crate::images::rendered::of_file;
use crate::limits::Limits;
use crate::release::{InputChange, ReleaseInputs, RenderProblem};
use crate::render::Inputs;
use crate::render::units::Units;
use crate::settings::Settings;
use crate::source::File;
use crate::template::decisions::{Course, Decisions};
use crate::template::{Map, Value};
use crate::trace::Origins;
use crate::values::{Processed, value_at};
use crate::values_path::ValuesPath;
use crate::work::Work;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// What one exploration of all files shows.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) units: Units,
    pub(super) slots: Slots,
    pub(super) files: Vec<(usize, String, Arc<File>)>,
    /// By reference.
    pub(super) found: BTreeMap<String, Vec<Sighting>>,
    /// All but the images.
    pub(super) closure: Closure,
}

/// The search for the images of one release.
pub(super) struct Explorer<'e> {
    pub(super) prepared: ReleaseInputs,
    pub(super) settings: &'e Settings,
    pub(super) compiler: &'e mut Compiler,
    request: Request,
    searches: &'e mut Searches,
    /// The values as they are given.
    pub(super) given: Map,
    pub(super) gates: Gates,
    pub(super) discovered: Discovered,
    /// Files and assignments of traced renders.
    looked: BTreeSet<(String, Assignment)>,
    /// By file: what was found with which groups, between rounds.
    known: BTreeMap<String, (Vec<Group>, Unit)>,
    /// The lists of nodes that were executed, by address, if branches are wanted.
    lists: HashSet<usize, RandomState>,
}

/// Why a release cannot be explored.
pub(super) fn refused(problem: RenderProblem) -> Error {
    match problem {
        RenderProblem::Input(error) | RenderProblem::Chart(_, error) => error,
        RenderProblem::Template(error) => Error::new(ErrorKind::Template, error.to_string()),
    }
}

impl<'e> Explorer<'e> {
    pub(super) fn new(
        prepared: &ReleaseInputs,
        settings: &'e Settings,
        compiler: &'e mut Compiler,
        (request, searches): (Request, &'e mut Searches),
        (given, gates): (Map, Gates),
    ) -> Self {
        // No image depends on keys, which take most of a render's time.
        let limits = Limits { crypto_calls: 0, ..prepared.limits.clone() };
        let prepared = ReleaseInputs { work: Work::of(&limits), limits, ..prepared.clone() };
        Self {
            prepared,
            settings,
            compiler,
            request,
            searches,
            given,
            gates,
            discovered: Discovered::default(),
            looked: BTreeSet::new(),
            known: BTreeMap::new(),
            lists: HashSet::default(),
        }
    }

    /// Finds where the release prints images.
    pub(super) fn discover(&mut self, changes: &[InputChange]) {
        self.discovered.everywhere(&self.prepared, changes, self.settings, self.compiler);
    }

    /// Explores all files.
    pub(super) fn round(&mut self, changes: &[InputChange]) -> Result<Round, Error> {
        let Processed { root, values } = self.prepared.values(changes, None, None).map_err(refused)?;
        let (work, limits) = (self.prepared.work.clone(), self.prepared.limits.clone());
        let inputs = Inputs {
            values: &values,
            release: &self.prepared.release,
            capabilities: &self.prepared.capabilities,
            limits: &limits,
            work: &work,
        };
        let mut units = Units::of(&root, &inputs, self.compiler, &self.prepared.env)
            .map_err(|error| Error::new(ErrorKind::Template, error.to_string()))?;
        if self.request.unreached {
            units.note_branches();
        }
        let slots = Slots::of(&root, &values);
        let template_set = units.templates().clone();
        let files: Vec<(usize, String, Arc<File>)> =
            units.files().map(|(number, name, source)| (number, name.to_owned(), source.clone())).collect();
        let mut search = FileSearch {
            helm: self.prepared.env.helm,
            settings: self.settings,
            limits: &limits,
            discovered: &self.discovered,
            slots: &slots,
            capabilities: &self.prepared.capabilities,
            release: units.release(),
            budget: self.request.budget,
            open: BTreeSet::new(),
            texts: HashMap::new(),
            texts_size: 0,
            read_steps: 0,
            steps_before: 0,
            spent: 0,
            share: 1,
        };
        let mut twins = Twins::of(self.searches, &self.prepared, (self.settings, self.request.budget), &units);
        let mut found: BTreeMap<String, Vec<Sighting>> = BTreeMap::new();
        let mut explored = BTreeMap::new();
        let mut closure = Closure { free: self.discovered.free.clone(), ..Closure::default() };
        let owners: BTreeSet<&str> = files.iter().map(|(_, name, _)| owner_of(name)).collect();
        let of_charts: BTreeMap<&str, Map> =
            owners.iter().map(|&chart| (chart, chart_values(&values, chart))).collect();
        let slices_of = |(&chart, own)| (chart, Slices::of(&template_set, own, &self.discovered.hot));
        let mut slices: BTreeMap<&str, Slices<'_>> = of_charts.iter().map(slices_of).collect();
        let mut all_domains: BTreeMap<&str, Domains<'_>> = BTreeMap::new();
        let domains_of = |chart: &&str| domains_of(&self.prepared, &slots, Usage::of(&template_set, chart));
        let mut writers: Vec<Writer> = Vec::new();
        for (number, name, source) in &files {
            let Some(own) = slices.get_mut(owner_of(name)) else { continue };
            let Some(effects) = own.effects(name) else { continue };
            let domains = all_domains.entry(owner_of(name)).or_insert_with_key(domains_of);
            let changed = search.changed_by(&mut units, *number, (name, source), (&effects, domains));
            if !changed.is_empty() {
                writers.push(Writer { file: *number, effects, changed });
            }
        }
        for (number, name, source) in &files {
            if name.ends_with("/NOTES.txt") {
                continue;
            }
            let Some(own) = slices.get_mut(owner_of(name)) else { continue };
            let groups = own.groups(name);
            if groups.is_empty() {
                continue;
            }
            let domains = all_domains.entry(owner_of(name)).or_insert_with_key(domains_of);
            // What a file prints depends on no other round, unless a text that was tried proved free.
            let known = self.known.get(name).filter(|(of, unit)| *of == groups && !unit.tries(&self.discovered.free));
            let unit = match known {
                Some((_, unit)) => unit.clone(),
                None => {
                    let relevance = own.relevance(name, &groups);
                    let places = twins.concern(name).then(|| own.places(&groups, name));
                    let scope = units.scope(*number).cloned().unwrap_or_default();
                    let file = (*number, name.as_str(), source);
                    let twin = places.as_ref().and_then(|places| twins.twin((name, source), &scope, places));
                    match twin.and_then(|twin| search.like(&mut units, &writers, file, (&twin, domains))) {
                        Some(unit) => unit,
                        None => {
                            let unit = search.with_writers(&mut units, &writers, file, (&relevance, domains));
                            if let Some(places) = places {
                                twins.keep((name, source), &scope, places, &unit);
                            }
                            unit
                        }
                    }
                }
            };
            explored.insert(name.clone(), (groups, unit.clone()));
            if unit.asks_cluster {
                closure.lookups.insert(name.clone());
            }
            let combinations = unit.switches.values().fold(1_u64, |all, one| all.saturating_mul(one.len() as u64));
            closure.units.push(UnitReport {
                template: name.clone(),
                switches: unit.switches.into_keys().collect(),
                runs: unit.runs,
                same_as: unit.same_as,
                combinations,
                is_bounded: unit.is_bounded,
            });
            let files: Rc<[usize]> = unit.files.into();
            for (reference, assignment) in unit.found {
                let sighting = Sighting { file: *number, files: files.clone(), assignment };
                found.entry(reference).or_default().push(sighting);
            }
        }
        drop(slices);
        closure.open = std::mem::take(&mut search.open);
        drop(search);
        // A value was tried before it was known that its text becomes a part of an image. What another text stands in for, and is no
        // part of, is decided by whether there is one.
        let is_another = |(switch, value): (&Switch, &Rc<str>)| closure.open.contains(switch) && !value.contains(STUB);
        for sightings in found.values_mut() {
            sightings.retain(|sighting| !sighting.assignment.iter().any(is_another));
        }
        found.retain(|_, sightings| !sightings.is_empty());
        self.known = explored;
        Ok(Round { units, slots, files, found, closure })
    }

    /// The branches that no execution took in this round or an earlier one, if they are wanted.
    pub(super) fn unreached(&mut self, units: &Units) -> Vec<UnreachedBranch> {
        if !self.request.unreached {
            return Vec::new();
        }
        self.lists.extend(units.take_branches());
        let mut decided = HashMap::default();
        for (_, unit) in self.known.values() {
            unit.decided.iter().for_each(|pipe| *decided.entry(*pipe).or_default() |= unit.is_bounded);
        }
        let is_twin = |unit: &Unit| unit.same_as.is_some();
        let left_out = self.known.iter().filter(|(_, (_, unit))| is_twin(unit)).map(|(name, _)| name.as_str());
        Reached { lists: &self.lists, decided, left_out: left_out.collect() }.others(units.templates())
    }

    /// Adds what a traced render of one file shows; returns whether it is new.
    pub(super) fn look_closer(&mut self, file: &str, assignment: &Assignment) -> bool {
        if !self.looked.insert((file.to_owned(), assignment.clone())) {
            return false;
        }
        let (prepared, own) = under(&self.prepared, &settings_of(assignment));
        let prepared = ReleaseInputs { check_schema: false, ..prepared };
        let changes = [self.gates.changes(), own].concat();
        let mut origins = Origins::new();
        let mut decisions = Decisions::new(Course::AsIs, |_| false);
        decisions.only = Some(file.to_owned());
        let rendered = prepared.render_deciding(self.compiler, &changes, Some(&mut origins), Some(decisions), None);
        let Ok(outcome) = rendered else { return false };
        let mut is_new = false;
        for one in outcome.rendered.files.iter().filter(|one| one.name == file) {
            let hints = self.settings.hints();
            for image in of_file(one, prepared.env.helm, hints, &prepared.limits, &prepared.work).references() {
                is_new |= self.discovered.add(&image, &origins);
            }
        }
        is_new
    }
}

/// `.Values` of a chart by its full path.
fn chart_values(values: &Map, chart: &str) -> Map {
    let path = ValuesPath::default().of_user(chart);
    if path.is_empty() {
        return values.clone();
    }
    match value_at(values, &path) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

/// What the values of a release and templates with this usage say about its switches.
pub(super) fn domains_of<'d>(prepared: &'d ReleaseInputs, slots: &'d Slots, usage: Usage) -> Domains<'d> {
    Domains {
        slots,
        constraints: vec![&prepared.chart],
        helm: prepared.env.helm,
        versions: versions(usage.versions.iter().map(String::as_str)),
        usage,
        capabilities: &prepared.capabilities,
        is_upgrade: prepared.release.is_upgrade,
    }
}
