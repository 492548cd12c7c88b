//! Where a release prints images, and which values become parts of them: from renders with every branch taken.

use super::facts::Hot;
use crate::compiler::Compiler;
use crate::images::ImageUse;
use crate::images::operators::{Implicit, may_leave_an_image};
use crate::images::rendered::{may_name_an_image, of_file, operators_of_file};
use crate::reads::GLOBAL;
use crate::release::{InputChange, ReleaseInputs};
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::template::decisions::{Course, Decisions};
use crate::trace::{Layer, OriginData, Origins, Span};
use crate::values_path::ValuesPath;
use crate::work::Work;
use std::collections::{BTreeMap, BTreeSet};

/// The most ways of branches that are taken.
const MOST_WAYS: u32 = 6;

/// How far back the text of a template is searched before an image.
const MOST_BEFORE: usize = 64;

/// What renders of a release show.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    /// Positions of templates at which an image was printed.
    pub(super) hot: Hot,
    /// Values whose text became a part of an image.
    pub(super) free: BTreeSet<ValuesPath>,
}

impl Discovered {
    /// Renders with every branch taken, one way after the other; only files with another way are executed again.
    pub(super) fn everywhere(
        &mut self,
        prepared: &ReleaseInputs,
        changes: &[InputChange],
        settings: &Settings,
        compiler: &mut Compiler,
    ) {
        let mut untaken: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        let mut names: BTreeSet<String> = BTreeSet::new();
        // As the values say, if the release renders: only then the parts of a reference are those that belong together.
        let course = |way: u32| way.checked_sub(1).map_or(Course::AsIs, Course::Everything);
        for way in 0..=MOST_WAYS {
            let mut decisions = Decisions::new(course(way), |text| may_name_an_image(text) || may_leave_an_image(text));
            if way > 1 {
                let wanted = |name: &str| untaken.get(name).is_some_and(|ways| ways.contains(&(way - 1)));
                decisions.skipped = names.iter().filter(|name| !wanted(name)).cloned().collect();
                if decisions.skipped.len() == names.len() {
                    break;
                }
            }
            let limits = prepared.limits.clone();
            let prepared = ReleaseInputs { check_schema: false, work: Work::of(&limits), ..prepared.clone() };
            let mut origins = Origins::new();
            let rendered = prepared.render_deciding(compiler, changes, Some(&mut origins), Some(decisions), None);
            let Ok(outcome) = rendered else { continue };
            for file in &outcome.rendered.files {
                names.insert(file.name.clone());
                let hints = settings.hints();
                for image in of_file(file, prepared.env.helm, hints, &prepared.limits, &prepared.work).uses {
                    self.add(&image, &origins);
                }
                for one in operators_of_file(file, prepared.env.helm, &settings.mirror, &prepared.limits) {
                    self.left_to_operator(&one, &origins);
                }
            }
            names.extend(outcome.rendered.notes.iter().map(|file| file.name.clone()));
            for (name, ways) in outcome.rendered.decisions.map(|decisions| decisions.untaken).unwrap_or_default() {
                untaken.entry(name).or_default().extend(ways);
            }
        }
    }

    /// Adds where an image of a traced render was printed; returns whether that is new.
    pub(super) fn add(&mut self, image: &ImageUse, origins: &Origins) -> bool {
        let before = (self.hot.len(), self.free.len());
        let spans = image.manifest.content.spans();
        for place in image.text.places(0..image.text.len()) {
            let first = spans.partition_point(|span| span.end <= place.start);
            for span in spans[first..].iter().take_while(|span| span.start < place.end) {
                self.part(span, place.start, origins);
            }
            // The action that printed it follows the text of its template.
            let earlier = spans[..first].iter().rev().take(MOST_BEFORE);
            let text = earlier
                .filter(|span| span.start < place.start)
                .find_map(|span| template_byte(span, span.end - 1, origins));
            self.hot.text.extend(text);
        }
        self.emitted(&image.manifest, image.text.whole().start);
        before != (self.hot.len(), self.free.len())
    }

    /// Adds where an object was printed that leaves an image to an operator: its beginning, and what would name the image.
    fn left_to_operator(&mut self, one: &Implicit, origins: &Origins) {
        let spans = one.manifest.content.spans();
        for at in [0, one.place.start] {
            let first = spans.partition_point(|span| span.end <= at);
            self.hot.text.extend(spans.get(first).and_then(|span| template_byte(span, at.max(span.start), origins)));
            self.emitted(&one.manifest, at);
        }
    }

    fn part(&mut self, span: &Span, from: u32, origins: &Origins) {
        self.hot.text.extend(template_byte(span, from.max(span.start), origins));
        for (origin, _) in crate::provenance::atoms(span, from, origins) {
            if let Some(OriginData::Setting(setting)) = origins.get(origin) {
                let path = origins.path(origin);
                self.free.insert(match &setting.layer {
                    // The values below `global` are one for all charts.
                    Layer::Chart(chart) if !path.first().is_some_and(|first| first.is(GLOBAL)) => path.of_user(chart),
                    _ => path,
                });
            }
        }
    }

    /// The action of the file that printed a byte, and the text before it.
    fn emitted(&mut self, manifest: &Manifest, at: u32) {
        let at = manifest.start + at;
        let emits = &manifest.emits;
        let number = emits.partition_point(|emit| emit.end <= at);
        if emits.get(number).is_none_or(|emit| emit.is_text) {
            return;
        }
        let text = emits[..number.min(emits.len())].iter().rev().take(MOST_BEFORE).find(|emit| emit.is_text);
        if let Some(emit) = text {
            let file = std::sync::Arc::as_ptr(&manifest.source) as usize;
            self.hot.actions.insert((file, emit.at + (emit.end - emit.start) - 1));
        }
    }
}

/// The byte of a template that a byte of a span is, if it is one.
fn template_byte(span: &Span, at: u32, origins: &Origins) -> Option<(usize, u32)> {
    match origins.get(span.origin)? {
        OriginData::Template { file, start } => {
            Some((std::sync::Arc::as_ptr(file) as usize, start + span.at + (at - span.start)))
        }
        _ => None,
    }
}
