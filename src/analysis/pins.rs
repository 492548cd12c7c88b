//! Restores the version of an image that a user's setting removes: `tag: latest`, `tag: ""`, `tag: null`.
//!
//! The right version for a chart's default is not known; the chart's version without the setting is.

use super::Judged;
use super::propose::{Proposal, changed, title_of_removal};
use super::together::{self, Trial};
use super::trial::Trials;
use crate::analysis::other_mirror::Twin;
use crate::fix::{Edit, Proven, Safety, ValueAction};
use crate::images::deciders::decider;
use crate::images::{ReferencePart, Shape, Tier};
use crate::provenance::Decider;
use crate::reference::Reference;
use crate::trace::Origins;
use std::collections::BTreeSet;

/// Who decides the version of an image without one, and the problem for messages; `None` if the image has a version.
pub(crate) fn unpinned(judged: &Judged, origins: &Origins) -> Option<(ReferencePart, Decider, &'static str)> {
    let image = &judged.image;
    let reference = image.reference.as_ref().ok()?;
    if reference.digest.is_some() || image.tier == Tier::Possible {
        return None;
    }
    let (part, what) = match reference.tag.as_deref() {
        Some("latest") => (ReferencePart::Tag, "has the tag `latest`"),
        // Outside pods, a program may complete a reference without a tag.
        None if matches!(image.shape, Shape::Container | Shape::Volume) => {
            (ReferencePart::Repository, "has neither tag nor digest")
        }
        _ => return None,
    };
    let decider = match &judged.version_decider {
        Some(culprit) if reference.tag.is_none() => culprit.clone(),
        _ => decider(image, part, origins),
    };
    Some((part, decider, what))
}

/// Records the fixes of images without a version.
pub(super) fn find(judged: &mut [Judged], origins: &Origins, trials: &mut Trials<'_>) {
    let proposals = |(number, one): (usize, &Judged)| {
        let (part, decider, _) = unpinned(one, origins)?;
        // The decider of the path says nothing about a version.
        let is_of_version = part == ReferencePart::Tag || one.version_decider.is_some();
        let removal = changed(decider.origin, ValueAction::Remove, title_of_removal(&decider), origins)?;
        let safety = removal.safety.max(Safety::Unsafe);
        is_of_version.then(|| (number, vec![Proposal { safety, ..removal }]))
    };
    let open: Vec<(usize, Vec<Proposal>)> = judged.iter().enumerate().filter_map(proposals).collect();
    if open.is_empty() {
        return;
    }
    trials.allow(2 * open.len());
    let targets = open.iter().map(|(number, _)| *number).collect();
    let fixes = together::fixes(open, &mut Pins { judged, targets, trials });
    fixes.into_iter().for_each(|(number, fix)| judged[number].pin = Some(fix));
}

struct Pins<'p, 'a> {
    judged: &'p [Judged],
    targets: BTreeSet<usize>,
    trials: &'p mut Trials<'a>,
}

impl Trial for Pins<'_, '_> {
    type Outcome = Twin;

    fn run(&mut self, edits: &[Edit]) -> Option<Twin> {
        let twin = self.trials.with_edits(edits).ok()??;
        let spares = twin.is_whole && self.trials.spares(&twin, self.judged, &self.targets);
        (spares && self.trials.fits_schema(edits)).then_some(twin)
    }

    fn proves(&self, number: usize, twin: &Twin) -> Option<Vec<Proven>> {
        let one = &self.judged[number];
        let before = one.image.reference.as_ref().ok()?;
        let text = Trials::text(twin, &one.image)?;
        let after = Reference::parse(text).ok()?;
        let has_version = after.digest.is_some() || after.tag.as_deref().is_some_and(|tag| tag != "latest");
        let is_same = after.registry == before.registry && after.repository == before.repository;
        (has_version && is_same)
            .then(|| vec![Proven { before: one.image.text.as_str().to_owned(), after: text.to_owned() }])
    }
}
