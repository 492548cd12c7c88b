//! Fixes for a user's value that would send an image past the mirror once something is enabled: remove the value, or point it
//! at the mirror. Tried with the switches on, and as the release is installed.

use super::{Latent, Proof};
use crate::analysis::Analysis;
use crate::analysis::judged::serves;
use crate::analysis::other_mirror::Twin;
use crate::analysis::propose::{Proposal, changed, title_of_removal};
use crate::analysis::together::{self, Trial};
use crate::analysis::trial::Trials;
use crate::fix::{Edit, Proven, ValueAction};
use crate::images::ImageUse;
use crate::provenance::decider_of;
use crate::reference::Reference;
use crate::release::InputChange;
use crate::values_path::ValuesPath;
use std::collections::{BTreeMap, BTreeSet};

/// The image that a value decides once something is enabled.
#[derive(Debug, Clone)]
pub(super) struct On {
    pub(super) image: ImageUse,
    /// The value with which the image comes from the mirror, if it appears literally in the image.
    pub(super) value: Option<String>,
}

/// Records the fixes for values that were proven to bypass the mirror.
pub(super) fn find(found: &mut [Latent], analysis: &Analysis, trials: &mut Trials<'_>) {
    let mut by_switches: BTreeMap<Vec<ValuesPath>, Vec<usize>> = BTreeMap::new();
    for (number, latent) in found.iter().enumerate() {
        if let (Proof::SwitchedOn { switches, .. }, Some(_)) = (&latent.proof, &latent.on) {
            by_switches.entry(switches.clone()).or_default().push(number);
        }
    }
    trials.allow(by_switches.values().map(|numbers| 1 + 4 * numbers.len()).sum());
    for (switches, numbers) in by_switches {
        let open = numbers.into_iter().map(|number| (number, proposals(&found[number], analysis))).collect();
        let mut changes = trials.keys.defaults();
        changes.extend(switches.into_iter().map(InputChange::SwitchOn));
        let Some(before) = trials.with_changes(&changes) else { return };
        let mut trial = SwitchedOn { found, analysis, before, changes, trials };
        let fixes = together::fixes(open, &mut trial);
        fixes.into_iter().for_each(|(number, fix)| found[number].fix = Some(fix));
    }
}

fn proposals(latent: &Latent, analysis: &Analysis) -> Vec<Proposal> {
    let (origin, origins) = (latent.setting.origin, &analysis.origins);
    let decider = decider_of(origin, 0, origins);
    let removal = changed(origin, ValueAction::Remove, title_of_removal(&decider), origins);
    let value = latent.on.as_ref().and_then(|on| on.value.as_deref());
    let set = value.and_then(|value| {
        let title = format!("set `{}` to `{value}`", decider.path);
        changed(origin, ValueAction::Set(value.into()), title, origins)
    });
    removal.into_iter().chain(set).collect()
}

struct SwitchedOn<'l, 'a> {
    found: &'l [Latent],
    analysis: &'l Analysis,
    /// With the switches on, without edits.
    before: Twin,
    changes: Vec<InputChange>,
    trials: &'l mut Trials<'a>,
}

impl Trial for SwitchedOn<'_, '_> {
    type Outcome = Twin;

    fn run(&mut self, edits: &[Edit]) -> Option<Twin> {
        let installed = self.trials.with_edits(edits).ok()??;
        let spares = installed.is_whole && self.trials.spares(&installed, &self.analysis.images, &BTreeSet::new());
        if !spares || !self.trials.fits_schema(edits) {
            return None;
        }
        let on = self.trials.with_edits_and(edits, &self.changes).ok()??;
        let mirror = &self.trials.settings.mirror;
        (on.is_whole && on.is_no_worse_than(&self.before, &|text| serves(text, mirror))).then_some(on)
    }

    fn proves(&self, number: usize, on: &Twin) -> Option<Vec<Proven>> {
        let image = &self.found[number].on.as_ref()?.image;
        let (after, before) = (on.text_at(image)?, image.reference.as_ref().ok()?);
        let settings = self.trials.settings;
        let own = Reference::parse(after).ok()?;
        // The place in the layout of what the user named, or of the chart's path without a registry in it.
        let wanted = settings.layout.repository(&settings.mirror, before);
        let is_named = wanted == Some(format!("{}/{}", own.registry, own.repository));
        let first = own.repository.split('/').next().unwrap_or_default();
        let is_plain = !first.contains(['.', ':']);
        let holds = serves(after, &settings.mirror) && (is_named || is_plain) && own.version() == before.version();
        holds.then(|| vec![Proven { before: image.text.as_str().to_owned(), after: after.to_owned() }])
    }
}
