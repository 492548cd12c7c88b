//! [`Lookups`]: what was looked up in sets, and what that reads.

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

/// What a read takes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// The value itself, or that it is there.
    Member,
    /// All that is in it.
    Whole,
}

/// A path that is read, how, and without which members.
pub(super) type Target = (PathNumber, Kind, Keys);

/// A question about a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// What a member of it is.
    Member(Abs, Step),
    /// All that is in it.
    Whole(Abs),
    /// Whether there is more in it than code names.
    Members(Abs),
}

/// What is known of a question, as far as it does not depend on maps that the code makes.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) found: Abs,
    /// Sets that are asked the same.
    pub(super) inner: Rc<[Abs]>,
    pub(super) reads: Vec<Target>,
}

/// What was looked up.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    pub(super) answers: Vec<Answer>,
    pub(super) numbers: HashMap<Question, u32>,
    /// Which answers were asked for where.
    pub(super) sites: HashSet<(u32, Site), FixedState>,
    pub(super) below: HashMap<(PathNumber, Step), PathNumber>,
    /// The maps among the things of a set and those that belong to them, by how many things there were that code adds to.
    pub(super) maps: HashMap<Abs, (usize, Rc<[u32]>)>,
}

impl Lookups {
    /// What was read, and by which sites, in no order.
    pub(super) fn reads(&self) -> impl Iterator<Item = (&[Target], Vec<Site>)> {
        let mut sites: Vec<Vec<Site>> = vec![Vec::new(); self.answers.len()];
        #[expect(clippy::iter_over_hash_type, reason = "whoever asks brings it into order")]
        for &(answer, site) in &self.sites {
            sites[answer as usize].push(site);
        }
        self.answers.iter().zip(sites).map(|(answer, sites)| (&answer.reads[..], sites))
    }
}
