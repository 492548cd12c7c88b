//! [`Slices`]: which pipelines of a file decide about its images.
//!
//! A position is an *image position* if its line, the text of an action, or a value that it prints may name an image, or if an earlier
//! render printed an image there. What such a position prints depends on the branches around it, here and in the callers of its
//! template; on the pipeline that it prints, with all that this calls; on every assignment to a variable in one of these; and on
//! whatever changes maps that they may read. These pipelines are relevant; all others cannot change what is printed there.

use super::usage::function;
use crate::images::rendered::may_name_an_image;
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, Template, TemplateNode};
use crate::template::set::Set;
use crate::template::{Map, Value};
use crate::values_path::{Key, ValuesPath};
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Positions of templates at which a render printed an image: the address of the file, and the byte.
pub(super) type Hot = HashSet<(usize, u32)>;

/// The relevant pipelines of one group of image positions, by address.
pub(super) type Group = BTreeSet<usize>;

/// The most groups of one file; beyond, they are one.
const MOST_GROUPS: usize = 256;

/// The values of a chart in the data of its templates.
const VALUES: &str = "Values";

/// The deepest calls that are searched for the kind of an object.
const MOST_NESTED: u32 = 6;

/// The deepest value that is searched for images.
const DEEPEST: u32 = 64;

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
}

/// What is known of one template.
#[derive(Debug, Default)]
struct Facts {
    pipes: Vec<PipeFacts>,
    /// By variable: the pipelines that declare or assign it.
    declared: HashMap<String, Vec<usize>>,
    positions: Vec<Spot>,
    /// Positions that print what the template was given, as a whole: image positions if that may name an image.
    echoes: Vec<Spot>,
    calls: Vec<Call>,
    effects: Vec<Spot>,
    /// Where a loop ends early.
    leaves: Vec<Spot>,
    /// Actions that print nothing of an image themselves: their pipelines, and the templates that they call.
    plain: Vec<(usize, Vec<Vec<u8>>)>,
    /// Whether it says of which kind an object is.
    names_kind: bool,
}

#[derive(Debug)]
struct PipeFacts {
    address: usize,
    variables: BTreeSet<String>,
    /// The conditions around it, by index.
    around: Rc<[usize]>,
}

/// A place in a template: the pipelines evaluated there, and the conditions around it.
#[derive(Debug, Clone)]
struct Spot {
    roots: Vec<usize>,
    around: Rc<[usize]>,
}

/// A call of templates.
#[derive(Debug)]
struct Call {
    /// The name; `None` if it is computed.
    name: Option<Vec<u8>>,
    /// The pipelines of its arguments, and the conditions around it.
    spot: Spot,
    /// Whether its text is printed as it is, so that image positions in it are positions of the caller.
    is_printed: bool,
    /// What is passed.
    passed: Held,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    /// It names no image.
    Nothing,
    /// What the template was given.
    Given,
    /// It may name an image, or is not known.
    Image,
}

/// What `.` is, as far as known.
#[derive(Debug, Clone)]
enum Dot {
    /// The data of a file.
    Top,
    /// A value of the chart.
    Value(ValuesPath),
    Unknown,
}

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
        }
    }

    /// The groups of relevant pipelines of a file, none of which contains another; empty if the file has no image position.
    pub(super) fn groups(&mut self, name: &str) -> Vec<Group> {
        let Some(body) = self.set.get(name.as_bytes()).cloned() else { return Vec::new() };
        if !self.has_positions(&body) {
            return Vec::new();
        }
        let mut effects = Group::new();
        self.collect_effects(&body, &Group::new(), &mut HashSet::new(), &mut effects);
        let mut groups = BTreeSet::new();
        self.collect(&body, false, &Group::new(), &mut HashSet::new(), &mut groups);
        if groups.len() > MOST_GROUPS {
            groups = [groups.into_iter().flatten().collect()].into();
        }
        let groups: Vec<Group> = groups.into_iter().map(|group| &group | &effects).collect();
        let is_part = |one: &Group| groups.iter().any(|other| one.len() < other.len() && one.is_subset(other));
        let mut kept: Vec<Group> = groups.iter().filter(|group| !is_part(group)).cloned().collect();
        kept.dedup();
        kept
    }

    /// Actions of a file, and of what it calls, without which the same images are printed: the addresses of their pipelines.
    pub(super) fn skippable(&mut self, name: &str) -> HashSet<usize, RandomState> {
        let mut found = HashSet::default();
        let Some(body) = self.set.get(name.as_bytes()).cloned() else { return found };
        let (mut open, mut seen) = (vec![body], HashSet::new());
        while let Some(template) = open.pop() {
            if !seen.insert(address(&*template)) {
                continue;
            }
            let facts = self.facts(&template);
            for (pipe, names) in &facts.plain {
                let callees: Vec<Arc<Template>> = names.iter().filter_map(|name| self.set.get(name).cloned()).collect();
                let mut is_clean = callees.len() == names.len();
                for callee in &callees {
                    is_clean &= !self.has_positions(callee) && !self.has_effects(callee) && !self.names_kind(callee, 0);
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
        let mut effects = Group::new();
        self.collect_effects(&body, &Group::new(), &mut HashSet::new(), &mut effects);
        Some(effects)
    }

    fn collect(
        &mut self,
        template: &Arc<Template>,
        is_given_image: bool,
        inherited: &Group,
        visited: &mut HashSet<(usize, bool, Group)>,
        groups: &mut BTreeSet<Group>,
    ) {
        let key = (address(&**template), is_given_image, inherited.clone());
        if groups.len() > MOST_GROUPS * 2 || !visited.insert(key) {
            return;
        }
        let facts = self.facts(template);
        let echoes = facts.echoes.iter().filter(|_| is_given_image);
        for position in facts.positions.iter().chain(echoes) {
            groups.insert(inherited | &facts.closed(position));
        }
        for call in facts.calls.iter().filter(|call| call.is_printed) {
            let passes = call.passes(is_given_image);
            for callee in self.callees(call) {
                if self.has_positions(&callee) || passes && self.has_echoes(&callee) {
                    let inherited = inherited | &facts.closed(&call.spot);
                    self.collect(&callee, passes, &inherited, visited, groups);
                }
            }
        }
    }

    fn collect_effects(
        &mut self,
        template: &Arc<Template>,
        inherited: &Group,
        visited: &mut HashSet<usize>,
        effects: &mut Group,
    ) {
        if !visited.insert(address(&**template)) {
            return;
        }
        let facts = self.facts(template);
        for effect in facts.effects.iter().chain(&facts.leaves) {
            effects.extend(inherited | &facts.closed(effect));
        }
        for call in &facts.calls {
            for callee in self.callees(call) {
                if self.has_effects(&callee) || self.has_leaves(&callee) {
                    let inherited = inherited | &facts.closed(&call.spot);
                    self.collect_effects(&callee, &inherited, visited, effects);
                }
            }
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
            || facts.calls.iter().filter(|call| call.is_printed).any(|call| {
                let passes = call.passes(false);
                let callees = self.callees(call);
                callees.iter().any(|callee| self.has_positions(callee) || passes && self.has_echoes(callee))
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
        let file = Arc::as_ptr(&template.file) as usize;
        let mut walk = Walk {
            facts: Facts::default(),
            file,
            hot: self.hot,
            values: self.values,
            fresh: HashMap::new(),
            held: HashMap::new(),
        };
        let around = Rc::from(Vec::new());
        let is_body = template.name.as_bytes() == template.file_name.as_bytes();
        // The data of a helper is what its callers pass.
        let dot = if is_body { Dot::Top } else { Dot::Unknown };
        walk.list(&template.body, &dot, &around, &mut Line::default());
        let facts = Rc::new(walk.facts);
        self.known.insert(key, facts.clone());
        facts
    }
}

fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value) as usize
}

impl Call {
    /// Whether what is passed may name an image, if what the caller was given does or does not.
    fn passes(&self, is_given_image: bool) -> bool {
        match self.passed {
            Held::Nothing => false,
            Held::Given => is_given_image,
            Held::Image => true,
        }
    }
}

impl Facts {
    /// The addresses of the pipelines that decide about a spot within its template.
    fn closed(&self, spot: &Spot) -> Group {
        let mut wanted: Vec<usize> = spot.roots.iter().chain(&*spot.around).copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(number) = wanted.pop() {
            let Some(pipe) = self.pipes.get(number).filter(|_| seen.insert(number)) else { continue };
            for declaring in pipe.variables.iter().filter_map(|name| self.declared.get(name)).flatten() {
                wanted.push(*declaring);
                wanted.extend(self.pipes[*declaring].around.iter());
            }
        }
        seen.into_iter().map(|number| self.pipes[number].address).collect()
    }
}

/// The text of the current line before a node.
#[derive(Debug, Clone, Default)]
struct Line {
    text: Vec<u8>,
    is_hot: bool,
}

impl Line {
    fn push(&mut self, text: &[u8], hot_from: Option<usize>) {
        match memchr::memrchr(b'\n', text) {
            Some(end) => {
                self.text = text[end + 1..].to_vec();
                self.is_hot = hot_from.is_some_and(|at| at > end);
            }
            None => {
                self.text.extend_from_slice(text);
                self.is_hot |= hot_from.is_some();
            }
        }
        let surplus = self.text.len().saturating_sub(512);
        self.text.drain(..surplus);
    }

    /// Whether what follows on the line may be an image.
    fn names_an_image(&self) -> bool {
        self.is_hot || line_names_an_image(&self.text)
    }
}

/// Whether the text of a line may name an image, or a part of one.
fn line_names_an_image(line: &[u8]) -> bool {
    let is_key_of = |names: &[&[u8]]| names.iter().any(|name| memchr::memmem::find(line, name).is_some());
    if is_key_of(&[b"ullPolicy", b"ullSecret"]) && !is_key_of(&[b"image:", b"repository:", b"registry:"]) {
        return false;
    }
    may_name_an_image(line) || {
        let end = line.trim_ascii_end();
        let end = end.strip_suffix(b"\"").or_else(|| end.strip_suffix(b"'")).unwrap_or(end).trim_ascii_end();
        [&b"tag:"[..], b"Tag:", b"digest:", b"TAG:"].iter().any(|name| end.ends_with(name))
    }
}

/// By variable: whether it only ever holds new maps, so that changing them has no effect elsewhere.
type Fresh = HashMap<String, bool>;

struct Walk<'w> {
    facts: Facts,
    file: usize,
    hot: &'w Hot,
    values: &'w Map,
    /// By variable: whether it only ever holds new maps, so that changing them has no effect elsewhere.
    fresh: Fresh,
    /// By variable: what it holds.
    held: HashMap<String, Held>,
}

impl Walk<'_> {
    fn list(&mut self, list: &NodeList, dot: &Dot, around: &Rc<[usize]>, line: &mut Line) {
        for node in &list.nodes {
            self.node(node, dot, around, line);
        }
    }

    fn node(&mut self, node: &TemplateNode, dot: &Dot, around: &Rc<[usize]>, line: &mut Line) {
        match node {
            TemplateNode::Text { pos, text } => self.text(*pos, text.as_bytes(), around, line),
            TemplateNode::Action { pipe, .. } => self.action(pipe, dot, around, line),
            TemplateNode::Template { name, pipe, .. } => {
                let roots = pipe.iter().map(|pipe| self.pipe(pipe, dot, around)).collect();
                let spot = Spot { roots, around: around.clone() };
                if line.names_an_image() {
                    self.facts.positions.push(spot.clone());
                }
                let passed = pipe.as_ref().map_or(Held::Nothing, |pipe| self.held_by(pipe, dot));
                let name = Some(name.as_bytes().to_vec());
                self.facts.calls.push(Call { name, spot, is_printed: true, passed });
            }
            TemplateNode::If(branch) => self.branch(branch, dot, dot, around, line),
            TemplateNode::With(branch) => {
                let inner = self.value_of(&branch.pipe, dot);
                self.branch(branch, &inner, dot, around, line);
            }
            TemplateNode::Range(branch) => {
                // An element has nothing that its collection has not.
                let inner = self.value_of(&branch.pipe, dot);
                self.branch(branch, &inner, dot, around, line);
            }
            // What follows in the loop is executed or not.
            TemplateNode::Break(_) | TemplateNode::Continue(_) => {
                self.facts.leaves.push(Spot { roots: Vec::new(), around: around.clone() });
            }
        }
    }

    fn text(&mut self, pos: u32, text: &[u8], around: &Rc<[usize]>, line: &mut Line) {
        let is_hot = |at: &u32| self.hot.contains(&(self.file, pos + at));
        let hot = match self.hot.is_empty() {
            true => None,
            false => (0..text.len() as u32).rev().find(is_hot).map(|at| at as usize),
        };
        let was = line.names_an_image() && !text.first().is_none_or(|&byte| byte == b'\n');
        let names = hot.is_some() || was || text.split(|&byte| byte == b'\n').any(line_names_an_image);
        if names {
            self.facts.positions.push(Spot { roots: Vec::new(), around: around.clone() });
        }
        self.facts.names_kind |= memchr::memmem::find(text, b"kind:").is_some();
        line.push(text, hot);
    }

    fn action(&mut self, pipe: &Pipe, dot: &Dot, around: &Rc<[usize]>, line: &Line) {
        let number = self.pipe(pipe, dot, around);
        let spot = Spot { roots: vec![number], around: around.clone() };
        // Of a hash, nothing can be read.
        let is_hashed = pipe.cmds.iter().any(|one| ["sha256sum", "sha1sum", "adler32sum"].contains(&function(one)));
        if !pipe.decl.is_empty() || is_hashed {
            return;
        }
        let printed = if line.names_an_image() { Held::Image } else { self.printed(pipe, dot) };
        let changes = changed_by(pipe, &self.fresh);
        match printed {
            Held::Nothing => {
                let mut calls = Vec::new();
                calls_of(pipe, &mut calls);
                let names: Option<Vec<_>> = calls.into_iter().map(|(name, ..)| name).collect();
                // Where a line begins, an action may print a key.
                let is_value = line.text.trim_ascii().ends_with(b":") || !calls_nothing(&names);
                if let Some(names) = names.filter(|_| changes.is_empty() && is_value) {
                    self.facts.plain.push((address(pipe), names));
                }
            }
            Held::Given => self.facts.echoes.push(spot),
            Held::Image => {
                self.facts.positions.push(spot);
                return;
            }
        }
        // What a called template prints has positions of its own.
        let mut calls = Vec::new();
        calls_of(pipe, &mut calls);
        for (name, arguments, passed) in calls {
            let roots = arguments.into_iter().map(|argument| self.pipe(argument, dot, around)).collect();
            let spot = Spot { roots, around: around.clone() };
            if name.is_none() {
                self.facts.positions.push(Spot { roots: vec![number], around: around.clone() });
            }
            let passed = self.held(passed, dot);
            self.facts.calls.push(Call { name, spot, is_printed: true, passed });
        }
    }

    fn branch(&mut self, branch: &Branch, inner: &Dot, outer: &Dot, around: &Rc<[usize]>, line: &mut Line) {
        let number = self.pipe(&branch.pipe, outer, around);
        let inside: Rc<[usize]> = around.iter().copied().chain([number]).collect();
        let mut after = line.clone();
        self.list(&branch.list, inner, &inside, &mut after);
        if let Some(list) = &branch.else_list {
            let mut other = line.clone();
            self.list(list, outer, &inside, &mut other);
            if !after.names_an_image() {
                after = other;
            }
        }
        *line = after;
    }

    /// Records a pipeline with what it declares and changes; returns its index.
    fn pipe(&mut self, pipe: &Pipe, dot: &Dot, around: &Rc<[usize]>) -> usize {
        let address = std::ptr::from_ref(pipe) as usize;
        if let Some(known) = self.facts.pipes.iter().position(|one| one.address == address) {
            return known;
        }
        let mut variables = BTreeSet::new();
        variables_of(pipe, &mut variables);
        let number = self.facts.pipes.len();
        self.facts.pipes.push(PipeFacts { address, variables, around: around.clone() });
        for variable in &pipe.decl {
            let name = variable.ident[0].to_string();
            let is_fresh = is_new(pipe, &self.fresh);
            let fresh = self.fresh.entry(name.clone()).or_insert(true);
            *fresh &= is_fresh;
            let held = self.held_by(pipe, dot);
            let known = self.held.entry(name.clone()).or_insert(Held::Nothing);
            *known = held.max(*known);
            self.facts.declared.entry(name).or_default().push(number);
        }
        for target in changed_by(pipe, &self.fresh) {
            match target {
                // A change of a map that only this variable holds is an assignment to the variable.
                Some(name) if self.fresh.get(name).copied().unwrap_or(false) => {
                    self.facts.declared.entry(name.to_owned()).or_default().push(number);
                }
                _ => self.facts.effects.push(Spot { roots: vec![number], around: around.clone() }),
            }
        }
        // What a called template changes is found through the call, wherever it is made.
        let mut calls = Vec::new();
        calls_of(pipe, &mut calls);
        for (name, arguments, _) in calls {
            let roots = arguments.into_iter().map(|argument| self.pipe(argument, dot, around)).collect();
            let spot = Spot { roots, around: around.clone() };
            self.facts.calls.push(Call { name, spot, is_printed: false, passed: Held::Nothing });
        }
        number
    }

    /// What an action prints, beside what it calls: a value as a whole, or a text of its own.
    fn printed(&self, pipe: &Pipe, dot: &Dot) -> Held {
        let is_whole = pipe.cmds.iter().any(|one| WHOLE.contains(&function(one)));
        self.held_in(pipe, dot, is_whole)
    }

    /// What a pipeline evaluates to, in as far as it may contain images.
    fn held_by(&self, pipe: &Pipe, dot: &Dot) -> Held {
        self.held_in(pipe, dot, true)
    }

    fn held_in(&self, pipe: &Pipe, dot: &Dot, is_whole: bool) -> Held {
        let is_whole = is_whole || pipe.cmds.iter().any(|one| WHOLE.contains(&function(one)));
        let of_command = |command: &Command| {
            let name = function(command);
            if TESTS.contains(&name) {
                return Held::Nothing;
            }
            // What a called template prints is found in it.
            let skipped = if name == "include" { command.args.len() } else { 0 };
            let args = command.args.iter().skip(skipped);
            args.map(|arg| self.held_of(arg, dot, is_whole)).max().unwrap_or(Held::Nothing)
        };
        pipe.cmds.iter().map(of_command).max().unwrap_or(Held::Nothing)
    }

    fn held(&self, arg: Option<&Arg>, dot: &Dot) -> Held {
        arg.map_or(Held::Nothing, |arg| self.held_of(arg, dot, true))
    }

    fn held_of(&self, arg: &Arg, dot: &Dot, is_whole: bool) -> Held {
        let value = match arg {
            Arg::String { text, .. } if may_name_an_image(text.as_bytes()) && text.len() > 5 => return Held::Image,
            Arg::Pipe(pipe) => return self.held_in(pipe, dot, is_whole),
            Arg::Variable(variable)
                if &*variable.ident[0] != "$" && !variable.ident.iter().any(|one| &**one == VALUES) =>
            {
                let held = self.held.get(&*variable.ident[0]).copied().unwrap_or(Held::Image);
                return if is_whole { held } else { Held::Nothing };
            }
            Arg::Dot(_) | Arg::Field { .. } | Arg::Variable(_) | Arg::Chain { .. } => chain_of(arg, dot),
            _ => return Held::Nothing,
        };
        match value {
            Dot::Value(path) => match value_at(self.values, &path) {
                Some(value) => {
                    let is_scalar = !matches!(value, Value::Map(_) | Value::List(_));
                    if (is_scalar || is_whole) && names_an_image(&value, DEEPEST) { Held::Image } else { Held::Nothing }
                }
                None => Held::Nothing,
            },
            Dot::Unknown if is_whole => Held::Given,
            Dot::Unknown | Dot::Top => Held::Nothing,
        }
    }

    fn value_of(&self, pipe: &Pipe, dot: &Dot) -> Dot {
        match pipe.cmds.as_slice() {
            [command] if command.args.len() == 1 => chain_of(&command.args[0], dot),
            _ => Dot::Unknown,
        }
    }
}

/// What an operand is.
fn chain_of(arg: &Arg, dot: &Dot) -> Dot {
    let (base, names) = match arg {
        Arg::Dot(_) => return dot.clone(),
        Arg::Field { ident, .. } => (dot.clone(), &ident[..]),
        Arg::Variable(variable) if &*variable.ident[0] == "$" => (Dot::Top, &variable.ident[1..]),
        Arg::Variable(variable) => (Dot::Unknown, &variable.ident[1..]),
        Arg::Chain { node, field, .. } => match &**node {
            Arg::Pipe(pipe) => match pipe.cmds.as_slice() {
                [command] if command.args.len() == 1 => (chain_of(&command.args[0], dot), &field[..]),
                _ => return Dot::Unknown,
            },
            _ => return Dot::Unknown,
        },
        _ => return Dot::Unknown,
    };
    // `.context.Values.image` in a helper is a value of the chart as well.
    if let (Dot::Top | Dot::Unknown, Some(at)) = (&base, names.iter().position(|name| &**name == VALUES)) {
        return Dot::Value(names[at + 1..].iter().map(Key::from).collect());
    }
    match (base, names.split_first()) {
        (base, None) => base,
        (Dot::Top | Dot::Unknown, Some((first, _))) => match &**first {
            "Release" | "Chart" | "Capabilities" | "Template" | "Files" => Dot::Top,
            _ => Dot::Unknown,
        },
        (Dot::Value(path), Some(_)) => Dot::Value(path.iter().cloned().chain(names.iter().map(Key::from)).collect()),
    }
}

fn value_at(values: &Map, path: &ValuesPath) -> Option<Value> {
    let mut value = Value::Map(values.clone());
    for key in path.iter() {
        // An element of a list has what the list has.
        match &value {
            Value::Map(map) => value = map.get(key.name()?.as_bytes())?,
            Value::List(_) => return Some(value),
            _ => return None,
        }
    }
    Some(value)
}

/// Whether a value contains a key or a text that may name an image.
pub(super) fn names_an_image(value: &Value, depth: u32) -> bool {
    match value {
        Value::Str(text) => {
            may_name_an_image(text.as_bytes()) || memchr::memmem::find(text.as_bytes(), b"{{").is_some()
        }
        Value::List(list) => depth > 0 && list.iter().any(|item| names_an_image(item, depth - 1)),
        Value::Map(map) => {
            depth == 0
                || map.entries().iter().any(|(key, value)| {
                    line_names_an_image(key.as_bytes()) && !is_empty(value) || names_an_image(value, depth - 1)
                })
        }
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    !value.truth()
}

/// The addresses of all pipelines of a list of nodes, but not of those that they call.
pub(super) fn pipes_of(list: &NodeList) -> Group {
    let mut found = Group::new();
    collect_pipes(list, &mut found);
    found
}

fn collect_pipes(list: &NodeList, found: &mut Group) {
    for node in &list.nodes {
        match node {
            TemplateNode::Action { pipe, .. } | TemplateNode::Template { pipe: Some(pipe), .. } => {
                found.insert(address(pipe));
            }
            TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                found.insert(address(&branch.pipe));
                collect_pipes(&branch.list, found);
                branch.else_list.iter().for_each(|list| collect_pipes(list, found));
            }
            _ => {}
        }
    }
}

/// Functions that print all of a value.
const WHOLE: &[&str] =
    &["toYaml", "toJson", "tpl", "toYamlPretty", "toPrettyJson", "toRawJson", "mustToJson", "mustToYaml"];

/// Whether an action calls no template.
fn calls_nothing(names: &Option<Vec<Vec<u8>>>) -> bool {
    names.as_ref().is_none_or(Vec::is_empty)
}

/// Functions whose result is no part of their arguments.
const TESTS: &[&str] = &[
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "not",
    "empty",
    "hasKey",
    "has",
    "contains",
    "hasPrefix",
    "hasSuffix",
    "len",
    "kindIs",
    "typeIs",
    "kindOf",
    "typeOf",
    "semverCompare",
    "sha256sum",
    "sha1sum",
    "regexMatch",
];

/// A call by `include`: its name, `None` if it is computed; the pipelines of its arguments; what is passed.
type Included<'p> = (Option<Vec<u8>>, Vec<&'p Pipe>, Option<&'p Arg>);

/// The templates that a pipeline calls by `include`.
fn calls_of<'p>(pipe: &'p Pipe, found: &mut Vec<Included<'p>>) {
    for command in &pipe.cmds {
        if function(command) == "include" {
            let name = match command.args.get(1) {
                Some(Arg::String { text, .. }) => Some(text.as_bytes().to_vec()),
                _ => None,
            };
            let arguments = command.args.iter().skip(2).filter_map(|arg| match arg {
                Arg::Pipe(pipe) => Some(&**pipe),
                _ => None,
            });
            found.push((name, arguments.collect(), command.args.get(2)));
        }
        for arg in &command.args {
            if let Arg::Pipe(pipe) = arg {
                calls_of(pipe, found);
            }
        }
    }
}

fn variables_of(pipe: &Pipe, found: &mut BTreeSet<String>) {
    pipe.cmds.iter().flat_map(|command| &command.args).for_each(|arg| variables_of_arg(arg, found));
}

fn variables_of_arg(arg: &Arg, found: &mut BTreeSet<String>) {
    match arg {
        Arg::Variable(variable) if &*variable.ident[0] != "$" => drop(found.insert(variable.ident[0].to_string())),
        Arg::Pipe(pipe) => variables_of(pipe, found),
        Arg::Chain { node, .. } => variables_of_arg(node, found),
        _ => {}
    }
}

/// Functions that change the map that is their first argument.
const CHANGING: &[&str] =
    &["set", "unset", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "push", "mustPush"];

/// What a pipeline changes: the variable that holds it, or `None` for any other map.
fn changed_by<'p>(pipe: &'p Pipe, fresh: &Fresh) -> Vec<Option<&'p str>> {
    let mut found = Vec::new();
    collect_changed(pipe, fresh, &mut found);
    found
}

fn collect_changed<'p>(pipe: &'p Pipe, fresh: &Fresh, found: &mut Vec<Option<&'p str>>) {
    for command in &pipe.cmds {
        if CHANGING.contains(&function(command)) {
            match command.args.get(1) {
                Some(Arg::Variable(variable)) if variable.ident.len() == 1 => found.push(Some(&variable.ident[0])),
                Some(Arg::Pipe(inner)) if is_new(inner, fresh) => {}
                _ => found.push(None),
            }
        }
        for arg in &command.args {
            if let Arg::Pipe(inner) = arg {
                collect_changed(inner, fresh, found);
            }
        }
    }
}

/// Whether a pipeline makes a new map, list or scalar, which nothing else holds.
fn is_new(pipe: &Pipe, fresh: &Fresh) -> bool {
    is_new_after(&pipe.cmds, fresh)
}

fn is_new_after(commands: &[Command], fresh: &Fresh) -> bool {
    let Some((last, before)) = commands.split_last() else { return false };
    // `x | default dict` is one of the two.
    if ["default", "coalesce"].contains(&function(last)) {
        let is_new_arg = |arg: &Arg| match arg {
            Arg::Pipe(inner) => is_new(inner, fresh),
            Arg::Identifier { name, .. } => ["dict", "list"].contains(&&**name),
            Arg::String { .. } | Arg::Bool(..) | Arg::Constant(_) => true,
            Arg::Variable(variable) if variable.ident.len() == 1 => {
                fresh.get(&*variable.ident[0]).copied().unwrap_or(false)
            }
            _ => false,
        };
        return last.args[1..].iter().all(is_new_arg) && (before.is_empty() || is_new_after(before, fresh));
    }
    is_new_command(last, fresh)
}

fn is_new_command(command: &Command, fresh: &Fresh) -> bool {
    match &command.args[0] {
        Arg::Identifier { name, .. } => match &**name {
            "dict" | "deepCopy" | "mustDeepCopy" | "fromYaml" | "fromJson" | "omit" | "pick" | "list" | "include"
            | "printf" | "tpl" | "toYaml" | "lookup" => true,
            "merge" | "mergeOverwrite" | "mustMerge" | "mustMergeOverwrite" | "set" | "unset" => {
                match command.args.get(1) {
                    Some(Arg::Pipe(inner)) => is_new(inner, fresh),
                    Some(Arg::Variable(variable)) if variable.ident.len() == 1 => {
                        fresh.get(&*variable.ident[0]).copied().unwrap_or(false)
                    }
                    _ => false,
                }
            }
            _ => false,
        },
        Arg::Bool(..) | Arg::String { .. } | Arg::Constant(_) => true,
        Arg::Variable(variable) if variable.ident.len() == 1 => {
            fresh.get(&*variable.ident[0]).copied().unwrap_or(false)
        }
        Arg::Pipe(inner) => is_new(inner, fresh),
        _ => false,
    }
}
