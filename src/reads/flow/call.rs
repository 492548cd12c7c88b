//! What functions make of what they are given.

use super::engine::Site;
use super::value::{Abs, Atom, MOST, Step, bounded, depth, join, join_all, keys_of, nothing, one, other};
use super::walk::Walk;
use crate::limits::Limits;
use crate::template::types::Kind as TypeKind;
use crate::template::{Context, Env, Flow, Function, Look, Value};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Most calls of a function with constants, one for each way to combine them.
const MOST_CALLS: usize = 16;
/// Longest text that a function is called with.
const MOST_TEXT: usize = 512;
/// How deep lists are in lists.
const MOST_LISTS: usize = 4;

impl Walk<'_, '_> {
    /// What a function gives; `at` is where it is called.
    pub(super) fn function(&mut self, function: &'static Function, args: &[Abs], at: u32) -> Abs {
        let site = self.site(at);
        let arg = |index: usize| args.get(index).cloned().unwrap_or_default();
        match function.name {
            "include" => self.include(&arg(0), &arg(1), at),
            "tpl" => {
                self.engine.whole(&arg(0), site);
                let texts = arg(0);
                for atom in texts.iter() {
                    let Atom::Text(text) = atom else { continue };
                    let Some(compiled) = text.contains("{{").then(|| self.engine.compile(text)).flatten() else {
                        continue;
                    };
                    for template in compiled.templates.iter().filter(|one| one.name == compiled.name) {
                        if let Some(frame) = self.engine.frame(template, &arg(1), self.chart, self.is_live) {
                            self.engine.call(frame);
                        }
                    }
                }
                if texts.iter().all(|atom| matches!(atom, Atom::Text(text) if !text.contains("{{"))) {
                    return texts;
                }
                other()
            }
            "dict" => {
                let made = self.engine.make(site);
                for pair in args.chunks(2) {
                    let value = pair.get(1).cloned().unwrap_or_default();
                    let keys = keys_of(&pair[0]);
                    if let [Step::Key(key)] = keys.as_slice()
                        && is_there(&value)
                    {
                        self.engine.is_sure(made, key);
                    }
                    keys.iter().for_each(|key| self.engine.put(made, key, &value));
                }
                one(Atom::Made(made))
            }
            "set" => {
                for key in keys_of(&arg(1)) {
                    for atom in arg(0).iter() {
                        if let Some(made) = self.changeable(atom) {
                            self.engine.put(made, &key, &arg(2));
                        }
                    }
                }
                arg(0)
            }
            "unset" | "deepCopy" | "mustDeepCopy" => arg(0),
            "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => {
                let more = join_all(args.iter().skip(1));
                let overwrites = function.name.ends_with("Overwrite");
                for atom in arg(0).iter() {
                    if let Some(made) = self.changeable(atom) {
                        self.engine.merge(made, &more, overwrites);
                    }
                }
                arg(0)
            }
            "get" | "hasKey" => {
                let found = self.members(&arg(0), &arg(1), site);
                if function.name == "get" { found } else { other() }
            }
            "index" => args.iter().skip(1).fold(arg(0), |of, key| self.members(&of, key, site)),
            "dig" if args.len() > 2 => {
                let path = &args[..args.len() - 2];
                let found = path.iter().fold(args[args.len() - 1].clone(), |of, key| self.members(&of, key, site));
                join(&found, &args[args.len() - 2])
            }
            "pluck" => {
                let found: Vec<Abs> = args.iter().skip(1).map(|of| self.members(of, &arg(0), site)).collect();
                each(&join_all(&found))
            }
            "pick" => {
                let made = self.engine.make(site);
                for key in args.iter().skip(1) {
                    for key in keys_of(key) {
                        let value = self.engine.member(&arg(0), &key, site);
                        self.engine.put(made, &key, &value);
                    }
                }
                one(Atom::Made(made))
            }
            "omit" => {
                let keys = args.iter().skip(1).flat_map(keys_of);
                let keys: Vec<Rc<str>> = keys
                    .filter_map(|key| match key {
                        Step::Key(key) => Some(key),
                        Step::Any => None,
                    })
                    .collect();
                self.engine.without(&arg(0), &keys)
            }
            "default" | "coalesce" | "or" | "and" => join_all(args),
            "ternary" => join(&arg(0), &arg(1)),
            "required" => arg(1),
            "list" | "tuple" => list(args.to_vec()),
            "append" | "mustAppend" | "push" | "mustPush" => match known(&arg(0)) {
                Some(items) => list(items.iter().cloned().chain([arg(1)]).collect()),
                None => each(&join(&self.elements(&arg(0), at), &arg(1))),
            },
            "prepend" | "mustPrepend" => match known(&arg(0)) {
                Some(items) => list([arg(1)].into_iter().chain(items.iter().cloned()).collect()),
                None => each(&join(&self.elements(&arg(0), at), &arg(1))),
            },
            "concat" => {
                let all: Option<Vec<Rc<[Abs]>>> = args.iter().map(known).collect();
                match all {
                    Some(lists) => list(lists.iter().flat_map(|items| items.iter().cloned()).collect()),
                    None => {
                        let elements: Vec<Abs> = args.iter().map(|list| self.elements(list, at)).collect();
                        each(&join_all(&elements))
                    }
                }
            }
            "first" | "mustFirst" | "last" | "mustLast" => match known(&arg(0)) {
                Some(items) if function.name.ends_with("irst") => items.first().cloned().unwrap_or_default(),
                Some(items) => items.last().cloned().unwrap_or_default(),
                None => self.elements(&arg(0), at),
            },
            "rest" | "mustRest" | "initial" | "mustInitial" => match known(&arg(0)) {
                Some(items) if function.name.ends_with("est") => list(items.iter().skip(1).cloned().collect()),
                Some(items) => list(items.iter().take(items.len().saturating_sub(1)).cloned().collect()),
                None => each(&self.elements(&arg(0), at)),
            },
            "reverse" | "mustReverse" | "compact" | "mustCompact" | "slice" | "mustSlice" | "uniq" | "mustUniq"
            | "without" | "mustWithout" => match known(&arg(0)) {
                Some(items) => each(&join_all(items.iter())),
                None => each(&self.elements(&arg(0), at)),
            },
            "chunk" | "mustChunk" => each(&each(&self.elements(&arg(1), at))),
            "values" => each(&self.elements(&arg(0), at)),
            "keys" => {
                let mut keys = BTreeSet::new();
                for atom in args.iter().flat_map(|of| of.iter()) {
                    match atom {
                        Atom::Made(number) => {
                            let made = self.engine.made(*number);
                            keys.extend(made.members.keys().map(|key| Atom::Text(key.clone())));
                            if !made.any.is_empty() || !made.parts.is_empty() {
                                keys.insert(Atom::Other);
                            }
                        }
                        _ => {
                            keys.insert(Atom::Other);
                        }
                    }
                }
                args.iter().for_each(|of| self.note_members(of, site));
                each(&bounded(keys))
            }
            "sortAlpha" => match arg(0).iter().all(|atom| matches!(atom, Atom::List(_) | Atom::Each(_))) {
                true => each(&self.elements(&arg(0), at)),
                false => {
                    self.engine.whole(&arg(0), site);
                    other()
                }
            },
            _ => self.computed(function, args, at),
        }
    }

    /// What a function computes: known, where it is given nothing but constants.
    fn computed(&mut self, function: &'static Function, args: &[Abs], at: u32) -> Abs {
        let site = self.site(at);
        if let Some(values) = folded(function, args)
            && values.iter().all(|value| is_small(value, 0))
        {
            let found: Vec<Abs> = values.iter().map(|value| self.constant(value, site)).collect();
            return join_all(&found);
        }
        match function.look {
            Look::Whole => args.iter().for_each(|arg| self.engine.whole(arg, site)),
            Look::Members => args.iter().for_each(|arg| self.note_members(arg, site)),
            Look::Some => {}
            Look::Nothing if function.flow == Flow::None => {}
            Look::Nothing => return join_all(args),
        }
        other()
    }

    /// A value that is known; maps are those of a site.
    fn constant(&mut self, value: &Value, site: Site) -> Abs {
        match value {
            Value::Str(text) => one(Atom::Text(text.to_text().as_ref().into())),
            Value::Int(number, ..) => one(Atom::Int(*number)),
            Value::List(items) => list(items.iter().map(|item| self.constant(item, site)).collect()),
            Value::Map(map) => {
                let made = self.engine.make(site);
                for (key, value) in map.entries() {
                    let value = self.constant(&value, site);
                    self.engine.put(made, &Step::Key(key.to_text().as_ref().into()), &value);
                }
                one(Atom::Made(made))
            }
            Value::Nil => nothing(),
            _ => other(),
        }
    }

    /// What gives a template that is called by a name.
    pub(super) fn include(&mut self, names: &Abs, dot: &Abs, at: u32) -> Abs {
        let is_live = self.is_live && self.engine.is_noted(self.file, at);
        let mut called = Vec::new();
        let mut is_open = names.is_empty();
        for name in names.iter() {
            match name {
                Atom::Text(name) => {
                    called.extend(self.engine.named.get(name.as_bytes()).into_iter().flatten().cloned());
                }
                _ => is_open = true,
            }
        }
        if is_open {
            // Whatever it is called with may be read. What templates are executed with is read by those that it names.
            let site = self.site(at);
            self.engine.whole(dot, site);
        }
        let mut out = if is_open { other() } else { nothing() };
        for template in called {
            let Some(frame) = self.engine.frame(&template, dot, self.chart, is_live) else { return other() };
            let given = self.engine.call(frame);
            out = join(&out, &given);
        }
        out
    }

    /// What holds the members that code gives to something.
    fn changeable(&mut self, atom: &Atom) -> Option<u32> {
        match atom {
            Atom::Made(number) => Some(*number),
            Atom::Root(_) | Atom::Value(..) => Some(self.engine.overlay(atom)),
            _ => None,
        }
    }

    /// What the elements of a list may be.
    fn elements(&mut self, of: &Abs, at: u32) -> Abs {
        let site = self.site(at);
        self.engine.member(of, &Step::Any, site)
    }
}

/// The elements of a list that is known one by one.
fn known(of: &Abs) -> Option<Rc<[Abs]>> {
    let mut atoms = of.iter();
    match (atoms.next(), atoms.next()) {
        (Some(Atom::List(items)), None) => Some(items.clone()),
        _ => None,
    }
}

fn list(items: Vec<Abs>) -> Abs {
    if items.len() > MOST {
        return each(&join_all(&items));
    }
    one(Atom::List(items.into()))
}

fn each(item: &Abs) -> Abs {
    // Lists that a loop puts into each other do not end.
    if depth(item) >= MOST_LISTS {
        let inner: Vec<Abs> = item
            .iter()
            .map(|atom| match atom {
                Atom::Each(inner) => inner.clone(),
                Atom::List(items) => join_all(items.iter()),
                atom => one(atom.clone()),
            })
            .collect();
        return each(&join_all(&inner));
    }
    one(Atom::Each(item.clone()))
}

/// Whether something is there and not empty, whatever the values are.
fn is_there(value: &Abs) -> bool {
    let is_there = |atom: &Atom| match atom {
        Atom::Text(text) => !text.is_empty(),
        Atom::Int(number) => *number != 0,
        _ => false,
    };
    !value.is_empty() && value.iter().all(is_there)
}

/// What a function makes of constants; `None` where it is given something else, or fails.
fn folded(function: &'static Function, args: &[Abs]) -> Option<Vec<Value>> {
    if !function.hermetic || args.is_empty() || args.iter().any(|arg| arg.is_empty()) {
        return None;
    }
    let ways = args.iter().try_fold(1usize, |ways, arg| Some(ways * arg.len()).filter(|ways| *ways <= MOST_CALLS))?;
    let constants: Option<Vec<Vec<Value>>> = args
        .iter()
        .enumerate()
        .map(|(index, arg)| {
            let ty = function.params.get(index).copied().or(function.variadic)?;
            let constant = |atom: &Atom| match (atom, ty.kind) {
                (Atom::Text(text), TypeKind::String | TypeKind::Interface) if text.len() <= MOST_TEXT => {
                    Some(Value::str(text.as_bytes()))
                }
                (Atom::Int(number), TypeKind::Interface) => Some(Value::int(*number)),
                _ => None,
            };
            arg.iter().map(constant).collect()
        })
        .collect();
    let constants = constants?;
    let limits = Limits { crypto_calls: 0, template_steps: 10_000, string_bytes: 4 * MOST_TEXT, ..Limits::default() };
    let mut found = Vec::new();
    for way in 0..ways {
        let mut rest = way;
        let mut values = Vec::with_capacity(constants.len());
        for choices in &constants {
            values.push(choices.get(rest % choices.len())?.clone());
            rest /= choices.len();
        }
        let mut env = Env::seeded(0);
        let mut context = Context::new(&mut env, &limits, None);
        found.push((function.call)(&mut context, &values).ok()?);
    }
    Some(found)
}

/// Whether a value is small enough to be known in full.
fn is_small(value: &Value, depth: usize) -> bool {
    match value {
        Value::Str(text) => text.len() <= MOST_TEXT,
        Value::List(items) => {
            items.len() <= MOST && depth < MOST_LISTS && items.iter().all(|item| is_small(item, depth + 1))
        }
        Value::Map(map) => {
            map.len() <= MOST && depth < MOST_LISTS && map.entries().iter().all(|(_, value)| is_small(value, depth + 1))
        }
        _ => true,
    }
}
