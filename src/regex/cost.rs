//! [`Cost`]: the cost of a search, computed from the pattern alone.
//!
//! The `regex` crate searches with an automaton that it builds during the search: a byte of the text takes about a nanosecond,
//! regardless of the size of the pattern. If the automaton would have too many states, the crate simulates the pattern instead, and
//! the time for a byte grows with the pattern. Which of the two happens also depends on the text, so a pattern that may be simulated is
//! charged as if it was.

use super::class::{self, Class};
use super::syntax::{Node, NodeKind};
use regex_syntax::hir::ClassUnicodeRange;

/// Bytes that the automaton reads in one step.
const BYTES_OF_A_STEP: u64 = 16;
/// Positions of a pattern that the simulation checks in one step.
const PLACES_OF_A_STEP: u64 = 4;
/// The maximum number of positions that match several characters, and of all positions, of a pattern whose automaton stays small: its
/// states are sets of positions.
const FEW_WIDE: u64 = 12;
const FEW_PLACES: u64 = 512;
/// The positions that a class counts as if its members are encoded in several bytes.
const LONG_CLASS: u64 = 3;
/// The maximum length of a character in bytes.
const CHARACTER: u64 = 4;

/// The cost of searches with a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// The positions of the pattern that a byte is compared with if the pattern is simulated; 0 if it is not.
    places: u64,
    /// The maximum number of bytes after a match that a search may read before it returns the match, and later searches read again.
    ahead: u64,
}

impl Cost {
    pub(super) fn of(node: &Node) -> Self {
        let Part { places: Places { all, wide }, ahead, .. } = Part::of(node);
        let is_simulated = wide > FEW_WIDE || all > FEW_PLACES;
        let ahead = ahead.map_or(u64::MAX, |characters| characters.saturating_mul(CHARACTER));
        Self { places: if is_simulated { all } else { 0 }, ahead }
    }

    /// The cost of reading bytes once.
    pub(super) fn scan(&self, bytes: u64) -> u64 {
        let simulated = bytes.saturating_mul(self.places) / PLACES_OF_A_STEP;
        (bytes / BYTES_OF_A_STEP).saturating_add(simulated)
    }

    /// The cost of what a search reads after its match, with `left` bytes after it.
    pub(super) fn look_ahead(&self, left: u64) -> u64 {
        self.scan(self.ahead.min(left))
    }

    /// The cost of finding the groups of a match.
    pub(super) fn groups(&self, bytes: u64, groups: u64, weight: u64) -> u64 {
        /// The cost of a short match.
        const GROUPS: u64 = 6;
        GROUPS + groups / 4 + bytes.saturating_mul(weight.saturating_add(groups)) / 64
    }
}

/// The number of characters, classes and dots of a pattern with its repetitions expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    all: u64,
    /// Those that match more than one character.
    wide: u64,
}

impl Places {
    fn of(class: &Class) -> Self {
        let is_long = class.ranges().last().is_some_and(|range| !range.end().is_ascii());
        let is_wide = class.ranges().len() > 1 || class.ranges().iter().any(|range| range.len() > 1);
        Self { all: if is_long { LONG_CLASS } else { 1 }, wide: u64::from(is_wide) }
    }

    fn times(self, times: u64) -> Self {
        Self { all: self.all.saturating_mul(times), wide: self.wide.saturating_mul(times) }
    }

    fn and(self, other: Self) -> Self {
        Self { all: self.all.saturating_add(other.all), wide: self.wide.saturating_add(other.wide) }
    }
}

/// Properties of a part of a pattern; lengths are in characters, `None` if unbounded.
#[derive(Debug, Clone)]
struct Part {
    places: Places,
    /// The maximum length of a match.
    longest: Option<u64>,
    /// Whether it matches the empty text.
    is_nullable: bool,
    /// The first characters of its non-empty matches.
    first: Class,
    /// The maximum length of a text inside of it during which it cannot end: unbounded for `.*b`, 2 for `a[a-z]+`.
    stall: Option<u64>,
    /// The maximum number of characters after a match that a search may read while it looks for a better match, and later
    /// searches read again.
    ///
    /// Only an optional part can fail after a match again and again: one branch of several (`a*b|a`), an optional group
    /// (`a(.*b)?`). If a required part fails, no later match in the same text can have it either.
    ahead: Option<u64>,
}

impl Part {
    fn of(node: &Node) -> Self {
        match &node.kind {
            NodeKind::Literal(code) => {
                let only = char::from_u32(*code).map(|only| ClassUnicodeRange::new(only, only));
                Self::character(Class::new(only))
            }
            NodeKind::Class(class) => Self::character(class.clone()),
            NodeKind::Any | NodeKind::AnyNotNewline => Self::character(class::full()),
            NodeKind::Repeat { sub, min, max, .. } => Self::of(sub).repeated(*min, *max),
            NodeKind::Capture(sub) => Self::of(sub),
            NodeKind::Concat(subs) => subs.iter().fold(Self::empty(), |before, sub| before.followed(Self::of(sub))),
            NodeKind::Alternate(subs) => match subs.split_first() {
                Some((sub, subs)) => subs.iter().fold(Self::of(sub), |before, sub| before.or(Self::of(sub))),
                None => Self::empty(),
            },
            _ => Self::empty(),
        }
    }

    fn empty() -> Self {
        let zero = Some(0);
        let first = Class::empty();
        Self { places: Places::default(), longest: zero, is_nullable: true, first, stall: zero, ahead: zero }
    }

    fn character(class: Class) -> Self {
        let (places, one) = (Places::of(&class), Some(1));
        Self { places, longest: one, is_nullable: false, first: few(class), stall: one, ahead: Some(0) }
    }

    fn repeated(self, min: u32, max: Option<u32>) -> Self {
        let times = |count: u32| self.longest.and_then(|longest| longest.checked_mul(u64::from(count)));
        let before = if min > 1 { times(min - 1) } else { Some(0) };
        let stall = sum(before, self.stall);
        Self {
            places: self.places.times(u64::from(max.unwrap_or(min).max(1))),
            longest: max.and_then(times),
            is_nullable: min == 0 || self.is_nullable,
            ahead: if max == Some(min) { self.ahead } else { larger(self.ahead, self.stall) },
            first: self.first,
            stall,
        }
    }

    fn followed(self, next: Self) -> Self {
        // The parts after the last required part are optional.
        let stall = if next.is_nullable { larger(self.stall, next.stall) } else { sum(self.longest, next.stall) };
        Self {
            places: self.places.and(next.places),
            longest: sum(self.longest, next.longest),
            is_nullable: self.is_nullable && next.is_nullable,
            first: if self.is_nullable { union(self.first, &next.first) } else { self.first },
            stall,
            ahead: larger(self.ahead, next.ahead),
        }
    }

    fn or(self, other: Self) -> Self {
        let mut shared = self.first.clone();
        shared.intersect(&other.first);
        let stall = larger(self.stall, other.stall);
        let ahead = larger(self.ahead, other.ahead);
        // If no text begins both, only one of them is possible.
        let is_apart = !self.is_nullable && !other.is_nullable && shared.ranges().is_empty();
        Self {
            places: self.places.and(other.places),
            longest: larger(self.longest, other.longest),
            is_nullable: self.is_nullable || other.is_nullable,
            first: union(self.first, &other.first),
            stall,
            ahead: if is_apart { ahead } else { larger(ahead, stall) },
        }
    }
}

/// The larger of two counts.
fn larger(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    Some(one?.max(other?))
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one?.checked_add(other?)
}

fn union(mut one: Class, other: &Class) -> Class {
    one.union(other);
    few(one)
}

/// The class, or all characters if it has too many ranges.
fn few(class: Class) -> Class {
    const MOST: usize = 64;
    if class.ranges().len() > MOST { class::full() } else { class }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::HelmVersion;
    use crate::regex::syntax;

    fn cost(pattern: &str) -> Cost {
        Cost::of(&syntax::parse(pattern.as_bytes(), HelmVersion::V4).expect("Go reads it").root)
    }

    #[test]
    fn what_is_awaited_in_vain_is_known() {
        for endless in ["a*b|a", "a(.*b)?", "(a.*b)*", "(?:x.*y|x)z*", "(a|b*c)d|b", "a{2,3}b|(a+c|a)", "(a(bc*d)?)+"] {
            assert_eq!(cost(endless).ahead, u64::MAX, "{endless}");
        }
        for (bounded, ahead) in [
            ("abc", 0),
            ("a*b.*c", 1),
            ("[a-z]+", 1),
            (r"\s+|,", 1),
            (r#"".*"|'.*'"#, 1),
            (r"[0-9]+(\.[0-9]+)*", 2),
            ("https?|ftp", 1),
            ("https|http", 5),
            ("(abc){2,4}", 3),
        ] {
            assert_eq!(cost(bounded).ahead, ahead * CHARACTER, "{bounded}");
        }
    }

    #[test]
    fn large_patterns_are_compared_place_by_place() {
        for (pattern, places) in [
            ("a*b|a", 0),
            (r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", 0),
            ("quay.io/prometheus/node-exporter", 0),
            ("[ab]*a[ab]{20}c", 23),
            (r"\pL{1,100}z", 301),
        ] {
            assert_eq!(cost(pattern).places, places, "{pattern}");
        }
        assert_eq!(cost(&"ab|".repeat(300)).places, 600);
    }
}
