//! [`Engine`]: the state of a walk over all code of a release: calls with their arguments, the content of maps, the reads.

use super::answers::{Lookups, Site};
use super::frames::Frame;
use super::sets::{HashMap, Sets};
use super::value::{Abs, Atom, Made, NO_KEYS, Step, Text};
use crate::compiler::Compiler;
use crate::helm::HelmVersion;
use crate::reads::{GLOBAL, ValueReads};
use crate::source::File;
use crate::template::Value;
use crate::template::ast::Template;
use crate::template::set::Compiled;
use crate::values_path::ValuesPath;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// The most commands, and members of sets, that are visited.
const MOST_STEPS: u64 = 3_000_000;
/// The most calls that are distinguished.
const MOST_FRAMES: usize = 20_000;
/// The most nested calls.
pub(super) const MOST_CALLS: u32 = 48;
/// The most nested calls of one template whose maps are distinguished.
const MOST_REPEATED: u32 = 3;
/// A chart of the release.
#[derive(Debug)]
pub(super) struct Scope {
    /// Its position in the values.
    pub(super) prefix: ValuesPath,
    /// Its full path, `app/charts/db`.
    pub(super) full_path: String,
    /// Its name, or its alias.
    pub(super) name: String,
    /// The indexes of its subcharts.
    pub(super) children: Vec<usize>,
    /// Its values.
    values: Abs,
}

/// A call of a function with its possible arguments.
type Call = (&'static str, Box<[Abs]>);

/// Its result, if known.
type Folded = Option<Rc<[Value]>>;

/// The walk.
pub(super) struct Engine<'e> {
    pub(super) compiler: &'e mut Compiler,
    pub(super) helm: HelmVersion,
    noted: &'e ValueReads,
    /// Whether the render reached a position.
    reached: HashMap<(usize, u32), bool>,
    pub(super) sets: Sets,
    pub(super) lookups: Lookups,
    pub(super) scopes: Vec<Scope>,
    pub(super) prefixes: BTreeSet<ValuesPath>,
    pub(super) named: HashMap<Vec<u8>, Vec<Arc<Template>>>,
    pub(super) frames: Vec<Frame>,
    known: HashMap<(usize, usize, Abs), u32>,
    made: Vec<Made>,
    /// When each of these maps was last changed.
    pub(super) changes: Vec<u64>,
    /// The number of changes of maps and outputs so far.
    pub(super) now: u64,
    sites: HashMap<Site, u32>,
    /// Maps that several calls share.
    shared: BTreeSet<u32>,
    /// Members that code adds to the values, and to the data of templates.
    overlays: HashMap<Atom, u32>,
    /// What they are added to, in the order in which that became known.
    pub(super) extended: Vec<Atom>,
    pub(super) files: Vec<Arc<File>>,
    file_numbers: HashMap<usize, usize>,
    texts: HashMap<Text, Option<Arc<Compiled>>>,
    /// Results of functions of constants.
    pub(super) folded: HashMap<Call, Folded>,
    pub(super) round: u32,
    pub(super) calls: u32,
    /// The number of nested active calls of each template.
    pub(super) active: HashMap<usize, u32>,
    pub(super) changed: bool,
    steps: u64,
    /// The files that charts read, by name or pattern.
    pub(super) asked: BTreeSet<(usize, Step)>,
    /// Whether the limit was reached.
    pub(super) is_cut: bool,
}

impl<'e> Engine<'e> {
    pub(super) fn new(compiler: &'e mut Compiler, helm: HelmVersion, noted: &'e ValueReads) -> Self {
        Self {
            compiler,
            helm,
            noted,
            reached: HashMap::default(),
            sets: Sets::new(),
            lookups: Lookups::default(),
            scopes: Vec::new(),
            prefixes: BTreeSet::new(),
            named: HashMap::default(),
            frames: Vec::new(),
            known: HashMap::default(),
            made: Vec::new(),
            changes: Vec::new(),
            now: 0,
            sites: HashMap::default(),
            shared: BTreeSet::new(),
            overlays: HashMap::default(),
            extended: Vec::new(),
            files: Vec::new(),
            file_numbers: HashMap::default(),
            texts: HashMap::default(),
            folded: HashMap::default(),
            round: 0,
            calls: 0,
            active: HashMap::default(),
            changed: false,
            steps: 0,
            asked: BTreeSet::new(),
            is_cut: false,
        }
    }

    /// Adds a chart: its position in the values, its full path, and its name.
    pub(super) fn add_scope(&mut self, prefix: ValuesPath, full_path: String, name: String) -> usize {
        let steps: Vec<Step> = prefix.iter().map(|step| self.sets.step(step)).collect();
        let path = self.sets.path(&steps);
        let values = self.sets.one(Atom::Value(path, NO_KEYS));
        self.prefixes.insert(prefix.clone());
        self.scopes.push(Scope { prefix, full_path, name, children: Vec::new(), values });
        self.scopes.len() - 1
    }

    /// Takes a step of the budget, and those of operations on sets.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1 + self.sets.take_steps();
        self.is_cut |= self.steps > MOST_STEPS;
        !self.is_cut
    }

    pub(super) fn file(&mut self, file: &Arc<File>) -> usize {
        let next = self.files.len();
        let number = *self.file_numbers.entry(Arc::as_ptr(file) as usize).or_insert(next);
        if number == next {
            self.files.push(file.clone());
        }
        number
    }

    /// Whether the render reached a position of a file.
    pub(super) fn is_noted(&mut self, file: usize, at: u32) -> bool {
        let (noted, files) = (self.noted, &self.files);
        *self.reached.entry((file, at)).or_insert_with(|| noted.reached(&files[file], at))
    }

    /// The index of a call.
    pub(super) fn frame(&mut self, template: &Arc<Template>, dot: Abs, chart: usize, is_live: bool) -> Option<u32> {
        let key = (Arc::as_ptr(template) as usize, chart, dot);
        if let Some(&known) = self.known.get(&key) {
            let frame = &mut self.frames[known as usize];
            if is_live && !frame.is_live {
                (frame.is_live, frame.walked, frame.settled) = (true, None, None);
                self.changed = true;
            }
            return Some(known);
        }
        if self.frames.len() >= MOST_FRAMES {
            self.is_cut = true;
            return None;
        }
        let number = self.frames.len() as u32;
        self.frames.push(Frame::new(template.clone(), dot, chart, is_live));
        self.known.insert(key, number);
        self.changed = true;
        Some(number)
    }

    /// A compiled text of `tpl`.
    pub(super) fn compile(&mut self, source: Text) -> Option<Arc<Compiled>> {
        if let Some(known) = self.texts.get(&source) {
            return known.clone();
        }
        let file = File::new("tpl", self.sets.str(source).as_bytes());
        let compiled = self.compiler.compile_to_inspect("tpl", &file, self.helm);
        self.texts.insert(source, compiled.clone());
        compiled
    }

    /// The map created at a site.
    pub(super) fn make(&mut self, Site { file, at, frame }: Site) -> u32 {
        let Frame { template, chart, .. } = &self.frames[frame as usize];
        let repeated = self.active.get(&(Arc::as_ptr(template) as usize)).copied().unwrap_or_default();
        // Indexes of charts count down, those of calls count up.
        let by = if repeated <= MOST_REPEATED { frame } else { u32::MAX - *chart as u32 };
        let site = Site { file, at, frame: by };
        if let Some(&known) = self.sites.get(&site) {
            return known;
        }
        let number = self.add_map();
        self.sites.insert(site, number);
        if by != frame {
            self.shared.insert(number);
        }
        number
    }

    fn add_map(&mut self) -> u32 {
        self.made.push(Made::default());
        self.changes.push(0);
        self.made.len() as u32 - 1
    }

    /// A map, which a position of a call looks into.
    pub(super) fn made(&mut self, number: u32, by: Site) -> &Made {
        // In text that is not a template yet, there is no call.
        if let Some(frame) = self.frames.get_mut(by.frame as usize) {
            frame.looked_into(number, self.now);
        }
        &self.made[number as usize]
    }

    /// Records that a map changes.
    fn change(&mut self, number: u32) {
        self.now += 1;
        self.changes[number as usize] = self.now;
    }

    /// Adds a member to a map.
    pub(super) fn put(&mut self, number: u32, key: Step, value: Abs) {
        let made = &mut self.made[number as usize];
        let is_new = match key {
            Step::Key(key) => match made.members.get_mut(&key) {
                Some(known) => self.sets.widen(known, value),
                None => {
                    made.members.insert(key, value);
                    true
                }
            },
            Step::Any => self.sets.widen(&mut made.any, value),
        };
        if is_new {
            self.changed = true;
            self.change(number);
        }
    }

    /// Records that a member exists whenever the map does.
    pub(super) fn is_sure(&mut self, number: u32, key: Text) {
        // A map shared by several calls may be empty in another call.
        if !self.shared.contains(&number) && self.made[number as usize].sure.insert(key) {
            self.change(number);
        }
    }

    /// Merges the content of other maps into a map.
    pub(super) fn merge(&mut self, number: u32, parts: Abs, overwrites: bool) {
        let made = &mut self.made[number as usize];
        let is_new = self.sets.widen(&mut made.parts, parts) | (overwrites && !made.is_overwritten);
        made.is_overwritten |= overwrites;
        if is_new {
            self.changed = true;
            self.change(number);
        }
    }

    /// The members that code adds to something that it did not create.
    pub(super) fn overlay(&mut self, atom: Atom) -> u32 {
        let key = whole_value(atom);
        if let Some(&known) = self.overlays.get(&key) {
            return known;
        }
        let number = self.add_map();
        self.overlays.insert(key, number);
        self.extended.push(key);
        number
    }

    pub(super) fn overlay_of(&self, atom: Atom) -> Option<u32> {
        self.overlays.get(&whole_value(atom)).copied()
    }

    /// The number of things that code adds members to.
    pub(super) fn overlays(&self) -> usize {
        self.overlays.len()
    }

    /// The values of a chart.
    pub(super) fn values_of(&self, chart: usize) -> Abs {
        self.scopes[chart].values
    }

    /// The steps to a member: `global` is shared by all charts.
    pub(super) fn steps_below(&mut self, above: &[Step], key: Step) -> Vec<Step> {
        if key == self.sets.key(GLOBAL) {
            let path = above.iter().map(|step| self.sets.key_of(*step)).collect::<Option<ValuesPath>>();
            if path.is_some_and(|above| self.prefixes.contains(&above)) {
                return vec![key];
            }
        }
        above.iter().copied().chain([key]).collect()
    }
}

/// A value with all of its members.
pub(super) fn whole_value(atom: Atom) -> Atom {
    match atom {
        Atom::Value(path, _) => Atom::Value(path, NO_KEYS),
        other => other,
    }
}
