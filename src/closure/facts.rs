//! [`Facts`]: what one template prints, calls, declares and changes, and under which conditions.

use super::mentions::Mentions;
use super::pipelines::{
    Dot, Fresh, TESTS, VALUES, WHOLE, address, begins_a_line, calls_nothing, calls_of, chain_of, changed_by, is_new,
    line_names_an_image, members_changed_by, names_an_image, prints_a_call, prints_a_part, prints_a_value, value_at,
    values_of, variables_of,
};
use super::usage::function;
use crate::funcs::lookup_of;
use crate::helm::HelmVersion;
use crate::images::rendered::may_name_an_image;
use crate::source::File;
use crate::template::Map;
use crate::template::Value;
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, Pos, Template, TemplateNode};
use crate::template::parse::parse;
use crate::trace::Str;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Positions of templates at which a render printed an image: the address of the file, and the byte.
#[derive(Debug, Default)]
pub(super) struct Hot {
    /// Text that became a part of an image, or the last text of a template before it.
    pub(super) text: HashSet<(usize, u32)>,
    /// The end of the text before the action of a file that printed it, through whatever it called.
    pub(super) actions: HashSet<(usize, u32)>,
}

impl Hot {
    /// How many positions are known.
    pub(super) fn len(&self) -> usize {
        self.text.len() + self.actions.len()
    }
}

/// The relevant pipelines of one group of image positions, by address.
pub(super) type Group = BTreeSet<usize>;

/// The deepest value that is searched for images.
const DEEPEST: u32 = 64;

/// The name of a template that is the text of a value.
const TEXT: &str = "text";

/// The most memory of such a template, in bytes; beyond, it may name an image.
const MOST_OF_TEXT: usize = 1 << 20;

/// What is known of one template.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The file that it was parsed from.
    pub(super) file_name: Arc<str>,
    pub(super) pipes: Vec<PipeFacts>,
    /// By variable: the pipelines that declare or assign it.
    pub(super) declared: HashMap<String, Vec<usize>>,
    pub(super) positions: Vec<Spot>,
    /// Calls whose text is an image, or a part of one: all that the called template does is relevant.
    pub(super) printed: Vec<(Spot, Vec<u8>)>,
    /// Positions that print what the template was given, as a whole: image positions if that may name an image.
    pub(super) echoes: Vec<Spot>,
    pub(super) calls: Vec<Call>,
    pub(super) effects: Vec<Effect>,
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
    /// Its first byte in the file.
    pub(super) pos: Pos,
    pub(super) variables: BTreeSet<String>,
    /// The conditions around it, by index.
    pub(super) around: Rc<[usize]>,
    /// The members of maps that it may read.
    pub(super) mentions: Mentions,
    /// Whether it prints a value as it is, and does nothing else.
    pub(super) is_print: bool,
}

/// A change of a map that others may see.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) spot: Spot,
    /// The names of the changed members; `None` if any may be.
    pub(super) members: Option<BTreeSet<Vec<u8>>>,
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
    /// The action, if a render printed an image there: the called template has image positions, or it is one itself.
    pub(super) action: Option<Spot>,
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
        let mut walk = Walk {
            facts: Self { file_name: template.file_name.clone(), ..Self::default() },
            file,
            hot,
            values,
            fresh: HashMap::new(),
            held: HashMap::new(),
            of_values: HashMap::new(),
            in_texts: RefCell::default(),
            is_text: template.source.is_some(),
        };
        let around = Rc::from(Vec::new());
        let is_body = template.name.as_bytes() == template.file_name.as_bytes();
        // The data of a helper is what its callers pass.
        let dot = if is_body { Dot::Top } else { Dot::Unknown };
        walk.list(&template.body, &dot, &around, &mut Line::default());
        walk.facts
    }

    /// The addresses of pipelines, given by index.
    pub(super) fn addresses(&self, pipes: &[usize]) -> impl Iterator<Item = usize> {
        pipes.iter().map(|&number| self.pipes[number].address)
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
    /// Whether what follows printed an image.
    is_action: bool,
}

impl Line {
    fn push(&mut self, text: &[u8], hot_from: Option<usize>, is_action: bool) {
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
        self.is_action = is_action;
        let surplus = self.text.len().saturating_sub(512);
        self.text.drain(..surplus);
    }

    /// Whether it needs nothing more: it is neither a key nor a dash.
    fn is_complete(&self) -> bool {
        let end = self.text.trim_ascii_end();
        !end.is_empty() && ![&b":"[..], b"|", b">", b"|-", b">-", b"-"].iter().any(|open| end.ends_with(open))
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
    /// By variable: whether it only ever holds values of the chart.
    of_values: HashMap<String, bool>,
    /// What the texts of values call that the current action prints, as templates; `None` where nothing is printed.
    in_texts: RefCell<Option<Vec<TextCall>>>,
    /// Whether the template is itself a text of a value.
    is_text: bool,
}

/// A call of a template in the text of a value: its name, and what it is given.
type TextCall = (Option<Vec<u8>>, Held);

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
                let action = line.is_action.then(|| spot.clone());
                self.facts.calls.push(Call { name, spot, is_printed: true, action, passed });
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
                let is_list = match &inner {
                    Dot::Value(path) => !matches!(value_at(self.values, path), Some(Value::Map(_))),
                    Dot::Top | Dot::Unknown => false,
                };
                let number = self.pipe(&branch.pipe, dot, around);
                self.facts.pipes[number].mentions.is_any |= !is_list;
            }
            // What follows in the loop is executed or not.
            TemplateNode::Break(_) | TemplateNode::Continue(_) => {
                self.facts.leaves.push(Spot { roots: Vec::new(), around: around.clone() });
            }
        }
    }

    fn text(&mut self, pos: u32, text: &[u8], around: &Rc<[usize]>, line: &mut Line) {
        let is_hot = |at: &u32| self.hot.text.contains(&(self.file, pos + at));
        let hot = match self.hot.text.is_empty() {
            true => None,
            false => (0..text.len() as u32).rev().find(is_hot).map(|at| at as usize),
        };
        let last = (pos + text.len() as u32).saturating_sub(1);
        let is_action = self.hot.actions.contains(&(self.file, last));
        let was = line.names_an_image() && text.first().is_some_and(|&byte| byte != b'\n');
        let names = hot.is_some() || was || text.split(|&byte| byte == b'\n').any(line_names_an_image);
        if names {
            self.facts.positions.push(Spot { roots: Vec::new(), around: around.clone() });
        }
        self.facts.names_kind |= memchr::memmem::find(text, b"kind:").is_some();
        line.push(text, hot, is_action);
    }

    fn action(&mut self, pipe: &Pipe, dot: &Dot, around: &Rc<[usize]>, line: &Line) {
        let number = self.pipe(pipe, dot, around);
        self.facts.pipes[number].is_print = prints_a_value(pipe);
        let spot = Spot { roots: vec![number], around: around.clone() };
        // Of a hash, nothing can be read.
        let is_hashed = pipe.cmds.iter().any(|one| ["sha256sum", "sha1sum", "adler32sum"].contains(&function(one)));
        if !pipe.decl.is_empty() || is_hashed {
            return;
        }
        // What a called template prints as it is was printed at a position of that template.
        let is_call = prints_a_call(pipe);
        // `NAME: registry` before `{{- include "env" . | nindent 2 }}` is complete.
        let is_apart = is_call && begins_a_line(pipe) && line.is_complete();
        let is_image = line.names_an_image() && !is_apart || line.is_action && !is_call;
        let is_image = is_image || self.is_text && prints_a_part(pipe);
        self.in_texts.replace(Some(Vec::new()));
        let printed = if is_image { Held::Image } else { self.printed(pipe, dot) };
        let mut calls = Vec::new();
        calls_of(pipe, &mut calls);
        let calls: Vec<_> = calls.into_iter().map(|(name, args, held)| (name, args, self.held(held, dot))).collect();
        let in_texts = self.in_texts.take().unwrap_or_default();
        let changes = changed_by(pipe, &self.fresh);
        match printed {
            Held::Nothing => {
                let passes = calls.iter().any(|(.., passed)| *passed != Held::Nothing);
                let names = calls.iter().map(|(name, ..)| name).chain(in_texts.iter().map(|(name, _)| name));
                let names: Option<Vec<_>> = names.cloned().collect();
                // Where a line begins, an action may print a key.
                let is_value = line.text.trim_ascii().ends_with(b":") || !calls_nothing(&names);
                if let Some(names) = names.filter(|_| changes.is_empty() && is_value && !line.is_action) {
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
        for (name, arguments, passed) in calls {
            let roots = arguments.into_iter().map(|argument| self.pipe(argument, dot, around)).collect();
            let spot = Spot { roots, around: around.clone() };
            if name.is_none() {
                self.facts.positions.push(Spot { roots: vec![number], around: around.clone() });
            }
            let action = line.is_action.then(|| Spot { roots: vec![number], around: around.clone() });
            self.facts.calls.push(Call { name, spot, is_printed: true, action, passed });
        }
        for (name, passed) in in_texts {
            let spot = Spot { roots: vec![number], around: around.clone() };
            match name {
                None => self.facts.positions.push(spot),
                name => self.facts.calls.push(Call { name, spot, is_printed: true, action: None, passed }),
            }
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
        let mentions = Mentions::of(pipe, |arg| self.is_a_map(arg, dot));
        self.facts.pipes.push(PipeFacts {
            address,
            pos: pipe.pos,
            variables,
            around: around.clone(),
            mentions,
            is_print: false,
        });
        for variable in &pipe.decl {
            let name = variable.ident[0].to_string();
            let is_fresh = is_new(pipe, &self.fresh);
            let fresh = self.fresh.entry(name.clone()).or_insert(true);
            *fresh &= is_fresh;
            let held = self.held_by(pipe, dot);
            let known = self.held.entry(name.clone()).or_insert(Held::Nothing);
            *known = held.max(*known);
            let is_of_values = self.is_of_values(pipe, dot);
            *self.of_values.entry(name.clone()).or_insert(true) &= is_of_values;
            self.facts.declared.entry(name).or_default().push(number);
        }
        for target in changed_by(pipe, &self.fresh) {
            match target {
                // A change of a map that only this variable holds is an assignment to the variable.
                Some(name) if self.fresh.get(name).copied().unwrap_or(false) => {
                    self.facts.declared.entry(name.to_owned()).or_default().push(number);
                }
                _ => {
                    let spot = Spot { roots: vec![number], around: around.clone() };
                    self.facts.effects.push(Effect { spot, members: members_changed_by(pipe) });
                }
            }
        }
        // What a called template changes is found through the call, wherever it is made.
        let mut calls = Vec::new();
        calls_of(pipe, &mut calls);
        for (name, arguments, _) in calls {
            let roots = arguments.into_iter().map(|argument| self.pipe(argument, dot, around)).collect();
            let spot = Spot { roots, around: around.clone() };
            self.facts.calls.push(Call { name, spot, is_printed: false, action: None, passed: Held::Nothing });
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
                let is_of_values = self.of_values.get(&*variable.ident[0]).copied().unwrap_or(false);
                let member = variable.ident[1..].last().filter(|_| is_of_values);
                if member.is_some_and(|name| !self.member_names(name)) {
                    return Held::Nothing;
                }
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
                    if (is_scalar || is_whole) && self.names(&value) { Held::Image } else { Held::Nothing }
                }
                None => Held::Nothing,
            },
            Dot::Unknown if is_whole => Held::Given,
            Dot::Unknown | Dot::Top => Held::Nothing,
        }
    }

    /// Whether a value may name an image. If only templates that its texts call may, these are noted.
    fn names(&self, value: &Value) -> bool {
        let mut texts = Vec::new();
        let names = names_an_image(value, DEEPEST, &mut |text| texts.push(text.clone()));
        // A template in a value that a template in a value names: that is deep enough.
        if names || self.is_text && !texts.is_empty() {
            return true;
        }
        let called: Option<Vec<_>> = texts.iter().map(|text| self.called_in(text)).collect();
        match (called, self.in_texts.borrow_mut().as_mut()) {
            (None, _) => true,
            (Some(called), Some(noted)) => {
                noted.extend(called.into_iter().flatten());
                false
            }
            (Some(called), None) => called.iter().any(|one| !one.is_empty()),
        }
    }

    /// The templates that a text of a value calls, as `tpl` executes it; `None` if it may name an image itself.
    fn called_in(&self, text: &Str) -> Option<Vec<TextCall>> {
        let file = File::new(TEXT, text.as_bytes());
        let (templates, _) = parse(TEXT, &file, &lookup_of(HelmVersion::default()), MOST_OF_TEXT).ok()?;
        let [body] = templates.as_slice() else { return None };
        let body = Template { source: Some(text.clone()), ..body.clone() };
        let facts = Facts::of(&body, &Hot::default(), self.values);
        let names = !facts.positions.is_empty() || !facts.printed.is_empty() || !facts.echoes.is_empty();
        let is_plain = !names && facts.effects.is_empty();
        is_plain.then(|| facts.calls.into_iter().map(|call| (call.name, call.passed)).collect())
    }

    /// Whether a pipeline is one of the chart's values: `.Values.web`, `index .Values $name`.
    fn is_of_values(&self, pipe: &Pipe, dot: &Dot) -> bool {
        let [command] = pipe.cmds.as_slice() else { return false };
        let operand = match (function(command), command.args.as_slice()) {
            ("index" | "get", [_, operand, ..]) => operand,
            (_, [operand]) => operand,
            _ => return false,
        };
        matches!(chain_of(operand, dot), Dot::Value(_))
    }

    /// Whether a value with this name may name an image, wherever it is in the chart's values; true if there is none.
    fn member_names(&self, name: &str) -> bool {
        let mut found = Vec::new();
        values_of(&Value::Map(self.values.clone()), name, DEEPEST, &mut found);
        found.is_empty() || found.iter().any(|value| self.names(value))
    }

    /// Whether an operand may be a map.
    fn is_a_map(&self, arg: &Arg, dot: &Dot) -> bool {
        match chain_of(arg, dot) {
            Dot::Value(path) => matches!(value_at(self.values, &path), Some(Value::Map(_))),
            Dot::Top | Dot::Unknown => !matches!(arg, Arg::String { .. } | Arg::Constant(_) | Arg::Bool(..)),
        }
    }

    fn value_of(&self, pipe: &Pipe, dot: &Dot) -> Dot {
        match pipe.cmds.as_slice() {
            [command] if command.args.len() == 1 => chain_of(&command.args[0], dot),
            _ => Dot::Unknown,
        }
    }
}
