//! [`Abs`]: what an operand of a template may be, as far as the code shows; [`Atom`] is one of these things.
//!
//! Sets, texts, lists and paths are indexes into [`Sets`](super::sets::Sets), so that equal values have equal indexes.

use std::collections::{BTreeMap, BTreeSet};

/// The things that an operand may be, by index; empty if it is nil, or nothing that leads to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Abs(pub(super) u32);

/// The empty set.
pub(super) const NOTHING: Abs = Abs(0);
/// Only [`Atom::Other`].
pub(super) const OTHER: Abs = Abs(1);

/// The index of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Text(pub(super) u32);

/// The index of a values path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathNumber(pub(super) u32);

/// The index of a list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Keys(pub(super) u32);

/// No keys.
pub(super) const NO_KEYS: Keys = Keys(0);

/// The index of a list of operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Items(pub(super) u32);

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// A key, or an element of a list as `[0]`.
    Key(Text),
    /// Any: the key is computed, or all are iterated.
    Any,
}

/// One thing that an operand may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Atom {
    /// The data of the templates of the chart with this index: `.`.
    Root(u32),
    /// A field of that data.
    Fact(u32, Fact),
    /// The value at a path from the top chart; without some of its members.
    Value(PathNumber, Keys),
    /// A map that the code creates; see [`Made`].
    Made(u32),
    /// A list whose elements are known individually.
    List(Items),
    /// A list of such elements.
    Each(Abs),
    /// This text.
    Text(Text),
    /// This number.
    Int(i64),
    /// Something that does not lead to values: computed text, a number, a fact.
    Other,
}

impl Atom {
    /// Whether it is a text or a number.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Int(_))
    }
}

/// Fields of the data of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fact {
    Chart,
    Template,
    Subcharts,
}

/// A map that the code creates, or the members that it adds to another.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) members: BTreeMap<Text, Abs>,
    /// Members whose keys are computed.
    pub(super) any: Abs,
    /// The maps merged into it.
    pub(super) parts: Abs,
    /// Members that always exist and are not empty, so that merging does not replace them.
    pub(super) sure: BTreeSet<Text>,
    /// Whether merging replaces existing members.
    pub(super) is_overwritten: bool,
}

/// The most elements of a list whose elements are known individually, and the most texts that one thing may be.
pub(super) const MOST: usize = 32;
