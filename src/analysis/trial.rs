//! [`Trials`]: renders a release with something changed of what the user gave, to see what that does to its images.

use super::Judged;
use super::keys::Keys;
use super::twin::{Seen, Twin};
use crate::compiler::Compiler;
use crate::fix::apply;
use crate::fix::{Edit, Refusal};
use crate::images::{ImageUse, Reference};
use crate::release::{Change, Prepared};
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most renders of one release that look for culprits and try fixes, whatever is found.
const MOST: usize = 48;

/// Most edits that are tried together: each is judged by reading the whole of its file again.
pub(super) const MOST_EDITS: usize = 64;

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

    /// Whether a reference is right for a use.
    pub(super) fn is_right_for(&self, text: &str, judged: &Judged) -> bool {
        let replaces = |reference: Reference| judged.replaces_registry(&reference, self.settings);
        self.is_right(text, judged.source.as_ref()) || Reference::parse(text).is_ok_and(replaces)
    }

    /// Whether a use is right as it is.
    pub(super) fn is_right_now(&self, judged: &Judged) -> bool {
        judged.class.resolves() && self.is_right_for(judged.image.text.as_str(), judged)
    }

    /// Whether nothing but what was asked for became worse: no image that was right is wrong or gone, none that is new is
    /// wrong, and no object is gone.
    pub(super) fn spares(&self, twin: &Twin, judged: &[Judged], targets: &BTreeSet<usize>) -> bool {
        let images = || judged.iter().map(|judged| &judged.image);
        let unharmed = judged.iter().enumerate().all(|(number, one)| match twin.seen(&one.image) {
            Seen::Same => true,
            Seen::Gone => targets.contains(&number),
            Seen::Other(text) => targets.contains(&number) || !self.is_right_now(one) || self.is_right_for(text, one),
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
