//! [`put_in_overlay`]: the fixes of a release as values that are passed after all others, tried together.

use super::advice::keeps_version;
use super::other_mirror::Twin;
use super::propose::{Paths, id_of};
use super::trial::Trials;
use super::{Analysis, Judged};
use crate::compiler::Compiler;
use crate::finding::Finding;
use crate::fix::{Edit, FixTarget, OverlayValue, Proven, ValueAction};
use crate::objects::ObjectName;
use crate::release::ReleaseInputs;
use crate::settings::Settings;
use crate::template::{Map, Value as Rendered};
use crate::values::value_at;
use crate::values_path::Key;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most renders: all fixes are tried together, then each half of them.
const RENDERS: usize = 12;

/// A change that findings share.
struct Part {
    values: Vec<OverlayValue>,
    /// The indexes of the findings.
    findings: Vec<usize>,
    /// The images that it sends to the mirror, with the references that its own trial showed.
    targets: BTreeMap<usize, BTreeSet<String>>,
}

/// Notes with each fix the values of an overlay that have the same effect, if they have it in one render with those of all others.
pub(crate) fn put_in_overlay(
    findings: &mut [Finding],
    analysis: &Analysis,
    prepared: &ReleaseInputs,
    settings: &Settings,
    compiler: &mut Compiler,
) {
    if analysis.failure.is_some() {
        return;
    }
    let keys = &analysis.rewrite;
    let mut trials = Trials::new(prepared, settings, keys, compiler, &analysis.rendered, &analysis.manifests);
    trials.allow(RENDERS);
    let open = parts(findings, analysis, &trials);
    let mut found = Vec::new();
    if !open.is_empty() {
        attempt(open, &mut found, &analysis.images, &mut trials);
    }
    for part in found {
        for number in part.findings {
            if let Some(fix) = &mut findings[number].fix {
                fix.overlay.clone_from(&part.values);
            }
        }
    }
}

/// The changes that can be values of an overlay, each once; of changes of the same value, the first.
fn parts(findings: &[Finding], analysis: &Analysis, trials: &Trials<'_>) -> Vec<Part> {
    let fixes = findings.iter().enumerate().filter_map(|(number, finding)| Some((number, finding.fix.as_ref()?)));
    // A patch is not a value, and what is proven otherwise than by references cannot be compared.
    let fixes = fixes.filter(|(_, fix)| fix.patches.is_empty() && !fix.proof.is_empty());
    let fixes: Vec<_> = fixes.collect();
    if fixes.is_empty() {
        return Vec::new();
    }
    let removals: Vec<Edit> = fixes
        .iter()
        .flat_map(|(_, fix)| &fix.edits)
        .filter(|edit| edit.action == ValueAction::Remove)
        .cloned()
        .collect();
    let (defaults, uses) = (defaults_below(&removals, trials), Uses::of(&analysis.images));
    let mut parts: Vec<Part> = Vec::new();
    let mut known: BTreeMap<String, Option<usize>> = BTreeMap::new();
    let mut taken = Paths::default();
    for (number, fix) in fixes {
        let part = *known.entry(id_of(&fix.edits)).or_insert_with(|| {
            let values = fix.edits.iter().map(|edit| value_of(edit, &analysis.values, defaults.as_ref()));
            let values: Vec<OverlayValue> = values.collect::<Option<_>>()?;
            if taken.overlap(&fix.edits) {
                return None;
            }
            taken.add(&fix.edits);
            parts.push(Part { values, findings: Vec::new(), targets: BTreeMap::new() });
            Some(parts.len() - 1)
        });
        if let Some(part) = part.map(|part| &mut parts[part]) {
            part.findings.push(number);
            part.add_targets(&findings[number], &fix.proof, &uses);
        }
    }
    parts
}

/// The values of the release without those that fixes remove.
fn defaults_below(removals: &[Edit], trials: &Trials<'_>) -> Option<Map> {
    if removals.is_empty() {
        return None;
    }
    let edited = trials.edited(removals)?;
    edited.values(&trials.keys.defaults(), None, None).ok().map(|processed| processed.values)
}

/// An edit as a value of an overlay; `None` if it has no such form. What is removed gets the value that is below it; if there is none,
/// an empty text, which schemas allow and templates take for unset, or null.
fn value_of(edit: &Edit, values: &Map, defaults: Option<&Map>) -> Option<OverlayValue> {
    if edit.path.iter().any(Key::is_index) {
        return None;
    }
    let value = match &edit.action {
        ValueAction::Set(value) | ValueAction::Add(value) => value.clone(),
        ValueAction::Remove => match value_at(defaults?, &edit.path) {
            None | Some(Rendered::Nil) => match value_at(values, &edit.path) {
                Some(Rendered::Str(_)) => Value::String(String::new()),
                _ => Value::Null,
            },
            Some(Rendered::Str(text)) => Value::String(text.to_text().into_owned()),
            Some(Rendered::Bool(value, ..)) => Value::Bool(value),
            Some(_) => return None,
        },
    };
    Some(OverlayValue { path: edit.path.clone(), value })
}

/// The uses of images by their fields, and by their references.
struct Uses<'a> {
    of_field: HashMap<(&'a ObjectName, &'a str), usize>,
    of_text: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Uses<'a> {
    fn of(images: &'a [Judged]) -> Self {
        let mut uses = Self { of_field: HashMap::new(), of_text: HashMap::new() };
        for (number, judged) in images.iter().enumerate() {
            let image = &judged.image;
            uses.of_field.insert((&image.object, &image.field), number);
            uses.of_text.entry(image.text.as_str()).or_default().push(number);
        }
        uses
    }
}

impl Part {
    /// Adds the images that a finding is about: its own, or those whose references its fix changes.
    fn add_targets(&mut self, finding: &Finding, proof: &[Proven], uses: &Uses<'_>) {
        let own = finding.subject.as_ref();
        let own = own.map(|subject| uses.of_field.get(&(&subject.object, subject.field.as_str())).copied());
        for one in proof {
            let with_text = uses.of_text.get(one.before.as_str()).into_iter().flatten().copied();
            for number in with_text.filter(|number| own.is_none_or(|own| own == Some(*number))) {
                self.targets.entry(number).or_default().insert(one.after.clone());
            }
        }
    }

    /// Whether a trial of several parts has the effect of this one.
    fn holds(&self, twin: &Twin, images: &[Judged], trials: &Trials<'_>) -> bool {
        let is_right = |(&number, proven): (&usize, &BTreeSet<String>)| {
            let judged = &images[number];
            Trials::text(twin, &judged.image).is_some_and(|after| {
                proven.contains(after)
                    || trials.is_right_for(after, judged, judged.source.as_ref()) && keeps_version(judged, after)
            })
        };
        !self.targets.is_empty() && self.targets.iter().all(is_right)
    }

    fn edits(&self) -> impl Iterator<Item = Edit> {
        self.values.iter().map(|one| Edit {
            target: FixTarget::Overlay,
            path: one.path.clone(),
            place: None,
            action: ValueAction::Add(one.value.clone()),
        })
    }
}

/// Tries parts together with those that were found; if that fails, each half of them.
fn attempt(mut open: Vec<Part>, found: &mut Vec<Part>, images: &[Judged], trials: &mut Trials<'_>) {
    let all = || found.iter().chain(&open);
    let edits: Vec<Edit> = all().flat_map(Part::edits).collect();
    let twin = trials.with_edits(&edits).ok().flatten().filter(|twin| twin.is_whole);
    let holds = twin.is_some_and(|twin| {
        let targets: BTreeSet<usize> = all().flat_map(|part| part.targets.keys().copied()).collect();
        trials.spares(&twin, images, &targets) && all().all(|part| part.holds(&twin, images, trials))
    });
    if holds && trials.fits_schema(&edits) {
        found.append(&mut open);
    } else if open.len() > 1 {
        let second = open.split_off(open.len() / 2);
        attempt(open, found, images, trials);
        attempt(second, found, images, trials);
    }
}
