//! [`Engine`]: the state of a walk over all code of a release: what is called with what, what maps hold, what was read.

use super::answers::{Lookups, Site};
use super::sets::{HashMap, Sets};
use super::value::{Abs, Atom, Made, NO_KEYS, NOTHING, Step, Text};
use crate::compiler::{Compiler, MOST_BYTES};
use crate::helm::HelmVersion;
use crate::reads::{GLOBAL, Reads};
use crate::source::File;
use crate::template::Value;
use crate::template::ast::Template;
use crate::template::set::Compiled;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// Most commands, and members of sets, that are looked at.
const MOST_STEPS: u64 = 3_000_000;
/// Most calls that are told apart.
const MOST_FRAMES: usize = 20_000;
/// Most calls inside of each other.
pub(super) const MOST_CALLS: u32 = 48;
/// Most calls of one template inside of each other whose maps are told apart.
const MOST_REPEATED: u32 = 3;
/// A chart of the release.
#[derive(Debug)]
pub(super) struct Scope {
    /// Where it stands in the values.
    pub(super) prefix: Vec<String>,
    /// Its full path, `app/charts/db`.
    pub(super) full_path: String,
    /// Its name, or its alias.
    pub(super) name: String,
    /// The numbers of its subcharts.
    pub(super) children: Vec<usize>,
    /// What its values are.
    values: Abs,
}

/// A call of a template with something.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) template: Arc<Template>,
    pub(super) dot: Abs,
    pub(super) chart: usize,
    /// Whether this render came here.
    pub(super) is_live: bool,
    pub(super) is_active: bool,
    /// In which round it was walked last.
    pub(super) round: u32,
    /// The text that it gives, where that is known.
    pub(super) out: Abs,
}

/// A call of a function with what its arguments may be.
type Call = (&'static str, Box<[Abs]>);

/// What it gives, where that is known.
type Folded = Option<Rc<[Value]>>;

/// The walk.
pub(super) struct Engine<'e> {
    pub(super) compiler: &'e mut Compiler,
    pub(super) helm: HelmVersion,
    noted: &'e Reads,
    /// What was asked of the values at a position: whether this render came there.
    reached: HashMap<(usize, u32), bool>,
    pub(super) sets: Sets,
    pub(super) lookups: Lookups,
    pub(super) scopes: Vec<Scope>,
    pub(super) prefixes: BTreeSet<Vec<String>>,
    pub(super) named: HashMap<Vec<u8>, Vec<Arc<Template>>>,
    pub(super) frames: Vec<Frame>,
    known: HashMap<(usize, usize, Abs), u32>,
    made: Vec<Made>,
    sites: HashMap<Site, u32>,
    /// Maps that are one for many calls.
    shared: BTreeSet<u32>,
    /// What code adds to the values, and to what templates are executed with.
    overlays: HashMap<Atom, u32>,
    pub(super) files: Vec<Arc<File>>,
    file_numbers: HashMap<usize, usize>,
    texts: HashMap<Text, Option<Arc<Compiled>>>,
    /// What functions make of constants.
    pub(super) folded: HashMap<Call, Folded>,
    pub(super) round: u32,
    pub(super) calls: u32,
    /// How often each template is being walked, one call inside of the other.
    pub(super) active: HashMap<usize, u32>,
    pub(super) changed: bool,
    steps: u64,
    /// The files that charts ask for, by name or pattern.
    pub(super) asked: BTreeSet<(usize, Step)>,
    /// Whether there was more than could be walked.
    pub(super) is_cut: bool,
}

impl<'e> Engine<'e> {
    pub(super) fn new(compiler: &'e mut Compiler, helm: HelmVersion, noted: &'e Reads) -> Self {
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
            sites: HashMap::default(),
            shared: BTreeSet::new(),
            overlays: HashMap::default(),
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

    /// Adds a chart: where it stands in the values, its full path, and its name.
    pub(super) fn add_scope(&mut self, prefix: Vec<String>, full_path: String, name: String) -> usize {
        let steps: Vec<Step> = prefix.iter().map(|step| self.sets.key(step)).collect();
        let path = self.sets.path(&steps);
        let values = self.sets.one(Atom::Value(path, NO_KEYS));
        self.prefixes.insert(prefix.clone());
        self.scopes.push(Scope { prefix, full_path, name, children: Vec::new(), values });
        self.scopes.len() - 1
    }

    /// Takes a step of what may be walked, and those that sets took.
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

    /// Whether this render came to a position of a file.
    pub(super) fn is_noted(&mut self, file: usize, at: u32) -> bool {
        let (noted, files) = (self.noted, &self.files);
        *self.reached.entry((file, at)).or_insert_with(|| noted.reached(&files[file], at))
    }

    /// The number of a call.
    pub(super) fn frame(&mut self, template: &Arc<Template>, dot: Abs, chart: usize, is_live: bool) -> Option<u32> {
        let key = (Arc::as_ptr(template) as usize, chart, dot);
        if let Some(&known) = self.known.get(&key) {
            let frame = &mut self.frames[known as usize];
            if is_live && !frame.is_live {
                frame.is_live = true;
                self.changed = true;
            }
            return Some(known);
        }
        if self.frames.len() >= MOST_FRAMES {
            self.is_cut = true;
            return None;
        }
        let number = self.frames.len() as u32;
        self.frames.push(Frame {
            template: template.clone(),
            dot,
            chart,
            is_live,
            is_active: false,
            round: 0,
            out: NOTHING,
        });
        self.known.insert(key, number);
        self.changed = true;
        Some(number)
    }

    /// A text given to `tpl`, compiled.
    pub(super) fn compile(&mut self, source: Text) -> Option<Arc<Compiled>> {
        if let Some(known) = self.texts.get(&source) {
            return known.clone();
        }
        let file = File::new("tpl", self.sets.str(source).as_bytes());
        let compiled = self.compiler.compile("tpl", &file, self.helm, MOST_BYTES).ok();
        self.texts.insert(source, compiled.clone());
        compiled
    }

    /// The map that is made at a site.
    pub(super) fn make(&mut self, Site { file, at, frame }: Site) -> u32 {
        let Frame { template, chart, .. } = &self.frames[frame as usize];
        let repeated = self.active.get(&(Arc::as_ptr(template) as usize)).copied().unwrap_or_default();
        // Numbers of charts count down, those of calls up.
        let by = if repeated <= MOST_REPEATED { frame } else { u32::MAX - *chart as u32 };
        let site = Site { file, at, frame: by };
        if let Some(&known) = self.sites.get(&site) {
            return known;
        }
        self.made.push(Made::default());
        let number = self.made.len() as u32 - 1;
        self.sites.insert(site, number);
        if by != frame {
            self.shared.insert(number);
        }
        number
    }

    pub(super) fn made(&self, number: u32) -> &Made {
        &self.made[number as usize]
    }

    /// Adds a member to a map.
    pub(super) fn put(&mut self, number: u32, key: Step, value: Abs) {
        let made = &mut self.made[number as usize];
        self.changed |= match key {
            Step::Key(key) => match made.members.get_mut(&key) {
                Some(known) => self.sets.widen(known, value),
                None => {
                    made.members.insert(key, value);
                    true
                }
            },
            Step::Any => self.sets.widen(&mut made.any, value),
        };
    }

    /// Notes that a member is there whenever the map is.
    pub(super) fn is_sure(&mut self, number: u32, key: Text) {
        // What is one for many calls may be empty in another.
        if !self.shared.contains(&number) {
            self.made[number as usize].sure.insert(key);
        }
    }

    /// Merges into a map what others hold.
    pub(super) fn merge(&mut self, number: u32, parts: Abs, overwrites: bool) {
        let made = &mut self.made[number as usize];
        self.changed |= self.sets.widen(&mut made.parts, parts) | (overwrites && !made.is_overwritten);
        made.is_overwritten |= overwrites;
    }

    /// What code adds to something that it did not make.
    pub(super) fn overlay(&mut self, atom: Atom) -> u32 {
        let key = whole_value(atom);
        if let Some(&known) = self.overlays.get(&key) {
            return known;
        }
        self.made.push(Made::default());
        let number = self.made.len() as u32 - 1;
        self.overlays.insert(key, number);
        number
    }

    pub(super) fn overlay_of(&self, atom: Atom) -> Option<u32> {
        self.overlays.get(&whole_value(atom)).copied()
    }

    /// How many things there are that code adds to.
    pub(super) fn overlays(&self) -> usize {
        self.overlays.len()
    }

    /// The values of a chart.
    pub(super) fn values_of(&self, chart: usize) -> Abs {
        self.scopes[chart].values
    }

    /// The steps to a member: `global` is one and the same for all charts.
    pub(super) fn steps_below(&mut self, above: &[Step], key: Step) -> Vec<Step> {
        if key == self.sets.key(GLOBAL) {
            let names = above.iter().map(|step| match step {
                Step::Key(key) => Some(self.sets.str(*key).to_string()),
                Step::Any => None,
            });
            if names.collect::<Option<Vec<String>>>().is_some_and(|names| self.prefixes.contains(&names)) {
                return vec![key];
            }
        }
        above.iter().copied().chain([key]).collect()
    }
}

/// A value with all of its members.
fn whole_value(atom: Atom) -> Atom {
    match atom {
        Atom::Value(path, _) => Atom::Value(path, NO_KEYS),
        other => other,
    }
}
