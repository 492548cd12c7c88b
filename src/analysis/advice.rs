//! Fixes that send images to the mirror: proposals, each tried before it becomes a [`Fix`].
//!
//! A proposal is tried as its user would apply it: the user's input is edited in memory, and the release is rendered as it
//! would be installed. It works if the image then comes from its place on the mirror in the layout, and nothing else became
//! worse. Proposals that change different things are tried together first.

use super::Judged;
use super::judged::serves;
use super::propose::{Paths, Proposal};
use super::rewrite::RewriteUnset;
use super::trial::Trials;
use crate::analysis::other_mirror::Twin;
use crate::fix::{Edit, Fix, Proven};
use crate::images::Class;
use crate::reads::GLOBAL;
use crate::reference::Reference;
use crate::values_path::Key;
use std::collections::{BTreeMap, BTreeSet};

/// The most references in the proof of a fix.
pub(super) const MOST_PROVEN: usize = 1000;

/// The base number of renders for fixes.
const RENDERS: usize = 6;

/// Additional renders for each wrong image, and for an unset rewrite.
const RENDERS_EACH: usize = 3;

/// A problem for which a fix is searched.
struct Problem {
    of: Of,
    /// The images that must become right; for an unset rewrite, as many as possible.
    targets: BTreeSet<usize>,
    proposals: Vec<Proposal>,
    next: usize,
    /// Whether a proposal was combined with one that corrects the image's path.
    is_combined: bool,
    fix: Option<Fix>,
    /// The targets that the fix, or otherwise the first proposal, does not make right, with their references then.
    not_enough: Vec<(usize, String)>,
    /// The first proposal that changes such images, if none is a fix.
    tried: Option<Proposal>,
}

#[derive(Clone, Copy)]
enum Of {
    Image(usize),
    Unset(usize),
}

impl Problem {
    fn new(of: Of, targets: BTreeSet<usize>, proposals: Vec<Proposal>) -> Self {
        Self { of, targets, proposals, next: 0, is_combined: false, fix: None, not_enough: Vec::new(), tried: None }
    }

    fn is_open(&self) -> bool {
        self.fix.is_none() && self.next < self.proposals.len()
    }

    fn proposal(&self) -> &Proposal {
        &self.proposals[self.next]
    }

    /// Whether it is about an image that follows the rewrite: its source may change with its path.
    fn may_move_source(&self, judged: &[Judged]) -> bool {
        matches!(self.of, Of::Image(number) if judged[number].class == Class::Rewritten)
    }

    /// Whether a trial succeeded for the targets, and its proof. `without` is the same trial without the rewrite, if needed.
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
            // A user who replaced the registry and kept the chart's path meant the chart's image.
            let is_default = one.default_of_same_path().is_some_and(|default| trials.is_right(after, Some(default)));
            let is_right = is_default || trials.is_right_for(after, one, one.source.as_ref());
            let is_right = is_right && without.is_none_or(|without| keeps_source(one, after, without, trials));
            let holds = is_right && keeps_version(one, after) && !one.is_taken_for_wrong(after, trials.settings);
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
        let (mut seen, mut proven) = (BTreeSet::new(), Vec::new());
        for (number, after) in &right {
            let before = judged[*number].image.text.as_str();
            if seen.insert((before, after.as_str())) {
                proven.push(Proven { before: before.to_owned(), after: after.clone() });
            }
        }
        Some(proven)
    }
}

/// Whether a reference is right for the image that results without the rewrite, with the same edits.
fn keeps_source(judged: &Judged, after: &str, without: &Twin, trials: &Trials<'_>) -> bool {
    let source = Trials::text(without, &judged.image).and_then(|text| Reference::parse(text).ok());
    let source = source.filter(|source| !trials.settings.mirror.serves(source));
    source.is_none_or(|source| trials.is_right_for(after, judged, Some(&source)))
}

/// Whether a reference keeps the image's tag and digest, if any: another version is another image.
pub(super) fn keeps_version(judged: &Judged, after: &str) -> bool {
    let Ok(before) = &judged.image.reference else { return true };
    before.version().is_empty() || Reference::parse(after).is_ok_and(|after| after.version() == before.version())
}

/// A proposal that corrects an image's path on the mirror, if the trial brought it to the mirror but not to its path.
pub(super) type Further<'f> = dyn Fn(&Judged, &str) -> Option<Proposal> + 'f;

/// Searches fixes: for each image the first of its proposals that works, and likewise for an unset rewrite.
pub(super) fn find(
    judged: &mut [Judged],
    of_images: Vec<(usize, Vec<Proposal>)>,
    unset: &mut [(RewriteUnset, Vec<Proposal>)],
    further: &Further<'_>,
    trials: &mut Trials<'_>,
) {
    let of_unset = unset.iter_mut().enumerate().map(|(number, (unset, proposals))| {
        Problem::new(Of::Unset(number), unset.images.iter().copied().collect(), std::mem::take(proposals))
    });
    let of_images = of_images
        .into_iter()
        .map(|(number, proposals)| Problem::new(Of::Image(number), BTreeSet::from([number]), proposals));
    let mut problems: Vec<Problem> = of_unset.chain(of_images).filter(Problem::is_open).collect();
    trials.allow(RENDERS + RENDERS_EACH * problems.len());
    while problems.iter().any(Problem::is_open) {
        if !round(&mut problems, judged, further, trials) {
            break;
        }
    }
    for problem in problems.iter_mut().filter(|problem| !problem.not_enough.is_empty()) {
        combine(problem, judged, further, trials);
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

/// Equal proposals, and the problems that they are for.
struct Group {
    proposal: Proposal,
    problems: Vec<usize>,
    /// Whether it changes a value shared by all images: with it, others may work that do not work alone.
    is_shared: bool,
}

fn is_shared(proposal: &Proposal, trials: &Trials<'_>) -> bool {
    proposal.edits.iter().any(|edit| {
        let is_global = edit.path.first().is_some_and(|key| matches!(key, Key::Name(name) if **name == *GLOBAL));
        is_global || trials.keys.all.contains(&edit.path)
    })
}

/// Tries the next proposals of open problems; false if no trial is left.
fn round(problems: &mut [Problem], judged: &[Judged], further: &Further<'_>, trials: &mut Trials<'_>) -> bool {
    let mut groups: Vec<Group> = Vec::new();
    let (mut known, mut paths) = (BTreeMap::<String, usize>::new(), Paths::default());
    for (number, problem) in problems.iter().enumerate().filter(|(_, problem)| problem.is_open()) {
        let proposal = problem.proposal();
        let id = proposal.id();
        if let Some(&group) = known.get(&id) {
            groups[group].problems.push(number);
            continue;
        }
        let is_shared = is_shared(proposal, trials);
        let is_free = groups.is_empty() || !is_shared && !groups[0].is_shared;
        if is_free && !paths.overlap(&proposal.edits) {
            paths.add(&proposal.edits);
            known.insert(id, groups.len());
            groups.push(Group { proposal: proposal.clone(), problems: vec![number], is_shared });
        }
    }
    let edits: Vec<Edit> = groups.iter().flat_map(|group| group.proposal.edits.clone()).collect();
    let mut possible = trials.possible(&edits).into_iter();
    let (tried, refused): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(|group| {
        let own: Vec<bool> = possible.by_ref().take(group.proposal.edits.len()).collect();
        own.into_iter().all(|possible| possible)
    });
    refused.iter().flat_map(|group| &group.problems).for_each(|&number| set_over(&mut problems[number]));
    tried.is_empty() || attempt(&tried, problems, judged, further, trials)
}

// A value that cannot be written to the user's file can be set in an overlay.
fn set_over(problem: &mut Problem) {
    match problem.proposal().over() {
        Some(over) => problem.proposals[problem.next] = over,
        None => problem.next += 1,
    }
}

/// Tries proposals together; if that makes something worse, each half of them. False if no trial is left.
fn attempt(
    groups: &[Group],
    problems: &mut [Problem],
    judged: &[Judged],
    further: &Further<'_>,
    trials: &mut Trials<'_>,
) -> bool {
    let edits: Vec<Edit> = groups.iter().flat_map(|group| group.proposal.edits.clone()).collect();
    let numbers: Vec<usize> = groups.iter().flat_map(|group| group.problems.clone()).collect();
    let twin = match trials.with_edits(&edits) {
        Ok(None) => return false,
        Ok(Some(twin)) => Some(twin),
        Err(_) => None,
    };
    let targets: BTreeSet<usize> = numbers.iter().flat_map(|&number| problems[number].targets.clone()).collect();
    let holds = twin.as_ref().is_some_and(|twin| twin.is_whole && trials.spares(twin, judged, &targets));
    let holds = holds && trials.fits_schema(&edits);
    match twin {
        Some(twin) if holds || groups.len() == 1 => {
            let of: Vec<&Problem> = numbers.iter().map(|&number| &problems[number]).filter(|_| holds).collect();
            let without = without_rewrite(&of, &edits, judged, trials);
            for number in numbers {
                let seen = (&twin, without.as_ref());
                let proven = holds.then(|| problems[number].proven(seen, judged, trials)).flatten();
                settle(&mut problems[number], proven, &twin, judged, further, trials);
            }
            true
        }
        None if groups.len() == 1 => {
            numbers.into_iter().for_each(|number| set_over(&mut problems[number]));
            true
        }
        _ => {
            let (first, second) = groups.split_at(groups.len() / 2);
            [first, second].into_iter().all(|half| attempt(half, problems, judged, further, trials))
        }
    }
}

/// The release with edits and without the rewrite, if a problem needs it.
fn without_rewrite(of: &[&Problem], edits: &[Edit], judged: &[Judged], trials: &mut Trials<'_>) -> Option<Twin> {
    let is_needed = of.iter().any(|problem| problem.may_move_source(judged));
    is_needed.then(|| trials.with_edits_and(edits, &trials.keys.removed()).ok().flatten()).flatten()
}

/// Records the result of a trial: a fix, or that the next proposal must be tried.
fn settle(
    problem: &mut Problem,
    proven: Option<Vec<Proven>>,
    twin: &Twin,
    judged: &[Judged],
    further: &Further<'_>,
    trials: &Trials<'_>,
) {
    let after = |&number: &usize| Some((number, Trials::text(twin, &judged[number].image)?.to_owned()));
    match (proven, problem.of) {
        (Some(mut proof), _) => {
            let proven: BTreeSet<&str> = proof.iter().map(|one| one.before.as_str()).collect();
            let others = problem.targets.iter().filter(|number| !proven.contains(judged[**number].image.text.as_str()));
            problem.not_enough = others.filter_map(after).collect();
            proof.truncate(MOST_PROVEN);
            let Proposal { title, safety, edits } = problem.proposal().clone();
            problem.fix =
                Some(Fix { title, safety, edits, patches: Vec::new(), proof, overlay: Vec::new(), shown: None });
        }
        (None, Of::Unset(_)) => {
            let differs = |(number, after): &(usize, String)| after != judged[*number].image.text.as_str();
            if problem.tried.is_none() {
                problem.not_enough = problem.targets.iter().filter_map(after).filter(differs).collect();
                problem.tried = Some(problem.proposal().clone()).filter(|_| !problem.not_enough.is_empty());
            }
            problem.next += 1;
        }
        (None, Of::Image(number)) => {
            let text = Trials::text(twin, &judged[number].image).filter(|text| serves(text, &trials.settings.mirror));
            let more = text.filter(|_| !problem.is_combined).and_then(|text| further(&judged[number], text));
            match more.filter(|more| more.goes_with(problem.proposal())) {
                Some(more) => {
                    problem.is_combined = true;
                    problem.proposals[problem.next] = problem.proposal().clone().and(more);
                }
                None => problem.next += 1,
            }
        }
    }
}

/// Combines the proposal that sets the rewrite with those that correct the paths of images for which it is not enough.
fn combine(problem: &mut Problem, judged: &[Judged], further: &Further<'_>, trials: &mut Trials<'_>) {
    let key = match &problem.fix {
        Some(Fix { title, safety, edits, .. }) => {
            Some(Proposal { title: title.clone(), safety: *safety, edits: edits.clone() })
        }
        None => problem.tried.clone(),
    };
    let Some(key) = key else { return };
    let (mut seen, mut paths, mut more) = (BTreeSet::new(), Paths::default(), Vec::new());
    paths.add(&key.edits);
    for (number, after) in problem.not_enough.iter().filter(|(_, after)| serves(after, &trials.settings.mirror)) {
        let Some(one) = further(&judged[*number], after) else { continue };
        if seen.insert(one.id()) && !paths.overlap(&one.edits) {
            paths.add(&one.edits);
            more.push(one);
        }
    }
    let edits: Vec<Edit> = more.iter().flat_map(|one| one.edits.clone()).collect();
    let mut possible = trials.possible(&edits).into_iter();
    more.retain(|one| one.edits.iter().all(|_| possible.next() == Some(true)));
    if more.is_empty() {
        return;
    }
    let count = more.len();
    let title = match count {
        1 | 2 => more.iter().fold(key.title.clone(), |title, one| format!("{title}, and {}", one.title)),
        _ => format!("{}, and {} values that decide paths", key.title, count),
    };
    let all = Proposal { title, ..more.into_iter().fold(key, Proposal::and) };
    let Ok(Some(twin)) = trials.with_edits(&all.edits) else { return };
    if !twin.is_whole || !trials.spares(&twin, judged, &problem.targets) || !trials.fits_schema(&all.edits) {
        return;
    }
    let before = problem.fix.as_ref().map_or(0, |fix| fix.proof.len());
    let without = without_rewrite(&[problem], &all.edits, judged, trials);
    let seen = (&twin, without.as_ref());
    if let Some(proof) = problem.proven(seen, judged, trials).filter(|proof| proof.len() > before) {
        let next = problem.next.min(problem.proposals.len().saturating_sub(1));
        (problem.next, problem.proposals[next]) = (next, all);
        settle(problem, Some(proof), &twin, judged, further, trials);
    }
}
