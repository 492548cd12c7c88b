//! [`Frame`]: a call of a template with an argument, and what it looked at, so that it is walked again only if that changed.

use super::sets::HashMap;
use super::value::{Abs, NOTHING};
use crate::template::ast::Template;
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::sync::Arc;

/// What a walk looked at, by index, with the number of changes before it did so first.
type Looked = HashMap<u32, u64>;

/// A call of a template with an argument.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) template: Arc<Template>,
    pub(super) dot: Abs,
    pub(super) chart: usize,
    /// Whether the render reached this call.
    pub(super) is_live: bool,
    pub(super) is_active: bool,
    /// The round in which it was last walked.
    pub(super) round: u32,
    /// Its output, if known.
    pub(super) out: Abs,
    /// When that last changed.
    pub(super) out_changed: u64,
    /// The number of things that code added members to when its last walk began; `None` if it must be walked.
    pub(super) walked: Option<usize>,
    /// When it was last known that it need not be walked again: the number of changes, and of things that code added members to.
    pub(super) settled: Option<(u64, usize)>,
    /// The sets of things whose members it asked for.
    pub(super) sets: HashSet<Abs, FixedState>,
    /// The maps that it looked into.
    pub(super) maps: Looked,
    /// The calls that it made.
    pub(super) calls: Looked,
}

impl Frame {
    pub(super) fn new(template: Arc<Template>, dot: Abs, chart: usize, is_live: bool) -> Self {
        Self {
            template,
            dot,
            chart,
            is_live,
            is_active: false,
            round: 0,
            out: NOTHING,
            out_changed: 0,
            walked: None,
            settled: None,
            sets: HashSet::default(),
            maps: Looked::default(),
            calls: Looked::default(),
        }
    }

    /// Forgets what the last walk looked at.
    pub(super) fn forget(&mut self) {
        self.settled = None;
        self.sets.clear();
        self.maps.clear();
        self.calls.clear();
    }

    /// Records that it looks into a map.
    pub(super) fn looked_into(&mut self, map: u32, now: u64) {
        self.maps.entry(map).or_insert(now);
    }

    /// Records that it makes another call.
    pub(super) fn called(&mut self, call: u32, now: u64) {
        self.calls.entry(call).or_insert(now);
    }
}
