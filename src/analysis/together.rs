//! Tries proposals of rules that are not about the source of one image, together; if that makes something worse, each half of
//! them.

use super::propose::{Paths, Proposal};
use crate::fix::{Edit, Fix, FixTarget, Proven, ValueAction};
use crate::values_path::Key;
use std::collections::BTreeMap;

/// How proposals are tried.
pub(super) trait Trial {
    /// The result of a trial.
    type Outcome;

    /// Makes edits and renders; `None` if they cannot be made, or something else becomes worse.
    fn run(&mut self, edits: &[Edit]) -> Option<Self::Outcome>;

    /// What an outcome proves for the problem with this index.
    fn proves(&self, number: usize, outcome: &Self::Outcome) -> Option<Vec<Proven>>;
}

/// The fixes of problems, by index: for each the first of its proposals that works.
pub(super) fn fixes<T: Trial>(mut open: Vec<(usize, Vec<Proposal>)>, trial: &mut T) -> BTreeMap<usize, Fix> {
    let mut found = BTreeMap::new();
    while open.iter().any(|(_, proposals)| !proposals.is_empty()) {
        let (mut now, mut ids, mut paths) = (Vec::new(), BTreeMap::<String, usize>::new(), Paths::default());
        for (number, proposals) in open.iter_mut().filter(|(_, proposals)| !proposals.is_empty()) {
            let id = proposals[0].id();
            if let Some(&group) = ids.get(&id) {
                let (_, numbers): &mut (Proposal, Vec<usize>) = &mut now[group];
                numbers.push(*number);
                proposals.remove(0);
            } else if !paths.overlap(&proposals[0].edits) {
                let proposal = proposals.remove(0);
                paths.add(&proposal.edits);
                ids.insert(id, now.len());
                now.push((proposal, vec![*number]));
            }
        }
        attempt(&now, trial, &mut found);
        open.retain(|(number, _)| !found.contains_key(number));
    }
    found
}

fn attempt<T: Trial>(groups: &[(Proposal, Vec<usize>)], trial: &mut T, found: &mut BTreeMap<usize, Fix>) {
    let edits: Vec<Edit> = groups.iter().flat_map(|(proposal, _)| proposal.edits.clone()).collect();
    match trial.run(&edits) {
        Some(outcome) => {
            for (proposal, numbers) in groups {
                for &number in numbers {
                    let Some(proof) = trial.proves(number, &outcome) else { continue };
                    let Proposal { title, safety, edits } = proposal.clone();
                    found.insert(
                        number,
                        Fix { title, safety, edits, patches: Vec::new(), proof, overlay: Vec::new(), shown: None },
                    );
                }
            }
        }
        None if groups.len() > 1 => {
            let (first, second) = groups.split_at(groups.len() / 2);
            attempt(first, trial, found);
            attempt(second, trial, found);
        }
        None => {}
    }
}

impl Proposal {
    /// The same as an overlay; `None` if it removes something, or is an overlay already.
    pub(super) fn over(&self) -> Option<Self> {
        let [edit] = &self.edits[..] else { return None };
        let (ValueAction::Set(value) | ValueAction::Add(value)) = &edit.action else { return None };
        let is_plain = !edit.path.iter().any(Key::is_index);
        let is_overlay = matches!(edit.target, FixTarget::Overlay);
        (is_plain && !is_overlay)
            .then(|| super::propose::overlaid(edit.path.clone(), value.clone(), self.title.clone()))
    }
}
