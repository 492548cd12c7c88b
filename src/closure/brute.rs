//! What a release prints under many assignments of its values, by complete renders: the measure of a closure.

use super::domain::{Alternative, Looked, STUB};
use super::explore::{domains_of, refused};
use super::slots::Slots;
use super::usage::Usage;
use super::{Closure, Gates, Setting, Switch, under};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::images::rendered::of_file;
use crate::release::ReleaseInputs;
use crate::render::Inputs;
use crate::render::units::Units;
use crate::settings::Settings;
use crate::template::{Map, Value};
use crate::values::Processed;
use crate::values_path::ValuesPath;
use crate::work::Work;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Which assignments are rendered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// The most assignments of the booleans; all of them, if there are not more.
    pub(crate) booleans: u64,
    /// Random assignments of all values over the alternatives that templates compare them with.
    pub(crate) values: u64,
    /// The seed.
    pub(crate) seed: u64,
}

/// The references that complete renders print, each with the first settings that brought it, and the number of renders that did not
/// fail.
pub(crate) fn printed(
    prepared: &ReleaseInputs,
    settings: &Settings,
    compiler: &mut Compiler,
    (plan, closure): (Plan, &Closure),
) -> Result<(BTreeMap<String, Vec<String>>, u64), Error> {
    let given = prepared.values(&[], None, None).map_err(refused)?;
    let gates = Gates::of(prepared, &given.values)?;
    let Processed { root, values } = prepared.values(&gates.changes(), None, None).map_err(refused)?;
    let (work, limits) = (Work::of(&prepared.limits), prepared.limits.clone());
    let inputs = Inputs {
        values: &values,
        release: &prepared.release,
        capabilities: &prepared.capabilities,
        limits: &limits,
        work: &work,
    };
    let units = Units::of(&root, &inputs, compiler, &prepared.env).map_err(|error| Error::input(error.to_string()))?;
    let slots = Slots::of(&root, &values);
    let domains = domains_of(prepared, &slots, Usage::of(units.templates(), prepared.chart.name()));
    let is_open = |path: &ValuesPath| closure.open.contains(&Switch::Value(path.clone()));
    let is_free = |path: &ValuesPath| closure.free.contains(path) || is_open(path);
    let (mut booleans, mut all) = (Vec::new(), Vec::new());
    leaves(&values, &ValuesPath::default(), &mut |path, value| {
        if matches!(value, Value::Bool(..)) {
            booleans.push(path.clone());
        }
        let alternatives = domains.of_value(path, Looked::Whole, is_free(path));
        if alternatives.len() > 1 {
            all.push((path.clone(), alternatives));
        }
    });
    let mut renders = Renders { prepared, settings, compiler, found: BTreeMap::new(), done: 0, seen: BTreeSet::new() };
    let mut state = plan.seed | 1;
    let count = 1_u64.checked_shl(booleans.len() as u32).filter(|&count| count <= plan.booleans);
    for number in 0..count.unwrap_or(plan.booleans) {
        let bits = |at: usize, state: &mut u64| match count {
            Some(_) => number >> at & 1 == 1,
            None => next(state) % 2 == 1,
        };
        let chosen: Vec<Setting> = booleans
            .iter()
            .enumerate()
            .map(|(at, path)| setting(path, if bits(at, &mut state) { "true" } else { "false" }))
            .collect();
        renders.render(&chosen);
    }
    for number in 0..plan.values {
        let mut chosen = Vec::new();
        for (path, alternatives) in &all {
            // From few changes to many.
            if next(&mut state) % 16 > number % 12 {
                continue;
            }
            if let Alternative::Json(value) = &alternatives[next(&mut state) as usize % alternatives.len()] {
                chosen.push(setting(path, value));
            }
        }
        renders.render(&chosen);
    }
    Ok((renders.found, renders.done))
}

fn setting(path: &ValuesPath, value: &str) -> Setting {
    Setting { switch: Switch::Value(path.clone()), value: value.to_owned() }
}

fn leaves(map: &Map, path: &ValuesPath, visit: &mut dyn FnMut(&ValuesPath, &Value)) {
    for (key, value) in map.entries() {
        let path = path.with(&*key.to_text());
        match &value {
            Value::Map(inner) if !inner.is_empty() && path.len() < 12 => leaves(inner, &path, visit),
            value => visit(&path, value),
        }
    }
}

struct Renders<'r> {
    prepared: &'r ReleaseInputs,
    settings: &'r Settings,
    compiler: &'r mut Compiler,
    found: BTreeMap<String, Vec<String>>,
    done: u64,
    seen: BTreeSet<Rc<[u8]>>,
}

impl Renders<'_> {
    fn render(&mut self, chosen: &[Setting]) {
        let (prepared, changes) = under(self.prepared, chosen);
        let Ok(outcome) = prepared.render(self.compiler, &changes, None, None) else { return };
        self.done += 1;
        for file in &outcome.rendered.files {
            if !self.seen.insert(file.text.as_bytes().into()) {
                continue;
            }
            let hints = self.settings.hints();
            for image in of_file(file, prepared.env.helm, hints, &prepared.limits, &prepared.work).references() {
                let reference = image.text.as_str();
                if !reference.contains(STUB) && !self.found.contains_key(reference) {
                    let settings = chosen.iter().map(ToString::to_string).chain([format!("# {}", file.name)]);
                    self.found.insert(reference.to_owned(), settings.collect());
                }
            }
        }
    }
}

fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 33
}
