//! [`Work`]: the total steps of everything that is done for one release.
//!
//! A release is rendered and searched several times. Each render and each search has its own limit; all of them together have
//! the same limit, so that the cost of a release is bounded however often it is analysed.

use crate::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The work for one release; clones share the counts.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    counts: Arc<Counts>,
    /// Work that a verdict does not need: it is skipped when no steps are left.
    is_optional: bool,
}

#[derive(Debug)]
struct Counts {
    renders: Count,
    looks: Count,
}

/// The steps taken, and the limit.
#[derive(Debug)]
struct Count {
    taken: AtomicU64,
    most: u64,
    /// Whether required work reached the limit.
    is_cut: AtomicBool,
}

impl Count {
    fn of(most: u64) -> Self {
        Self { taken: AtomicU64::new(0), most, is_cut: AtomicBool::new(false) }
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    fn left(&self) -> u64 {
        self.most.saturating_sub(self.taken())
    }

    fn take(&self, steps: u64) -> bool {
        let before = self.taken.fetch_add(steps, Ordering::Relaxed);
        before.saturating_add(steps) <= self.most
    }

    fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }
}

impl Work {
    /// A fresh count for a release with these limits.
    pub(crate) fn of(limits: &Limits) -> Self {
        let counts = Counts { renders: Count::of(limits.template_steps), looks: Count::of(limits.find_steps) };
        Self { counts: Arc::new(counts), is_optional: false }
    }

    /// The same work, for something that a verdict does not need.
    #[must_use]
    pub(crate) fn optional(&self) -> Self {
        Self { counts: self.counts.clone(), is_optional: true }
    }

    /// The steps left for renders.
    pub(crate) fn left_of_renders(&self) -> u64 {
        self.counts.renders.left()
    }

    /// Whether an optional render with about this many steps fits: half of all steps is reserved for required renders.
    pub(crate) fn has_room_for(&self, steps: u64) -> bool {
        let Count { most, .. } = self.counts.renders;
        steps.saturating_add(most / 2) <= self.left_of_renders()
    }

    /// Counts the steps of a render.
    pub(crate) fn take_of_renders(&self, steps: u64) {
        self.counts.renders.take(steps);
    }

    /// Records that a render stopped because earlier renders had used the steps.
    pub(crate) fn cut_renders(&self) {
        if !self.is_optional {
            self.counts.renders.is_cut.store(true, Ordering::Relaxed);
        }
    }

    /// Counts steps of finding, judging and reporting; false if none are left.
    pub(crate) fn take_of_looks(&self, steps: u64) -> bool {
        let is_left = self.counts.looks.take(steps);
        if !is_left && !self.is_optional {
            self.counts.looks.is_cut.store(true, Ordering::Relaxed);
        }
        is_left
    }

    /// Counts steps of optional work if half of all steps remain for required work; false otherwise.
    pub(crate) fn may_look(&self, steps: u64) -> bool {
        let Count { most, .. } = self.counts.looks;
        steps.saturating_add(most / 2) <= self.counts.looks.left() && self.counts.looks.take(steps)
    }

    /// The steps taken for finding and judging.
    pub(crate) fn looks(&self) -> u64 {
        self.counts.looks.taken()
    }

    /// What could not be done, naming the limit; `None` if all required work was done.
    pub(crate) fn told(&self) -> Option<String> {
        let Counts { renders, looks } = &*self.counts;
        if renders.is_cut() {
            return Some(format!(
                "all renders of this release together take more than {} template steps (--limit template-steps)",
                renders.most
            ));
        }
        looks
            .is_cut()
            .then(|| format!("finding and judging images takes more than {} steps (--limit find-steps)", looks.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Work {
        Work::of(&Limits { template_steps: 100, find_steps: 10, ..Limits::default() })
    }

    #[test]
    fn clones_count_together() {
        let work = work();
        work.clone().take_of_renders(60);
        work.optional().take_of_renders(30);
        assert_eq!(work.left_of_renders(), 10);
        work.take_of_renders(30);
        assert_eq!(work.left_of_renders(), 0);
    }

    #[test]
    fn what_is_optional_leaves_room_for_the_rest() {
        let work = work();
        assert!(work.has_room_for(50) && !work.has_room_for(51));
        work.take_of_renders(40);
        assert!(work.has_room_for(10) && !work.has_room_for(11));
    }

    #[test]
    fn what_was_needed_and_was_not_done_is_told() {
        let work = work();
        assert!(work.take_of_looks(10) && work.told().is_none());
        assert!(!work.optional().take_of_looks(1));
        assert_eq!(work.told(), None);
        assert!(!work.take_of_looks(1));
        assert!(work.told().is_some_and(|told| told.contains("--limit find-steps")));
        work.optional().cut_renders();
        assert!(work.told().is_some_and(|told| told.contains("--limit find-steps")));
        work.cut_renders();
        assert!(work.told().is_some_and(|told| told.contains("--limit template-steps")));
    }
}
