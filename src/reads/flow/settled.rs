//! When calls are walked again: if what they looked at has changed.

use super::engine::{Engine, whole_value};
use super::value::Abs;
use foldhash::fast::FixedState;
use std::collections::HashSet;

/// The most calls that are looked at to find out whether one of them must be walked again.
const MOST_LOOKED: usize = 64;

impl Engine<'_> {
    /// Begins the walk of a call.
    pub(super) fn begin(&mut self, number: u32) {
        let walked = self.overlays();
        let frame = &mut self.frames[number as usize];
        (frame.is_active, frame.round, frame.walked) = (true, self.round, Some(walked));
        frame.forget();
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

    /// Records that a call asks for members of something.
    pub(super) fn note_set(&mut self, frame: u32, of: Abs) {
        if let Some(frame) = self.frames.get_mut(frame as usize) {
            frame.sets.insert(of);
        }
    }

    /// Records that a call made another one.
    pub(super) fn note_call(&mut self, frame: u32, call: u32) {
        self.frames[frame as usize].called(call, self.now);
    }

    /// Whether walking a call again would show nothing new: neither what it looked at has changed, nor what the calls that it made
    /// looked at.
    pub(super) fn is_settled(&mut self, number: u32) -> bool {
        let now = (self.now, self.overlays());
        let (mut next, mut looked) = (vec![number], Vec::new());
        let mut seen = HashSet::<u32, FixedState>::default();
        while let Some(number) = next.pop() {
            let frame = &self.frames[number as usize];
            if frame.is_active || frame.settled == Some(now) || !seen.insert(number) {
                continue;
            }
            looked.push(number);
            // To walk it takes no longer than to look further.
            if looked.len() > MOST_LOOKED {
                return false;
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
        looked.into_iter().for_each(|number| self.frames[number as usize].settled = Some(now));
        true
    }
}
