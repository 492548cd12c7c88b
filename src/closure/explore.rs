//! [`Explorer`]: executes each file once for each sequence of decisions that can change its images.

use super::cover::covering;
use super::discover::Discovered;
use super::domain::{Alternative, Domains, Looked, STUB, versions};
use super::prove::Prover;
use super::slice::{Group, Slices};
use super::slots::Slots;
use super::usage::Usage;
use super::{Budget, Closure, Gates, Setting, Switch, UnitReport, set_capability, value_at};
use crate::compiler::Compiler;
use crate::error::{Error, ErrorKind};
use crate::helm::HelmVersion;
use crate::images::rendered::of_file;
use crate::limits::Limits;
use crate::release::{InputChange, ReleaseInputs, RenderProblem};
use crate::render::capabilities::HAS;
use crate::render::units::{RelevantPipes, UnitInput, UnitOutput, Units};
use crate::render::{Inputs, RenderedFile};
use crate::settings::Settings;
use crate::source::File;
use crate::template::decisions::{Course, Decisions};
use crate::template::touched::Touch;
use crate::template::tree::Untraced;
use crate::template::{Map, Value};
use crate::trace::{Origins, Str};
use crate::values::{Processed, json};
use crate::values_path::{Key, ValuesPath};
use crate::work::Work;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// How often the search begins again because a render showed new positions or free values.
const MOST_ROUNDS: u32 = 4;

/// The values of switches that differ from what is given.
pub(super) type Assignment = BTreeMap<Switch, Rc<str>>;

/// What is found of one reference.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    /// The file that printed it.
    pub(super) file: usize,
    /// Under which settings, beside those that enable its chart.
    pub(super) assignment: Assignment,
}

/// The search for the images of one release.
pub(super) struct Explorer<'e> {
    pub(super) prepared: ReleaseInputs,
    pub(super) settings: &'e Settings,
    pub(super) compiler: &'e mut Compiler,
    budget: Budget,
    pub(super) gates: Gates,
    pub(super) discovered: Discovered,
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
#[derive(Debug, Default)]
pub(super) struct Unit {
    runs: u32,
    switches: BTreeMap<Switch, Rc<[Alternative]>>,
    is_bounded: bool,
    asks_cluster: bool,
    /// The best sighting of each reference.
    found: BTreeMap<String, Assignment>,
    /// Values whose stub became a part of a reference.
    open: BTreeSet<ValuesPath>,
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
        Self { prepared, settings, compiler, budget, gates, discovered: Discovered::default() }
    }

    pub(super) fn explore(&mut self) -> Result<Closure, Error> {
        let changes = self.gates.changes();
        self.discovered.everywhere(&self.prepared, &changes, self.settings, self.compiler);
        eprintln!("DBG free {} hot {} {:?}", self.discovered.free.len(), self.discovered.hot.len(), self.discovered.free.iter().map(|p| p.to_string()).collect::<Vec<_>>());
        let mut round = 0;
        loop {
            round += 1;
            let (closure, is_settled) = self.round(&changes, round < MOST_ROUNDS)?;
            if is_settled || round >= MOST_ROUNDS {
                return Ok(closure);
            }
        }
    }

    /// Explores all files; false if a render showed positions or free values that were not known.
    fn round(&mut self, changes: &[InputChange], may_repeat: bool) -> Result<(Closure, bool), Error> {
        let Processed { root, values } =
            self.prepared.values(changes, None, &mut Vec::new()).map_err(refused)?;
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
        let writers = writers(&mut units, &files);
        let mut search = FileSearch {
            helm: self.prepared.env.helm,
            settings: self.settings,
            limits: &limits,
            discovered: &self.discovered,
            slots: &slots,
            capabilities: &self.prepared.capabilities,
            release: units.release(),
            budget: self.budget,
            texts: HashMap::new(),
        };
        let mut found: BTreeMap<String, Vec<Sighting>> = BTreeMap::new();
        let mut closure = Closure { free: self.discovered.free.clone(), ..Closure::default() };
        let chart_of = |name: &str| name.split("/templates/").next().unwrap_or_default().to_owned();
        let of_charts: BTreeMap<String, Map> =
            files.iter().map(|(_, name, _)| (chart_of(name), chart_values(&values, &chart_of(name)))).collect();
        let mut slices: BTreeMap<String, Slices<'_>> = of_charts
            .iter()
            .map(|(chart, own)| (chart.clone(), Slices::of(&template_set, own, &self.discovered.hot)))
            .collect();
        let mut all_domains: BTreeMap<String, Domains<'_>> = BTreeMap::new();
        for (number, name, source) in &files {
            if name.ends_with("/NOTES.txt") {
                continue;
            }
            let groups = slices.get_mut(&chart_of(name)).map(|slices| slices.groups(name)).unwrap_or_default();
            if groups.is_empty() {
                continue;
            }
            eprintln!("DBG {name} groups {:?}", groups.iter().map(|g| g.len()).collect::<Vec<_>>());
            if std::env::var("DBG").is_ok() && groups.len() > 3 { let s = &slices[&chart_of(name)]; for g in &groups[..2] { eprintln!("  {:#?}", g.iter().map(|a| s.describe(*a)).collect::<Vec<_>>()); } }
            let mut run: Vec<usize> = writers.iter().copied().take_while(|writer| writer != number).collect();
            run.push(*number);
            let domains = all_domains.entry(chart_of(name)).or_insert_with_key(|chart| {
                let usage = Usage::of(&template_set, chart);
                Domains {
                    slots: &slots,
                    versions: versions(usage.versions.iter().map(String::as_str)),
                    usage,
                    capabilities: &self.prepared.capabilities,
                    is_upgrade: self.prepared.release.is_upgrade,
                }
            });
            let unit = search.explore(&mut units, &run, (name, source), (&groups, domains));
            eprintln!("DBG   runs {} {:?} {:?}", unit.runs, unit.is_bounded, unit.switches.iter().map(|(k,v)| format!("{k}:{}", v.len())).collect::<Vec<_>>());
            closure.open.extend(unit.open);
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
            for (reference, assignment) in unit.found {
                found.entry(reference).or_default().push(Sighting { file: *number, assignment });
            }
        }
        drop(slices);
        drop(search);
        let mut prover = Prover { explorer: self, given: &given, slots: &slots, files: &files, may_repeat };
        let is_settled = prover.prove(&mut units, &writers, found, &mut closure)?;
        Ok((closure, is_settled))
    }

    /// Adds what a traced render of one file shows; returns whether it is new.
    pub(super) fn look_closer(&mut self, file: &str, assignment: &Assignment) -> bool {
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

/// The settings of an assignment.
pub(super) fn settings_of(assignment: &Assignment) -> Vec<Setting> {
    let of = |(switch, value): (&Switch, &Rc<str>)| Setting { switch: switch.clone(), value: value.to_string() };
    assignment.iter().map(of).collect()
}

/// `.Values` of a chart by its full path.
fn chart_values(values: &Map, chart: &str) -> Map {
    let path = ValuesPath::default().of_user(chart);
    match value_at(values, &path) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

/// The files that change what others see, in order.
fn writers(units: &mut Units, files: &[(usize, String, Arc<File>)]) -> Vec<usize> {
    let nothing = RelevantPipes::default();
    let mut found = Vec::new();
    for (number, ..) in files {
        let output = units.run(&[*number], &UnitInput::default(), &nothing);
        if !output.probed.changed.is_empty() {
            found.push(*number);
        }
    }
    found
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
    /// The references in each text.
    texts: HashMap<Vec<u8>, Rc<[String]>>,
}

impl FileSearch<'_> {
    fn explore(
        &mut self,
        units: &mut Units,
        files: &[usize],
        file: (&str, &Arc<File>),
        (groups, domains): (&[Group], &Domains<'_>),
    ) -> Unit {
        let mut unit = Unit::default();
        self.texts.clear();
        for group in groups {
            let relevant: RelevantPipes = Rc::new(group.iter().copied().collect());
            if !self.group(units, files, file, (&relevant, domains), &mut unit) {
                unit.is_bounded = true;
                break;
            }
        }
        if unit.is_bounded {
            for assignment in covering(&unit.switches) {
                let output = self.run(units, files, &assignment, &RelevantPipes::default());
                unit.runs += 1;
                self.take(&output, file, &assignment, &mut unit);
            }
        }
        unit
    }

    /// Depth-first search over the decisions of a group; false if the budget ended it.
    fn group(
        &mut self,
        units: &mut Units,
        files: &[usize],
        file: (&str, &Arc<File>),
        (relevant, domains): (&RelevantPipes, &Domains<'_>),
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
            self.take(&output, file, &assignment, unit);
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
                if last.at < last.alternatives.len() {
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
        let is_free = self.discovered.free.contains(&path) || unit.open.contains(&path);
        let alternatives = domains.of_value(&path, Looked::of(touch), is_free);
        Some((Switch::Value(path), alternatives))
    }

    fn run(
        &self,
        units: &mut Units,
        files: &[usize],
        assignment: &Assignment,
        relevant: &RelevantPipes,
    ) -> UnitOutput {
        run(units, files, assignment, relevant, self.slots, self.release.as_ref(), self.capabilities)
    }

    /// Takes the references of an output.
    fn take(&mut self, output: &UnitOutput, (name, source): (&str, &Arc<File>), assignment: &Assignment, unit: &mut Unit) {
        unit.is_bounded |= output.is_cut;
        let references = self.references(&output.text, name, source);
        for reference in &*references {
            if reference.contains(STUB) {
                let stubs = assignment.iter().filter(|(_, value)| value.contains(STUB));
                unit.open.extend(stubs.filter_map(|(switch, _)| match switch {
                    Switch::Value(path) => Some(path.clone()),
                    _ => None,
                }));
                continue;
            }
            match unit.found.get_mut(reference) {
                Some(known) if known.len() <= assignment.len() => {}
                Some(known) => known.clone_from(assignment),
                None => drop(unit.found.insert(reference.clone(), assignment.clone())),
            }
        }
    }

    fn references(&mut self, text: &Str, name: &str, source: &Arc<File>) -> Rc<[String]> {
        if let Some(known) = self.texts.get(text.as_bytes()) {
            return known.clone();
        }
        let found = references(text, (name, source), self.helm, self.settings, self.limits);
        self.texts.insert(text.as_bytes().to_vec(), found.clone());
        found
    }
}

/// The references in the text of a file.
pub(super) fn references(
    text: &Str,
    (name, source): (&str, &Arc<File>),
    helm: HelmVersion,
    settings: &Settings,
    limits: &Limits,
) -> Rc<[String]> {
    let file = RenderedFile { name: name.to_owned(), source: source.clone(), text: text.clone(), emits: Vec::new() };
    let found = of_file(&file, helm, settings.hints(), limits, &Work::of(limits));
    let found: BTreeSet<String> = found.into_iter().map(|image| image.text.as_str().to_owned()).collect();
    found.into_iter().collect()
}

/// Executes files under an assignment.
pub(super) fn run(
    units: &mut Units,
    files: &[usize],
    assignment: &Assignment,
    relevant: &RelevantPipes,
    slots: &Slots,
    release: Option<&Map>,
    own: &crate::render::Capabilities,
) -> UnitOutput {
    let mut members: Vec<(Map, Str, Option<Value>)> = Vec::new();
    let mut capabilities = None;
    for (switch, value) in assignment {
        match switch {
            Switch::Value(path) => {
                let Some((last, parent)) = path.split_last() else { continue };
                let Some(name) = last.name() else { continue };
                for map in slots.maps(parent) {
                    members.push((map.clone(), Str::from(name), of_json(value)));
                }
            }
            Switch::Upgrade => {
                let is_upgrade = &**value == "true";
                for (name, value) in [("IsUpgrade", is_upgrade), ("IsInstall", !is_upgrade)] {
                    members.extend(release.map(|release| (release.clone(), Str::from(name), Some(Value::bool(value)))));
                }
            }
            Switch::KubeVersion | Switch::ApiVersion(_) => {
                set_capability(capabilities.get_or_insert_with(|| own.clone()), switch, value);
            }
        }
    }
    let members = members.iter().map(|(map, key, value)| (map, key, value.clone())).collect();
    units.run(files, &UnitInput { members, capabilities: capabilities.as_ref() }, relevant)
}

/// The value of a switch; `None` removes it.
fn of_json(text: &str) -> Option<Value> {
    let node = json::read_all(text)?;
    let value = Value::from_node(&node, &mut Untraced);
    (!value.is_nil()).then_some(value)
}

/// Whether a path is within another one, or the same.
pub(super) fn is_within(path: &[Key], outer: &[Key]) -> bool {
    path.starts_with(outer)
}
