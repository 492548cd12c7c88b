//! What to change so that images come from the mirror: proposals, each tried before it becomes a [`Fix`].
//!
//! A proposal is tried as its user would carry it out: what the user gave is edited in memory, and the release is rendered
//! as it would be installed. It holds where the image then comes from the place on the mirror that the layout gives, and
//! nothing else became worse. Proposals that change different things are tried together first.

use super::Judged;
use super::judge::is_taken_for_wrong;
use super::propose::{Proposal, overlaid};
use super::rewrite::Unset;
use super::trial::{MOST_EDITS, Trials};
use super::twin::Twin;
use crate::fix::{Action, Edit, Fix, Proven};
use crate::images::{Class, Reference};
use crate::reads::GLOBAL;
use crate::trace::{Key, path_text};
use std::collections::BTreeSet;

/// Most references that a fix tells of.
const MOST_PROVEN: usize = 1000;

/// Something that a fix is looked for.
struct Problem {
    of: Of,
    /// The images that have to become right; of the images of an unset rewrite as many as can.
    targets: BTreeSet<usize>,
    proposals: Vec<Proposal>,
    next: usize,
    fix: Option<Fix>,
    /// The targets that the fix does not make right, with what they are then.
    not_enough: Vec<(usize, String)>,
}

#[derive(Clone, Copy)]
enum Of {
    Image(usize),
    Unset(usize),
}

impl Problem {
    fn is_open(&self) -> bool {
        self.fix.is_none() && self.next < self.proposals.len()
    }

    fn proposal(&self) -> &Proposal {
        &self.proposals[self.next]
    }

    /// Whether it is about an image that follows the rewrite: what it is a copy of may change with its path.
    fn may_move_source(&self, judged: &[Judged]) -> bool {
        matches!(self.of, Of::Image(number) if judged[number].class == Class::Rewritten)
    }

    /// Whether a trial shows what it should, as far as the targets go; and what it shows. `without` is the same without the
    /// rewrite, where that is needed.
    fn proven(
        &self,
        (twin, without): (&Twin, Option<&Twin>),
        judged: &[Judged],
        trials: &Trials<'_>,
    ) -> Option<Vec<Proven>> {
        if without.is_none() && self.may_move_source(judged) {
            return None;
        }
        let becomes_right = |&number: &usize| {
            let one = &judged[number];
            let after = Trials::text(twin, &one.image)?;
            // Who took another registry, and the chart's path, meant the chart's image.
            let is_default = one.default_of_same_path().is_some_and(|default| trials.is_right(after, Some(default)));
            let is_right = is_default || trials.is_right_for(after, one);
            let is_right = is_right && without.is_none_or(|without| keeps_source(one, after, without, trials));
            let holds = is_right && keeps_version(one, after) && !is_taken_for_wrong(one, after, trials.settings);
            holds.then(|| (number, after.to_owned()))
        };
        let right: Vec<(usize, String)> = self.targets.iter().filter_map(becomes_right).collect();
        let enough = match self.of {
            Of::Image(_) => right.len() == self.targets.len(),
            Of::Unset(_) => !right.is_empty(),
        };
        if !enough {
            return None;
        }
        let mut proven: Vec<Proven> = Vec::new();
        for (number, after) in right {
            let one = Proven { before: judged[number].image.text.as_str().to_owned(), after };
            if !proven.contains(&one) && proven.len() < MOST_PROVEN {
                proven.push(one);
            }
        }
        Some(proven)
    }
}

/// Whether a reference is right for what the image is without the rewrite, with the same edits.
fn keeps_source(judged: &Judged, after: &str, without: &Twin, trials: &Trials<'_>) -> bool {
    let source = Trials::text(without, &judged.image).and_then(|text| Reference::parse(text).ok());
    let source = source.filter(|source| !trials.settings.mirror.serves(source));
    source.is_none_or(|source| {
        let replaces = |after: Reference| judged.replaces_registry(&after, trials.settings);
        trials.is_right(after, Some(&source)) || Reference::parse(after).is_ok_and(replaces)
    })
}

/// Whether a reference has the tag and the digest that the image has, if it has any: another version is another image.
fn keeps_version(judged: &Judged, after: &str) -> bool {
    let Ok(before) = &judged.image.reference else { return true };
    before.version().is_empty() || Reference::parse(after).is_ok_and(|after| after.version() == before.version())
}

/// Looks for fixes, for each image the first of its proposals that holds; for an unset rewrite likewise.
pub(super) fn find(
    judged: &mut [Judged],
    of_images: Vec<(usize, Vec<Proposal>)>,
    unset: &mut [(Unset, Vec<Proposal>)],
    trials: &mut Trials<'_>,
) {
    let of_unset = unset.iter_mut().enumerate().map(|(number, (unset, proposals))| Problem {
        of: Of::Unset(number),
        targets: unset.images.iter().copied().collect(),
        proposals: std::mem::take(proposals),
        next: 0,
        fix: None,
        not_enough: Vec::new(),
    });
    let of_images = of_images.into_iter().map(|(number, proposals)| Problem {
        of: Of::Image(number),
        targets: BTreeSet::from([number]),
        proposals,
        next: 0,
        fix: None,
        not_enough: Vec::new(),
    });
    let mut problems: Vec<Problem> = of_unset.chain(of_images).filter(Problem::is_open).collect();
    // What very many findings need is said in words.
    let mut known: Vec<Proposal> = Vec::new();
    problems.retain(|problem| {
        let proposal = problem.proposal();
        let is_new = !known.iter().any(|other| other.is_same(proposal));
        if is_new && known.len() < MOST_EDITS {
            known.push(proposal.clone());
        }
        !is_new || known.len() < MOST_EDITS
    });
    trials.limit(4 + 3 * problems.len());
    while problems.iter().any(Problem::is_open) {
        if !round(&mut problems, judged, trials) {
            break;
        }
    }
    for problem in problems {
        match problem.of {
            Of::Image(number) => judged[number].fix = problem.fix,
            Of::Unset(number) => {
                unset[number].0.fix = problem.fix;
                unset[number].0.not_enough = problem.not_enough;
            }
        }
    }
}

/// Whether a proposal changes what all images share: with it, others may hold that do not hold alone.
fn is_shared(proposal: &Proposal, trials: &Trials<'_>) -> bool {
    proposal.edits.iter().any(|edit| {
        let is_global = edit.path.first().is_some_and(|key| matches!(key, Key::Name(name) if **name == *GLOBAL));
        is_global || trials.keys.all.contains(&path_text(&edit.path))
    })
}

/// Tries the next proposals of problems that are open; false where no trial is left.
fn round(problems: &mut [Problem], judged: &[Judged], trials: &mut Trials<'_>) -> bool {
    let mut chosen: Vec<Proposal> = Vec::new();
    let mut in_batch: Vec<usize> = Vec::new();
    for (number, problem) in problems.iter().enumerate().filter(|(_, problem)| problem.is_open()) {
        let proposal = problem.proposal();
        let is_known = chosen.iter().any(|other| other.is_same(proposal));
        let is_alone = |proposal: &Proposal| is_shared(proposal, trials);
        let goes_with = |other: &Proposal| !is_alone(other) && !is_alone(proposal) && other.goes_with(proposal);
        if is_known || chosen.iter().all(goes_with) {
            in_batch.push(number);
            if !is_known {
                chosen.push(proposal.clone());
            }
        }
    }
    if chosen.len() > 1 {
        let edits: Vec<Edit> = chosen.iter().flat_map(|proposal| proposal.edits.clone()).collect();
        let targets: BTreeSet<usize> =
            in_batch.iter().flat_map(|&number| problems[number].targets.iter().copied()).collect();
        match trials.with_edits(&edits) {
            Ok(None) => return false,
            Ok(Some(twin)) if twin.is_whole && trials.spares(&twin, judged, &targets) => {
                let of: Vec<&Problem> = in_batch.iter().map(|&number| &problems[number]).collect();
                let without = without_rewrite(&of, &edits, judged, trials);
                for &number in &in_batch {
                    let proven = problems[number].proven((&twin, without.as_ref()), judged, trials);
                    settle(&mut problems[number], proven, &twin, judged);
                }
                return true;
            }
            Ok(Some(_)) | Err(_) => {}
        }
    }
    for proposal in chosen {
        let same: Vec<usize> = in_batch
            .iter()
            .copied()
            .filter(|&number| problems[number].is_open() && problems[number].proposal().is_same(&proposal))
            .collect();
        match trials.with_edits(&proposal.edits) {
            Ok(None) => return false,
            Ok(Some(twin)) => {
                let targets: BTreeSet<usize> =
                    same.iter().flat_map(|&number| problems[number].targets.iter().copied()).collect();
                let holds = twin.is_whole && trials.spares(&twin, judged, &targets);
                let of: Vec<&Problem> = same.iter().map(|&number| &problems[number]).filter(|_| holds).collect();
                let without = without_rewrite(&of, &proposal.edits, judged, trials);
                for number in same {
                    let proven =
                        holds.then(|| problems[number].proven((&twin, without.as_ref()), judged, trials)).flatten();
                    settle(&mut problems[number], proven, &twin, judged);
                }
            }
            // What cannot be written into the user's file can be set over it.
            Err(_) => same.into_iter().for_each(|number| {
                let over = over(problems[number].proposal());
                let problem = &mut problems[number];
                match over {
                    Some(over) => problem.proposals[problem.next] = over,
                    None => problem.next += 1,
                }
            }),
        }
    }
    true
}

/// The release with edits and without the rewrite, where a problem needs that.
fn without_rewrite(of: &[&Problem], edits: &[Edit], judged: &[Judged], trials: &mut Trials<'_>) -> Option<Twin> {
    let is_needed = of.iter().any(|problem| problem.may_move_source(judged));
    is_needed.then(|| trials.with_edits_and(edits, &trials.keys.removed()).ok().flatten()).flatten()
}

/// Notes what a trial showed: a fix, or that the next proposal has to be tried.
fn settle(problem: &mut Problem, proven: Option<Vec<Proven>>, twin: &Twin, judged: &[Judged]) {
    match proven {
        Some(proof) => {
            let is_proven = |number: usize| proof.iter().any(|one| one.before == judged[number].image.text.as_str());
            let others = problem.targets.iter().copied().filter(|&number| !is_proven(number));
            let after = |number: usize| Some((number, Trials::text(twin, &judged[number].image)?.to_owned()));
            problem.not_enough = others.filter_map(after).collect();
            let Proposal { title, safety, edits } = problem.proposal().clone();
            problem.fix = Some(Fix { title, safety, edits, proof });
        }
        None => {
            problem.next += 1;
            if let Of::Unset(_) = problem.of {
                let after = |&number: &usize| Some((number, Trials::text(twin, &judged[number].image)?.to_owned()));
                let differs = |(number, after): &(usize, String)| after != judged[*number].image.text.as_str();
                problem.not_enough = problem.targets.iter().filter_map(after).filter(differs).collect();
            }
        }
    }
}

/// The same as a values file that is given after all others; `None` where it takes something away, or is one already.
fn over(proposal: &Proposal) -> Option<Proposal> {
    let [edit] = &proposal.edits[..] else { return None };
    let (Action::Set(value) | Action::Add(value)) = &edit.action else { return None };
    let is_plain = edit.path.iter().all(|key| matches!(key, Key::Name(_)));
    let is_overlay = matches!(edit.target, crate::fix::Target::Overlay);
    (is_plain && !is_overlay).then(|| overlaid(edit.path.clone(), value.clone(), proposal.title.clone()))
}
