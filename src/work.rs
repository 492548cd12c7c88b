//! [`Work`]: the steps that all that is done for one release takes together.
//!
//! A release that is judged is rendered and looked through several times. Each render, and each search, has a bound of its
//! own; what they come to together has the same bound, so that a release costs what its limits say, however often it is
//! looked at.

use crate::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is done for one release; clones count together.
#[derive(Debug, Clone)]
pub struct Work {
    counts: Arc<Counts>,
    /// Nothing that a verdict needs: whoever does it does without where there are no steps left.
    is_optional: bool,
}

#[derive(Debug)]
struct Counts {
    renders: Count,
    looks: Count,
}

/// Steps that were taken, of the most that may be.
#[derive(Debug)]
struct Count {
    taken: AtomicU64,
    most: u64,
    /// Whether something that was needed came to the bound.
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
    /// Nothing done yet, of a release with these bounds.
    pub fn of(limits: &Limits) -> Self {
        let counts = Counts { renders: Count::of(limits.template_steps), looks: Count::of(limits.find_steps) };
        Self { counts: Arc::new(counts), is_optional: false }
    }

    /// The same work, for something that a verdict does not need.
    #[must_use]
    pub fn optional(&self) -> Self {
        Self { counts: self.counts.clone(), is_optional: true }
    }

    /// Steps that renders may still take.
    pub fn left_of_renders(&self) -> u64 {
        self.counts.renders.left()
    }

    /// Whether there is room for another render that takes about so many steps, and is not needed: half of all is kept for
    /// those that are.
    pub fn has_room_for(&self, steps: u64) -> bool {
        let Count { most, .. } = self.counts.renders;
        steps.saturating_add(most / 2) <= self.left_of_renders()
    }

    /// Counts the steps of a render.
    pub fn take_of_renders(&self, steps: u64) {
        self.counts.renders.take(steps);
    }

    /// Notes that a render stopped because others before it had taken the steps.
    pub fn cut_renders(&self) {
        if !self.is_optional {
            self.counts.renders.is_cut.store(true, Ordering::Relaxed);
        }
    }

    /// Counts steps of looking through what was rendered, of judging it and of telling it; false when there are none left.
    pub fn take_of_looks(&self, steps: u64) -> bool {
        let is_left = self.counts.looks.take(steps);
        if !is_left && !self.is_optional {
            self.counts.looks.is_cut.store(true, Ordering::Relaxed);
        }
        is_left
    }

    /// Counts steps of something that a verdict does not need, where half of all are left for what it does need; false where
    /// they are not.
    pub fn may_look(&self, steps: u64) -> bool {
        let Count { most, .. } = self.counts.looks;
        steps.saturating_add(most / 2) <= self.counts.looks.left() && self.counts.looks.take(steps)
    }

    /// Steps of looking that were taken.
    pub fn looks(&self) -> u64 {
        self.counts.looks.taken()
    }

    /// What there was no room for, in words that name the limit; `None` where everything was done that a verdict needs.
    pub fn told(&self) -> Option<String> {
        let Counts { renders, looks } = &*self.counts;
        if renders.is_cut() {
            return Some(format!(
                "all renders of this release together take more than {} template steps (--limit template-steps)",
                renders.most
            ));
        }
        looks.is_cut().then(|| {
            format!("more than {} steps of looking for images and judging them (--limit find-steps)", looks.most)
        })
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
