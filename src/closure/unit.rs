//! [`Unit`]: what was found in one file, and what it depends on.

use super::Switch;
use super::assignment::Assignment;
use super::domain::{Alternative, Looked};
use super::facts::Group;
use crate::trace::Str;
use crate::values_path::ValuesPath;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Members of maps, given by their indexes; `None` for all of a map, or any.
pub(super) type Members = BTreeSet<(u32, Option<Str>)>;

/// What was found in one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    pub(super) runs: u32,
    pub(super) switches: BTreeMap<Switch, Rc<[Alternative]>>,
    pub(super) is_bounded: bool,
    /// What it changed that others see.
    pub(super) changed: Members,
    /// What its relevant pipelines read.
    pub(super) reads: Members,
    /// The maps that these print as a whole.
    pub(super) printed: BTreeSet<u32>,
    /// What these ask for, and what it could be when it was asked first.
    pub(super) asked: BTreeMap<(Switch, Looked), Rc<[Alternative]>>,
    /// The switches that proved to be parts of references.
    pub(super) opened: BTreeSet<Switch>,
    /// The references with everything as it is given.
    pub(super) given: Rc<[String]>,
    /// The file that was searched in its place, if it reads the same.
    pub(super) same_as: Option<String>,
    /// The members of maps that they read after they were overwritten.
    pub(super) read_back: Members,
    /// The rounds of the observed loop, and what these changed.
    pub(super) rounds: u32,
    pub(super) changed_in_rounds: Members,
    /// Whether they changed anything else.
    pub(super) is_untracked: bool,
    /// The files that were executed for it.
    pub(super) files: Vec<usize>,
    pub(super) asks_cluster: bool,
    /// The pipelines that decide about its images, by address.
    pub(super) decided: Group,
    /// The best sighting of each reference.
    pub(super) found: BTreeMap<String, Assignment>,
}

impl Unit {
    /// Whether it tried a text of one of these values.
    pub(super) fn tries(&self, free: &BTreeSet<ValuesPath>) -> bool {
        free.iter().any(|path| self.switches.contains_key(&Switch::Value(path.clone())))
    }

    /// What its relevant pipelines read, whoever wrote it, and print as a whole.
    pub(super) fn reads_and_prints(&self) -> Members {
        let printed = self.printed.iter().map(|&map| (map, None));
        self.reads.iter().chain(&self.read_back).cloned().chain(printed).collect()
    }

    /// Adds what was found in one round of a loop.
    pub(super) fn add(&mut self, round: Self) {
        self.switches.extend(round.switches);
        self.changed.extend(round.changed);
        self.reads.extend(round.reads);
        self.printed.extend(round.printed);
        for (asked, alternatives) in round.asked {
            self.asked.entry(asked).or_insert(alternatives);
        }
        self.opened.extend(round.opened);
        self.asks_cluster |= round.asks_cluster;
        for (reference, assignment) in round.found {
            self.find(reference, &assignment);
        }
    }

    /// Adds a reference that is printed under an assignment.
    pub(super) fn find(&mut self, reference: String, assignment: &Assignment) {
        match self.found.get_mut(&reference) {
            Some(known) if known.len() <= assignment.len() => {}
            Some(known) => known.clone_from(assignment),
            None => drop(self.found.insert(reference, assignment.clone())),
        }
    }
}

/// A file that changes what later files see.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) file: usize,
    /// The pipelines that decide what it changes.
    pub(super) effects: Group,
    /// What it changes: members of maps, or `None` for any.
    pub(super) changed: Members,
}

impl Writer {
    /// Whether what it changes is read.
    pub(super) fn concerns(&self, reads: &Members) -> bool {
        are_seen(&self.changed, reads)
    }
}

/// Whether any change of a member of a map, or of a map, is read.
pub(super) fn are_seen(changed: &Members, reads: &Members) -> bool {
    changed.iter().any(|(map, member)| match member {
        Some(_) => reads.contains(&(*map, member.clone())) || reads.contains(&(*map, None)),
        None => reads.range((*map, None)..(*map + 1, None)).next().is_some(),
    })
}
