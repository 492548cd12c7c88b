//! [`Walk`]: the statements and operands of one call of a template.

use super::answers::Site;
use super::engine::{Engine, MOST_CALLS};
use super::value::{Abs, Atom, MOST, NOTHING, OTHER, Step, Text};
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, TemplateNode};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Variables, the innermost last.
type Variables = Vec<(Text, Abs)>;

/// The longest text that is concatenated.
const MOST_TEXT: usize = 512;
/// The most possible outputs of a template.
const MOST_OUT: usize = 8;
/// The most walks of a loop's body until nothing changes.
const MOST_TURNS: usize = 3;

/// The output of a list of nodes.
enum Out {
    Nothing,
    /// One of these texts.
    OneOf(BTreeSet<String>),
    Unknown,
}

impl Out {
    /// One of these texts, as far as they are few and short.
    fn of(texts: BTreeSet<String>) -> Self {
        let is_small = texts.len() <= MOST_OUT && texts.iter().all(|text| text.len() <= MOST_TEXT);
        if is_small { Self::OneOf(texts) } else { Self::Unknown }
    }

    /// Whether it is known to be empty.
    fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::OneOf(texts) => texts.iter().all(String::is_empty),
            Self::Unknown => false,
        }
    }

    /// The possible texts; `None` if they are not known.
    fn texts(self) -> Option<BTreeSet<String>> {
        match self {
            Self::Nothing => Some(BTreeSet::from([String::new()])),
            Self::OneOf(texts) => Some(texts),
            Self::Unknown => None,
        }
    }

    /// This output, followed by more.
    fn and_then(self, more: Self) -> Self {
        match (self, more) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Nothing, known) | (known, Self::Nothing) => known,
            (Self::OneOf(out), Self::OneOf(more)) if out.len() * more.len() <= MOST => {
                Self::of(out.iter().flat_map(|a| more.iter().map(move |b| format!("{a}{b}"))).collect())
            }
            _ => Self::Unknown,
        }
    }

    /// This output, or another.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => Self::Nothing,
            (one, other) => match (one.texts(), other.texts()) {
                (Some(one), Some(other)) => Self::of(one.into_iter().chain(other).collect()),
                _ => Self::Unknown,
            },
        }
    }
}

impl Engine<'_> {
    /// The output of a template call.
    pub(super) fn call(&mut self, number: u32) -> Abs {
        let frame = &self.frames[number as usize];
        if frame.is_active || frame.round == self.round || self.is_settled(number) {
            let frame = &mut self.frames[number as usize];
            frame.round = self.round;
            return if frame.out == NOTHING { OTHER } else { frame.out };
        }
        if self.calls >= MOST_CALLS {
            self.is_cut = true;
            return OTHER;
        }
        self.begin(number);
        let frame = &self.frames[number as usize];
        let (template, dot, chart) = (frame.template.clone(), frame.dot, frame.chart);
        let (is_live, file) = (frame.is_live, self.file(&template.file));
        self.calls += 1;
        *self.active.entry(Arc::as_ptr(&template) as usize).or_default() += 1;
        let variables = vec![(self.sets.text("$"), dot)];
        let file = file as u32;
        let mut walk = Walk { engine: self, frame: number, file, chart, is_live, variables, needs_text: true };
        let out = walk.list(&template.body, dot);
        self.calls -= 1;
        if let Some(active) = self.active.get_mut(&(Arc::as_ptr(&template) as usize)) {
            *active -= 1;
        }
        let out = match out.texts() {
            Some(texts) => {
                let texts = texts.iter().map(|text| Atom::Text(self.sets.text(text))).collect();
                self.sets.set(texts)
            }
            None => OTHER,
        };
        self.end(number, out);
        out
    }
}

/// The walk over one call of a template.
pub(super) struct Walk<'w, 'e> {
    pub(super) engine: &'w mut Engine<'e>,
    pub(super) frame: u32,
    pub(super) file: u32,
    pub(super) chart: usize,
    pub(super) is_live: bool,
    variables: Variables,
    /// Whether it matters what is printed, and not only whether something is.
    needs_text: bool,
}

impl Walk<'_, '_> {
    /// The output of a call that this one makes.
    pub(super) fn call(&mut self, frame: u32) -> Abs {
        let out = self.engine.call(frame);
        self.engine.note_call(self.frame, frame);
        out
    }

    pub(super) fn site(&self, at: u32) -> Site {
        Site { file: self.file, at, frame: self.frame }
    }

    fn list(&mut self, list: &NodeList, dot: Abs) -> Out {
        let (depth, needed_text) = (self.variables.len(), self.needs_text);
        let mut out = Out::Nothing;
        for node in &list.nodes {
            // After unknown output, the rest does not matter.
            self.needs_text &= !matches!(out, Out::Unknown);
            let printed = self.node(node, dot);
            out = out.and_then(printed);
        }
        self.needs_text = needed_text;
        self.variables.truncate(depth);
        out
    }

    fn node(&mut self, node: &TemplateNode, dot: Abs) -> Out {
        match node {
            TemplateNode::Text { text, .. } if text.is_empty() => Out::Nothing,
            TemplateNode::Text { text, .. } if !self.needs_text || text.len() > MOST_TEXT => Out::Unknown,
            TemplateNode::Text { text, .. } => Out::OneOf(BTreeSet::from([text.to_text().into_owned()])),
            TemplateNode::Action { pipe, .. } => {
                let value = self.pipe(pipe, dot);
                if !pipe.decl.is_empty() {
                    return Out::Nothing;
                }
                let site = self.site(site_of(pipe));
                self.engine.whole(value, site);
                self.printed(value)
            }
            TemplateNode::If(branch) => {
                let before = self.variables.len();
                self.pipe(&branch.pipe, dot);
                let out = self.either(branch, |walk| walk.list(&branch.list, dot), dot);
                self.variables.truncate(before);
                out
            }
            TemplateNode::With(branch) => {
                let before = self.variables.len();
                let value = self.pipe(&branch.pipe, dot);
                let out = self.either(branch, |walk| walk.list(&branch.list, value), dot);
                self.variables.truncate(before);
                out
            }
            TemplateNode::Range(branch) => self.range(branch, dot),
            TemplateNode::Template { pos, name, pipe } => {
                let value = pipe.as_ref().map_or(NOTHING, |pipe| self.pipe(pipe, dot));
                let name = self.engine.sets.constant(&name.to_text());
                let called = self.include(name, value, *pos);
                self.printed(called)
            }
            TemplateNode::Break(_) | TemplateNode::Continue(_) => Out::Unknown,
        }
    }

    /// Both branches, each with the variables before it; the resulting variables are merged.
    fn either(&mut self, branch: &Branch, then: impl FnOnce(&mut Self) -> Out, dot: Abs) -> Out {
        let before = self.variables.clone();
        let first = then(self);
        let after = std::mem::replace(&mut self.variables, before);
        let second = match &branch.else_list {
            Some(list) => self.list(list, dot),
            None => Out::Nothing,
        };
        self.join_variables(&after);
        first.or(second)
    }

    fn join_variables(&mut self, others: &Variables) {
        for ((_, own), (_, other)) in self.variables.iter_mut().zip(others) {
            *own = self.engine.sets.join(*own, *other);
        }
    }

    fn range(&mut self, branch: &Branch, dot: Abs) -> Out {
        let depth = self.variables.len();
        let over = self.commands(&branch.pipe, dot);
        let site = self.site(site_of(&branch.pipe));
        let before = self.variables.clone();
        let mut results: Vec<Variables> = Vec::new();
        // A loop that prints nothing outputs the empty text, whatever it iterates.
        let mut is_silent = true;
        let needed_text = std::mem::replace(&mut self.needs_text, false);
        let mut lists: Vec<Vec<(Abs, Abs)>> = Vec::new();
        let over = self.engine.sets.atoms(over).clone();
        for &atom in &*over {
            match atom {
                Atom::List(items) => {
                    let sets = &mut self.engine.sets;
                    let items = sets.items(items).clone();
                    let item = |(index, item): (usize, &Abs)| (sets.one(Atom::Int(index as i64)), *item);
                    lists.push(items.iter().enumerate().map(item).collect());
                }
                atom => {
                    let (key, item) = self.element(atom, site);
                    self.variables.clone_from(&before);
                    for _ in 0..MOST_TURNS {
                        let was = self.variables.clone();
                        is_silent &= self.turn(branch, key, item).is_empty();
                        self.variables.truncate(depth);
                        self.join_variables(&was);
                        if self.variables == was {
                            break;
                        }
                    }
                    results.push(std::mem::take(&mut self.variables));
                }
            }
        }
        for list in lists {
            self.variables.clone_from(&before);
            for (key, item) in list {
                is_silent &= self.turn(branch, key, item).is_empty();
                self.variables.truncate(depth);
            }
            results.push(std::mem::take(&mut self.variables));
        }
        self.variables = before;
        if let Some(list) = &branch.else_list {
            is_silent &= self.list(list, dot).is_empty();
        }
        self.needs_text = needed_text;
        // Of several known lists, one is iterated.
        let is_known = !over.is_empty() && over.iter().all(|atom| matches!(atom, Atom::List(_)));
        if is_known && let Some(first) = results.pop() {
            self.variables = first;
        }
        for result in &results {
            self.join_variables(result);
        }
        if is_silent { Out::Nothing } else { Out::Unknown }
    }

    /// One iteration of a loop.
    fn turn(&mut self, branch: &Branch, key: Abs, item: Abs) -> Out {
        match branch.pipe.decl.as_slice() {
            [] => {}
            [value] => self.set(branch.pipe.is_assign, &value.ident[0], item),
            [first, value, ..] => {
                self.set(branch.pipe.is_assign, &first.ident[0], key);
                self.set(branch.pipe.is_assign, &value.ident[0], item);
            }
        }
        self.list(&branch.list, item)
    }

    /// The key and the value of whatever is iterated.
    fn element(&mut self, atom: Atom, site: Site) -> (Abs, Abs) {
        let of = self.engine.sets.one(atom);
        let item = self.engine.member(of, Step::Any, site);
        let key = match atom {
            Atom::Made(number) => {
                let made = self.engine.made(number, site);
                let mut keys: Vec<Atom> = made.members.keys().map(|key| Atom::Text(*key)).collect();
                let is_open = made.any != NOTHING || made.parts != NOTHING;
                keys.extend(is_open.then_some(Atom::Other));
                self.engine.sets.set(keys)
            }
            Atom::Text(_) | Atom::Int(_) => NOTHING,
            _ => OTHER,
        };
        let item = if let Atom::Int(_) = atom { OTHER } else { item };
        (key, item)
    }

    fn set(&mut self, is_assign: bool, name: &str, value: Abs) {
        let name = self.engine.sets.text(name);
        if is_assign {
            if let Some((_, known)) = self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
                *known = value;
            }
            return;
        }
        self.variables.push((name, value));
    }

    /// The value of a pipeline; sets its variables.
    pub(super) fn pipe(&mut self, pipe: &Pipe, dot: Abs) -> Abs {
        let value = self.commands(pipe, dot);
        for variable in &pipe.decl {
            self.set(pipe.is_assign, &variable.ident[0], value);
        }
        value
    }

    fn commands(&mut self, pipe: &Pipe, dot: Abs) -> Abs {
        let mut piped = None;
        for command in &pipe.cmds {
            if !self.engine.step() {
                return OTHER;
            }
            piped = Some(self.command(command, dot, piped));
        }
        piped.unwrap_or_default()
    }

    fn command(&mut self, command: &Command, dot: Abs, piped: Option<Abs>) -> Abs {
        let Some((first, rest)) = command.args.split_first() else { return NOTHING };
        // It fails whenever it is executed.
        if rest.iter().any(is_call_without_arguments) {
            return NOTHING;
        }
        if let Arg::Identifier { function, pos, .. } = first {
            let mut args: Vec<Abs> = rest.iter().map(|arg| self.arg(arg, dot)).collect();
            args.extend(piped);
            return self.function(function, &args, *pos);
        }
        if rest.is_empty() && piped.is_none() {
            return self.arg(first, dot);
        }
        let args: Vec<Abs> = rest.iter().map(|arg| self.arg(arg, dot)).chain(piped).collect();
        self.method(first, dot, &args)
    }

    /// A method: those of `.Values` take paths.
    fn method(&mut self, callee: &Arg, dot: Abs, args: &[Abs]) -> Abs {
        let (of, names, at) = match callee {
            Arg::Field { pos, ident } => (dot, ident.as_slice(), *pos),
            Arg::Variable(variable) => (self.variable(&variable.ident[0]), &variable.ident[1..], variable.pos),
            Arg::Chain { pos, node, field } => (self.arg(node, dot), field.as_slice(), *pos),
            other => return self.arg(other, dot),
        };
        let Some((last, names)) = names.split_last() else { return OTHER };
        let site = self.site(at);
        if matches!(&**last, "Get" | "GetBytes" | "Glob" | "Lines") {
            let files = args.first().map(|keys| self.engine.sets.keys_of(*keys)).unwrap_or_default();
            for file in files {
                let new = self.engine.asked.insert((self.chart, file));
                self.engine.changed |= new;
            }
        }
        let of = self.fields(of, names, at);
        let is_value = self.engine.sets.atoms(of).iter().any(|atom| matches!(atom, Atom::Value(..)));
        if !is_value || !matches!(&**last, "PathValue" | "Table") {
            return OTHER;
        }
        let mut found = NOTHING;
        for key in args.first().map(|keys| self.engine.sets.keys_of(*keys)).unwrap_or_default() {
            let steps: Vec<Step> = match key {
                Step::Key(path) => {
                    let path = self.engine.sets.str(path).clone();
                    path.split('.').map(|step| self.engine.sets.key(step)).collect()
                }
                Step::Any => {
                    self.engine.whole(of, site);
                    continue;
                }
            };
            let value = steps.iter().fold(of, |of, step| self.engine.member(of, *step, site));
            found = self.engine.sets.join(found, value);
        }
        found
    }

    fn variable(&mut self, name: &str) -> Abs {
        let name = self.engine.sets.text(name);
        let known = self.variables.iter().rev().find(|(known, _)| *known == name);
        known.map(|(_, value)| *value).unwrap_or_default()
    }

    pub(super) fn arg(&mut self, arg: &Arg, dot: Abs) -> Abs {
        match arg {
            Arg::Dot(_) => dot,
            Arg::Nil(_) => NOTHING,
            Arg::Bool(..) => OTHER,
            Arg::Constant(number) => number.int.map_or(OTHER, |int| self.engine.sets.one(Atom::Int(int))),
            Arg::String { text, .. } => self.engine.sets.constant(&text.to_text()),
            Arg::Identifier { function, pos, .. } => self.function(function, &[], *pos),
            Arg::Field { pos, ident } => self.fields(dot, ident, *pos),
            Arg::Variable(variable) => {
                let value = self.variable(&variable.ident[0]);
                self.fields(value, &variable.ident[1..], variable.pos)
            }
            Arg::Chain { pos, node, field } => {
                let value = self.arg(node, dot);
                self.fields(value, field, *pos)
            }
            Arg::Pipe(pipe) => self.pipe(pipe, dot),
        }
    }

    fn fields(&mut self, of: Abs, names: &[Arc<str>], at: u32) -> Abs {
        let site = self.site(at);
        names.iter().fold(of, |of, name| {
            let key = self.engine.sets.key(name);
            self.engine.member(of, key, site)
        })
    }

    /// The members of whatever something may be, by keys that may be computed.
    pub(super) fn members(&mut self, of: Abs, key: Abs, site: Site) -> Abs {
        let keys = self.engine.sets.keys_of(key);
        let found: Vec<Abs> = keys.iter().map(|key| self.engine.member(of, *key, site)).collect();
        self.engine.sets.join_all(found)
    }

    /// The printed text of something, if known.
    fn printed(&self, value: Abs) -> Out {
        if !self.needs_text {
            let is_empty = |atom: &Atom| matches!(atom, Atom::Text(text) if self.engine.sets.str(*text).is_empty());
            let is_nothing = value != NOTHING && self.engine.sets.atoms(value).iter().all(is_empty);
            return if is_nothing { Out::Nothing } else { Out::Unknown };
        }
        let texts = self.engine.sets.atoms(value).iter().map(|atom| match atom {
            Atom::Text(text) => Some(self.engine.sets.str(*text).to_string()),
            Atom::Int(number) => Some(number.to_string()),
            _ => None,
        });
        let texts: Option<BTreeSet<String>> = texts.collect();
        texts.filter(|texts| !texts.is_empty()).map_or(Out::Unknown, Out::of)
    }
}

/// Whether an operand calls a function that requires arguments without any: `include` in `printf "%s" include "name" .`.
fn is_call_without_arguments(arg: &Arg) -> bool {
    matches!(arg, Arg::Identifier { function, .. } if !function.params.is_empty())
}

/// The position that a render records for a pipeline: that of the function or value in its last command.
pub(super) fn site_of(pipe: &Pipe) -> u32 {
    let command = pipe.cmds.last().and_then(|command| command.args.first());
    match command {
        Some(Arg::Pipe(inner)) => site_of(inner),
        Some(arg) => arg.pos(),
        None => pipe.pos,
    }
}
