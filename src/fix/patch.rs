//! [`Patch`]: a change of a template, which is only shown: charts of others are not edited.

use super::TextChange;
use crate::chart::{Chart, ChartFile};
use crate::source::{File, Place};
use similar::TextDiff;
use std::ops::Range;
use std::sync::Arc;

/// Lines of context before and after a change.
const AROUND: usize = 3;

/// A change of a template of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    /// The removed range; empty if text is only added. The name of its file is the one that helm reports.
    pub place: Place,
    /// The text that replaces it.
    pub text: String,
    /// Lines of context that are shown.
    pub around: usize,
}

impl Patch {
    /// Replaces a range by a text.
    pub(crate) fn new(place: Place, text: String) -> Self {
        Self { place, text, around: AROUND }
    }

    /// The lines, from 1, that it shows: the changed lines and their context.
    pub(crate) fn lines(&self) -> Range<u32> {
        let line = |at: u32| self.place.file.line_column(at).0;
        let (first, last) = (line(self.place.start), line(self.place.end));
        let around = self.around as u32;
        first.saturating_sub(around).max(1)..last + around + 1
    }

    /// The patch without context lines that others change, so that they can be applied in any order.
    pub(crate) fn beside(&self, others: &[&Self]) -> Self {
        let line = |patch: &Self| patch.place.file.line_column(patch.place.start).0;
        let of_file = others.iter().filter(|other| Arc::ptr_eq(&other.place.file, &self.place.file));
        let distances = of_file.map(|other| line(other).abs_diff(line(self))).filter(|&distance| distance > 0);
        let around = distances.min().map_or(self.around, |nearest| self.around.min(nearest as usize - 1));
        Self { around, ..self.clone() }
    }

    /// The patch as a unified diff: `--- web/templates/pod.yaml`. It can be applied with `patch -d CHART -p1`.
    pub(crate) fn diff(&self) -> String {
        let file = &self.place.file;
        let (old, new) = (String::from_utf8_lossy(file.bytes()), changed(file, &[self]));
        let new = String::from_utf8_lossy(&new);
        let diff = TextDiff::from_lines(&*old, &*new);
        diff.unified_diff().context_radius(self.around).header(file.name(), file.name()).to_string()
    }

    /// The patch as a change of the text of its file.
    pub(crate) fn text_change(&self) -> TextChange {
        let file = &self.place.file;
        let after = File::on_disk(file.name(), file.path().map(str::to_owned), changed(file, &[self]));
        TextChange { place: self.place.clone(), text: self.text.clone(), after }
    }

    /// Whether the changed ranges overlap.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let (one, other) = (&self.place, &other.place);
        let is_point = one.start == one.end || other.start == other.end;
        let meets = one.start < other.end && other.start < one.end || is_point && one.start == other.start;
        Arc::ptr_eq(&one.file, &other.file) && meets
    }

    /// Whether both make the same change.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (&self.place, &other.place);
        Arc::ptr_eq(&one.file, &two.file) && (one.start, one.end) == (two.start, two.end) && self.text == other.text
    }
}

/// A chart with patches in its templates and those of its subcharts; the input is not changed. Patches must not overlap.
pub(crate) fn patched(chart: &Arc<Chart>, patches: &[&Patch]) -> Arc<Chart> {
    let templates: Vec<ChartFile> = chart.templates.iter().map(|template| patched_file(template, patches)).collect();
    let subcharts: Vec<Arc<Chart>> = chart.subcharts.iter().map(|subchart| patched(subchart, patches)).collect();
    let is_same = templates.iter().zip(&chart.templates).all(|(new, old)| Arc::ptr_eq(&new.file, &old.file))
        && subcharts.iter().zip(&chart.subcharts).all(|(new, old)| Arc::ptr_eq(new, old));
    if is_same {
        return chart.clone();
    }
    Arc::new(Chart { templates, subcharts, ..Chart::clone(chart) })
}

fn patched_file(template: &ChartFile, patches: &[&Patch]) -> ChartFile {
    let file = &template.file;
    let own: Vec<&Patch> = patches.iter().copied().filter(|patch| Arc::ptr_eq(&patch.place.file, file)).collect();
    if own.is_empty() {
        return template.clone();
    }
    let file = File::on_disk(file.name(), file.path().map(str::to_owned), changed(file, &own));
    ChartFile { path: template.path.clone(), file }
}

/// The text of a file with patches applied.
fn changed(file: &File, patches: &[&Patch]) -> Vec<u8> {
    let mut bytes = file.bytes().to_vec();
    let mut patches = patches.to_vec();
    // From the end, so that earlier positions stay valid.
    patches.sort_by_key(|patch| std::cmp::Reverse((patch.place.start, patch.place.end)));
    for patch in patches {
        bytes.splice(patch.place.start as usize..patch.place.end as usize, patch.text.bytes());
    }
    bytes
}
