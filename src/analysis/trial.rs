//! [`Trials`]: renders a release with a change of the user's input, to see the effect on its images.

use super::Judged;
use super::judged::serves;
use super::keys::Keys;
use crate::analysis::other_mirror::{Seen, Twin};
use crate::compiler::Compiler;
use crate::fix::{Edit, Originals, Patch, Refusal, apply, patched, refusals};
use crate::images::ImageUse;
use crate::reference::Reference;
use crate::release::{InputChange, ReleaseInputs};
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::trace::Str;
use crate::values::UserValues;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most renders of one release that search for culprits.
const MOST: usize = 48;

/// The most attempts to find out which edits can be made: each parses the files.
const MOST_READINGS: usize = 64;

/// Bytes of the user's files that are parsed in one step.
const BYTES_OF_A_STEP: usize = 4;

/// The cost of each attempt at an edit.
const STEPS_OF_AN_EDIT: usize = 100;

/// The files of a render by name; `None` if it failed.
pub(super) type Texts = Option<BTreeMap<String, Str>>;

/// Edits, and the values that they make.
type Made = (Vec<Edit>, Result<UserValues, Refusal>);

/// The context of trials, and the number that is left.
pub(super) struct Trials<'a> {
    pub(super) prepared: &'a ReleaseInputs,
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a Keys,
    pub(super) compiler: &'a mut Compiler,
    pub(super) rendered: &'a Rendered,
    pub(super) manifests: &'a [Arc<Manifest>],
    left: usize,
    /// The user's files before edits.
    originals: Originals,
    /// The last edits, and their result.
    made: RefCell<Option<Made>>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(
        prepared: &'a ReleaseInputs,
        settings: &'a Settings,
        keys: &'a Keys,
        compiler: &'a mut Compiler,
        rendered: &'a Rendered,
        manifests: &'a [Arc<Manifest>],
    ) -> Self {
        let (originals, made) = (Originals::default(), RefCell::default());
        Self { prepared, settings, keys, compiler, rendered, manifests, left: MOST, originals, made }
    }

    /// Whether steps are left for optional work; counts them.
    pub(super) fn may(&self, steps: usize) -> bool {
        self.prepared.work.may_look(steps as u64)
    }

    /// The cost of parsing the user's files for a number of edits.
    fn reading(&self, edits: usize) -> usize {
        let bytes: usize = self.prepared.user.files.iter().map(|file| file.bytes().len()).sum();
        bytes / BYTES_OF_A_STEP + edits * STEPS_OF_AN_EDIT
    }

    /// Allows a number of additional renders.
    pub(super) fn allow(&mut self, renders: usize) {
        self.left = renders;
    }

    /// The release with some of the user's values changed, and the mirror as it would be installed; `None` if no render is left.
    pub(super) fn with_changes(&mut self, changes: &[InputChange]) -> Option<Twin> {
        let prepared = self.prepared;
        self.render(prepared, changes)
    }

    /// The release with edits of the user's input, as it would be installed then.
    ///
    /// # Errors
    /// Why an edit cannot be made.
    pub(super) fn with_edits(&mut self, edits: &[Edit]) -> Result<Option<Twin>, Refusal> {
        self.with_edits_and(edits, &self.keys.defaults())
    }

    /// The release with edits of the user's input, and changes of the resulting values.
    ///
    /// # Errors
    /// Why an edit cannot be made.
    pub(super) fn with_edits_and(&mut self, edits: &[Edit], changes: &[InputChange]) -> Result<Option<Twin>, Refusal> {
        if !self.may(self.reading(edits.len())) {
            return Ok(None);
        }
        let user = self.applied(edits)?;
        let prepared = ReleaseInputs { user, ..self.prepared.clone() };
        Ok(self.render(&prepared, changes))
    }

    /// The release with patches of its templates and edits of the user's input, and changes of the resulting values.
    ///
    /// # Errors
    /// Why an edit cannot be made.
    pub(super) fn with_patches(
        &mut self,
        patches: &[&Patch],
        edits: &[Edit],
        changes: &[InputChange],
    ) -> Result<Option<Twin>, Refusal> {
        let user = self.applied(edits)?;
        let prepared = ReleaseInputs { user, chart: patched(&self.prepared.chart, patches), ..self.prepared.clone() };
        Ok(self.render(&prepared, changes))
    }

    /// The files of the release with patches of its templates and some of the user's values changed: empty if it does not render.
    /// `None` if no render is left.
    pub(super) fn texts(&mut self, patches: &[&Patch], changes: &[InputChange]) -> Option<Texts> {
        self.left = self.left.checked_sub(1)?;
        let chart = patched(&self.prepared.chart, patches);
        if !self.has_room() {
            return None;
        }
        let prepared = ReleaseInputs { chart, check_schema: false, ..self.prepared.optional() };
        let Ok(outcome) = prepared.render(self.compiler, changes, None, None) else { return Some(None) };
        let Rendered { files, notes, .. } = outcome.rendered;
        Some(Some(files.into_iter().chain(notes).map(|file| (file.name, file.text)).collect()))
    }

    /// Whether the schemas of the charts allow the values after the edits.
    pub(super) fn fits_schema(&self, edits: &[Edit]) -> bool {
        self.edited(edits).is_some_and(|edited| edited.fits_schema(&self.keys.defaults(), self.compiler))
    }

    /// The release with edits of the user's input.
    pub(super) fn edited(&self, edits: &[Edit]) -> Option<ReleaseInputs> {
        let user = self.applied(edits).ok()?;
        Some(ReleaseInputs { user, ..self.prepared.clone() })
    }

    /// Which edits can be made, each on its own.
    pub(super) fn possible(&self, edits: &[Edit]) -> Vec<bool> {
        let (helm, limits) = (self.prepared.env.helm, &self.prepared.limits);
        if !self.may(self.reading(edits.len())) {
            return vec![false; edits.len()];
        }
        let refused = refusals(&self.prepared.user, edits, helm, limits, &self.originals);
        let mut possible: Vec<bool> = refused.iter().map(Option::is_none).collect();
        let open: Vec<usize> = (0..edits.len()).filter(|&number| possible[number]).collect();
        let mut left = MOST_READINGS;
        self.part(edits, &open, &mut possible, &mut left);
        possible
    }

    /// Finds the edits that cannot be made: if all can be made together, there are none.
    fn part(&self, edits: &[Edit], part: &[usize], possible: &mut [bool], left: &mut usize) {
        let of_part: Vec<Edit> = part.iter().map(|&number| edits[number].clone()).collect();
        let is_left = *left > 0 && self.may(self.reading(part.len()));
        *left = left.saturating_sub(1);
        if part.is_empty() || is_left && self.applied(&of_part).is_ok() {
            return;
        }
        if part.len() == 1 || !is_left {
            part.iter().for_each(|&number| possible[number] = false);
            return;
        }
        let (first, second) = part.split_at(part.len() / 2);
        self.part(edits, first, possible, left);
        self.part(edits, second, possible, left);
    }

    /// The user's values with edits.
    fn applied(&self, edits: &[Edit]) -> Result<UserValues, Refusal> {
        if let Some((known, made)) = &*self.made.borrow()
            && known.len() == edits.len()
            && known.iter().zip(edits).all(|(known, edit)| known.is_same(edit))
        {
            return made.clone();
        }
        let made = apply(&self.prepared.user, edits, self.prepared.env.helm, &self.prepared.limits, &self.originals);
        *self.made.borrow_mut() = Some((edits.to_vec(), made.clone()));
        made
    }

    /// Whether another render fits, including the comparison of all images and manifests.
    fn has_room(&self) -> bool {
        self.prepared.work.has_room_for(self.rendered.steps) && self.may(self.reading(0) + self.rendered.files.len())
    }

    fn render(&mut self, prepared: &ReleaseInputs, changes: &[InputChange]) -> Option<Twin> {
        self.left = self.left.checked_sub(1)?;
        if !self.has_room() {
            return None;
        }
        Some(Twin::render(&prepared.optional(), self.settings, changes, self.compiler, self.rendered, BTreeSet::new()))
    }

    /// Whether a reference comes from the mirror, at the place of its source in the layout; if the source is not known, at any
    /// place.
    pub(super) fn is_right(&self, text: &str, source: Option<&Reference>) -> bool {
        let Ok(reference) = Reference::parse(text) else { return false };
        let (mirror, layout) = (&self.settings.mirror, self.settings.layout);
        if !mirror.serves(&reference) {
            return false;
        }
        let wanted = source.and_then(|source| layout.repository(mirror, source));
        match wanted {
            Some(wanted) => wanted == format!("{}/{}", reference.registry, reference.repository),
            None => true,
        }
    }

    /// Whether a reference is right for a use with a known source.
    pub(super) fn is_right_for(&self, text: &str, judged: &Judged, source: Option<&Reference>) -> bool {
        let replaces = |reference: Reference| judged.replaces_registry(&reference, self.settings);
        self.is_right(text, source) || Reference::parse(text).is_ok_and(replaces)
    }

    /// Whether a use is right already.
    pub(super) fn is_right_now(&self, judged: &Judged) -> bool {
        judged.class.resolves() && self.is_right_for(judged.image.text.as_str(), judged, judged.source.as_ref())
    }

    /// Whether nothing but the target changed for the worse: no image that was right is wrong or gone, no new image is wrong, and
    /// no object is gone.
    pub(super) fn spares(&self, twin: &Twin, judged: &[Judged], targets: &BTreeSet<usize>) -> bool {
        // If the limit is exceeded, the next trial ends.
        let _ = self.may(4 * judged.len());
        let images = || judged.iter().map(|judged| &judged.image);
        let unharmed = judged.iter().enumerate().all(|(number, one)| match twin.seen(&one.image) {
            Seen::Same => true,
            Seen::Gone => targets.contains(&number),
            Seen::Other(text) => {
                let is_right = || self.is_right_for(text, one, one.source.as_ref());
                targets.contains(&number) || !self.is_right_now(one) || is_right()
            }
        });
        let mirror = &self.settings.mirror;
        let mirrored = |text: &&str| serves(text, mirror);
        unharmed
            && twin.new_ones(images()).iter().all(mirrored)
            && self.manifests.iter().all(|manifest| twin.has(manifest))
    }

    /// A use in a trial.
    pub(super) fn text<'t>(twin: &'t Twin, image: &'t ImageUse) -> Option<&'t str> {
        match twin.seen(image) {
            Seen::Same => Some(image.text.as_str()),
            Seen::Other(text) => Some(text),
            Seen::Gone => None,
        }
    }
}
