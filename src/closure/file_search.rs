//! [`FileSearch`]: depth-first search over the decisions of one file.

use super::assignment::{Assignment, Pipes, Read, references, run};
use super::cover::covering;
use super::discover::Discovered;
use super::domain::{Alternative, Domains, Looked, STUB};
use super::facts::Group;
use super::part_names;
use super::shared::Twin;
use super::slice::{Part, Relevance};
use super::slots::Slots;
use super::unit::{Members, Unit, Writer};
use super::{Budget, Switch};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::render::Capabilities;
use crate::render::capabilities::HAS;
use crate::render::units::{UnitOutput, Units};
use crate::settings::Settings;
use crate::source::File;
use crate::template::touched::{ProbedPipes, Touch};
use crate::template::{Map, Value};
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of texts whose references are remembered.
const MOST_TEXTS: usize = 16 << 20;

/// Steps of reading a byte of what a run printed, as YAML, and of searching it.
const STEPS_OF_A_BYTE: u64 = 2;

/// Runs to find out whether a file changes what others see.
const MOST_OF_WRITER: u32 = 256;

/// The part of the budget of a file after which its loops are explored one round at a time.
const ROUNDS_AFTER: u32 = 16;

/// How the search in a group ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Complete,
    /// At the budget.
    Bounded,
    /// Without the actions that were passed over, other references are printed.
    SkipsTooMuch,
}

/// A decision on the way to a run.
#[derive(Debug)]
struct Decision {
    switch: Switch,
    alternatives: Rc<[Alternative]>,
    at: usize,
}

/// Whether a switch is a part of an image by its name. Another, such as a host that an address contains, decides about images, too.
fn is_a_part(switch: &Switch) -> bool {
    match switch {
        Switch::Value(path) => part_names::may_be_one(path) && !part_names::is_a_host(path),
        Switch::Upgrade | Switch::KubeVersion | Switch::ApiVersion(_) => true,
    }
}

/// The search in single files.
pub(super) struct FileSearch<'f> {
    pub(super) helm: HelmVersion,
    pub(super) settings: &'f Settings,
    pub(super) limits: &'f Limits,
    pub(super) discovered: &'f Discovered,
    pub(super) slots: &'f Slots,
    pub(super) capabilities: &'f Capabilities,
    pub(super) release: Option<Map>,
    pub(super) budget: Budget,
    /// Values whose stub became a part of a reference.
    pub(super) open: BTreeSet<Switch>,
    /// The references in each text.
    pub(super) texts: HashMap<Vec<u8>, Read>,
    /// Their size in bytes.
    pub(super) texts_size: usize,
    /// Steps of reading what runs printed.
    pub(super) read_steps: u64,
    /// The steps before the current file.
    pub(super) steps_before: u64,
    /// The executions that count for the budget of the current file.
    pub(super) spent: u32,
    /// The part of that after which loops are explored one round at a time.
    pub(super) share: u32,
}

/// What decides about some positions of a file.
pub(super) fn pipes(group: &Group, skipped: Rc<HashSet<usize, RandomState>>, relevance: &Relevance) -> ProbedPipes {
    ProbedPipes {
        relevant: group.iter().copied().collect(),
        skipped,
        printed: relevance.printed.clone(),
        changing: relevance.changing.clone(),
        observed: None,
    }
}

impl FileSearch<'_> {
    fn explore(
        &mut self,
        units: &mut Units,
        files: &[usize],
        file: (&str, &Arc<File>),
        groups: &[Group],
        (relevance, domains): (&Relevance, &Domains<'_>),
    ) -> Unit {
        let mut unit = Unit { decided: groups.iter().flatten().copied().collect(), ..Unit::default() };
        self.forget();
        self.spent = 0;
        self.steps_before = units.steps() + self.read_steps;
        let less: Pipes = Rc::new(pipes(&unit.decided, relevance.skippable.clone(), relevance));
        let may_skip = files.len() == 1 && self.may_skip(units, file, (files, &Assignment::new()), &less);
        let mut less = may_skip.then_some(less);
        let (mut at, mut by_rounds) = (0, files.len() == 1);
        while let Some(group) = groups.get(at) {
            let skipped = less.as_ref().map(|less| less.skipped.clone()).unwrap_or_default();
            let relevant: Pipes = Rc::new(pipes(group, skipped.clone(), relevance));
            let parts: Vec<&Part> = relevance.parts.iter().filter(|(part, _)| part.is_subset(group)).collect();
            by_rounds &= parts.iter().any(|(_, around)| around.is_some());
            self.share = if by_rounds { ROUNDS_AFTER } else { 1 };
            match self.group(units, files, file, (&relevant, less.as_ref(), domains), &mut unit) {
                Ended::Complete => (at, by_rounds) = (at + 1, files.len() == 1),
                Ended::Bounded if by_rounds => {
                    self.share = 1;
                    match self.by_rounds(units, file, (&parts, &relevant, relevance, domains), (files, &mut unit)) {
                        true => at += 1,
                        false => by_rounds = false,
                    }
                }
                Ended::Bounded => {
                    unit.is_bounded = true;
                    break;
                }
                Ended::SkipsTooMuch => {
                    less = None;
                    at = 0;
                }
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

    /// Forgets the references of texts.
    fn forget(&mut self) {
        self.texts.clear();
        self.texts_size = 0;
    }

    /// Whether a file prints the same references without the actions that can be passed over, under an assignment.
    fn may_skip(
        &mut self,
        units: &mut Units,
        (name, source): (&str, &Arc<File>),
        (files, assignment): (&[usize], &Assignment),
        less: &Pipes,
    ) -> bool {
        if less.skipped.is_empty() {
            return false;
        }
        let whole = self.run(units, files, assignment, &Pipes::default());
        let less = self.run(units, files, assignment, less);
        let (whole, _) = self.references(&whole.text, name, source);
        let (less, is_read) = self.references(&less.text, name, source);
        is_read && whole == less
    }

    /// What a file changes that others see, under any of the decisions about it.
    pub(super) fn changed_by(
        &mut self,
        units: &mut Units,
        number: usize,
        file: (&str, &Arc<File>),
        (effects, domains): (&Group, &Domains<'_>),
    ) -> Members {
        let relevant = effects.iter().copied().collect();
        let relevant: Pipes = Rc::new(ProbedPipes { relevant, ..ProbedPipes::default() });
        let mut unit = Unit::default();
        let budget = self.budget;
        self.budget.runs = MOST_OF_WRITER;
        (self.spent, self.share) = (0, 1);
        let ended = self.group(units, &[number], file, (&relevant, None, domains), &mut unit);
        self.budget = budget;
        if ended != Ended::Complete {
            for assignment in covering(&unit.switches) {
                unit.changed.extend(self.run(units, &[number], &assignment, &Pipes::default()).probed.changed);
            }
        }
        unit.changed
    }

    /// Explores a file; once more after the files that change what it reads, if there are any.
    pub(super) fn with_writers(
        &mut self,
        units: &mut Units,
        writers: &[Writer],
        (number, name, source): (usize, &str, &Arc<File>),
        (relevance, domains): (&Relevance, &Domains<'_>),
    ) -> Unit {
        let mut files = vec![number];
        loop {
            let mut groups = relevance.groups.clone();
            for writer in writers.iter().filter(|writer| files.contains(&writer.file) && writer.file != number) {
                groups.iter_mut().for_each(|group| group.extend(&writer.effects));
            }
            let mut unit = self.explore(units, &files, (name, source), &groups, (relevance, domains));
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

    /// What is found in a file that reads the same as another; `None` if it does not after all.
    pub(super) fn like(
        &mut self,
        units: &mut Units,
        writers: &[Writer],
        (number, name, source): (usize, &str, &Arc<File>),
        (twin, domains): (&Twin<'_>, &Domains<'_>),
    ) -> Option<Unit> {
        let opened = twin.opened();
        let before: BTreeSet<Switch> = self.open.difference(&opened).cloned().collect();
        let is_asked = |(switch, looked, alternatives): (Option<Switch>, Looked, &Rc<[Alternative]>)| {
            switch.is_some_and(|switch| self.alternatives(&switch, looked, domains, &before) == *alternatives)
        };
        let is_changed = writers.iter().any(|writer| writer.file < number && writer.concerns(&twin.reads));
        if is_changed || !twin.asked().all(is_asked) {
            return None;
        }
        let output = self.run(units, &[number], &Assignment::new(), &Pipes::default());
        let (references, _) = self.references(&output.text, name, source);
        if *references != *twin.given() {
            return None;
        }
        self.open.extend(opened);
        Some(Unit { runs: 1, ..twin.unit(number)? })
    }

    /// Depth-first search over the decisions of a group. `less` are the pipelines of all groups, if actions are passed over.
    pub(super) fn group(
        &mut self,
        units: &mut Units,
        files: &[usize],
        file: (&str, &Arc<File>),
        (relevant, less, domains): (&Pipes, Option<&Pipes>, &Domains<'_>),
        unit: &mut Unit,
    ) -> Ended {
        let mut longest = 0;
        let mut decisions: Vec<Decision> = Vec::new();
        loop {
            let steps = units.steps() + self.read_steps;
            let of_file = steps - self.steps_before;
            let share = u64::from(self.share);
            let is_much = self.spent >= self.budget.runs / self.share || of_file >= self.budget.file_steps / share;
            if is_much || steps >= self.budget.steps {
                return Ended::Bounded;
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
            self.spent += 1;
            unit.changed.extend(output.probed.changed.iter().cloned());
            unit.printed.extend(&output.probed.printed);
            unit.read_back.extend(output.probed.read_back.iter().cloned());
            unit.rounds = unit.rounds.max(output.probed.rounds);
            match &output.probed.changed_in_rounds {
                Some(changed) => unit.changed_in_rounds.extend(changed.iter().cloned()),
                None => unit.is_untracked = true,
            }
            unit.reads.extend(output.probed.reads.iter().filter_map(|(map, touch)| match touch {
                Touch::Member(name) => Some(((*map)?, Some(name.clone()))),
                Touch::Emptiness | Touch::All => Some(((*map)?, None)),
            }));
            // What was seen with one text need not be so with another, of which more is printed.
            let is_longer = output.text.len() > longest;
            longest = longest.max(output.text.len());
            // As it is given, it was checked before the search.
            if let Some(less) = less.filter(|_| is_longer && !assignment.is_empty()) {
                unit.runs += 2;
                self.spent += 2;
                if !self.may_skip(units, file, (files, &assignment), less) {
                    return Ended::SkipsTooMuch;
                }
            }
            let is_read = self.take(&output, file, &assignment, unit);
            if !is_read && !relevant.skipped.is_empty() {
                // What was passed over was needed to read it.
                let whole = Rc::new(ProbedPipes { skipped: Rc::default(), ..ProbedPipes::clone(relevant) });
                let output = self.run(units, files, &assignment, &whole);
                unit.runs += 1;
                self.spent += 1;
                self.take(&output, file, &assignment, unit);
            }
            for (map, touch) in &output.probed.reads {
                let Some((switch, looked)) = self.switch(*map, touch, unit) else { continue };
                let alternatives = self.alternatives(&switch, looked, domains, &self.open);
                unit.asked.entry((switch.clone(), looked)).or_insert_with(|| alternatives.clone());
                if alternatives.len() < 2 || decisions.iter().any(|decision| decision.switch == switch) {
                    continue;
                }
                unit.switches.entry(switch.clone()).or_insert_with(|| alternatives.clone());
                decisions.push(Decision { switch, alternatives, at: 0 });
            }
            loop {
                let Some(last) = decisions.last_mut() else { return Ended::Complete };
                last.at += 1;
                let is_open = is_a_part(&last.switch) && self.open.contains(&last.switch);
                if last.at < last.alternatives.len() && !is_open {
                    break;
                }
                decisions.pop();
            }
        }
    }

    /// The switch that a read asks for, and how.
    fn switch(&self, map: Option<u32>, touch: &Touch, unit: &mut Unit) -> Option<(Switch, Looked)> {
        let looked = Looked::of(touch);
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
            return Some((switch, looked));
        };
        if self.release.as_ref().and_then(Map::watched) == Some(map) {
            let Touch::Member(name) = touch else { return None };
            let is_event = [&b"IsUpgrade"[..], b"IsInstall"].contains(&name.as_bytes());
            return is_event.then_some((Switch::Upgrade, looked));
        }
        let parent = self.slots.path(map)?;
        let path = match touch {
            Touch::Member(name) => {
                let name = name.to_text();
                // The sections of the top are no values of the user.
                let path = parent.with(&*name);
                match self.slots.value(&path) {
                    // What is read of the map counts.
                    Some(Value::Map(_)) => return None,
                    _ => path,
                }
            }
            Touch::Emptiness | Touch::All => parent.clone(),
        };
        (!path.is_empty()).then_some((Switch::Value(path), looked))
    }

    /// The alternatives of a switch, if the texts of others are open.
    fn alternatives(
        &self,
        switch: &Switch,
        looked: Looked,
        domains: &Domains<'_>,
        open: &BTreeSet<Switch>,
    ) -> Rc<[Alternative]> {
        let Switch::Value(path) = switch else { return domains.of_fact(switch) };
        let is_open = is_a_part(switch) && open.contains(switch);
        let is_free = self.discovered.free.contains(path) || is_open || domains.is_a_part_by_name(path);
        domains.of_value(path, looked, is_free)
    }

    pub(super) fn run(
        &self,
        units: &mut Units,
        files: &[usize],
        assignment: &Assignment,
        relevant: &Pipes,
    ) -> UnitOutput {
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
        if assignment.is_empty() && is_read {
            unit.given = references.clone();
        }
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
                unit.opened.extend(parts.iter().cloned());
                self.open.extend(parts);
                continue;
            }
            unit.find(reference.clone(), assignment);
        }
        is_read
    }

    pub(super) fn references(&mut self, text: &Str, name: &str, source: &Arc<File>) -> Read {
        if let Some(known) = self.texts.get(text.as_bytes()) {
            return known.clone();
        }
        let found = references(text, (name, source), self.helm, self.settings, self.limits);
        self.read_steps += STEPS_OF_A_BYTE * text.len() as u64;
        if self.texts_size > MOST_TEXTS {
            self.forget();
        }
        self.texts_size += text.len();
        self.texts.insert(text.as_bytes().to_vec(), found.clone());
        found
    }
}
