//! [`Abs`]: what an operand of a template may stand for, as far as the code tells; [`Atom`] is one of these things.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Things that an operand may stand for; none where it is nothing, or nothing that leads to values.
pub(super) type Abs = Rc<BTreeSet<Atom>>;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// A key, or an element of a list as `[0]`.
    Key(Rc<str>),
    /// Whichever: the key is computed, or they are all walked over.
    Any,
}

/// One thing that an operand may stand for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    let is_constant = |atom: &&Atom| matches!(atom, Atom::Text(_) | Atom::Int(_));
    if set.iter().filter(is_constant).count() <= MOST {
        return Rc::new(set);
    }
    let mut rest: BTreeSet<Atom> = set.into_iter().filter(|atom| !is_constant(&atom)).collect();
    rest.insert(Atom::Other);
    Rc::new(rest)
}

pub(super) fn join_all<'a>(all: impl IntoIterator<Item = &'a Abs>) -> Abs {
    all.into_iter().fold(nothing(), |joined, one| join(&joined, one))
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
