//! [`Abs`]: what an operand of a template may stand for, as far as the code tells; [`Atom`] is one of these things.
//!
//! Sets, texts, lists and paths are numbers into [`Sets`](super::sets::Sets), so that what is the same is one number.

use std::collections::{BTreeMap, BTreeSet};

/// Things that an operand may stand for, by their number; none where it is nothing, or nothing that leads to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Abs(pub(super) u32);

/// No thing at all.
pub(super) const NOTHING: Abs = Abs(0);
/// [`Atom::Other`] alone.
pub(super) const OTHER: Abs = Abs(1);

/// The number of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Text(pub(super) u32);

/// The number of a path of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathNumber(pub(super) u32);

/// The number of a list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Keys(pub(super) u32);

/// No keys.
pub(super) const NO_KEYS: Keys = Keys(0);

/// The number of a list of operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Items(pub(super) u32);

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// A key, or an element of a list as `[0]`.
    Key(Text),
    /// Whichever: the key is computed, or they are all walked over.
    Any,
}

/// One thing that an operand may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Atom {
    /// What the templates of the chart with this number are executed with: `.`.
    Root(u32),
    /// A field of that.
    Fact(u32, Fact),
    /// The value at a path, as the user of the top chart writes it; without some of its members.
    Value(PathNumber, Keys),
    /// A map that the code makes; see [`Made`].
    Made(u32),
    /// A list whose elements are known one by one.
    List(Items),
    /// A list of such elements.
    Each(Abs),
    /// This text.
    Text(Text),
    /// This number.
    Int(i64),
    /// Something that is no way to a value: computed text, a number, a fact.
    Other,
}

impl Atom {
    /// Whether it is a text or a number.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Int(_))
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
    pub(super) members: BTreeMap<Text, Abs>,
    /// Members whose keys are computed.
    pub(super) any: Abs,
    /// What was merged in.
    pub(super) parts: Abs,
    /// Members that are there whenever the map is, and not empty, so that what is merged in does not replace them.
    pub(super) sure: BTreeSet<Text>,
    /// What is merged in replaces all the same.
    pub(super) is_overwritten: bool,
}

/// Most elements of a list that is known one by one, and most texts that one thing may be.
pub(super) const MOST: usize = 32;
