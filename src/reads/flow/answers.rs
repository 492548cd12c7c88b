//! [`Lookups`]: the results of lookups in sets, and the reads that they cause.

use super::sets::HashMap;
use super::value::{Abs, Keys, PathNumber, Step};
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::rc::Rc;

/// A position of a file, reached by a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Site {
    pub(super) file: u32,
    pub(super) at: u32,
    pub(super) frame: u32,
}

/// What a read uses of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// The value itself, or its existence.
    Member,
    /// All of its content.
    Whole,
}

/// A path that is read, how, and without which members.
pub(super) type Target = (PathNumber, Kind, Keys);

/// A question about a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// The value of a member.
    Member(Abs, Step),
    /// All of its content.
    Whole(Abs),
    /// Whether it has more members than code names.
    Members(Abs),
}

/// The answer to a question, as far as it does not depend on maps that the code creates.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) found: Abs,
    /// Sets with the same question.
    pub(super) inner: Rc<[Abs]>,
    pub(super) reads: Vec<Target>,
}

/// The things that a search visited, by index; it is used again by the next search.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The last search that visited each.
    last: Vec<u32>,
    search: u32,
}

impl Seen {
    /// Begins a search.
    pub(super) fn begin(&mut self) {
        self.search += 1;
    }

    /// Whether this search did not visit it before.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let number = number as usize;
        if number >= self.last.len() {
            self.last.resize(number + 1, 0);
        }
        std::mem::replace(&mut self.last[number], self.search) != self.search
    }
}

/// The results of lookups.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    pub(super) answers: Vec<Answer>,
    pub(super) numbers: HashMap<Question, u32>,
    /// Which answers were requested where.
    pub(super) sites: HashSet<(u32, Site), FixedState>,
    pub(super) below: HashMap<(PathNumber, Step), PathNumber>,
    /// The maps among the things of a set and those related to them, by the number of things that code adds members to.
    pub(super) maps: HashMap<Abs, (usize, Rc<[u32]>)>,
    /// The maps and the sets that the current search visited.
    pub(super) seen_maps: Seen,
    pub(super) seen_sets: Seen,
}

impl Lookups {
    /// The reads with their sites, unordered.
    pub(super) fn reads(&self) -> impl Iterator<Item = (&[Target], Vec<Site>)> {
        let mut sites: Vec<Vec<Site>> = vec![Vec::new(); self.answers.len()];
        #[expect(clippy::iter_over_hash_type, reason = "callers sort it")]
        for &(answer, site) in &self.sites {
            sites[answer as usize].push(site);
        }
        self.answers.iter().zip(sites).map(|(answer, sites)| (&answer.reads[..], sites))
    }
}
