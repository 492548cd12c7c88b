//! The walk over one template: the values of its names at each position, and its calls with their arguments.

use super::held::Held;
use super::{Names, SpotKind, TemplateSpot};
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, TemplateNode};
use std::collections::{BTreeMap, BTreeSet};

/// The name in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Callee {
    Name(Vec<u8>),
    /// A computed name.
    Any,
}

/// A call with its argument.
pub(super) type Call = (Callee, Held);

/// The walk.
pub(super) struct Walk<'w> {
    pub(super) names: Names,
    /// Variables that are assigned again later.
    pub(super) assigned: BTreeSet<String>,
    pub(super) calls: Vec<Call>,
    /// Requested positions, with what is found there.
    pub(super) wanted: &'w [u32],
    pub(super) spots: Vec<(u32, TemplateSpot)>,
}

impl Walk<'_> {
    /// Walks nodes; variables that they declare end with them.
    pub(super) fn list(&mut self, list: &NodeList) {
        let known = self.names.variables.len();
        for node in &list.nodes {
            match node {
                TemplateNode::Text { pos, text } => self.note(*pos, text.len() as u32, || SpotKind::Text),
                TemplateNode::Action { pipe, .. } => {
                    let held = self.pipe(pipe);
                    self.declare(pipe, held);
                }
                TemplateNode::If(branch) => self.branch(branch, |held| held, false),
                TemplateNode::With(branch) => self.branch(branch, |held| held, true),
                TemplateNode::Range(branch) => self.branch(branch, |held| element(&held), true),
                TemplateNode::Template { name, pipe, .. } => {
                    let held = pipe.as_ref().map_or(Held::Unknown, |pipe| self.pipe(pipe));
                    self.calls.push((Callee::Name(name.as_bytes().to_vec()), held));
                }
                TemplateNode::Break(_) | TemplateNode::Continue(_) => {}
            }
        }
        self.names.variables.truncate(known);
    }

    fn branch(&mut self, branch: &Branch, inside: impl FnOnce(Held) -> Held, has_dot: bool) {
        let known = self.names.variables.len();
        let held = inside(self.pipe(&branch.pipe));
        // Of two variables, the first is a key.
        let of_variable = if branch.pipe.decl.len() > 1 { Held::Unknown } else { held.clone() };
        self.declare(&branch.pipe, of_variable);
        let outer = self.names.dot.clone();
        if has_dot {
            self.names.dot = held;
        }
        self.list(&branch.list);
        self.names.dot = outer;
        branch.else_list.iter().for_each(|list| self.list(list));
        self.names.variables.truncate(known);
    }

    fn declare(&mut self, pipe: &Pipe, held: Held) {
        for variable in pipe.decl.iter().filter(|_| !pipe.is_assign) {
            let name = variable.ident[0].to_string();
            let held = if self.assigned.contains(&name) { Held::Unknown } else { held.clone() };
            self.names.variables.push((name, held));
        }
    }

    fn pipe(&mut self, pipe: &Pipe) -> Held {
        let mut held = None;
        for (number, command) in pipe.cmds.iter().enumerate() {
            held = Some(self.command(command, held, number == 0));
        }
        held.unwrap_or(Held::Unknown)
    }

    fn command(&mut self, command: &Command, piped: Option<Held>, is_first: bool) -> Held {
        let name = match command.args.first() {
            Some(Arg::Identifier { name, .. }) => Some(&**name),
            _ => None,
        };
        let is_format = |number: usize| name == Some("printf") && number == 1;
        let is_alone = is_first && command.args.len() == 1;
        let mut held: Vec<Held> = Vec::new();
        for (number, arg) in command.args.iter().enumerate() {
            if let Arg::String { pos, quoted, text } = arg {
                let is_plain = quoted.len() == text.len() + 2 && quoted.as_bytes()[1..].starts_with(text.as_bytes());
                self.note(*pos, quoted.len() as u32, || SpotKind::Constant {
                    start: *pos,
                    quoted: quoted.clone(),
                    is_plain,
                    is_alone,
                    is_format: is_format(number),
                });
            }
            held.push(self.arg(arg));
        }
        let Some(name) = name else {
            return if command.args.len() == 1 { held.pop().unwrap_or(Held::Unknown) } else { Held::Unknown };
        };
        held.remove(0);
        held.extend(piped);
        // A piped value is not a constant here.
        let constants: Vec<Option<String>> = command.args[1..].iter().map(constant).collect();
        self.function(name, &constants, &held, &command.args[1..])
    }

    fn function(&mut self, name: &str, constants: &[Option<String>], held: &[Held], args: &[Arg]) -> Held {
        let first = || held.first().cloned().unwrap_or(Held::Unknown);
        let constant = |number: usize| constants.get(number).cloned().flatten();
        match name {
            "include" => {
                let callee = match constant(0) {
                    Some(name) => Some(Callee::Name(name.into_bytes())),
                    // `print $.Template.BasePath "/config.yaml"` is a file, which receives the usual data.
                    None if args.first().is_some_and(names_file) => None,
                    None => Some(Callee::Any),
                };
                let data = held.get(1).cloned().unwrap_or(Held::Unknown);
                self.calls.extend(callee.map(|callee| (callee, data)));
                Held::Unknown
            }
            "dict" => {
                let mut members = BTreeMap::new();
                for (number, value) in held.iter().enumerate().skip(1).step_by(2) {
                    if let Some(key) = constant(number - 1) {
                        members.insert(key, value.clone());
                    }
                }
                Held::Made(members)
            }
            "list" | "tuple" => {
                Held::Made(held.iter().enumerate().map(|(at, held)| (format!("[{at}]"), held.clone())).collect())
            }
            "first" => first().member("[0]"),
            "index" | "get" => {
                let keys = constants.iter().skip(1);
                keys.fold(first(), |held, key| key.as_ref().map_or(Held::Unknown, |key| held.member(key)))
            }
            "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => {
                held.iter().cloned().reduce(|all, one| all.with(&one)).unwrap_or(Held::Unknown)
            }
            "set" => match constant(1) {
                Some(key) => {
                    let value = held.get(2).cloned().unwrap_or(Held::Unknown);
                    first().with(&Held::Made(BTreeMap::from([(key, value)])))
                }
                None => Held::Unknown,
            },
            "deepCopy" | "mustDeepCopy" => first(),
            "default" | "coalesce" => held.iter().cloned().reduce(|all, one| all.or(&one)).unwrap_or(Held::Unknown),
            "ternary" => first().or(held.get(1).unwrap_or(&Held::Unknown)),
            _ => Held::Unknown,
        }
    }

    fn arg(&mut self, arg: &Arg) -> Held {
        let below = |held: Held, names: &[std::sync::Arc<str>]| names.iter().fold(held, |held, name| held.member(name));
        match arg {
            Arg::Dot(_) => self.names.dot.clone(),
            Arg::Field { ident, .. } => below(self.names.dot.clone(), ident),
            Arg::Variable(variable) => below(self.names.variable(&variable.ident[0]), &variable.ident[1..]),
            Arg::Chain { node, field, .. } => {
                let held = self.arg(node);
                below(held, field)
            }
            Arg::Pipe(pipe) => self.pipe(pipe),
            // A function without arguments.
            Arg::Nil(_) | Arg::Bool(..) | Arg::Constant(_) | Arg::String { .. } | Arg::Identifier { .. } => {
                Held::Unknown
            }
        }
    }

    fn note(&mut self, start: u32, length: u32, kind: impl Fn() -> SpotKind) {
        let first = self.wanted.partition_point(|&at| at < start);
        for &at in self.wanted[first..].iter().take_while(|&&at| at < start + length) {
            self.spots.push((at, TemplateSpot { names: self.names.clone(), kind: kind() }));
        }
    }
}

/// Any element of it.
fn element(held: &Held) -> Held {
    match held {
        Held::Made(members) => members.values().cloned().reduce(|all, one| all.or(&one)).unwrap_or(Held::Unknown),
        _ => Held::Unknown,
    }
}

/// A constant key.
fn constant(arg: &Arg) -> Option<String> {
    match arg {
        Arg::String { text, .. } => Some(text.to_text().into_owned()),
        Arg::Constant(number) => Some(format!("[{}]", number.int?)),
        _ => None,
    }
}

/// Whether an operand is composed from the path of the chart's templates.
fn names_file(arg: &Arg) -> bool {
    match arg {
        Arg::Field { ident, .. } => ident.last().is_some_and(|last| **last == *"BasePath"),
        Arg::Variable(variable) => variable.ident.last().is_some_and(|last| **last == *"BasePath"),
        Arg::Chain { node, field, .. } => field.last().is_some_and(|last| **last == *"BasePath") || names_file(node),
        Arg::Pipe(pipe) => pipe.cmds.iter().flat_map(|command| &command.args).any(names_file),
        _ => false,
    }
}

/// The variables that are assigned somewhere below.
pub(super) fn assigned(list: &NodeList, found: &mut BTreeSet<String>) {
    let note = |pipe: &Pipe, found: &mut BTreeSet<String>| {
        found.extend(pipe.decl.iter().filter(|_| pipe.is_assign).map(|variable| variable.ident[0].to_string()));
    };
    for node in &list.nodes {
        match node {
            TemplateNode::Action { pipe, .. } => note(pipe, found),
            TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                note(&branch.pipe, found);
                assigned(&branch.list, found);
                branch.else_list.iter().for_each(|list| assigned(list, found));
            }
            _ => {}
        }
    }
}
