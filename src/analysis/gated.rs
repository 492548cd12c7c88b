//! [`Gated`]: images that the release does not install, but would install if something else were enabled.
//!
//! The templates are rendered once more, with every untaken branch that may name an image taken, and with all subcharts
//! enabled. The output is not a real release; an image in it that the release does not have is one that some switch enables.

use super::Analysis;
use super::course::{self, Courses, Ran};
use crate::chart::owner_of;
use crate::images::ImageUse;
use crate::limits::Limits;
use crate::provenance::{atoms, decider_of};
use crate::reads::dependencies::{SwitchKind, of_dependencies};
use crate::release::InputChange;
use crate::render::Rendered;
use crate::source::Place;
use crate::template::Map;
use crate::template::decisions::{Course, Decisions, Gate};
use crate::trace::OriginData;
use crate::values::value_at;
use crate::values_path::ValuesPath;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most combinations of branches that are tried.
const MAX_WAYS: usize = 5;

/// An image that the release does not install as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gated {
    /// The reference.
    pub reference: String,
    /// The full name of the template file.
    pub template: String,
    /// Its location in the template or a values file.
    pub place: Option<Place>,
    /// The conditions for its installation, from the outside in: `metrics.enabled`, `.Release.IsUpgrade`,
    /// `not (eq .Values.mode "ha")`.
    pub switches: Vec<String>,
    /// Whether it resolves through the mirror.
    pub mirrored: bool,
}

/// The switches that enable a chart, by its path.
type ChartSwitches = BTreeMap<ValuesPath, BTreeSet<ValuesPath>>;

/// The images that disabled switches would enable.
pub(super) fn find(analysis: &Analysis, decisions: &Decisions, values: &Map, courses: &mut Courses<'_>) -> Vec<Gated> {
    let charts = disabled(analysis, values, courses);
    let rendered = &analysis.rendered;
    if decisions.untaken.is_empty() && charts.is_empty() {
        return Vec::new();
    }
    let installed: BTreeSet<&str> = analysis.images.iter().map(|judged| judged.image.text.as_str()).collect();
    let changes: Vec<InputChange> =
        charts.values().flatten().collect::<BTreeSet<_>>().into_iter().cloned().map(InputChange::SwitchOn).collect();
    let limits = Limits {
        template_steps: courses.prepared.limits.template_steps.min(rendered.steps.saturating_mul(6) + 200_000),
        // No image depends on keys, which take most of a render's time.
        crypto_calls: 0,
        ..courses.prepared.limits
    };
    let files = |rendered: &Rendered| -> Vec<String> {
        rendered.files.iter().chain(&rendered.notes).map(|file| file.name.clone()).collect()
    };
    let known: BTreeSet<String> = files(rendered).into_iter().collect();
    let mut seen = known.clone();
    let mut untaken = decisions.untaken.clone();
    let mut found: BTreeMap<(String, String), Gated> = BTreeMap::new();
    let mut done = BTreeSet::new();
    let ways =
        |untaken: &BTreeMap<String, BTreeSet<u32>>| untaken.values().flatten().copied().collect::<BTreeSet<u32>>();
    loop {
        let first = done.is_empty() && !charts.is_empty();
        let Some(way) = (if first { Some(0) } else { ways(&untaken).into_iter().find(|way| !done.contains(way)) })
        else {
            break;
        };
        done.insert(way);
        let mut decisions = course::decisions(Course::Everything(way), courses.keys);
        let wanted = |name: &str| untaken.get(name).is_some_and(|ways| ways.contains(&way));
        decisions.skipped = seen.iter().filter(|name| !wanted(name)).cloned().collect();
        let Some(ran) = courses.render(decisions, &changes, limits.clone()) else { break };
        for file in &ran.rendered.files {
            for image in courses.images(file) {
                let reference = image.text.as_str();
                if installed.contains(reference) {
                    continue;
                }
                let mut switches = chart_switches(&file.name, &charts);
                let (gates, place) = gates(&image, &ran);
                for gate in gates {
                    let words = words(&gate);
                    if !switches.contains(&words) {
                        switches.push(words);
                    }
                }
                // The switch of a subchart is not a branch elsewhere.
                if switches.is_empty() && known.contains(&file.name) && !charts.is_empty() {
                    switches = charts.values().flatten().map(ValuesPath::to_string).collect();
                }
                if switches.is_empty() {
                    continue;
                }
                let mirror = &courses.settings.mirror;
                let mirrored = image.reference.as_ref().is_ok_and(|reference| mirror.serves(reference));
                let key = (reference.to_owned(), file.name.clone());
                found.entry(key).or_insert_with(|| Gated {
                    reference: reference.to_owned(),
                    template: file.name.clone(),
                    place,
                    switches,
                    mirrored,
                });
            }
        }
        if done.len() >= MAX_WAYS {
            break;
        }
        seen.extend(files(&ran.rendered));
        for (name, ways) in ran.decisions.untaken {
            untaken.entry(name).or_default().extend(ways);
        }
    }
    found.into_values().collect()
}

/// The disabled charts, with what enables them.
fn disabled(analysis: &Analysis, values: &Map, courses: &Courses<'_>) -> ChartSwitches {
    let mut found = ChartSwitches::new();
    for switch in of_dependencies(&courses.prepared.chart) {
        let is_on = value_at(values, &switch.path).is_none_or(|value| value.truth());
        if switch.kind == SwitchKind::Import || is_on || analysis.is_rendered(&switch.chart) {
            continue;
        }
        found.entry(switch.chart).or_default().insert(switch.path);
    }
    found
}

/// What enables the chart of a template file, and its parent charts.
fn chart_switches(file: &str, charts: &ChartSwitches) -> Vec<String> {
    let chart = owner_of(file);
    let path = ValuesPath::default().of_user(chart);
    (1..=path.len()).filter_map(|length| charts.get(&path[..length])).flatten().map(ValuesPath::to_string).collect()
}

/// The gates through which an image was reached, and its location.
fn gates(image: &ImageUse, ran: &Ran) -> (Vec<Gate>, Option<Place>) {
    let spans = image.manifest.content.spans();
    let (mut best, mut place): (Vec<Gate>, Option<Place>) = (Vec::new(), None);
    let mut consider = |at: &Place| {
        if let Some(gates) = ran.decisions.gates_of(at)
            && gates.len() > best.len()
        {
            best = gates.to_vec();
        }
    };
    for part in image.text.places(0..image.text.len()) {
        let first = spans.partition_point(|span| span.end <= part.start);
        for span in spans[first..].iter().take_while(|span| span.start < part.end) {
            for (origin, at) in atoms(span, part.start, &ran.origins) {
                if let Some(own) = decider_of(origin, at, &ran.origins).place {
                    consider(&own);
                    place.get_or_insert(own);
                }
            }
        }
    }
    let start = image.text.whole().start;
    // The action of the file that printed it, and the text before it.
    let first = image.manifest.start + start;
    let emits = &image.manifest.emits;
    if let Some(emit) = emits.get(emits.partition_point(|emit| emit.end <= first)) {
        let at = if emit.is_text { emit.at + first.saturating_sub(emit.start) } else { emit.at };
        consider(&Place { file: image.manifest.source.clone(), start: at, end: at });
    }
    let before = &spans[..spans.partition_point(|span| span.start < start)];
    let text = before.iter().rev().take(4).find_map(|span| match ran.origins.get(span.origin) {
        Some(OriginData::Template { file, start: base }) => {
            let at = base + span.at + (span.end.min(start) - span.start).saturating_sub(1);
            Some(Place { file: file.clone(), start: at, end: at })
        }
        _ => None,
    });
    if let Some(at) = text {
        consider(&at);
        place.get_or_insert(at);
    }
    (best, place)
}

/// The condition of a gate: the path of a value from the top chart, or the condition's text.
fn words(gate: &Gate) -> String {
    let condition = gate.condition.trim();
    // `((.Values.a).b)` is a path too.
    let bare = condition.replace(['(', ')'], "");
    let path = bare.trim_start_matches('$').strip_prefix(".Values.");
    let is_path = |path: &&str| {
        !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let (words, is_one) = match path.filter(is_path) {
        Some(global) if global.starts_with("global.") => (global.to_owned(), true),
        Some(own) => {
            let chart = owner_of(&gate.file);
            (ValuesPath::of_dots(own).of_user(chart).to_string(), true)
        }
        None => (condition.to_owned(), !condition.contains(' ')),
    };
    let words = match words.strip_prefix('(').and_then(|words| words.strip_suffix(')')) {
        Some(inner) if !inner.contains(['(', ')']) => inner.to_owned(),
        _ => words,
    };
    match (gate.holds, is_one) {
        (true, _) => words,
        (false, true) => format!("not {words}"),
        (false, false) => format!("not ({words})"),
    }
}
