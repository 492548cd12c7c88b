//! [`Sets`]: interned sets of things, texts, lists and paths of a walk: equal values have one index, and no operation is computed
//! twice.

use super::value::{Abs, Atom, Items, Keys, MOST, NO_KEYS, NOTHING, OTHER, PathNumber, Step, Text};
use crate::values_path::Key;
use foldhash::fast::FixedState;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Maps that are only used for lookups, or sorted before they are iterated.
pub(super) type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// Interned values by index.
#[derive(Debug)]
struct Numbered<T: ?Sized> {
    all: Vec<Rc<T>>,
    numbers: HashMap<Rc<T>, u32>,
}

impl<T: ?Sized + Eq + std::hash::Hash> Numbered<T> {
    fn new() -> Self {
        Self { all: Vec::new(), numbers: HashMap::default() }
    }

    fn number<'a>(&mut self, of: &'a T) -> u32
    where
        Rc<T>: From<&'a T>,
    {
        if let Some(&known) = self.numbers.get(of) {
            return known;
        }
        let (number, kept) = (self.all.len() as u32, Rc::<T>::from(of));
        self.all.push(kept.clone());
        self.numbers.insert(kept, number);
        number
    }
}

/// The interned values of a walk.
#[derive(Debug)]
pub(super) struct Sets {
    sets: Numbered<[Atom]>,
    texts: Numbered<str>,
    keys: Numbered<[Text]>,
    items: Numbered<[Abs]>,
    paths: Numbered<[Step]>,
    joins: HashMap<(Abs, Abs), Abs>,
    unions: HashMap<Box<[Abs]>, Abs>,
    less: HashMap<(Abs, Keys), Abs>,
    /// Computed unions, which are the main work here.
    steps: u64,
}

impl Sets {
    pub(super) fn new() -> Self {
        let mut sets = Self {
            sets: Numbered::new(),
            texts: Numbered::new(),
            keys: Numbered::new(),
            items: Numbered::new(),
            paths: Numbered::new(),
            joins: HashMap::default(),
            unions: HashMap::default(),
            less: HashMap::default(),
            steps: 0,
        };
        let (nothing, other, no_keys) = (sets.set(Vec::new()), sets.one(Atom::Other), sets.keys(Vec::new()));
        debug_assert_eq!((nothing, other, no_keys), (NOTHING, OTHER, NO_KEYS));
        sets
    }

    /// The work done since the last call.
    pub(super) fn take_steps(&mut self) -> u64 {
        std::mem::take(&mut self.steps)
    }

    /// Counts work on members of sets that is done elsewhere.
    pub(super) fn charge(&mut self, members: usize) {
        self.steps += members as u64;
    }

    /// The members of a set, in order.
    pub(super) fn atoms(&self, of: Abs) -> &Rc<[Atom]> {
        &self.sets.all[of.0 as usize]
    }

    pub(super) fn text(&mut self, text: &str) -> Text {
        Text(self.texts.number(text))
    }

    pub(super) fn str(&self, text: Text) -> &Rc<str> {
        &self.texts.all[text.0 as usize]
    }

    pub(super) fn key(&mut self, key: &str) -> Step {
        Step::Key(self.text(key))
    }

    /// A step of a path: an element of a list is the text `[0]` here.
    pub(super) fn step(&mut self, key: &Key) -> Step {
        match key {
            Key::Name(name) => self.key(name),
            Key::Index(index) => self.key(&format!("[{index}]")),
        }
    }

    /// The same as a key; `None` is any key.
    pub(super) fn key_of(&self, step: Step) -> Option<Key> {
        let Step::Key(key) = step else { return None };
        let text = &**self.str(key);
        let index = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')?.parse().ok());
        Some(index.map_or_else(|| Key::from(text), Key::Index))
    }

    pub(super) fn items(&self, items: Items) -> &Rc<[Abs]> {
        &self.items.all[items.0 as usize]
    }

    pub(super) fn list(&mut self, items: &[Abs]) -> Abs {
        let items = Items(self.items.number(items));
        self.one(Atom::List(items))
    }

    pub(super) fn path(&mut self, steps: &[Step]) -> PathNumber {
        PathNumber(self.paths.number(steps))
    }

    pub(super) fn steps(&self, path: PathNumber) -> &Rc<[Step]> {
        &self.paths.all[path.0 as usize]
    }

    /// Keys sorted by index, without duplicates.
    pub(super) fn keys(&mut self, mut keys: Vec<Text>) -> Keys {
        keys.sort();
        keys.dedup();
        Keys(self.keys.number(&keys))
    }

    pub(super) fn texts(&self, keys: Keys) -> &Rc<[Text]> {
        &self.keys.all[keys.0 as usize]
    }

    pub(super) fn one(&mut self, atom: Atom) -> Abs {
        Abs(self.sets.number(&[atom]))
    }

    pub(super) fn constant(&mut self, text: &str) -> Abs {
        let text = self.text(text);
        self.one(Atom::Text(text))
    }

    /// A set of these things, with a limit on individual texts and numbers.
    pub(super) fn set(&mut self, mut atoms: Vec<Atom>) -> Abs {
        self.steps += atoms.len() as u64;
        atoms.sort();
        atoms.dedup();
        if atoms.iter().filter(|atom| atom.is_constant()).count() > MOST {
            atoms.retain(|atom| !atom.is_constant() && *atom != Atom::Other);
            atoms.push(Atom::Other);
        }
        Abs(self.sets.number(&atoms))
    }

    /// The union of two sets.
    pub(super) fn join(&mut self, a: Abs, b: Abs) -> Abs {
        if a == b || b == NOTHING {
            return a;
        }
        if a == NOTHING {
            return b;
        }
        let pair = (a.min(b), a.max(b));
        if let Some(&known) = self.joins.get(&pair) {
            return known;
        }
        let joined = self.set(self.atoms(a).iter().chain(&**self.atoms(b)).copied().collect());
        self.joins.insert(pair, joined);
        joined
    }

    /// The union of several sets.
    pub(super) fn join_all(&mut self, all: impl IntoIterator<Item = Abs>) -> Abs {
        let mut all: Vec<Abs> = all.into_iter().filter(|one| *one != NOTHING).collect();
        all.sort();
        all.dedup();
        match all.as_slice() {
            [] => return NOTHING,
            [one] => return *one,
            [a, b] => return self.join(*a, *b),
            _ => {}
        }
        self.steps += all.len() as u64;
        if let Some(&known) = self.unions.get(all.as_slice()) {
            return known;
        }
        let joined = self.set(all.iter().flat_map(|one| self.atoms(*one).iter().copied()).collect());
        self.unions.insert(all.into(), joined);
        joined
    }

    /// Adds to the possible things; returns whether that is new.
    pub(super) fn widen(&mut self, what: &mut Abs, by: Abs) -> bool {
        let joined = self.join(*what, by);
        let grew = joined != *what;
        *what = joined;
        grew
    }

    /// Something without some of its members.
    pub(super) fn without(&mut self, of: Abs, keys: Keys) -> Abs {
        if keys == NO_KEYS {
            return of;
        }
        if let Some(&known) = self.less.get(&(of, keys)) {
            return known;
        }
        let atoms = self.atoms(of).clone();
        let less = atoms.iter().map(|atom| match *atom {
            Atom::Value(path, without) => {
                let all = self.texts(without).iter().chain(&**self.texts(keys)).copied().collect();
                Atom::Value(path, self.keys(all))
            }
            atom => atom,
        });
        let less = less.collect();
        let less = self.set(less);
        self.less.insert((of, keys), less);
        less
    }

    /// The nesting depth of lists.
    pub(super) fn depth(&self, of: Abs) -> usize {
        let depth = |atom: &Atom| match *atom {
            Atom::List(items) => 1 + self.items(items).iter().map(|item| self.depth(*item)).max().unwrap_or_default(),
            Atom::Each(item) => 1 + self.depth(item),
            _ => 0,
        };
        self.atoms(of).iter().map(depth).max().unwrap_or_default()
    }

    /// The keys that an operand names, sorted by text.
    pub(super) fn keys_of(&mut self, of: Abs) -> Vec<Step> {
        let (mut keys, mut is_any) = (BTreeSet::<Rc<str>>::new(), false);
        for atom in self.atoms(of).iter() {
            match atom {
                Atom::Text(text) => drop(keys.insert(self.str(*text).clone())),
                Atom::Int(index) => drop(keys.insert(format!("[{index}]").into())),
                _ => is_any = true,
            }
        }
        let mut steps: Vec<Step> = keys.iter().map(|key| self.key(key)).collect();
        steps.extend(is_any.then_some(Step::Any));
        steps
    }
}
