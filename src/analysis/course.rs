//! [`Courses`]: renders a release with forced branches, and reads the output as far as possible.

use super::keys::Keys;
use crate::compiler::Compiler;
use crate::images::ImageUse;
use crate::images::rendered::{may_name_an_image, of_file};
use crate::limits::Limits;
use crate::release::{InputChange, ReleaseInputs};
use crate::render::{Rendered, RenderedFile};
use crate::settings::Settings;
use crate::template::decisions::{Course, Decisions};
use crate::trace::{Marks, Origins};

/// Renders a release with forced branches.
pub(super) struct Courses<'a> {
    pub(super) prepared: &'a ReleaseInputs,
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a Keys,
    pub(super) compiler: &'a mut Compiler,
}

/// The output of a render with forced branches.
pub(super) struct Ran {
    pub(super) rendered: Rendered,
    pub(super) origins: Origins,
    pub(super) decisions: Decisions,
}

/// Decisions for the branches of a release whose mirror is set.
pub(super) fn decisions(course: Course, keys: &Keys) -> Decisions {
    let mut decisions = Decisions::new(course, may_name_an_image);
    if !keys.is_only_named() {
        decisions.mirror_keys = keys.all.clone();
    }
    decisions
}

impl Courses<'_> {
    /// Renders with traces and with the mirror set; `None` if that fails.
    pub(super) fn render(&mut self, decisions: Decisions, more: &[InputChange], limits: Limits) -> Option<Ran> {
        let prepared = ReleaseInputs { check_schema: false, limits, ..self.prepared.clone() };
        let mut changes = self.keys.defaults();
        changes.extend_from_slice(more);
        let mut origins = Origins::new();
        let outcome =
            prepared.render_deciding(self.compiler, &changes, Some(&mut origins), Some(decisions), None).ok()?;
        let mut rendered = outcome.rendered;
        let decisions = rendered.decisions.take()?;
        Some(Ran { rendered, origins, decisions })
    }

    /// The images of a file, as far as it can be read.
    pub(super) fn images(&self, file: &RenderedFile) -> Vec<ImageUse> {
        let limits = &self.prepared.limits;
        of_file(file, self.prepared.env.helm, self.settings.hints(), limits, &self.prepared.work).references().collect()
    }
}

/// The marks of an image's bytes.
pub(super) fn marks(image: &ImageUse) -> Marks {
    let spans = image.manifest.content.spans();
    let mut marks = Marks::NONE;
    for place in image.text.places(0..image.text.len()) {
        let first = spans.partition_point(|span| span.end <= place.start);
        for span in spans[first..].iter().take_while(|span| span.start < place.end) {
            marks = marks | span.origin.marks();
        }
    }
    marks
}
