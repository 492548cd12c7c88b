//! [`Engine`]: the state of a walk over all code of a release: what is called with what, what maps hold, what was read.

use super::value::{Abs, Atom, Fact, Joined, Made, Step, join, nothing, one, other, text, widen};
use crate::compiler::{Compiler, MOST_BYTES};
use crate::helm::HelmVersion;
use crate::reads::{GLOBAL, Reads};
use crate::source::File;
use crate::template::ast::Template;
use crate::template::set::Compiled;
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Most commands that are looked at.
const MOST_STEPS: u64 = 3_000_000;
/// Most calls that are told apart.
const MOST_FRAMES: usize = 20_000;
/// Most calls inside of each other.
pub(super) const MOST_CALLS: u32 = 48;
/// Most calls of one template inside of each other whose maps are told apart.
const MOST_REPEATED: u32 = 3;
/// Most steps of a path that are any key, one after the other; what is deeper is read with all that is in it.
const MOST_ANY: usize = 4;
/// Most steps of a path; what is deeper is read with all that is in it.
const MOST_DEPTH: usize = 20;

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

/// What a read takes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// The value itself, or that it is there.
    Member,
    /// All that is in it.
    Whole,
}

/// A path that is read, how, and without which members.
pub(super) type Target = (Rc<[Step]>, Kind, Rc<[Rc<str>]>);

/// Maps that are only looked up in, or brought into order before anybody looks.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A path of values.
type Path = Rc<[Step]>;

/// What was read, by the address of its path, and where.
type Noted = HashMap<(usize, Kind, Option<Rc<[Rc<str>]>>), (Target, std::collections::HashSet<Site, FixedState>)>;

/// A position of a file, reached by a call.
pub(super) type Site = (usize, u32, u32);

/// The number of an element, `[0]`.
fn index_of(key: &str) -> Option<usize> {
    let digits = key.strip_prefix('[')?.strip_suffix(']')?;
    let number: usize = digits.parse().ok()?;
    (digits.len() == 1 || !digits.starts_with(['0', '+'])).then_some(number)
}

/// The walk.
pub(super) struct Engine<'e> {
    pub(super) compiler: &'e mut Compiler,
    pub(super) helm: HelmVersion,
    noted: &'e Reads,
    pub(super) scopes: Vec<Scope>,
    prefixes: BTreeSet<Vec<String>>,
    pub(super) named: HashMap<Vec<u8>, Vec<Arc<Template>>>,
    pub(super) frames: Vec<Frame>,
    known: HashMap<(usize, usize, Abs), u32>,
    made: Vec<Made>,
    sites: HashMap<(usize, u32, u32), u32>,
    /// Maps that are one for many calls.
    shared: BTreeSet<u32>,
    /// What code adds to the values, and to what templates are executed with.
    overlays: HashMap<Atom, u32>,
    pub(super) files: Vec<Arc<File>>,
    file_numbers: HashMap<usize, usize>,
    texts: HashMap<Rc<str>, Option<Arc<Compiled>>>,
    noted_reads: Noted,
    /// Paths by the address of the one that they are below, and the step; that one is kept so that its address stays its own.
    paths: HashMap<(usize, Step), (Path, Path)>,
    /// The values of each chart.
    values: Vec<Abs>,
    /// No members.
    none: Rc<[Rc<str>]>,
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
            noted_reads: HashMap::default(),
            paths: HashMap::default(),
            values: Vec::new(),
            none: Rc::from([]),
            round: 0,
            calls: 0,
            active: HashMap::default(),
            changed: false,
            steps: 0,
            asked: BTreeSet::new(),
            is_cut: false,
        }
    }

    pub(super) fn add_scope(&mut self, scope: Scope) -> usize {
        self.prefixes.insert(scope.prefix.clone());
        let path: Rc<[Step]> = scope.prefix.iter().map(|step| Step::Key(step.as_str().into())).collect();
        self.values.push(one(Atom::Value(path, self.none.clone())));
        self.scopes.push(scope);
        self.scopes.len() - 1
    }

    /// Takes a step of what may be walked.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
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
    pub(super) fn is_noted(&self, file: usize, at: u32) -> bool {
        self.noted.reached(&self.files[file], at)
    }

    /// The number of a call.
    pub(super) fn frame(&mut self, template: &Arc<Template>, dot: &Abs, chart: usize, is_live: bool) -> Option<u32> {
        let key = (Arc::as_ptr(template) as usize, chart, dot.clone());
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
            dot: dot.clone(),
            chart,
            is_live,
            is_active: false,
            round: 0,
            out: nothing(),
        });
        self.known.insert(key, number);
        self.changed = true;
        Some(number)
    }

    /// A text given to `tpl`, compiled.
    pub(super) fn compile(&mut self, source: &Rc<str>) -> Option<Arc<Compiled>> {
        if let Some(known) = self.texts.get(source) {
            return known.clone();
        }
        let file = File::new("tpl", source.as_bytes());
        let compiled = self.compiler.compile("tpl", &file, self.helm, MOST_BYTES).ok();
        self.texts.insert(source.clone(), compiled.clone());
        compiled
    }

    /// The map that is made at a site.
    pub(super) fn make(&mut self, (file, at, frame): Site) -> u32 {
        let Frame { template, chart, .. } = &self.frames[frame as usize];
        let repeated = self.active.get(&(Arc::as_ptr(template) as usize)).copied().unwrap_or_default();
        // Numbers of charts count down, those of calls up.
        let by = if repeated <= MOST_REPEATED { frame } else { u32::MAX - *chart as u32 };
        if let Some(&known) = self.sites.get(&(file, at, by)) {
            return known;
        }
        self.made.push(Made::default());
        let number = self.made.len() as u32 - 1;
        self.sites.insert((file, at, by), number);
        if by != frame {
            self.shared.insert(number);
        }
        number
    }

    pub(super) fn made(&self, number: u32) -> &Made {
        &self.made[number as usize]
    }

    /// Adds a member to a map.
    pub(super) fn put(&mut self, number: u32, key: &Step, value: &Abs) {
        let made = &mut self.made[number as usize];
        self.changed |= match key {
            Step::Key(key) => match made.members.get_mut(key) {
                Some(known) => widen(known, value),
                None => {
                    made.members.insert(key.clone(), value.clone());
                    true
                }
            },
            Step::Any => widen(&mut made.any, value),
        };
    }

    /// Notes that a member is there whenever the map is.
    pub(super) fn is_sure(&mut self, number: u32, key: &Rc<str>) {
        // What is one for many calls may be empty in another.
        if !self.shared.contains(&number) {
            self.made[number as usize].sure.insert(key.clone());
        }
    }

    /// Merges into a map what others hold.
    pub(super) fn merge(&mut self, number: u32, parts: &Abs, overwrites: bool) {
        let made = &mut self.made[number as usize];
        self.changed |= widen(&mut made.parts, parts) | (overwrites && !made.is_overwritten);
        made.is_overwritten |= overwrites;
    }

    /// What code adds to something that it did not make.
    pub(super) fn overlay(&mut self, atom: &Atom) -> u32 {
        let key = match atom {
            Atom::Value(path, _) => Atom::Value(path.clone(), self.none.clone()),
            other => other.clone(),
        };
        if let Some(&known) = self.overlays.get(&key) {
            return known;
        }
        self.made.push(Made::default());
        let number = self.made.len() as u32 - 1;
        self.overlays.insert(key, number);
        number
    }

    fn overlay_of(&self, atom: &Atom) -> Option<u32> {
        if self.overlays.is_empty() {
            return None;
        }
        match atom {
            Atom::Value(path, without) if !without.is_empty() => {
                self.overlays.get(&Atom::Value(path.clone(), self.none.clone())).copied()
            }
            other => self.overlays.get(other).copied(),
        }
    }

    pub(super) fn read(&mut self, path: &Rc<[Step]>, kind: Kind, without: &Rc<[Rc<str>]>, site: Site) {
        let left = (!without.is_empty()).then(|| without.clone());
        let entry = self.noted_reads.entry((Rc::as_ptr(path).cast::<Step>() as usize, kind, left));
        let (_, sites) = entry.or_insert_with(|| ((path.clone(), kind, without.clone()), Default::default()));
        sites.insert(site);
    }

    /// What was read, and where, in the order of the paths.
    pub(super) fn reads(&self) -> BTreeMap<&Target, BTreeSet<Site>> {
        let mut reads: BTreeMap<&Target, BTreeSet<Site>> = BTreeMap::new();
        #[expect(clippy::iter_over_hash_type, reason = "it is brought into order")]
        for (target, sites) in self.noted_reads.values() {
            reads.entry(target).or_default().extend(sites);
        }
        reads
    }

    /// The values of a chart.
    pub(super) fn values_of(&self, chart: usize) -> Abs {
        self.values[chart].clone()
    }

    /// A member of whatever something may be.
    pub(super) fn member(&mut self, of: &Abs, key: &Step, site: Site) -> Abs {
        self.member_of(of, key, site, &mut Vec::new())
    }

    fn member_of(&mut self, of: &Abs, key: &Step, site: Site, seen: &mut Vec<u32>) -> Abs {
        if !self.step() {
            return other();
        }
        let mut found = Joined::default();
        for atom in of.iter() {
            let member = match atom {
                Atom::Root(chart) => self.member_of_root(*chart, key),
                Atom::Fact(chart, fact) => self.member_of_fact(*chart, *fact, key),
                Atom::Value(path, without) => match key {
                    Step::Key(key) if without.contains(key) => nothing(),
                    key if path.len() >= MOST_DEPTH || *key == Step::Any && ends_with_any(path) => {
                        self.read(path, Kind::Whole, without, site);
                        other()
                    }
                    key => {
                        let (path, none) = (self.below(path, key), self.none.clone());
                        self.read(&path, Kind::Member, &none, site);
                        one(Atom::Value(path, none))
                    }
                },
                Atom::Made(number) => self.member_of_made(*number, key, site, seen),
                Atom::List(items) => match key {
                    Step::Key(key) => items
                        .iter()
                        .enumerate()
                        .find(|(index, _)| index_of(key) == Some(*index))
                        .map_or_else(nothing, |(_, item)| item.clone()),
                    Step::Any => super::value::join_all(items.iter()),
                },
                Atom::Each(item) => item.clone(),
                Atom::Text(_) | Atom::Int(_) => nothing(),
                Atom::Other => other(),
            };
            found.add(&member);
            if let Some(overlay) = self.overlay_of(atom) {
                let member = self.member_of_made(overlay, key, site, seen);
                found.add(&member);
            }
        }
        found.into_abs()
    }

    fn member_of_made(&mut self, number: u32, key: &Step, site: Site, seen: &mut Vec<u32>) -> Abs {
        if seen.contains(&number) {
            return nothing();
        }
        seen.push(number);
        let made = &self.made[number as usize];
        let own = match key {
            Step::Key(key) => made.members.get(key).cloned().unwrap_or_default(),
            Step::Any => super::value::join_all(made.members.values()),
        };
        let own = join(&own, &made.any);
        let is_sure = matches!(key, Step::Key(key) if !made.is_overwritten && made.sure.contains(key));
        let parts = made.parts.clone();
        let found =
            if is_sure || parts.is_empty() { own } else { join(&own, &self.member_of(&parts, key, site, seen)) };
        seen.pop();
        found
    }

    fn member_of_root(&self, chart: usize, key: &Step) -> Abs {
        let Step::Key(key) = key else { return self.values_of(chart) };
        match &**key {
            "Values" => self.values_of(chart),
            "Chart" => one(Atom::Fact(chart, Fact::Chart)),
            "Template" => one(Atom::Fact(chart, Fact::Template)),
            "Subcharts" => one(Atom::Fact(chart, Fact::Subcharts)),
            "Release" | "Files" | "Capabilities" => other(),
            _ => nothing(),
        }
    }

    fn member_of_fact(&self, chart: usize, fact: Fact, key: &Step) -> Abs {
        let scope = &self.scopes[chart];
        match (fact, key) {
            (Fact::Subcharts, key) => {
                let is_meant = |child: &&usize| match key {
                    Step::Key(key) => self.scopes[**child].name == **key,
                    Step::Any => true,
                };
                let children = scope.children.iter().filter(is_meant);
                Rc::new(children.map(|&child| Atom::Root(child)).collect())
            }
            (Fact::Chart, Step::Key(key)) if &**key == "Name" => text(&scope.name),
            (Fact::Template, Step::Key(key)) if &**key == "BasePath" => text(&format!("{}/templates", scope.full_path)),
            _ => other(),
        }
    }

    /// The path of a member: `global` is one and the same for all charts.
    pub(super) fn below(&mut self, path: &Rc<[Step]>, key: &Step) -> Rc<[Step]> {
        let known = (Rc::as_ptr(path).cast::<Step>() as usize, key.clone());
        if let Some((_, below)) = self.paths.get(&known) {
            return below.clone();
        }
        let below = self.new_below(path, key);
        self.paths.insert(known, (path.clone(), below.clone()));
        below
    }

    fn new_below(&self, path: &Rc<[Step]>, key: &Step) -> Rc<[Step]> {
        if *key == Step::Key(GLOBAL.into()) {
            let names: Option<Vec<String>> = path
                .iter()
                .map(|step| match step {
                    Step::Key(key) => Some(key.to_string()),
                    Step::Any => None,
                })
                .collect();
            if names.is_some_and(|names| self.prefixes.contains(&names)) {
                return Rc::from([key.clone()]);
            }
        }
        path.iter().cloned().chain([key.clone()]).collect()
    }

    /// Notes that all of something is read. Whoever prints what templates are executed with, `toYaml .`, means no value by it.
    pub(super) fn whole(&mut self, of: &Abs, site: Site) {
        let is_root = |atom: &Atom| matches!(atom, Atom::Root(_));
        if of.iter().any(is_root) {
            let inner: BTreeSet<Atom> = of.iter().filter(|atom| !is_root(atom)).cloned().collect();
            return self.whole_of(&Rc::new(inner), site, &mut Vec::new());
        }
        self.whole_of(of, site, &mut Vec::new());
    }

    fn whole_of(&mut self, of: &Abs, site: Site, seen: &mut Vec<u32>) {
        for atom in of.iter() {
            match atom {
                Atom::Root(chart) => {
                    let values = self.values_of(*chart);
                    self.whole_of(&values, site, seen);
                }
                Atom::Value(path, without) => self.read(path, Kind::Whole, without, site),
                Atom::Made(number) => self.whole_of_made(*number, site, seen),
                Atom::List(items) => items.iter().for_each(|item| self.whole_of(item, site, seen)),
                Atom::Each(item) => self.whole_of(item, site, seen),
                Atom::Fact(..) | Atom::Text(_) | Atom::Int(_) | Atom::Other => {}
            }
            if let Some(overlay) = self.overlay_of(atom) {
                self.whole_of_made(overlay, site, seen);
            }
        }
    }

    fn whole_of_made(&mut self, number: u32, site: Site, seen: &mut Vec<u32>) {
        if seen.contains(&number) {
            return;
        }
        seen.push(number);
        let Made { members, any, parts, sure, is_overwritten } = self.made[number as usize].clone();
        members.values().for_each(|member| self.whole_of(member, site, seen));
        self.whole_of(&any, site, seen);
        // What is there already is not taken from what is merged in.
        let hidden: Rc<[Rc<str>]> = sure.into_iter().filter(|_| !is_overwritten).collect();
        let parts = self.without(&parts, &hidden);
        self.whole_of(&parts, site, seen);
    }

    /// Something without some of its members.
    pub(super) fn without(&mut self, of: &Abs, keys: &[Rc<str>]) -> Abs {
        if keys.is_empty() {
            return of.clone();
        }
        let less = |atom: &Atom| match atom {
            Atom::Value(path, without) => {
                let mut all: Vec<Rc<str>> = without.iter().chain(keys).cloned().collect();
                all.sort();
                all.dedup();
                Atom::Value(path.clone(), all.into())
            }
            atom => atom.clone(),
        };
        Rc::new(of.iter().map(less).collect())
    }
}

/// Whether a path ends with as many steps of any key as are told apart.
fn ends_with_any(path: &[Step]) -> bool {
    path.len() >= MOST_ANY && path[path.len() - MOST_ANY..].iter().all(|step| *step == Step::Any)
}
