//! [`Frame`]: a call of a template with an argument, and what it looked at, so that it is walked again only if that changed.

use super::engine::{Engine, whole_value};
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
    /// The sets of things whose members it asked for.
    sets: HashSet<Abs, FixedState>,
    /// The maps that it looked into.
    maps: Looked,
    /// The calls that it made.
    calls: Looked,
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
            sets: HashSet::default(),
            maps: Looked::default(),
            calls: Looked::default(),
        }
    }
}

impl Engine<'_> {
    /// Begins the walk of a call.
    pub(super) fn begin(&mut self, number: u32) {
        let walked = self.overlays();
        let frame = &mut self.frames[number as usize];
        (frame.is_active, frame.round, frame.walked) = (true, self.round, Some(walked));
        frame.sets.clear();
        frame.maps.clear();
        frame.calls.clear();
    }

    /// Ends it.
    pub(super) fn end(&mut self, number: u32, out: Abs) {
        let frame = &mut self.frames[number as usize];
        frame.is_active = false;
        if frame.out != out {
            self.now += 1;
            (frame.out, frame.out_changed) = (out, self.now);
            self.changed = true;
        }
    }

    /// Records that a call looks into a map.
    pub(super) fn note_map(&mut self, frame: u32, map: u32) {
        // In text that is not a template yet, there is no call.
        if let Some(frame) = self.frames.get_mut(frame as usize) {
            frame.maps.entry(map).or_insert(self.now);
        }
    }

    /// Records that a call asks for members of something.
    pub(super) fn note_set(&mut self, frame: u32, of: Abs) {
        if let Some(frame) = self.frames.get_mut(frame as usize) {
            frame.sets.insert(of);
        }
    }

    /// Records that a call made another one.
    pub(super) fn note_call(&mut self, frame: u32, call: u32) {
        self.frames[frame as usize].calls.entry(call).or_insert(self.now);
    }

    /// Whether walking a call again would show nothing new: neither what it looked at has changed, nor what the calls that it made
    /// looked at.
    pub(super) fn is_settled(&self, number: u32) -> bool {
        let (mut next, mut seen) = (vec![number], HashSet::<u32, FixedState>::default());
        while let Some(number) = next.pop() {
            let frame = &self.frames[number as usize];
            if !seen.insert(number) || frame.is_active {
                continue;
            }
            let is_same_map = |(map, at): (&u32, &u64)| self.changes[*map as usize] <= *at;
            let is_same_out = |(call, at): (&u32, &u64)| self.frames[*call as usize].out_changed <= *at;
            let Some(walked) = frame.walked else { return false };
            let more = &self.extended[walked..];
            let is_extended = |of: &Abs| self.sets.atoms(*of).iter().any(|atom| more.contains(&whole_value(*atom)));
            if !more.is_empty() && frame.sets.iter().any(is_extended)
                || !frame.maps.iter().all(is_same_map)
                || !frame.calls.iter().all(is_same_out)
            {
                return false;
            }
            next.extend(frame.calls.keys());
        }
        true
    }
}
