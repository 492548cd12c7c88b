//! [`Units`]: the files of a release, executed one at a time, many times, with other values.
//!
//! A render of a release reads and coalesces its values, and executes all of its files. Whoever asks what one file prints under many
//! settings does that once, changes the coalesced values in place, executes the one file, and restores the values.

use super::scope::{self, TemplateFile};
use super::{Capabilities, Inputs, capabilities, order};
use crate::compiler::Compiler;
use crate::funcs::{self, helm};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::regex::Cache;
use crate::source::File;
use crate::template::set::Set;
use crate::template::touched::{Probed, ProbedPipes, Touches};
use crate::template::{self, Context, Env, Map, Value};
use crate::trace::{Origin, Str};
use crate::values::Instance;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// The files of a release.
pub(crate) struct Units {
    files: Vec<TemplateFile>,
    set: Rc<Set>,
    touches: Touches,
    env: Env,
    limits: Limits,
    regexes: Cache,
    /// All watched maps by their indexes, as they are before a run, for files that change them.
    pristine: HashMap<u32, (Map, BTreeMap<Str, Value>)>,
    runs: u32,
    capabilities: Capabilities,
    /// Steps of all runs.
    steps: u64,
}

/// What differs from the values of the release in one run.
#[derive(Debug, Default)]
pub(crate) struct UnitInput<'i> {
    /// Members of maps; `None` removes one.
    pub members: Vec<(&'i Map, &'i Str, Option<Value>)>,
    /// The capabilities.
    pub capabilities: Option<&'i Capabilities>,
}

/// One run of a file.
#[derive(Debug)]
pub(crate) struct UnitOutput {
    /// Its text; as far as it was written, if a limit ended the run.
    pub text: Str,
    /// What its relevant pipelines read.
    pub probed: Probed,
    /// The number of failures that were passed over: where helm stops.
    pub failures: u32,
    /// Whether a limit ended the run.
    pub is_cut: bool,
}

impl Units {
    /// The files of a release, compiled.
    ///
    /// # Errors
    /// A template that does not parse, in helm's words.
    pub(crate) fn of(
        root: &Instance,
        inputs: &Inputs<'_>,
        compiler: &mut Compiler,
        env: &Env,
    ) -> Result<Self, Box<template::Error>> {
        let mut files = Vec::new();
        scope::collect(root, inputs, env.helm, None, &mut files);
        order::sort(&mut files);
        let (set, _) = super::compiled(&files, compiler, env.helm, inputs.limits)?;
        let touches = super::again::watch(&files, Touches::default());
        let mut pristine = HashMap::new();
        files.iter().for_each(|file| keep(&file.scope.clone().into(), &mut pristine));
        Ok(Self {
            files,
            set: Rc::new(set),
            touches,
            env: env.clone(),
            limits: inputs.limits.clone(),
            regexes: Cache::default(),
            pristine,
            runs: 0,
            capabilities: inputs.capabilities.clone(),
            steps: 0,
        })
    }

    /// The full names of the files that are executed, in helm's order, with their templates.
    pub(crate) fn files(&self) -> impl Iterator<Item = (usize, &str, &Arc<File>)> {
        let files = self.files.iter().enumerate().filter(|(_, file)| !file.is_partial());
        files.map(|(number, file)| (number, file.name.as_str(), &file.source))
    }

    /// The full names of all files, also of those that only define templates.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &Arc<File>)> {
        self.files.iter().map(|file| (file.name.as_str(), &file.source))
    }

    /// The templates that the files can call.
    pub(crate) fn templates(&self) -> &Rc<Set> {
        &self.set
    }

    /// The data of a file.
    pub(crate) fn scope(&self, number: usize) -> Option<&Map> {
        self.files.get(number).map(|file| &file.scope)
    }

    /// `.Release` of the files.
    pub(crate) fn release(&self) -> Option<Map> {
        self.files.first().and_then(|file| file.scope.get(b"Release")?.as_map().cloned())
    }

    /// Notes which branches of templates runs take, from now on.
    pub(crate) fn note_branches(&self) {
        self.touches.note_lists();
    }

    /// The lists of nodes that were executed since then, by address.
    pub(crate) fn take_branches(&self) -> HashSet<usize, RandomState> {
        self.touches.take_lists()
    }

    /// The steps of all runs.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Which helm is imitated.
    pub(crate) fn helm(&self) -> HelmVersion {
        self.env.helm
    }

    /// Executes files in order and returns the text of the last; the earlier ones only change what it sees. A failing action
    /// prints nothing, and the run continues.
    pub(crate) fn run(&mut self, files: &[usize], input: &UnitInput<'_>, pipes: &Rc<ProbedPipes>) -> UnitOutput {
        let mut undo = Vec::with_capacity(input.members.len());
        for (map, key, value) in &input.members {
            let before = match value {
                Some(value) => map.borrow_mut().insert((*key).clone(), value.clone()),
                None => map.borrow_mut().remove(key.as_bytes()),
            };
            undo.push((*map, *key, before));
        }
        if let Some(capabilities) = input.capabilities {
            self.set_capabilities(files, capabilities);
        }
        let output = self.execute(files, pipes);
        if input.capabilities.is_some() {
            let own = self.capabilities.clone();
            self.set_capabilities(files, &own);
        }
        for (map, key, before) in undo.into_iter().rev() {
            match before {
                Some(value) => drop(map.borrow_mut().insert(key.clone(), value)),
                None => drop(map.borrow_mut().remove(key.as_bytes())),
            }
        }
        for (map, entries) in output.probed.changed.iter().filter_map(|(number, _)| self.pristine.get(number)) {
            map.borrow_mut().clone_from(entries);
        }
        output
    }

    fn set_capabilities(&self, files: &[usize], capabilities: &Capabilities) {
        let object = capabilities::object(capabilities, self.env.helm, Origin::NONE);
        for file in files.iter().filter_map(|&number| self.files.get(number)) {
            file.scope.insert("Capabilities", object.clone());
        }
    }

    fn execute(&mut self, files: &[usize], pipes: &Rc<ProbedPipes>) -> UnitOutput {
        self.runs += 1;
        let helm = self.env.helm;
        let mut env = self.env.clone();
        let mut ctx = Context::new(&mut env, &self.limits, None);
        ctx = ctx.with_shared(self.set.clone(), funcs::lookup_of(helm));
        ctx.regexes = std::mem::take(&mut self.regexes);
        let (mut text, mut is_cut) = (Str::new(""), false);
        for (position, file) in files.iter().filter_map(|&number| self.files.get(number)).enumerate() {
            file.enter();
            if position == 0 {
                ctx.probe = Some(self.touches.probe(self.runs, pipes));
            }
            match ctx.execute_file(file.name.as_bytes(), file.scope.clone().into()) {
                Ok((written, _)) => text = written,
                Err(_) => is_cut = true,
            }
        }
        let failures = ctx.tolerated;
        self.steps += ctx.steps();
        self.regexes = std::mem::take(&mut ctx.regexes);
        drop(ctx);
        UnitOutput { text: helm::without_no_value(&text), probed: self.touches.probed(), failures, is_cut }
    }
}

/// Keeps the entries of a map, and of all maps in it.
fn keep(value: &Value, kept: &mut HashMap<u32, (Map, BTreeMap<Str, Value>)>) {
    match value {
        Value::Map(map) => {
            if let Some(number) = map.watched()
                && !kept.contains_key(&number)
            {
                let entries = map.borrow().clone();
                let inner: Vec<Value> = entries.values().cloned().collect();
                kept.insert(number, (map.clone(), entries));
                inner.iter().for_each(|value| keep(value, kept));
            }
        }
        Value::List(list) => list.iter().for_each(|value| keep(value, kept)),
        _ => {}
    }
}

impl std::fmt::Debug for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Units").field("files", &self.files.len()).finish_non_exhaustive()
    }
}
