//! [`Searches`]: what was found in files, for others that are alike and read the same: those of a chart that is there twice, under
//! another name, and those of another release of a chart.
//!
//! A search visits each sequence of outcomes of the reads that are relevant for an image. If another file has the same text and the
//! same templates to call, if the same pipelines of it are relevant, and if everything that these read, in any of the runs, is there
//! with equal values and equal alternatives, its search would visit the same sequences and print the same images.

use super::assignment::Assignment;
use super::domain::{Alternative, Looked};
use super::slice::Places;
use super::unit::{Members, Unit};
use super::{Budget, Switch};
use crate::chart::owner_of;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::reads::GLOBAL;
use crate::release::ReleaseInputs;
use crate::render::Capabilities;
use crate::render::units::Units;
use crate::settings::Settings;
use crate::source::File;
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values_path::ValuesPath;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// Searches that were made, by the text of their file.
#[derive(Debug, Default)]
pub(crate) struct Searches {
    known: HashMap<Box<[u8]>, Vec<Search>>,
    /// Whether other releases follow.
    has_others: bool,
}

/// A file, by its content.
#[derive(Debug)]
struct Text(Arc<File>);

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.bytes() == other.0.bytes()
    }
}

impl Eq for Text {}

/// What all files of a release have in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Common {
    capabilities: Capabilities,
    is_upgrade: bool,
    helm: HelmVersion,
    limits: Limits,
    budget: Budget,
    settings: Settings,
    /// The version of Kubernetes that the chart needs.
    constraint: String,
    /// The files that templates can be called from, by name.
    files: BTreeMap<String, Text>,
}

/// A step from the data of a file to a map in it.
#[derive(Debug, Clone)]
enum Step {
    Key(Str),
    At(usize),
}

/// Where the watched maps of the data of files are, by their indexes.
type MapPlaces = HashMap<u32, Rc<[Step]>>;

/// What was read, with its value.
#[derive(Debug)]
struct Read {
    /// The map.
    map: Rc<[Step]>,
    /// The member of it; `None` for all of it.
    member: Option<Str>,
    value: Option<Value>,
}

/// A search in one file.
#[derive(Debug)]
pub(super) struct Search {
    common: Rc<Common>,
    /// The full name of the file.
    name: String,
    groups: BTreeSet<Places>,
    reads: Vec<Read>,
    unit: Unit,
}

/// A search that reads the same as another file.
#[derive(Debug)]
pub(super) struct Twin<'t> {
    search: &'t Search,
    /// The values of its chart, and those of the other file's, by their paths from the top.
    charts: (ValuesPath, ValuesPath),
    /// What the other file reads.
    pub(super) reads: Members,
}

impl Twin<'_> {
    /// What the file that was searched asked for, as the other asks for it, and what it could be.
    pub(super) fn asked(&self) -> impl Iterator<Item = (Option<Switch>, Looked, &Rc<[Alternative]>)> {
        let asked = self.search.unit.asked.iter();
        asked.map(|((switch, looked), alternatives)| (self.moved(switch), *looked, alternatives))
    }

    /// The switches that proved to be parts of references.
    pub(super) fn opened(&self) -> BTreeSet<Switch> {
        self.search.unit.opened.iter().filter_map(|switch| self.moved(switch)).collect()
    }

    /// The references with everything as it is given.
    pub(super) fn given(&self) -> &[String] {
        &self.search.unit.given
    }

    /// What was found, for the other file.
    pub(super) fn unit(&self, number: usize) -> Option<Unit> {
        let Search { name, unit, .. } = self.search;
        let switches = unit.switches.iter().map(|(switch, all)| Some((self.moved(switch)?, all.clone())));
        let assignment = |one: &Assignment| -> Option<Assignment> {
            one.iter().map(|(switch, value)| Some((self.moved(switch)?, value.clone()))).collect()
        };
        let found = unit.found.iter().map(|(reference, one)| Some((reference.clone(), assignment(one)?)));
        Some(Unit {
            switches: switches.collect::<Option<_>>()?,
            found: found.collect::<Option<_>>()?,
            asks_cluster: unit.asks_cluster,
            same_as: Some(name.clone()),
            files: vec![number],
            ..Unit::default()
        })
    }

    /// A switch of the file that was searched, in the other; `None` if it has none.
    fn moved(&self, switch: &Switch) -> Option<Switch> {
        let Switch::Value(path) = switch else { return Some(switch.clone()) };
        let (from, to) = &self.charts;
        // The values below `global` are one for all charts.
        if from == to || path.first().is_some_and(|first| first.is(GLOBAL)) {
            return Some(switch.clone());
        }
        let rest = path.strip_prefix(&from[..])?;
        Some(Switch::Value(to.iter().chain(rest).cloned().collect()))
    }
}

/// The searches that concern one release.
#[derive(Debug)]
pub(super) struct Twins<'t> {
    searches: &'t mut Searches,
    common: Rc<Common>,
    /// Files whose text another file of the release has.
    repeated: BTreeSet<String>,
    /// By the identity of the data of files: where its maps are.
    places: HashMap<usize, Rc<MapPlaces>>,
}

impl Searches {
    /// For several releases.
    pub(crate) fn of_releases() -> Self {
        Self { has_others: true, ..Self::default() }
    }
}

impl<'t> Twins<'t> {
    /// For a release with these files.
    pub(super) fn of(
        searches: &'t mut Searches,
        prepared: &ReleaseInputs,
        (settings, budget): (&Settings, Budget),
        units: &Units,
    ) -> Self {
        let mut names: HashMap<&[u8], Vec<&str>> = HashMap::new();
        for (_, name, source) in units.files() {
            names.entry(source.bytes()).or_default().push(name);
        }
        let repeated = names.into_values().filter(|names| names.len() > 1).flatten().map(str::to_owned).collect();
        let files = units.sources().map(|(name, source)| (name.to_owned(), Text(source.clone())));
        let common = Rc::new(Common {
            capabilities: prepared.capabilities.clone(),
            is_upgrade: prepared.release.is_upgrade,
            helm: prepared.env.helm,
            limits: prepared.limits.clone(),
            budget,
            settings: settings.clone(),
            constraint: prepared.chart.metadata.kube_version.clone(),
            files: files.collect(),
        });
        Self { searches, common, repeated, places: HashMap::new() }
    }

    /// Whether another file may read the same.
    pub(super) fn concern(&self, name: &str) -> bool {
        self.searches.has_others || self.repeated.contains(name)
    }

    /// A search in a file with the same text that reads what this one reads.
    pub(super) fn twin(
        &self,
        (name, source): (&str, &Arc<File>),
        scope: &Map,
        groups: &BTreeSet<Places>,
    ) -> Option<Twin<'_>> {
        self.searches.known.get(source.bytes())?.iter().find_map(|search| {
            let is_like =
                (Rc::ptr_eq(&search.common, &self.common) || search.common == self.common) && search.groups == *groups;
            let reads = is_like.then(|| search.reads_the_same(name, scope)).flatten()?;
            let path_of = |file: &str| ValuesPath::default().of_user(owner_of(file));
            Some(Twin { search, charts: (path_of(&search.name), path_of(name)), reads })
        })
    }

    /// Keeps what was found in a file; `scope` is its data.
    pub(super) fn keep(
        &mut self,
        (name, source): (&str, &Arc<File>),
        scope: &Map,
        groups: BTreeSet<Places>,
        unit: &Unit,
    ) {
        if unit.is_bounded || unit.files.len() != 1 {
            return;
        }
        let places = self.places.entry(scope.identity()).or_insert_with(|| {
            let mut found = HashMap::new();
            places_of(&Value::Map(scope.clone()), &mut Vec::new(), &mut found);
            Rc::new(found)
        });
        let printed = unit.printed.iter().map(|&map| (map, None));
        let all = unit.reads.iter().cloned().chain(printed);
        let reads = all.map(|(map, member)| {
            let map = places.get(&map)?.clone();
            let value = value_of(scope, &map, member.as_ref())?;
            Some(Read { map, member, value })
        });
        let Some(reads) = reads.collect::<Option<Vec<_>>>() else { return };
        let search = Search { common: self.common.clone(), name: name.to_owned(), groups, reads, unit: unit.clone() };
        self.searches.known.entry(source.bytes().into()).or_default().push(search);
    }
}

impl Search {
    /// What it read, in the data of another file, if that has equal values.
    fn reads_the_same(&self, name: &str, scope: &Map) -> Option<Members> {
        let reads = self.reads.iter().map(|read| {
            let map = map_at(scope, &read.map)?;
            let is_top = read.map.is_empty();
            let is_equal = match &read.member {
                // Set for each file.
                Some(member) if is_top && member.as_bytes() == b"Template" => self.name == name,
                // What all files have in common.
                Some(member) if is_top && member.as_bytes() == b"Capabilities" => true,
                member => are_equal(&read.value, &value_of(scope, &read.map, member.as_ref())?),
            };
            is_equal.then_some((map.watched()?, read.member.clone()))
        });
        reads.collect()
    }
}

/// Whether what was read is equal. Of a map that was only taken, what was read of it counts.
fn are_equal(one: &Option<Value>, other: &Option<Value>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(Value::Map(one)), Some(Value::Map(other))) if one.watched().is_some() && other.watched().is_some() => {
            std::ptr::eq(one.ty(), other.ty()) && one.is_nil() == other.is_nil()
        }
        (Some(one), Some(other)) => one.is_same(other),
        _ => false,
    }
}

/// The value of a member of the map at these steps, or a list of what is in the map; the outer `None` if there is no such map.
fn value_of(scope: &Map, steps: &[Step], member: Option<&Str>) -> Option<Option<Value>> {
    let map = map_at(scope, steps)?;
    Some(match member {
        Some(member) => map.get(member.as_bytes()),
        // A copy, so that it is compared as a whole.
        None if map.is_nil() => None,
        None => Some(Value::Map(map.entries().into_iter().collect())),
    })
}

fn map_at(scope: &Map, steps: &[Step]) -> Option<Map> {
    let mut value = Value::Map(scope.clone());
    for step in steps {
        value = match (&value, step) {
            (Value::Map(map), Step::Key(key)) => map.get(key.as_bytes())?,
            (Value::List(list), Step::At(at)) => list.get(*at)?.clone(),
            _ => return None,
        };
    }
    value.as_map().cloned()
}

/// Where the watched maps of a value are.
fn places_of(value: &Value, steps: &mut Vec<Step>, found: &mut MapPlaces) {
    match value {
        Value::Map(map) => {
            let Some(number) = map.watched().filter(|number| !found.contains_key(number)) else { return };
            found.insert(number, steps.as_slice().into());
            for (key, value) in map.entries() {
                // What it contains is in `Values` as well.
                if steps.is_empty() && key.as_bytes() == b"Subcharts" {
                    continue;
                }
                steps.push(Step::Key(key));
                places_of(&value, steps, found);
                steps.pop();
            }
        }
        Value::List(list) => {
            for (at, item) in list.iter().enumerate() {
                steps.push(Step::At(at));
                places_of(item, steps, found);
                steps.pop();
            }
        }
        _ => {}
    }
}
