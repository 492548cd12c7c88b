//! [`Explorer`]: executes each file once for each sequence of decisions that can change its images.

use super::assignment::{Assignment, Pipes, Read, Sighting, references, run, settings_of};
use super::cover::covering;
use super::discover::Discovered;
use super::domain::{Alternative, Domains, Looked, STUB, versions};
use super::slice::{Group, Slices};
use super::slots::Slots;
use super::usage::Usage;
use super::{Budget, Closure, Gates, Switch, UnitReport, value_at};
use crate::compiler::Compiler;
use crate::error::{Error, ErrorKind};
use crate::helm::HelmVersion;
use crate::images::rendered::of_file;
use crate::limits::Limits;
use crate::release::{InputChange, ReleaseInputs, RenderProblem};
use crate::render::Inputs;
use crate::render::capabilities::HAS;
use crate::render::units::{UnitOutput, Units};
use crate::settings::Settings;
use crate::source::File;
use crate::template::decisions::{Course, Decisions};
use crate::template::touched::{ProbedPipes, Touch};
use crate::template::{Map, Value};
use crate::trace::{Origins, Str};
use crate::values::Processed;
use crate::values_path::ValuesPath;
use crate::work::Work;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Runs to find out whether a file changes what others see.
const MOST_OF_WRITER: u32 = 256;

/// What one exploration of all files shows.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) units: Units,
    /// The values as they are given.
    pub(super) given: Map,
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
    budget: Budget,
    pub(super) gates: Gates,
    pub(super) discovered: Discovered,
    /// Files and assignments of traced renders.
    looked: BTreeSet<(String, Assignment)>,
    /// By file: what was found with which groups, between rounds.
    known: BTreeMap<String, (Vec<Group>, Unit)>,
}

/// Why a release cannot be explored.
pub(super) fn refused(problem: RenderProblem) -> Error {
    match problem {
        RenderProblem::Input(error) | RenderProblem::Chart(_, error) => error,
        RenderProblem::Template(error) => Error::new(ErrorKind::Template, error.to_string()),
    }
}

/// A decision on the way to a run.
#[derive(Debug)]
struct Decision {
    switch: Switch,
    alternatives: Rc<[Alternative]>,
    at: usize,
}

/// What was found in one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    runs: u32,
    switches: BTreeMap<Switch, Rc<[Alternative]>>,
    is_bounded: bool,
    /// What it changed that others see.
    changed: BTreeSet<(u32, Option<Str>)>,
    /// What its relevant pipelines read.
    reads: BTreeSet<(u32, Option<Str>)>,
    /// The files that were executed for it.
    files: Vec<usize>,
    asks_cluster: bool,
    /// The best sighting of each reference.
    found: BTreeMap<String, Assignment>,
}

impl Unit {
    /// Whether it tried a text of one of these values.
    fn tries(&self, free: &BTreeSet<ValuesPath>) -> bool {
        free.iter().any(|path| self.switches.contains_key(&Switch::Value(path.clone())))
    }
}

impl<'e> Explorer<'e> {
    pub(super) fn new(
        prepared: &ReleaseInputs,
        settings: &'e Settings,
        compiler: &'e mut Compiler,
        budget: Budget,
        gates: Gates,
    ) -> Self {
        // No image depends on keys, which take most of a render's time.
        let limits = Limits { crypto_calls: 0, ..prepared.limits.clone() };
        let prepared = ReleaseInputs { work: Work::of(&limits), limits, ..prepared.clone() };
        Self {
            prepared,
            settings,
            compiler,
            budget,
            gates,
            discovered: Discovered::default(),
            looked: BTreeSet::new(),
            known: BTreeMap::new(),
        }
    }

    /// Finds where the release prints images.
    pub(super) fn discover(&mut self, changes: &[InputChange]) {
        self.discovered.everywhere(&self.prepared, changes, self.settings, self.compiler);
    }

    /// Explores all files.
    pub(super) fn round(&mut self, changes: &[InputChange]) -> Result<Round, Error> {
        let Processed { root, values } = self.prepared.values(changes, None, &mut Vec::new()).map_err(refused)?;
        let given = self.prepared.values(&[], None, &mut Vec::new()).map_err(refused)?.values;
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
            budget: self.budget,
            open: BTreeSet::new(),
            texts: HashMap::new(),
        };
        let mut found: BTreeMap<String, Vec<Sighting>> = BTreeMap::new();
        let mut explored = BTreeMap::new();
        let mut closure = Closure { free: self.discovered.free.clone(), ..Closure::default() };
        let chart_of = |name: &str| name.split("/templates/").next().unwrap_or_default().to_owned();
        let of_charts: BTreeMap<String, Map> =
            files.iter().map(|(_, name, _)| (chart_of(name), chart_values(&values, &chart_of(name)))).collect();
        let mut slices: BTreeMap<String, Slices<'_>> = of_charts
            .iter()
            .map(|(chart, own)| (chart.clone(), Slices::of(&template_set, own, &self.discovered.hot)))
            .collect();
        let mut all_domains: BTreeMap<String, Domains<'_>> = BTreeMap::new();
        let mut writers: Vec<Writer> = Vec::new();
        for (number, name, source) in &files {
            let of_chart = chart_of(name);
            let Some(own) = slices.get_mut(&of_chart) else { continue };
            let Some(effects) = own.effects(name) else { continue };
            let domains = all_domains
                .entry(of_chart.clone())
                .or_insert_with_key(|chart| domains_of(&self.prepared, &slots, Usage::of(&template_set, chart)));
            let changed = search.changed_by(&mut units, *number, (name, source), (&effects, domains));
            if !changed.is_empty() {
                writers.push(Writer { file: *number, effects, changed });
            }
        }
        for (number, name, source) in &files {
            if name.ends_with("/NOTES.txt") {
                continue;
            }
            let groups = slices.get_mut(&chart_of(name)).map(|slices| slices.groups(name)).unwrap_or_default();
            if groups.is_empty() {
                continue;
            }
            let skippable = slices.get_mut(&chart_of(name)).map(|slices| slices.skippable(name)).unwrap_or_default();
            let domains = all_domains
                .entry(chart_of(name))
                .or_insert_with_key(|chart| domains_of(&self.prepared, &slots, Usage::of(&template_set, chart)));
            // What a file prints depends on no other round, unless a text that was tried proved free.
            let known = self.known.get(name).filter(|(of, unit)| *of == groups && !unit.tries(&self.discovered.free));
            let unit = match known {
                Some((_, unit)) => unit.clone(),
                None => {
                    search.with_writers(&mut units, &writers, (*number, name, source), (&groups, &skippable, domains))
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
        // A value was tried before it was known that its text becomes a part of an image.
        let is_open = |switch: &Switch| closure.open.contains(switch);
        for sightings in found.values_mut() {
            sightings.retain(|sighting| !sighting.assignment.keys().any(is_open));
        }
        found.retain(|_, sightings| !sightings.is_empty());
        self.known = explored;
        Ok(Round { units, given, slots, files, found, closure })
    }

    /// Adds what a traced render of one file shows; returns whether it is new.
    pub(super) fn look_closer(&mut self, file: &str, assignment: &Assignment) -> bool {
        if !self.looked.insert((file.to_owned(), assignment.clone())) {
            return false;
        }
        let mut changes = self.gates.changes();
        let mut prepared = ReleaseInputs { check_schema: false, ..self.prepared.clone() };
        for setting in settings_of(assignment) {
            changes.extend(setting.change());
            setting.apply(&mut prepared);
        }
        prepared.work = Work::of(&prepared.limits);
        let mut origins = Origins::new();
        let mut decisions = Decisions::new(Course::AsIs, |_| false);
        decisions.only = Some(file.to_owned());
        let rendered =
            prepared.render_deciding(self.compiler, &changes, Some(&mut origins), Some(decisions), &mut Vec::new());
        let Ok(outcome) = rendered else { return false };
        let mut is_new = false;
        for one in outcome.rendered.files.iter().filter(|one| one.name == file) {
            let hints = self.settings.hints();
            for image in of_file(one, prepared.env.helm, hints, &prepared.limits, &prepared.work) {
                is_new |= self.discovered.add(&image, &origins);
            }
        }
        is_new
    }
}

/// `.Values` of a chart by its full path.
fn chart_values(values: &Map, chart: &str) -> Map {
    let path = ValuesPath::default().of_user(chart);
    match value_at(values, &path) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

/// A file that changes what later files see.
#[derive(Debug)]
pub(super) struct Writer {
    file: usize,
    /// The pipelines that decide what it changes.
    effects: Group,
    /// What it changes: members of maps, or `None` for any.
    changed: BTreeSet<(u32, Option<Str>)>,
}

impl Writer {
    /// Whether what it changes is read.
    fn concerns(&self, reads: &BTreeSet<(u32, Option<Str>)>) -> bool {
        let is_seen = |(map, member): &(u32, Option<Str>)| match member {
            Some(_) => reads.contains(&(*map, member.clone())) || reads.contains(&(*map, None)),
            None => reads.range((*map, None)..(*map + 1, None)).next().is_some(),
        };
        self.changed.iter().any(is_seen)
    }
}

fn domains_of<'d>(prepared: &'d ReleaseInputs, slots: &'d Slots, usage: Usage) -> Domains<'d> {
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

/// The search in single files.
struct FileSearch<'f> {
    helm: HelmVersion,
    settings: &'f Settings,
    limits: &'f Limits,
    discovered: &'f Discovered,
    slots: &'f Slots,
    capabilities: &'f crate::render::Capabilities,
    release: Option<Map>,
    budget: Budget,
    /// Values whose stub became a part of a reference.
    open: BTreeSet<Switch>,
    /// The references in each text.
    texts: HashMap<Vec<u8>, Read>,
}

impl FileSearch<'_> {
    fn explore(
        &mut self,
        units: &mut Units,
        files: &[usize],
        file: (&str, &Arc<File>),
        (groups, skippable, domains): (&[Group], &HashSet<usize, RandomState>, &Domains<'_>),
    ) -> Unit {
        let mut unit = Unit::default();
        self.texts.clear();
        let skipped = match self.may_skip(units, files, file, skippable) {
            true => Rc::new(skippable.clone()),
            false => Rc::default(),
        };
        for group in groups {
            let relevant = group.iter().copied().collect();
            let relevant: Pipes = Rc::new(ProbedPipes { relevant, skipped: skipped.clone() });
            if !self.group(units, files, file, (&relevant, domains), &mut unit) {
                unit.is_bounded = true;
                break;
            }
        }
        if unit.is_bounded {
            for assignment in covering(&unit.switches) {
                let output = self.run(units, files, &assignment, &Pipes::default());
                unit.runs += 1;
                self.take(&output, file, &assignment, &mut unit);
            }
        }
        unit
    }

    /// Whether a file prints the same references without the actions that can be passed over.
    fn may_skip(
        &mut self,
        units: &mut Units,
        files: &[usize],
        (name, source): (&str, &Arc<File>),
        skipped: &HashSet<usize, RandomState>,
    ) -> bool {
        if skipped.is_empty() || files.len() > 1 {
            return false;
        }
        let pipes: Pipes = Rc::new(ProbedPipes { skipped: Rc::new(skipped.clone()), ..ProbedPipes::default() });
        let (nothing, assignment) = (Pipes::default(), Assignment::new());
        let whole = self.run(units, files, &assignment, &nothing);
        let less = self.run(units, files, &assignment, &pipes);
        let (whole, _) = self.references(&whole.text, name, source);
        let (less, is_read) = self.references(&less.text, name, source);
        is_read && whole == less
    }

    /// What a file changes that others see, under any of the decisions about it.
    fn changed_by(
        &mut self,
        units: &mut Units,
        number: usize,
        file: (&str, &Arc<File>),
        (effects, domains): (&Group, &Domains<'_>),
    ) -> BTreeSet<(u32, Option<Str>)> {
        let relevant = effects.iter().copied().collect();
        let relevant: Pipes = Rc::new(ProbedPipes { relevant, ..ProbedPipes::default() });
        let mut unit = Unit::default();
        let budget = self.budget;
        self.budget.runs = MOST_OF_WRITER;
        let is_complete = self.group(units, &[number], file, (&relevant, domains), &mut unit);
        self.budget = budget;
        if !is_complete {
            for assignment in covering(&unit.switches) {
                unit.changed.extend(self.run(units, &[number], &assignment, &Pipes::default()).probed.changed);
            }
        }
        unit.changed
    }

    /// Explores a file; once more after the files that change what it reads, if there are any.
    fn with_writers(
        &mut self,
        units: &mut Units,
        writers: &[Writer],
        (number, name, source): (usize, &str, &Arc<File>),
        (groups, skippable, domains): (&[Group], &HashSet<usize, RandomState>, &Domains<'_>),
    ) -> Unit {
        let mut files = vec![number];
        loop {
            let mut groups = groups.to_vec();
            for writer in writers.iter().filter(|writer| files.contains(&writer.file) && writer.file != number) {
                groups.iter_mut().for_each(|group| group.extend(&writer.effects));
            }
            let mut unit = self.explore(units, &files, (name, source), (&groups, skippable, domains));
            let before = writers.iter().filter(|writer| writer.file < number && writer.concerns(&unit.reads));
            let needed: Vec<usize> = before.map(|writer| writer.file).chain([number]).collect();
            if needed.iter().all(|file| files.contains(file)) {
                unit.files = files;
                return unit;
            }
            files.extend(needed);
            files.sort_unstable();
            files.dedup();
        }
    }

    /// Depth-first search over the decisions of a group; false if the budget ended it.
    fn group(
        &mut self,
        units: &mut Units,
        files: &[usize],
        file: (&str, &Arc<File>),
        (relevant, domains): (&Pipes, &Domains<'_>),
        unit: &mut Unit,
    ) -> bool {
        let mut decisions: Vec<Decision> = Vec::new();
        loop {
            if unit.runs >= self.budget.runs || units.steps() >= self.budget.steps {
                return false;
            }
            let assignment: Assignment = decisions
                .iter()
                .filter_map(|decision| match &decision.alternatives[decision.at] {
                    Alternative::Given => None,
                    Alternative::Json(value) => Some((decision.switch.clone(), value.clone())),
                })
                .collect();
            let output = self.run(units, files, &assignment, relevant);
            unit.runs += 1;
            unit.changed.extend(output.probed.changed.iter().cloned());
            unit.reads.extend(output.probed.reads.iter().filter_map(|(map, touch)| match touch {
                Touch::Member(name) => Some(((*map)?, Some(name.clone()))),
                Touch::Emptiness | Touch::All => Some(((*map)?, None)),
            }));
            let is_read = self.take(&output, file, &assignment, unit);
            if !is_read && !relevant.skipped.is_empty() {
                // What was passed over was needed to read it.
                let whole = Rc::new(ProbedPipes { relevant: relevant.relevant.clone(), ..ProbedPipes::default() });
                let output = self.run(units, files, &assignment, &whole);
                unit.runs += 1;
                self.take(&output, file, &assignment, unit);
            }
            for (map, touch) in &output.probed.reads {
                let Some((switch, alternatives)) = self.switch(*map, touch, domains, unit) else { continue };
                if alternatives.len() < 2 || decisions.iter().any(|decision| decision.switch == switch) {
                    continue;
                }
                unit.switches.entry(switch.clone()).or_insert_with(|| alternatives.clone());
                decisions.push(Decision { switch, alternatives, at: 0 });
            }
            loop {
                let Some(last) = decisions.last_mut() else { return true };
                last.at += 1;
                let is_open = self.open.contains(&last.switch);
                if last.at < last.alternatives.len() && !is_open {
                    break;
                }
                decisions.pop();
            }
        }
    }

    /// The switch that a read asks for, with its alternatives.
    fn switch(
        &self,
        map: Option<u32>,
        touch: &Touch,
        domains: &Domains<'_>,
        unit: &mut Unit,
    ) -> Option<(Switch, Rc<[Alternative]>)> {
        let Some(map) = map else {
            let Touch::Member(fact) = touch else { return None };
            let fact = fact.to_text();
            let switch = match &*fact {
                "KubeVersion" => Switch::KubeVersion,
                "lookup" => {
                    unit.asks_cluster = true;
                    return None;
                }
                fact => Switch::ApiVersion(fact.strip_prefix(HAS)?.to_owned()),
            };
            let alternatives = domains.of_fact(&switch);
            return Some((switch, alternatives));
        };
        if self.release.as_ref().and_then(Map::watched) == Some(map) {
            let Touch::Member(name) = touch else { return None };
            let is_event = [&b"IsUpgrade"[..], b"IsInstall"].contains(&name.as_bytes());
            return is_event.then(|| (Switch::Upgrade, domains.of_fact(&Switch::Upgrade)));
        }
        let parent = self.slots.path(map)?;
        let path = match touch {
            Touch::Member(name) => {
                let name = name.to_text();
                // The sections of the top are no values of the user.
                let path = parent.with(&*name);
                match self.slots.value(&path) {
                    Some(Value::Map(map)) if !map.is_empty() => return None,
                    _ => path,
                }
            }
            Touch::Emptiness | Touch::All => parent.clone(),
        };
        if path.is_empty() {
            return None;
        }
        let switch = Switch::Value(path.clone());
        let is_free = self.discovered.free.contains(&path) || self.open.contains(&switch);
        let alternatives = domains.of_value(&path, Looked::of(touch), is_free);
        Some((switch, alternatives))
    }

    fn run(&self, units: &mut Units, files: &[usize], assignment: &Assignment, relevant: &Pipes) -> UnitOutput {
        run(units, files, assignment, relevant, self.slots, self.release.as_ref(), self.capabilities)
    }

    /// Takes the references of an output; returns whether it could be read as YAML.
    fn take(
        &mut self,
        output: &UnitOutput,
        (name, source): (&str, &Arc<File>),
        assignment: &Assignment,
        unit: &mut Unit,
    ) -> bool {
        unit.is_bounded |= output.is_cut;
        let (references, is_read) = self.references(&output.text, name, source);
        for reference in &*references {
            // A text that somebody else chooses, and the version of Kubernetes, become a part of it: there is one for each.
            let is_part = |switch: &Switch, value: &str| match switch {
                Switch::Value(_) => value.contains(STUB) && reference.contains(STUB),
                Switch::KubeVersion => reference.contains(value.trim_start_matches('v')),
                Switch::Upgrade | Switch::ApiVersion(_) => false,
            };
            let parts = assignment.iter().filter(|(switch, value)| is_part(switch, value));
            let parts: Vec<Switch> = parts.map(|(switch, _)| switch.clone()).collect();
            if !parts.is_empty() {
                self.open.extend(parts);
                continue;
            }
            match unit.found.get_mut(reference) {
                Some(known) if known.len() <= assignment.len() => {}
                Some(known) => known.clone_from(assignment),
                None => drop(unit.found.insert(reference.clone(), assignment.clone())),
            }
        }
        is_read
    }

    fn references(&mut self, text: &Str, name: &str, source: &Arc<File>) -> Read {
        if let Some(known) = self.texts.get(text.as_bytes()) {
            return known.clone();
        }
        let found = references(text, (name, source), self.helm, self.settings, self.limits);
        self.texts.insert(text.as_bytes().to_vec(), found.clone());
        found
    }
}
