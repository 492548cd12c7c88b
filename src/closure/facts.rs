//! [`Facts`]: what one template prints, calls, declares and changes, and under which conditions.

use super::pipelines::{
    Dot, Fresh, TESTS, VALUES, WHOLE, address, calls_nothing, calls_of, chain_of, changed_by, is_new,
    line_names_an_image, names_an_image, value_at, variables_of,
};
use super::usage::function;
use crate::images::rendered::may_name_an_image;
use crate::template::Map;
use crate::template::Value;
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, Template, TemplateNode};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Positions of templates at which a render printed an image: the address of the file, and the byte.
pub(super) type Hot = HashSet<(usize, u32)>;

/// The relevant pipelines of one group of image positions, by address.
pub(super) type Group = BTreeSet<usize>;

/// The deepest value that is searched for images.
const DEEPEST: u32 = 64;

/// What is known of one template.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) pipes: Vec<PipeFacts>,
    /// By variable: the pipelines that declare or assign it.
    pub(super) declared: HashMap<String, Vec<usize>>,
    pub(super) positions: Vec<Spot>,
    /// Calls whose text is an image, or a part of one: all that the called template does is relevant.
    pub(super) printed: Vec<(Spot, Vec<u8>)>,
    /// Positions that print what the template was given, as a whole: image positions if that may name an image.
    pub(super) echoes: Vec<Spot>,
    pub(super) calls: Vec<Call>,
    pub(super) effects: Vec<Spot>,
    /// Where a loop ends early.
    pub(super) leaves: Vec<Spot>,
    /// Actions that print nothing of an image themselves: their pipelines, the templates that they call, and whether these are given
    /// anything that may name an image.
    pub(super) plain: Vec<(usize, Vec<Vec<u8>>, bool)>,
    /// Whether it says of which kind an object is.
    pub(super) names_kind: bool,
}

#[derive(Debug)]
pub(super) struct PipeFacts {
    pub(super) address: usize,
    pub(super) variables: BTreeSet<String>,
    /// The conditions around it, by index.
    pub(super) around: Rc<[usize]>,
}

/// A place in a template: the pipelines evaluated there, and the conditions around it.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) roots: Vec<usize>,
    pub(super) around: Rc<[usize]>,
}

/// A call of templates.
#[derive(Debug)]
pub(super) struct Call {
    /// The name; `None` if it is computed.
    pub(super) name: Option<Vec<u8>>,
    /// The pipelines of its arguments, and the conditions around it.
    pub(super) spot: Spot,
    /// Whether its text is printed as it is, so that image positions in it are positions of the caller.
    pub(super) is_printed: bool,
    /// What is passed.
    pub(super) passed: Held,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    /// It names no image.
    Nothing,
    /// What the template was given.
    Given,
    /// It may name an image, or is not known.
    Image,
}

impl Call {
    /// Whether what is passed may name an image, if what the caller was given does or does not.
    pub(super) fn passes(&self, is_given_image: bool) -> bool {
        match self.passed {
            Held::Nothing => false,
            Held::Given => is_given_image,
            Held::Image => true,
        }
    }
}

impl Facts {
    /// Reads a template of a chart with these values.
    pub(super) fn of(template: &Template, hot: &Hot, values: &Map) -> Self {
        let file = Arc::as_ptr(&template.file) as usize;
        let mut walk = Walk { facts: Self::default(), file, hot, values, fresh: HashMap::new(), held: HashMap::new() };
        let around = Rc::from(Vec::new());
        let is_body = template.name.as_bytes() == template.file_name.as_bytes();
        // The data of a helper is what its callers pass.
        let dot = if is_body { Dot::Top } else { Dot::Unknown };
        walk.list(&template.body, &dot, &around, &mut Line::default());
        walk.facts
    }

    /// The addresses of the pipelines that decide about a spot within its template.
    pub(super) fn closed(&self, spot: &Spot) -> Group {
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
                    self.facts.printed.push((spot.clone(), name.as_bytes().to_vec()));
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
        let was = line.names_an_image() && text.first().is_some_and(|&byte| byte != b'\n');
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
                let passes = calls.iter().any(|(.., passed)| self.held(*passed, dot) != Held::Nothing);
                let names: Option<Vec<_>> = calls.into_iter().map(|(name, ..)| name).collect();
                // Where a line begins, an action may print a key.
                let is_value = line.text.trim_ascii().ends_with(b":") || !calls_nothing(&names);
                if let Some(names) = names.filter(|_| changes.is_empty() && is_value) {
                    self.facts.plain.push((address(pipe), names, passes));
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
