//! Exploring a file whose positions are in loops: one round of a loop after the other, if they are independent.

use super::assignment::{Assignment, Pipes};
use super::domain::Domains;
use super::file_search::{Ended, FileSearch, pipes};
use super::slice::{Part, Relevance};
use super::unit::{Members, Unit, are_seen};
use crate::render::units::Units;
use crate::source::File;
use crate::template::touched::ProbedPipes;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// What a round of a loop reads, and what it changes.
type Round = (Members, Members);

impl FileSearch<'_> {
    /// Explores what decides about single positions: of those within a loop, one round after the other. False if that does not end
    /// within the budget, or if the rounds depend on each other.
    pub(super) fn by_rounds(
        &mut self,
        units: &mut Units,
        file: (&str, &Arc<File>),
        (parts, relevant, relevance, domains): (&[&Part], &Pipes, &Relevance, &Domains<'_>),
        (files, unit): (&[usize], &mut Unit),
    ) -> bool {
        let mut by_loop: Vec<Part> = Vec::new();
        for (group, around) in parts {
            match by_loop.iter_mut().find(|(_, other)| other == around) {
                Some((known, _)) => known.extend(group),
                None => by_loop.push((group.clone(), *around)),
            }
        }
        for (group, around) in by_loop {
            let part = pipes(&group, relevant.skipped.clone(), relevance);
            let Some(around) = around else {
                if self.group(units, files, file, (&Rc::new(part), None, domains), unit) != Ended::Complete {
                    return false;
                }
                continue;
            };
            let whole = ProbedPipes { observed: Some((around, None)), ..ProbedPipes::default() };
            let whole = self.run(units, files, &Assignment::new(), &Rc::new(whole));
            unit.runs += 1;
            let (all, _) = self.references(&whole.text, file.0, file.1);
            let (mut given, mut rounds) = (BTreeSet::new(), Vec::new());
            let mut count = whole.probed.rounds;
            while (rounds.len() as u32) < count {
                let observed = Some((around, Some(rounds.len() as u32)));
                let part: Pipes = Rc::new(ProbedPipes { observed, ..part.clone() });
                // Each round has the budget of a file.
                let (mut round, spent) = (Unit::default(), std::mem::take(&mut self.spent));
                let steps = units.steps() + self.read_steps;
                let of_others = steps - std::mem::replace(&mut self.steps_before, steps);
                let ended = self.group(units, files, file, (&part, None, domains), &mut round);
                self.spent = spent;
                self.steps_before = units.steps() + self.read_steps - of_others;
                unit.runs += round.runs;
                if ended != Ended::Complete || round.is_untracked || round.is_bounded {
                    return false;
                }
                count = count.max(round.rounds);
                given.extend(round.given.iter().cloned());
                rounds.push((round.reads_and_prints(), std::mem::take(&mut round.changed_in_rounds)));
                unit.add(round);
            }
            let is_apart = |(at, (_, changed)): (usize, &Round)| {
                let mut others = rounds.iter().enumerate().filter(|(other, _)| *other != at);
                others.all(|(_, (reads, _))| !are_seen(changed, reads))
            };
            if !given.iter().eq(all.iter()) || !rounds.iter().enumerate().all(is_apart) {
                return false;
            }
        }
        true
    }
}
