//! [`Touches`]: what each file of a render reads of the existing maps, and whether any of them is changed.
//!
//! The maps record it themselves, so that no read is missed: a file that only read what is unchanged has the same output again.

use super::value::{List, Value};
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// The most notes about members; after that, a map of which a member is read counts as read in full, and one of which a member is
/// changed as changed anywhere.
const MOST: usize = 1 << 18;

/// The bit that says of a member that a probed file read last that it was overwritten before.
const OVERWRITTEN: u32 = 1 << 31;

/// What is read of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Touch {
    /// One member, present or not.
    Member(Str),
    /// Whether it has members.
    Emptiness,
    /// All of its members.
    All,
}

/// The record that the maps write to.
#[derive(Debug, Default)]
struct Log {
    /// The executed file, counted from 1; 0 if none.
    file: Cell<u32>,
    /// File, map, and what was looked at.
    noted: RefCell<Vec<(u32, u32, Touch)>>,
    is_changed: Cell<bool>,
    /// The maps that files changed, each with the changed member; `None` for any.
    changed: RefCell<BTreeSet<Change>>,
    /// The entries of changed maps before the first change; not for a probed file, nor if only changes are recorded.
    kept: RefCell<HashMap<u32, BTreeMap<Str, Value>, RandomState>>,
    /// Whether a file is executed of which only some reads are recorded.
    is_probing: Cell<bool>,
    /// Whether only changes are recorded.
    changes_only: bool,
    /// The rounds of the observed loop that began, and the most of them.
    rounds: Cell<u32>,
    most_rounds: Cell<u32>,
    /// Whether a round of it is executed, and in it a pipeline that changes maps.
    in_round: Cell<bool>,
    in_effect: Cell<bool>,
    /// Whether that changed a map that is not watched.
    is_untracked: Cell<bool>,
    /// The members that were read after they were overwritten.
    read_back: RefCell<BTreeSet<(u32, Option<Str>)>>,
    /// What was changed in a round, as in `changed`.
    changed_in_round: RefCell<Vec<(u32, Option<Str>)>>,
    /// The maps that were printed as a whole while values were only printed.
    printed: RefCell<BTreeSet<u32>>,
    /// The lists of nodes that were executed, by address; `None` if they are not recorded.
    reached: RefCell<Option<HashSet<usize, RandomState>>>,
    /// Whether a value is only printed, so that it does not matter what else the maps in it contain.
    is_printing: Cell<bool>,
}

/// A changed map, by its index, and the changed member; `None` for any.
pub(crate) type Change = (u32, Option<Str>);

/// A map's link to its watcher.
#[derive(Debug)]
pub(super) struct Watched {
    log: Rc<Log>,
    number: u32,
    /// Whether the map is a copy, whose changes nobody sees in the original.
    is_copy: bool,
    /// The indexes of the other maps that were merged into a copy.
    merged: RefCell<Vec<u32>>,
    /// The last file recorded to read all of it.
    all: Cell<u32>,
    /// The last file recorded to ask whether it is empty.
    emptiness: Cell<u32>,
    /// The last file recorded to read each member; only for lookups.
    members: RefCell<HashMap<Str, u32, RandomState>>,
}

impl Watched {
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    fn new(log: &Rc<Log>, number: u32) -> Self {
        let (all, emptiness) = (Cell::default(), Cell::default());
        let (merged, members) = (RefCell::default(), RefCell::default());
        Self { log: log.clone(), number, is_copy: false, merged, all, emptiness, members }
    }

    /// Whether a file is executed of which only some reads are recorded.
    pub(super) fn is_probing(&self) -> bool {
        self.log.is_probing.get()
    }

    /// The watcher of a copy of the map: it records reads of the copy as reads of the original. Only while a file is probed; else,
    /// to copy a map is to read it.
    pub(super) fn of_copy(&self) -> Option<Self> {
        let merged = self.merged.clone();
        self.is_probing().then(|| Self { is_copy: true, merged, ..Self::new(&self.log, self.number) })
    }

    /// Records reads of a copy as those of another map as well; false if it is no copy.
    pub(super) fn add(&self, other: &Self) -> bool {
        if self.is_copy {
            let mut merged = self.merged.borrow_mut();
            for number in other.merged.borrow().iter().copied().chain([other.number]) {
                if number != self.number && !merged.contains(&number) {
                    merged.push(number);
                }
            }
            // What was read is read again, of that one.
            self.members.borrow_mut().clear();
            self.all.set(0);
            self.emptiness.set(0);
        }
        self.is_copy
    }

    /// The executed file, or 0 if reads are not recorded.
    fn file(&self) -> u32 {
        if self.log.changes_only { 0 } else { self.log.file.get() }
    }

    fn note(&self, file: u32, touch: Touch) {
        let mut noted = self.log.noted.borrow_mut();
        noted.extend(self.merged.borrow().iter().map(|&number| (file, number, touch.clone())));
        noted.push((file, self.number, touch));
    }

    /// Whether what is read was recorded with the whole map. In a probed file, what decides is told from what is only printed.
    fn is_covered(&self, file: u32) -> bool {
        self.all.get() == file && !self.is_probing()
    }

    /// The whole map is read.
    pub(super) fn touch(&self) {
        let file = self.file();
        if file == 0 {
            return;
        }
        if self.log.is_printing.get() {
            let mut printed = self.log.printed.borrow_mut();
            printed.extend(self.merged.borrow().iter().copied().chain([self.number]));
        } else if self.all.replace(file) != file {
            self.note(file, Touch::All);
        }
    }

    /// It is asked whether the map is empty.
    pub(super) fn touch_emptiness(&self) {
        let file = self.file();
        if file != 0 && !self.is_covered(file) && self.emptiness.replace(file) != file {
            self.note(file, Touch::Emptiness);
        }
    }

    /// A member of the map is read, present or not.
    pub(super) fn touch_member(&self, key: &[u8]) {
        let file = self.file();
        if file == 0 || self.is_covered(file) {
            return;
        }
        if self.log.noted.borrow().len() >= MOST {
            return self.touch();
        }
        let mut members = self.members.borrow_mut();
        let key = match members.get_mut(key) {
            Some(last) if *last == file => return,
            Some(last) if *last == file | OVERWRITTEN => {
                self.log.read_back.borrow_mut().insert((self.number, Some(Str::new(key))));
                return;
            }
            Some(last) => {
                *last = file;
                members.get_key_value(key).map_or_else(|| Str::new(key), |(key, _)| key.clone())
            }
            None => {
                let key = Str::new(key);
                members.insert(key.clone(), file);
                key
            }
        };
        self.note(file, Touch::Member(key));
    }

    /// One member is about to be written. In a probed file, what is read of it later is no more the value of the user; for other renders,
    /// it counts as a read of the whole map.
    pub(super) fn touch_change(&self, key: &Str, entries: &BTreeMap<Str, Value>) {
        if self.is_copy {
            return;
        }
        match self.log.is_probing.get() {
            true => self.overwrite(key),
            false => self.touch(),
        }
        self.keep(entries);
        self.change(Some(key));
    }

    fn overwrite(&self, key: &Str) {
        let file = self.file();
        if file != 0 {
            self.members.borrow_mut().insert(key.clone(), file | OVERWRITTEN);
        }
    }

    /// Whether changes of the map are recorded.
    pub(super) fn is_tracked(&self) -> bool {
        !self.is_copy
    }

    /// The map is changed; at one member, if that is known.
    pub(super) fn change(&self, member: Option<&Str>) {
        if self.is_copy {
            return;
        }
        if self.log.file.get() != 0 || self.log.is_probing.get() {
            self.log.is_changed.set(true);
            let mut changed = self.log.changed.borrow_mut();
            let member = member.filter(|_| changed.len() < MOST);
            changed.insert((self.number, member.cloned()));
            if self.log.in_round.get() {
                self.log.changed_in_round.borrow_mut().push((self.number, member.cloned()));
            }
        }
    }

    /// Keeps the entries of the map, which is about to be changed for the first time.
    pub(super) fn keep(&self, entries: &BTreeMap<Str, Value>) {
        let log = &self.log;
        if log.file.get() != 0 && !log.changes_only && !log.is_probing.get() && !self.is_copy {
            log.kept.borrow_mut().entry(self.number).or_insert_with(|| entries.clone());
        }
    }
}

/// The map of notes about facts that are no members of maps.
const FACTS: u32 = u32::MAX;

/// Pipelines by their addresses, for [`Probe`].
#[derive(Debug, Clone, Default)]
pub(crate) struct ProbedPipes {
    /// Those whose reads are recorded, with everything that they call.
    pub relevant: HashSet<usize, RandomState>,
    /// Those of actions that are passed over: they print nothing.
    pub skipped: Rc<HashSet<usize, RandomState>>,
    /// Those that print a value as it is: reads of all of a map are not recorded.
    pub printed: Rc<HashSet<usize, RandomState>>,
    /// Those that change maps that others may have.
    pub changing: Rc<HashSet<usize, RandomState>>,
    /// A loop whose rounds are counted, by its pipeline, and the only round of it that is executed, if not all are.
    pub observed: Option<(usize, Option<u32>)>,
}

/// What the files of a finished render did.
#[derive(Debug)]
pub(crate) struct Looks {
    /// What each file read, with the indexes of the maps.
    pub of_files: Vec<Vec<(u32, Touch)>>,
    /// What they changed.
    pub changed: BTreeSet<Change>,
    /// The entries of changed maps, by the indexes of the maps, before they were changed.
    pub kept: HashMap<u32, BTreeMap<Str, Value>, RandomState>,
}

/// What [`Probe::enter`] changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entered {
    file: u32,
    is_printing: bool,
    in_effect: bool,
}

/// Records the reads of some pipelines of one file: the relevant ones, with everything that they call.
#[derive(Debug)]
pub(crate) struct Probe {
    log: Rc<Log>,
    run: u32,
    pipes: Rc<ProbedPipes>,
}

/// What a probed file did.
#[derive(Debug)]
pub(crate) struct Probed {
    /// The reads of its relevant pipelines in order, each once, with the indexes of the maps; `None` in place of a map for a fact
    /// that was asked for, such as `KubeVersion` or `APIVersions batch/v1`.
    pub reads: Vec<(Option<u32>, Touch)>,
    /// The indexes of the maps that they printed as a whole, and read in no other way.
    pub printed: BTreeSet<u32>,
    /// The indexes of the maps that it changed, which others see as well, each with the member; `None` for any.
    pub changed: Vec<(u32, Option<Str>)>,
    /// The members of maps that they read after they were overwritten.
    pub read_back: BTreeSet<(u32, Option<Str>)>,
    /// The most rounds of the observed loop.
    pub rounds: u32,
    /// What its rounds changed; `None` if they changed what is not watched.
    pub changed_in_rounds: Option<Vec<(u32, Option<Str>)>>,
}

impl Probe {
    /// Begins a pipeline, given by its address; returns what [`Probe::leave`] takes.
    pub(super) fn enter(&self, pipe: usize) -> Entered {
        let log = &self.log;
        let before =
            Entered { file: log.file.get(), is_printing: log.is_printing.get(), in_effect: log.in_effect.get() };
        if log.in_round.get() && self.pipes.changing.contains(&pipe) {
            log.in_effect.set(true);
        }
        if before.file == 0 && self.pipes.relevant.contains(&pipe) {
            self.log.file.set(self.run);
            self.log.is_printing.set(self.pipes.printed.contains(&pipe));
        }
        before
    }

    /// Whether reads are recorded now.
    pub(super) fn is_recording(&self) -> bool {
        self.log.file.get() != 0
    }

    /// Whether an action with this pipeline is passed over: it is not relevant, nor called by what is.
    pub(super) fn skips(&self, pipe: usize) -> bool {
        let is_skipped = !self.pipes.skipped.is_empty() && self.pipes.skipped.contains(&pipe);
        is_skipped && !self.is_recording() && !self.pipes.relevant.contains(&pipe)
    }

    /// Ends a pipeline.
    pub(super) fn leave(&self, before: Entered) {
        self.log.file.set(before.file);
        self.log.is_printing.set(before.is_printing);
        self.log.in_effect.set(before.in_effect);
    }

    /// Begins a loop with this pipeline.
    pub(super) fn begin_loop(&self, pipe: usize) {
        if self.pipes.observed.is_some_and(|(observed, _)| observed == pipe) {
            self.log.rounds.set(0);
        }
    }

    /// Begins a round of a loop with this pipeline; `None` if it is passed over, else what [`Probe::end_round`] takes.
    pub(super) fn begin_round(&self, pipe: usize) -> Option<bool> {
        let before = self.log.in_round.get();
        let Some((_, only)) = self.pipes.observed.filter(|(observed, _)| *observed == pipe) else {
            return Some(before);
        };
        let round = self.log.rounds.get();
        self.log.rounds.set(round + 1);
        self.log.most_rounds.set(self.log.most_rounds.get().max(round + 1));
        if only.is_some_and(|only| only != round) {
            return None;
        }
        self.log.in_round.set(true);
        Some(before)
    }

    /// Ends a round.
    pub(super) fn end_round(&self, before: bool) {
        self.log.in_round.set(before);
    }

    /// Records that a map is changed, which is watched or not.
    pub(super) fn change(&self, is_tracked: bool) {
        if !is_tracked && self.log.in_effect.get() {
            self.log.is_untracked.set(true);
        }
    }

    /// Records that a list of nodes of a template, given by its address, is executed.
    pub(super) fn reach(&self, list: usize) {
        if let Some(reached) = self.log.reached.borrow_mut().as_mut() {
            reached.insert(list);
        }
    }

    /// Records that a fact was asked for.
    pub(super) fn ask(&self, fact: &[u8]) {
        if self.log.file.get() != 0 {
            self.log.noted.borrow_mut().push((self.run, FACTS, Touch::Member(Str::new(fact))));
        }
    }
}

/// The watched maps of a render.
#[derive(Debug, Default)]
pub(crate) struct Touches {
    log: Rc<Log>,
    count: u32,
    lists: Vec<List>,
}

impl Touches {
    /// Records only whether anything is changed.
    pub(crate) fn of_changes() -> Self {
        Self { log: Rc::new(Log { changes_only: true, ..Log::default() }), ..Self::default() }
    }

    /// Watches a value and all maps in it.
    pub(crate) fn watch(&mut self, value: &Value) {
        match value {
            Value::Map(map) => {
                let watched = Watched::new(&self.log, self.count);
                // A watched map was visited already; it may contain itself.
                if map.watch(watched) {
                    self.count += 1;
                    let values: Vec<Value> = map.borrow().values().cloned().collect();
                    values.iter().for_each(|value| self.watch(value));
                }
            }
            Value::List(list) => {
                self.lists.push(list.clone());
                list.iter().for_each(|value| self.watch(value));
            }
            _ => {}
        }
    }

    /// Begins the execution of a file, counted from 1; 0 means none.
    pub(crate) fn enter(&self, file: u32) {
        self.log.file.set(file);
    }

    /// Begins the execution of a file of which only the reads of some pipelines are recorded. `run`
    /// is another number than in each earlier one.
    pub(crate) fn probe(&self, run: u32, pipes: &Rc<ProbedPipes>) -> Probe {
        self.log.noted.borrow_mut().clear();
        self.log.is_changed.set(false);
        self.log.is_probing.set(true);
        self.log.most_rounds.set(0);
        self.log.is_untracked.set(false);
        Probe { log: self.log.clone(), run, pipes: pipes.clone() }
    }

    /// Ends it.
    pub(crate) fn probed(&self) -> Probed {
        self.log.file.set(0);
        self.log.is_probing.set(false);
        let noted = self.log.noted.take();
        let reads = noted.into_iter().map(|(_, map, touch)| ((map != FACTS).then_some(map), touch)).collect();
        self.log.is_changed.set(false);
        let changed = self.log.changed.take().into_iter().collect();
        let in_rounds = self.log.changed_in_round.take();
        Probed {
            reads,
            printed: self.log.printed.take(),
            changed,
            read_back: self.log.read_back.take(),
            rounds: self.log.most_rounds.get(),
            changed_in_rounds: (!self.log.is_untracked.get()).then_some(in_rounds),
        }
    }

    /// Records which lists of nodes probed files execute, from now on.
    pub(crate) fn note_lists(&self) {
        self.log.reached.replace(Some(HashSet::default()));
    }

    /// The lists that were recorded, by address.
    pub(crate) fn take_lists(&self) -> HashSet<usize, RandomState> {
        self.log.reached.take().unwrap_or_default()
    }

    /// Whether a file changed what others see.
    pub(crate) fn is_changed(&self) -> bool {
        self.log.is_changed.get() || self.lists.iter().any(List::is_sorted)
    }

    /// What files changed; `None` if that is not known: the order of a list.
    pub(crate) fn changed(&self) -> Option<BTreeSet<Change>> {
        (!self.lists.iter().any(List::is_sorted)).then(|| self.log.changed.borrow().clone())
    }

    /// What each file read, and what they changed; `None` if the latter is not known.
    pub(crate) fn finish(self, files: usize) -> Option<Looks> {
        let changed = self.changed()?;
        let mut of_files = vec![Vec::new(); files];
        for (file, map, touch) in self.log.noted.take() {
            if let Some(looks) = of_files.get_mut(file as usize - 1) {
                looks.push((map, touch));
            }
        }
        Some(Looks { of_files, changed, kept: self.log.kept.take() })
    }
}
