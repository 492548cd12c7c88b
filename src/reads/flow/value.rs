//! [`Abs`]: what an operand of a template may stand for, as far as the code tells; [`Atom`] is one of these things.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Things that an operand may stand for; none where it is nothing, or nothing that leads to values.
pub(super) type Abs = Rc<BTreeSet<Atom>>;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// A key, or an element of a list as `[0]`.
    Key(Rc<str>),
    /// Whichever: the key is computed, or they are all walked over.
    Any,
}

/// One thing that an operand may stand for.
///
/// The order is that of the variants, then of what is in them. What is one and the same is not compared step by step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Atom {
    /// What the templates of the chart with this number are executed with: `.`.
    Root(usize),
    /// A field of that.
    Fact(usize, Fact),
    /// The value at a path, as the user of the top chart writes it; without some of its members.
    Value(Rc<[Step]>, Rc<[Rc<str>]>),
    /// A map that the code makes; see [`Made`].
    Made(u32),
    /// A list whose elements are known one by one.
    List(Rc<[Abs]>),
    /// A list of such elements.
    Each(Abs),
    /// This text.
    Text(Rc<str>),
    /// This number.
    Int(i64),
    /// Something that is no way to a value: computed text, a number, a fact.
    Other,
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Key(a), Self::Key(b)) if Rc::ptr_eq(a, b) => Ordering::Equal,
            (Self::Key(a), Self::Key(b)) => a.cmp(b),
            (Self::Key(_), Self::Any) => Ordering::Less,
            (Self::Any, Self::Key(_)) => Ordering::Greater,
            (Self::Any, Self::Any) => Ordering::Equal,
        }
    }
}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Atom {
    fn rank(&self) -> u8 {
        match self {
            Self::Root(_) => 0,
            Self::Fact(..) => 1,
            Self::Value(..) => 2,
            Self::Made(_) => 3,
            Self::List(_) => 4,
            Self::Each(_) => 5,
            Self::Text(_) => 6,
            Self::Int(_) => 7,
            Self::Other => 8,
        }
    }
}

/// Compares what two pointers lead to, unless it is the same.
fn compare<T: Ord + ?Sized>(a: &Rc<T>, b: &Rc<T>) -> Ordering {
    if Rc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) }
}

impl Ord for Atom {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Root(a), Self::Root(b)) => a.cmp(b),
            (Self::Fact(a, fact), Self::Fact(b, other)) => (a, fact).cmp(&(b, other)),
            (Self::Value(a, without), Self::Value(b, other)) => compare(a, b).then_with(|| compare(without, other)),
            (Self::Made(a), Self::Made(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => compare(a, b),
            (Self::Each(a), Self::Each(b)) => compare(a, b),
            (Self::Text(a), Self::Text(b)) => compare(a, b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Atom {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Fields of what templates are executed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fact {
    Chart,
    Template,
    Subcharts,
}

/// A map that the code makes, or what it adds to another.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) members: BTreeMap<Rc<str>, Abs>,
    /// Members whose keys are computed.
    pub(super) any: Abs,
    /// What was merged in.
    pub(super) parts: Abs,
    /// Members that are there whenever the map is, and not empty, so that what is merged in does not replace them.
    pub(super) sure: BTreeSet<Rc<str>>,
    /// What is merged in replaces all the same.
    pub(super) is_overwritten: bool,
}

/// Most elements of a list that is known one by one, and most texts that one thing may be.
pub(super) const MOST: usize = 32;

pub(super) fn nothing() -> Abs {
    Rc::default()
}

pub(super) fn one(atom: Atom) -> Abs {
    Rc::new(BTreeSet::from([atom]))
}

pub(super) fn other() -> Abs {
    one(Atom::Other)
}

pub(super) fn text(text: &str) -> Abs {
    one(Atom::Text(text.into()))
}

/// Both; the bigger one is kept where it has the other in it.
pub(super) fn join(a: &Abs, b: &Abs) -> Abs {
    if Rc::ptr_eq(a, b) || b.is_subset(a) {
        return a.clone();
    }
    if a.is_subset(b) {
        return b.clone();
    }
    bounded(a.union(b).cloned().collect())
}

/// A set in which not too many texts and numbers stand for themselves.
pub(super) fn bounded(set: BTreeSet<Atom>) -> Abs {
    if set.iter().filter(|atom| is_constant(atom)).count() <= MOST {
        return Rc::new(set);
    }
    let mut rest: BTreeSet<Atom> = set.into_iter().filter(|atom| !is_constant(atom)).collect();
    rest.insert(Atom::Other);
    Rc::new(rest)
}

/// Puts things together one after the other, as [`join`] does, without a new set for each.
#[derive(Default)]
pub(super) struct Joined {
    /// The first, as long as there is nothing else.
    first: Abs,
    set: BTreeSet<Atom>,
    constants: usize,
}

impl Joined {
    pub(super) fn add(&mut self, more: &Abs) {
        if self.set.is_empty() {
            if more.is_empty() || Rc::ptr_eq(&self.first, more) {
                return;
            }
            if self.first.is_empty() {
                self.first = more.clone();
                return;
            }
            if more.is_subset(&self.first) {
                return;
            }
            self.set.clone_from(&self.first);
            self.constants = self.set.iter().filter(|atom| is_constant(atom)).count();
        }
        for atom in more.iter() {
            if self.set.insert(atom.clone()) {
                self.constants += usize::from(is_constant(atom));
            }
        }
        if self.constants > MOST {
            self.set.retain(|atom| !is_constant(atom));
            self.set.insert(Atom::Other);
            self.constants = 0;
        }
    }

    pub(super) fn into_abs(self) -> Abs {
        if self.set.is_empty() { self.first } else { Rc::new(self.set) }
    }
}

pub(super) fn join_all<'a>(all: impl IntoIterator<Item = &'a Abs>) -> Abs {
    let mut joined = Joined::default();
    all.into_iter().for_each(|one| joined.add(one));
    joined.into_abs()
}

fn is_constant(atom: &Atom) -> bool {
    matches!(atom, Atom::Text(_) | Atom::Int(_))
}

/// Adds to what something may be; whether that is new.
pub(super) fn widen(what: &mut Abs, by: &Abs) -> bool {
    if by.is_subset(what) {
        return false;
    }
    let joined = join(what, by);
    let grew = joined != *what;
    *what = joined;
    grew
}

/// How deep lists are in lists.
pub(super) fn depth(abs: &Abs) -> usize {
    let of = |atom: &Atom| match atom {
        Atom::List(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Atom::Each(item) => 1 + depth(item),
        _ => 0,
    };
    abs.iter().map(of).max().unwrap_or_default()
}

/// The keys that an operand names.
pub(super) fn keys_of(abs: &Abs) -> Vec<Step> {
    let key = |atom: &Atom| match atom {
        Atom::Text(text) => Step::Key(text.clone()),
        Atom::Int(index) => Step::Key(format!("[{index}]").into()),
        _ => Step::Any,
    };
    let mut keys: Vec<Step> = abs.iter().map(key).collect();
    keys.sort();
    keys.dedup();
    keys
}
