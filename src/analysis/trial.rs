//! [`Trials`]: renders a release with something changed of what the user gave, to see what that does to its images.

use super::Judged;
use super::keys::Keys;
use super::twin::{Seen, Twin};
use crate::compiler::Compiler;
use crate::fix::apply;
use crate::fix::{Edit, Patch, Refusal, patched};
use crate::images::{ImageUse, Reference};
use crate::release::{Change, Prepared};
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::trace::Str;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most renders of one release that look for culprits and try fixes, whatever is found.
const MOST: usize = 48;

/// Most edits that are tried together: each is judged by reading the whole of its file again.
pub(super) const MOST_EDITS: usize = 64;

/// The files of a render by name; `None` where it failed.
pub(super) type Texts = Option<BTreeMap<String, Str>>;

/// What trials need, and how many are left.
pub(super) struct Trials<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a Keys,
    pub(super) compiler: &'a mut Compiler,
    pub(super) rendered: &'a Rendered,
    pub(super) manifests: &'a [Arc<Manifest>],
    left: usize,
}

impl<'a> Trials<'a> {
    pub(super) fn new(
        prepared: &'a Prepared,
        settings: &'a Settings,
        keys: &'a Keys,
        compiler: &'a mut Compiler,
        rendered: &'a Rendered,
        manifests: &'a [Arc<Manifest>],
    ) -> Self {
        Self { prepared, settings, keys, compiler, rendered, manifests, left: MOST }
    }

    /// Allows no more than so many further renders.
    pub(super) fn limit(&mut self, most: usize) {
        self.left = self.left.min(most);
    }

    /// Allows so many renders for something of its own.
    pub(super) fn renew(&mut self, most: usize) {
        self.left = most;
    }

    /// The release with some of the user's values changed, and the mirror as it would be installed; `None` where no render is
    /// left.
    pub(super) fn with_changes(&mut self, changes: &[Change]) -> Option<Twin> {
        let prepared = self.prepared;
        self.render(prepared, changes)
    }

    /// The release with edits of what the user gave, as it would be installed then.
    ///
    /// # Errors
    /// Why an edit cannot be made.
    pub(super) fn with_edits(&mut self, edits: &[Edit]) -> Result<Option<Twin>, Refusal> {
        self.with_edits_and(edits, &self.keys.defaults())
    }

    /// The release with edits of what the user gave, and changes to what that comes to.
    ///
    /// # Errors
    /// Why an edit cannot be made.
    pub(super) fn with_edits_and(&mut self, edits: &[Edit], changes: &[Change]) -> Result<Option<Twin>, Refusal> {
        let user = apply(&self.prepared.user, edits, self.prepared.env.helm, &self.prepared.limits)?;
        let prepared = Prepared { user, ..self.prepared.clone() };
        Ok(self.render(&prepared, changes))
    }

    /// The release with patches in its templates and edits of what the user gave, and changes to what that comes to.
    ///
    /// # Errors
    /// Why an edit cannot be made.
    pub(super) fn with_patches(
        &mut self,
        patches: &[&Patch],
        edits: &[Edit],
        changes: &[Change],
    ) -> Result<Option<Twin>, Refusal> {
        let user = apply(&self.prepared.user, edits, self.prepared.env.helm, &self.prepared.limits)?;
        let prepared = Prepared { user, chart: patched(&self.prepared.chart, patches), ..self.prepared.clone() };
        Ok(self.render(&prepared, changes))
    }

    /// What the files of the release are with patches in its templates and some of the user's values changed: nothing where it
    /// does not render. `None` where no render is left.
    pub(super) fn texts(&mut self, patches: &[&Patch], changes: &[Change]) -> Option<Texts> {
        self.left = self.left.checked_sub(1)?;
        let chart = patched(&self.prepared.chart, patches);
        let prepared = Prepared { chart, check_schema: false, ..self.prepared.clone() };
        let Ok(outcome) = prepared.render(self.compiler, changes, None, &mut Vec::new()) else { return Some(None) };
        let Rendered { files, notes, .. } = outcome.rendered;
        Some(Some(files.into_iter().chain(notes).map(|file| (file.name, file.text)).collect()))
    }

    /// Whether an edit can be made.
    pub(super) fn can(&self, edit: &Edit) -> bool {
        let (helm, limits) = (self.prepared.env.helm, &self.prepared.limits);
        apply(&self.prepared.user, std::slice::from_ref(edit), helm, limits).is_ok()
    }

    fn render(&mut self, prepared: &Prepared, changes: &[Change]) -> Option<Twin> {
        self.left = self.left.checked_sub(1)?;
        Some(Twin::render(prepared, self.settings, changes, self.compiler, self.rendered, BTreeSet::new()))
    }

    /// Whether a reference comes from the mirror, from where the layout has its source; where that is not known, from the
    /// mirror.
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

    /// Whether a use is right as it is.
    pub(super) fn is_right_now(&self, judged: &Judged) -> bool {
        judged.class.resolves() && self.is_right(judged.image.text.as_str(), judged.source.as_ref())
    }

    /// Whether nothing but what was asked for became worse: no image that was right is wrong or gone, none that is new is
    /// wrong, and no object is gone.
    pub(super) fn spares(&self, twin: &Twin, judged: &[Judged], targets: &BTreeSet<usize>) -> bool {
        let images = || judged.iter().map(|judged| &judged.image);
        let unharmed = judged.iter().enumerate().all(|(number, one)| match twin.seen(&one.image) {
            Seen::Same => true,
            Seen::Gone => targets.contains(&number),
            Seen::Other(text) => {
                targets.contains(&number) || !self.is_right_now(one) || self.is_right(text, one.source.as_ref())
            }
        });
        let mirror = &self.settings.mirror;
        let mirrored = |text: &&str| Reference::parse(text).is_ok_and(|reference| mirror.serves(&reference));
        unharmed
            && twin.new_ones(images()).iter().all(mirrored)
            && self.manifests.iter().all(|manifest| twin.has(manifest))
    }

    /// What a use is in a trial.
    pub(super) fn text<'t>(twin: &'t Twin, image: &'t ImageUse) -> Option<&'t str> {
        match twin.seen(image) {
            Seen::Same => Some(image.text.as_str()),
            Seen::Other(text) => Some(text),
            Seen::Gone => None,
        }
    }
}
