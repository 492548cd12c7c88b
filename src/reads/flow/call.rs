//! The results of functions in the walk.

use super::answers::Site;
use super::sets::Sets;
use super::value::{Abs, Atom, MOST, NOTHING, OTHER, Step, Text};
use super::walk::Walk;
use crate::limits::Limits;
use crate::template::types::GoKind as TypeKind;
use crate::template::{Context, Env, Flow, Function, Look, Value};
use std::rc::Rc;

/// The most calls of a function with constants, one for each combination.
const MOST_CALLS: usize = 16;
/// The longest text that a function is called with.
const MOST_TEXT: usize = 512;
/// The nesting limit of lists.
const MOST_LISTS: usize = 4;

impl Walk<'_, '_> {
    /// The result of a function; `at` is the position of the call.
    pub(super) fn function(&mut self, function: &'static Function, args: &[Abs], at: u32) -> Abs {
        let site = self.site(at);
        let arg = |index: usize| args.get(index).copied().unwrap_or_default();
        match function.name {
            "include" => self.include(arg(0), arg(1), at),
            "tpl" => {
                self.engine.whole(arg(0), site);
                let texts = self.engine.sets.atoms(arg(0)).clone();
                for &atom in &*texts {
                    let Atom::Text(text) = atom else { continue };
                    let is_template = self.engine.sets.str(text).contains("{{");
                    let Some(compiled) = is_template.then(|| self.engine.compile(text)).flatten() else {
                        continue;
                    };
                    for template in compiled.templates.iter().filter(|one| one.name == compiled.name) {
                        if let Some(frame) = self.engine.frame(template, arg(1), self.chart, self.is_live) {
                            self.call(frame);
                        }
                    }
                }
                let sets = &self.engine.sets;
                let is_plain = |atom: &Atom| matches!(atom, Atom::Text(text) if !sets.str(*text).contains("{{"));
                if texts.iter().all(is_plain) { arg(0) } else { OTHER }
            }
            "dict" => {
                let made = self.engine.make(site);
                for pair in args.chunks(2) {
                    let value = pair.get(1).copied().unwrap_or_default();
                    let keys = self.engine.sets.keys_of(pair[0]);
                    if let [Step::Key(key)] = keys.as_slice()
                        && is_there(value, &self.engine.sets)
                    {
                        self.engine.is_sure(made, *key);
                    }
                    keys.iter().for_each(|key| self.engine.put(made, *key, value));
                }
                self.engine.sets.one(Atom::Made(made))
            }
            "set" => {
                let atoms = self.engine.sets.atoms(arg(0)).clone();
                for key in self.engine.sets.keys_of(arg(1)) {
                    self.engine.sets.charge(atoms.len());
                    for atom in &*atoms {
                        if let Some(made) = self.changeable(*atom) {
                            self.engine.put(made, key, arg(2));
                        }
                    }
                }
                arg(0)
            }
            "unset" | "deepCopy" | "mustDeepCopy" => arg(0),
            "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => {
                let more = self.engine.sets.join_all(args.iter().skip(1).copied());
                let atoms = self.engine.sets.atoms(arg(0)).clone();
                self.engine.sets.charge(atoms.len());
                let overwrites = function.name.ends_with("Overwrite");
                for atom in &*atoms {
                    if let Some(made) = self.changeable(*atom) {
                        self.engine.merge(made, more, overwrites);
                    }
                }
                arg(0)
            }
            "get" | "hasKey" => {
                let found = self.members(arg(0), arg(1), site);
                if function.name == "get" { found } else { OTHER }
            }
            "index" => args.iter().skip(1).fold(arg(0), |of, key| self.members(of, *key, site)),
            "dig" if args.len() > 2 => {
                let path = &args[..args.len() - 2];
                let found = path.iter().fold(args[args.len() - 1], |of, key| self.members(of, *key, site));
                self.engine.sets.join(found, args[args.len() - 2])
            }
            "pluck" => {
                let found: Vec<Abs> = args.iter().skip(1).map(|of| self.members(*of, arg(0), site)).collect();
                self.each_of(found)
            }
            "pick" => {
                let made = self.engine.make(site);
                for key in args.iter().skip(1) {
                    for key in self.engine.sets.keys_of(*key) {
                        let value = self.engine.member(arg(0), key, site);
                        self.engine.put(made, key, value);
                    }
                }
                self.engine.sets.one(Atom::Made(made))
            }
            "omit" => {
                let sets = &mut self.engine.sets;
                let keys: Vec<Step> = args.iter().skip(1).flat_map(|keys| sets.keys_of(*keys)).collect();
                let keys = keys.into_iter().filter_map(|key| match key {
                    Step::Key(key) => Some(key),
                    Step::Any => None,
                });
                let keys = sets.keys(keys.collect());
                sets.without(arg(0), keys)
            }
            "default" | "coalesce" | "or" | "and" => self.engine.sets.join_all(args.iter().copied()),
            "ternary" => self.engine.sets.join(arg(0), arg(1)),
            "required" => arg(1),
            "list" | "tuple" => list(args, &mut self.engine.sets),
            "append" | "mustAppend" | "push" | "mustPush" => match self.known(arg(0)) {
                Some(items) => self.list_of(items.iter().copied().chain([arg(1)])),
                None => {
                    let elements = self.elements(arg(0), at);
                    self.each_of([elements, arg(1)])
                }
            },
            "prepend" | "mustPrepend" => match self.known(arg(0)) {
                Some(items) => self.list_of([arg(1)].into_iter().chain(items.iter().copied())),
                None => {
                    let elements = self.elements(arg(0), at);
                    self.each_of([elements, arg(1)])
                }
            },
            "concat" => {
                let all: Option<Vec<Rc<[Abs]>>> = args.iter().map(|list| self.known(*list)).collect();
                match all {
                    Some(lists) => self.list_of(lists.iter().flat_map(|items| items.iter().copied())),
                    None => {
                        let elements: Vec<Abs> = args.iter().map(|list| self.elements(*list, at)).collect();
                        self.each_of(elements)
                    }
                }
            }
            "first" | "mustFirst" | "last" | "mustLast" => match self.known(arg(0)) {
                Some(items) if function.name.ends_with("irst") => items.first().copied().unwrap_or_default(),
                Some(items) => items.last().copied().unwrap_or_default(),
                None => self.elements(arg(0), at),
            },
            "rest" | "mustRest" | "initial" | "mustInitial" => match self.known(arg(0)) {
                Some(items) if function.name.ends_with("est") => self.list_of(items.iter().skip(1).copied()),
                Some(items) => self.list_of(items.iter().take(items.len().saturating_sub(1)).copied()),
                None => self.each_element(arg(0), at),
            },
            "reverse" | "mustReverse" | "compact" | "mustCompact" | "slice" | "mustSlice" | "uniq" | "mustUniq"
            | "without" | "mustWithout" => match self.known(arg(0)) {
                Some(items) => self.each_of(items.iter().copied()),
                None => self.each_element(arg(0), at),
            },
            "chunk" | "mustChunk" => {
                let chunk = self.each_element(arg(1), at);
                self.each_of([chunk])
            }
            "values" => self.each_element(arg(0), at),
            "keys" => {
                let mut keys = Vec::new();
                for of in args {
                    for atom in self.engine.sets.atoms(*of).clone().iter() {
                        match atom {
                            Atom::Made(number) => {
                                let made = self.engine.made(*number, site);
                                keys.extend(made.members.keys().map(|key| Atom::Text(*key)));
                                keys.extend((made.any != NOTHING || made.parts != NOTHING).then_some(Atom::Other));
                            }
                            _ => keys.push(Atom::Other),
                        }
                    }
                }
                args.iter().for_each(|of| self.engine.note_members(*of, site));
                let keys = self.engine.sets.set(keys);
                self.each_of([keys])
            }
            "sortAlpha" => {
                let is_list = |atom: &Atom| matches!(atom, Atom::List(_) | Atom::Each(_));
                match self.engine.sets.atoms(arg(0)).iter().all(is_list) {
                    true => self.each_element(arg(0), at),
                    false => {
                        self.engine.whole(arg(0), site);
                        OTHER
                    }
                }
            }
            _ => self.computed(function, args, at),
        }
    }

    /// The result of a computing function: known if all arguments are constants.
    fn computed(&mut self, function: &'static Function, args: &[Abs], at: u32) -> Abs {
        let site = self.site(at);
        if let Some(values) = self.folded(function, args) {
            let found: Vec<Abs> = values.iter().map(|value| self.constant(value, site)).collect();
            return self.engine.sets.join_all(found);
        }
        match function.look {
            Look::Whole => args.iter().for_each(|arg| self.engine.whole(*arg, site)),
            Look::Members => args.iter().for_each(|arg| self.engine.note_members(*arg, site)),
            Look::Some => {}
            Look::Nothing if function.flow == Flow::None => {}
            Look::Nothing => return self.engine.sets.join_all(args.iter().copied()),
        }
        OTHER
    }

    /// A known value; maps belong to a site.
    fn constant(&mut self, value: &Value, site: Site) -> Abs {
        match value {
            Value::Str(text) => self.engine.sets.constant(&text.to_text()),
            Value::Int(number, ..) => self.engine.sets.one(Atom::Int(*number)),
            Value::List(items) => {
                let items: Vec<Abs> = items.iter().map(|item| self.constant(item, site)).collect();
                self.list_of(items)
            }
            Value::Map(map) => {
                let made = self.engine.make(site);
                for (key, value) in map.entries() {
                    let value = self.constant(&value, site);
                    let key = self.engine.sets.key(&key.to_text());
                    self.engine.put(made, key, value);
                }
                self.engine.sets.one(Atom::Made(made))
            }
            Value::Nil => NOTHING,
            _ => OTHER,
        }
    }

    /// The result of calling a named template.
    pub(super) fn include(&mut self, names: Abs, dot: Abs, at: u32) -> Abs {
        let is_live = self.is_live && self.engine.is_noted(self.file as usize, at);
        let mut called = Vec::new();
        let mut is_open = names == NOTHING;
        for name in self.engine.sets.atoms(names).iter() {
            match name {
                Atom::Text(name) => {
                    let name = self.engine.sets.str(*name).as_bytes();
                    called.extend(self.engine.named.get(name).into_iter().flatten().cloned());
                }
                _ => is_open = true,
            }
        }
        if is_open {
            // Its argument may be read completely. The data of templates is read by the fields that they name.
            let site = self.site(at);
            self.engine.whole(dot, site);
        }
        let mut out = if is_open { OTHER } else { NOTHING };
        for template in called {
            let Some(frame) = self.engine.frame(&template, dot, self.chart, is_live) else { return OTHER };
            let given = self.call(frame);
            out = self.engine.sets.join(out, given);
        }
        out
    }

    /// The thing that receives members that code sets.
    fn changeable(&mut self, atom: Atom) -> Option<u32> {
        match atom {
            Atom::Made(number) => Some(number),
            Atom::Root(_) | Atom::Value(..) => Some(self.engine.overlay(atom)),
            _ => None,
        }
    }

    /// The possible elements of a list.
    fn elements(&mut self, of: Abs, at: u32) -> Abs {
        let site = self.site(at);
        self.engine.member(of, Step::Any, site)
    }

    /// The elements of a list whose elements are known individually.
    fn known(&self, of: Abs) -> Option<Rc<[Abs]>> {
        match **self.engine.sets.atoms(of) {
            [Atom::List(items)] => Some(self.engine.sets.items(items).clone()),
            _ => None,
        }
    }

    fn list_of(&mut self, items: impl IntoIterator<Item = Abs>) -> Abs {
        let items: Vec<Abs> = items.into_iter().collect();
        list(&items, &mut self.engine.sets)
    }

    /// A list of any of these.
    fn each_of(&mut self, items: impl IntoIterator<Item = Abs>) -> Abs {
        let item = self.engine.sets.join_all(items);
        each(item, &mut self.engine.sets)
    }

    /// A list of any elements of another.
    fn each_element(&mut self, of: Abs, at: u32) -> Abs {
        let item = self.elements(of, at);
        each(item, &mut self.engine.sets)
    }

    /// The result of a function of constants; `None` if an argument is not a constant, if it fails, or if the result is large.
    fn folded(&mut self, function: &'static Function, args: &[Abs]) -> Option<Rc<[Value]>> {
        let sets = &self.engine.sets;
        let is_constant = |arg: &Abs| *arg != NOTHING && sets.atoms(*arg).iter().all(Atom::is_constant);
        if !function.hermetic || args.is_empty() || !args.iter().all(is_constant) {
            return None;
        }
        let key = (function.name, Box::from(args));
        if let Some(known) = self.engine.folded.get(&key) {
            return known.clone();
        }
        let found = folded(function, args, sets).filter(|values| values.iter().all(|value| is_small(value, 0)));
        let found: Option<Rc<[Value]>> = found.map(Rc::from);
        self.engine.folded.insert(key, found.clone());
        found
    }
}

fn list(items: &[Abs], sets: &mut Sets) -> Abs {
    if items.len() > MOST {
        let item = sets.join_all(items.iter().copied());
        return each(item, sets);
    }
    sets.list(items)
}

fn each(item: Abs, sets: &mut Sets) -> Abs {
    // Lists that a loop nests into each other do not end.
    if sets.depth(item) >= MOST_LISTS {
        let inner: Vec<Abs> = sets
            .atoms(item)
            .clone()
            .iter()
            .map(|atom| match *atom {
                Atom::Each(inner) => inner,
                Atom::List(items) => {
                    let items = sets.items(items).clone();
                    sets.join_all(items.iter().copied())
                }
                atom => sets.one(atom),
            })
            .collect();
        let inner = sets.join_all(inner);
        return each(inner, sets);
    }
    sets.one(Atom::Each(item))
}

/// Whether something exists and is not empty, whatever the values are.
fn is_there(value: Abs, sets: &Sets) -> bool {
    let is_there = |atom: &Atom| match atom {
        Atom::Text(text) => !sets.str(*text).is_empty(),
        Atom::Int(number) => *number != 0,
        _ => false,
    };
    value != NOTHING && sets.atoms(value).iter().all(is_there)
}

/// The result of a function of constants; `None` if an argument is not a constant, or if it fails.
fn folded(function: &'static Function, args: &[Abs], sets: &Sets) -> Option<Vec<Value>> {
    let args: Vec<&Rc<[Atom]>> = args.iter().map(|arg| sets.atoms(*arg)).collect();
    let ways = args.iter().try_fold(1usize, |ways, arg| Some(ways * arg.len()).filter(|ways| *ways <= MOST_CALLS))?;
    let text = |text: &Text| sets.str(*text).clone();
    let constants: Option<Vec<Vec<Value>>> = args
        .iter()
        .enumerate()
        .map(|(index, arg)| {
            let ty = function.params.get(index).copied().or(function.variadic)?;
            let constant = |atom: &Atom| match (atom, ty.kind) {
                (Atom::Text(number), TypeKind::String | TypeKind::Interface) if text(number).len() <= MOST_TEXT => {
                    Some(Value::str(text(number).as_bytes()))
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

/// Whether a value is small enough to be fully known.
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
