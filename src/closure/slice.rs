//! [`Slices`]: which pipelines of a file decide about its images.
//!
//! A position is an *image position* if its line, the text of an action, or a value that it prints may name an image, or if an earlier
//! render printed an image there. What such a position prints depends on the branches around it, here and in the callers of its
//! template; on the pipeline that it prints, with all that this calls; on every assignment to a variable in one of these; and on
//! whatever changes maps that they may read. These pipelines are relevant; all others cannot change what is printed there.

use super::facts::{Call, Facts, Group, Hot, Spot};
use super::loops::apart;
use super::mentions::Mentions;
use super::pipelines::address;
use crate::template::Map;
use crate::template::ast::{Pos, Template};
use crate::template::set::Set;
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// The most groups of one file; beyond, they are one.
const MOST_GROUPS: usize = 256;

/// The deepest calls that are searched for the kind of an object.
const MOST_NESTED: u32 = 6;

/// The relevant pipelines of the files of one chart.
#[derive(Debug)]
pub(super) struct Slices<'s> {
    set: &'s Set,
    /// `.Values` of the chart.
    values: &'s Map,
    hot: &'s Hot,
    known: HashMap<usize, Rc<Facts>>,
    /// Templates that print what they are given, also in what they call.
    has_echoes: HashMap<usize, bool>,
    /// Templates that contain image positions, also in what they call.
    has_positions: HashMap<usize, bool>,
    /// Templates that change maps, also in what they call.
    has_effects: HashMap<usize, bool>,
    /// By the address of a pipeline: its template, and its index there.
    of_pipes: HashMap<usize, (Rc<Facts>, usize)>,
    /// By file: what decides about its positions.
    parts: HashMap<String, Vec<Part>>,
    /// What the pipelines of a template mention, without those of what they call.
    of_templates: HashMap<usize, Rc<Mentions>>,
}

/// What is relevant in a file.
#[derive(Debug)]
pub(super) struct Relevance {
    /// The groups of pipelines that decide about its images.
    pub(super) groups: Vec<Group>,
    /// Actions without which the same images are printed.
    pub(super) skippable: Rc<HashSet<usize, RandomState>>,
    /// Relevant actions that print a value as it is.
    pub(super) printed: Rc<HashSet<usize, RandomState>>,
    /// Pipelines that change maps that others may have.
    pub(super) changing: Rc<HashSet<usize, RandomState>>,
    /// What decides about single positions, each with the loop around it whose rounds hand nothing on by variables; empty if there is
    /// none.
    pub(super) parts: Vec<Part>,
}

/// The pipelines that decide about a position, and the loop around it, by its pipeline.
pub(super) type Part = (Group, Option<usize>);

/// Pipelines by their places.
pub(super) type Places = BTreeSet<(Arc<str>, Pos)>;

/// What decides about a change of a map.
type Change = (Option<BTreeSet<Vec<u8>>>, Group);

impl<'s> Slices<'s> {
    /// The slices of files of a chart with these values.
    pub(super) fn of(set: &'s Set, values: &'s Map, hot: &'s Hot) -> Self {
        Self {
            set,
            values,
            hot,
            known: HashMap::new(),
            has_echoes: HashMap::new(),
            has_positions: HashMap::new(),
            has_effects: HashMap::new(),
            of_pipes: HashMap::new(),
            parts: HashMap::new(),
            of_templates: HashMap::new(),
        }
    }

    /// What is relevant in a file, besides its groups.
    pub(super) fn relevance(&mut self, name: &str, groups: &[Group]) -> Relevance {
        let (groups, skippable) = (groups.to_vec(), self.skippable(name));
        let is_print = |pipe: &usize| self.of_pipes.get(pipe).is_some_and(|(facts, at)| facts.pipes[*at].is_print);
        let printed = groups.iter().flatten().copied().filter(is_print).collect();
        let changing = self
            .known
            .values()
            .flat_map(|facts| facts.effects.iter().flat_map(move |effect| facts.addresses(&effect.spot.roots)));
        Relevance {
            groups,
            skippable: Rc::new(skippable),
            printed: Rc::new(printed),
            changing: Rc::new(changing.collect()),
            parts: self.parts.get(name).cloned().unwrap_or_default(),
        }
    }

    /// The pipelines of groups by their places: the name of the file, empty for `own`, and the byte.
    pub(super) fn places(&self, groups: &[Group], own: &str) -> BTreeSet<Places> {
        groups.iter().map(|group| self.places_of(group, own)).collect()
    }

    fn places_of(&self, group: &Group, own: &str) -> Places {
        let place = |pipe: &usize| {
            let (facts, at) = self.of_pipes.get(pipe)?;
            let file = if &*facts.file_name == own { "".into() } else { facts.file_name.clone() };
            Some((file, facts.pipes[*at].pos))
        };
        group.iter().filter_map(place).collect()
    }

    /// The groups of relevant pipelines of a file, none of which contains another; empty if the file has no image position.
    pub(super) fn groups(&mut self, name: &str) -> Vec<Group> {
        let Some(body) = self.set.get(name.as_bytes()).cloned() else { return Vec::new() };
        if !self.has_positions(&body) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        self.collect_effects(&body, &Group::new(), &mut HashSet::new(), &mut effects);
        let mut parts = BTreeSet::new();
        self.collect(&body, (false, None), &Group::new(), &mut HashSet::new(), &mut parts);
        let groups: BTreeSet<&Group> = parts.iter().map(|(group, _)| group).collect();
        if groups.len() > MOST_GROUPS {
            parts = [(groups.into_iter().flatten().copied().collect(), None)].into();
        }
        let of_part = |(group, around): Part| (self.with_effects(group, &effects), around);
        let mut parts: Vec<Part> = parts.into_iter().map(of_part).collect();
        parts.sort_by_cached_key(|(group, _)| self.places_of(group, name));
        let groups: Vec<Group> = parts.iter().map(|(group, _)| group.clone()).collect();
        if parts.iter().any(|(_, around)| around.is_some()) {
            self.parts.insert(name.to_owned(), parts);
        }
        let is_part = |one: &Group| groups.iter().any(|other| one.len() < other.len() && one.is_subset(other));
        let mut kept: Vec<Group> = groups.iter().filter(|group| !is_part(group)).cloned().collect();
        kept.sort_unstable();
        kept.dedup();
        // Addresses are not the same every time.
        kept.sort_by_cached_key(|group| self.places_of(group, name));
        kept
    }

    /// Actions of a file, and of what it calls, without which the same images are printed: the addresses of their pipelines.
    fn skippable(&mut self, name: &str) -> HashSet<usize, RandomState> {
        let mut found = HashSet::default();
        let Some(body) = self.set.get(name.as_bytes()).cloned() else { return found };
        let (mut open, mut seen) = (vec![body], HashSet::new());
        while let Some(template) = open.pop() {
            if !seen.insert(address(&*template)) {
                continue;
            }
            let facts = self.facts(&template);
            for (pipe, names, passes) in &facts.plain {
                let callees: Vec<Arc<Template>> = names.iter().filter_map(|name| self.set.get(name).cloned()).collect();
                let mut is_clean = callees.len() == names.len();
                for callee in &callees {
                    is_clean &= !self.has_positions(callee) && !self.has_effects(callee) && !self.names_kind(callee, 0);
                    is_clean &= !passes || !self.has_echoes(callee);
                }
                if is_clean {
                    found.insert(*pipe);
                }
            }
            open.extend(facts.calls.iter().flat_map(|call| self.callees(call)));
        }
        found
    }

    /// Whether a template says of which kind an object is, also in what it calls.
    fn names_kind(&mut self, template: &Arc<Template>, depth: u32) -> bool {
        let facts = self.facts(template);
        facts.names_kind
            || depth > MOST_NESTED
            || facts.calls.iter().any(|call| self.callees(call).iter().any(|callee| self.names_kind(callee, depth + 1)))
    }

    /// The pipelines that decide what a file changes that other files may see; `None` if it changes nothing.
    pub(super) fn effects(&mut self, name: &str) -> Option<Group> {
        let body = self.set.get(name.as_bytes()).cloned()?;
        if !self.has_effects(&body) {
            return None;
        }
        let mut effects = Vec::new();
        self.collect_effects(&body, &Group::new(), &mut HashSet::new(), &mut effects);
        Some(effects.into_iter().flat_map(|(_, group)| group).collect())
    }

    /// A group with the changes of maps that it may see.
    fn with_effects(&mut self, mut group: Group, effects: &[Change]) -> Group {
        let mut open: Vec<&Change> = effects.iter().collect();
        while !open.is_empty() {
            let mentions = self.mentions(&group);
            let (seen, others): (Vec<&Change>, Vec<&Change>) =
                open.into_iter().partition(|(members, _)| mentions.sees(members.as_ref()));
            if seen.is_empty() {
                break;
            }
            seen.into_iter().for_each(|(_, own)| group.extend(own));
            open = others;
        }
        group
    }

    /// What pipelines mention, with all that they call.
    fn mentions(&mut self, group: &Group) -> Mentions {
        let mut found = Mentions::default();
        let own = group.iter().filter_map(|pipe| self.of_pipes.get(pipe));
        own.for_each(|(facts, at)| found.add(&facts.pipes[*at].mentions));
        let (mut open, mut seen) = (found.calls.clone(), HashSet::new());
        while let Some(name) = open.pop_first() {
            let Some(template) = self.set.get(&name).cloned().filter(|one| seen.insert(address(&**one))) else {
                continue;
            };
            let own = self.of_template(&template);
            found.add(&own);
            open.extend(own.calls.iter().cloned());
        }
        found
    }

    fn of_template(&mut self, template: &Arc<Template>) -> Rc<Mentions> {
        if let Some(known) = self.of_templates.get(&address(&**template)) {
            return known.clone();
        }
        let facts = self.facts(template);
        let mut found = Mentions::default();
        facts.pipes.iter().for_each(|pipe| found.add(&pipe.mentions));
        found.calls.extend(facts.calls.iter().filter_map(|call| call.name.clone()));
        let found = Rc::new(found);
        self.of_templates.insert(address(&**template), found.clone());
        found
    }

    fn collect(
        &mut self,
        template: &Arc<Template>,
        (is_given_image, around): (bool, Option<usize>),
        inherited: &Group,
        visited: &mut HashSet<(usize, bool, Part)>,
        groups: &mut BTreeSet<Part>,
    ) {
        let key = (address(&**template), is_given_image, (inherited.clone(), around));
        if groups.len() > MOST_GROUPS * 2 || !visited.insert(key) {
            return;
        }
        let facts = self.facts(template);
        // Only of the file itself: what it calls may be called from elsewhere, too.
        let is_file = template.name.as_bytes() == template.file_name.as_bytes();
        let loops = if is_file { apart(template) } else { BTreeSet::new() };
        let around = |spot: &Spot| around.or_else(|| facts.addresses(&spot.around).find(|pipe| loops.contains(pipe)));
        let echoes = facts.echoes.iter().filter(|_| is_given_image);
        for position in facts.positions.iter().chain(echoes) {
            groups.insert((inherited | &facts.closed(position), around(position)));
        }
        for (spot, name) in &facts.printed {
            let mut group = inherited | &facts.closed(spot);
            self.add_everything(name, &mut group, &mut HashSet::new());
            groups.insert((group, around(spot)));
        }
        for call in facts.calls.iter().filter(|call| call.is_printed) {
            let passes = call.passes(is_given_image);
            let mut is_found = false;
            for callee in self.callees(call) {
                if self.has_positions(&callee) || passes && self.has_echoes(&callee) {
                    let inherited = inherited | &facts.closed(&call.spot);
                    self.collect(&callee, (passes, around(&call.spot)), &inherited, visited, groups);
                    is_found = true;
                }
            }
            if let Some(action) = call.action.as_ref().filter(|_| !is_found) {
                groups.insert((inherited | &facts.closed(action), around(action)));
            }
        }
    }

    fn collect_effects(
        &mut self,
        template: &Arc<Template>,
        inherited: &Group,
        visited: &mut HashSet<usize>,
        effects: &mut Vec<Change>,
    ) {
        if !visited.insert(address(&**template)) {
            return;
        }
        let facts = self.facts(template);
        for effect in &facts.effects {
            effects.push((effect.members.clone(), inherited | &facts.closed(&effect.spot)));
        }
        effects.extend(facts.leaves.iter().map(|leave| (None, inherited | &facts.closed(leave))));
        for call in &facts.calls {
            for callee in self.callees(call) {
                if self.has_effects(&callee) || self.has_leaves(&callee) {
                    let inherited = inherited | &facts.closed(&call.spot);
                    self.collect_effects(&callee, &inherited, visited, effects);
                }
            }
        }
    }

    /// Adds all pipelines of a template, and of those that it calls.
    fn add_everything(&mut self, name: &[u8], group: &mut Group, seen: &mut HashSet<usize>) {
        let Some(template) = self.set.get(name).cloned().filter(|one| seen.insert(address(&**one))) else { return };
        let facts = self.facts(&template);
        group.extend(facts.pipes.iter().map(|pipe| pipe.address));
        for name in facts.calls.iter().filter_map(|call| call.name.as_ref()) {
            self.add_everything(name, group, seen);
        }
    }

    fn callees(&self, call: &Call) -> Vec<Arc<Template>> {
        match &call.name {
            Some(name) => self.set.get(name).cloned().into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn has_positions(&mut self, template: &Arc<Template>) -> bool {
        let key = address(&**template);
        if let Some(&known) = self.has_positions.get(&key) {
            return known;
        }
        // A recursive call has what the rest has.
        self.has_positions.insert(key, false);
        let facts = self.facts(template);
        let found = !facts.positions.is_empty()
            || !facts.printed.is_empty()
            || facts.calls.iter().filter(|call| call.is_printed).any(|call| {
                let passes = call.passes(false);
                let callees = self.callees(call);
                call.action.is_some()
                    || callees.iter().any(|callee| self.has_positions(callee) || passes && self.has_echoes(callee))
            });
        self.has_positions.insert(key, found);
        found
    }

    fn has_echoes(&mut self, template: &Arc<Template>) -> bool {
        let key = address(&**template);
        if let Some(&known) = self.has_echoes.get(&key) {
            return known;
        }
        self.has_echoes.insert(key, false);
        let facts = self.facts(template);
        let mut calls = facts.calls.iter().filter(|call| call.is_printed && call.passes(true));
        let found = !facts.echoes.is_empty()
            || calls.any(|call| self.callees(call).iter().any(|callee| self.has_echoes(callee)));
        self.has_echoes.insert(key, found);
        found
    }

    fn has_effects(&mut self, template: &Arc<Template>) -> bool {
        let key = address(&**template);
        if let Some(&known) = self.has_effects.get(&key) {
            return known;
        }
        self.has_effects.insert(key, false);
        let facts = self.facts(template);
        let found = !facts.effects.is_empty()
            || facts.calls.iter().any(|call| self.callees(call).iter().any(|callee| self.has_effects(callee)));
        self.has_effects.insert(key, found);
        found
    }

    /// Whether a loop in a template ends early.
    fn has_leaves(&mut self, template: &Arc<Template>) -> bool {
        !self.facts(template).leaves.is_empty()
    }

    fn facts(&mut self, template: &Arc<Template>) -> Rc<Facts> {
        let key = address(&**template);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let facts = Rc::new(Facts::of(template, self.hot, self.values));
        let pipes = facts.pipes.iter().enumerate();
        self.of_pipes.extend(pipes.map(|(at, pipe)| (pipe.address, (facts.clone(), at))));
        self.known.insert(key, facts.clone());
        facts
    }
}
