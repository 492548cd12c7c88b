//! Masks secrets in reports: everything that a format shows of a chart, of values and of flags passes here once.

use super::fix::changed_line;
use super::{Report, Suppressed};
use crate::analysis::Gated;
use crate::analysis::images::Image;
use crate::finding::Finding;
use crate::fix::{Edit, Fix, FixTarget, OverlayValue, Patch, Proven, Shown, ValueAction};
use crate::objects::ObjectName;
use crate::secrets::{Secrets, shown_argument};
use crate::source::Place;

impl Report {
    /// Masks the secrets in everything that the report shows: in the sources, and in messages about them. Fixes are turned into
    /// what they show (`changes`: including text changes), and the files that they edit are dropped.
    pub(crate) fn hide_secrets(&mut self, changes: bool) {
        let secrets = std::mem::take(&mut self.secrets);
        let text = |text: &mut String| *text = secrets.hide_in(text, false);
        self.findings.iter_mut().for_each(|finding| hide_in_finding(finding, &secrets, changes));
        for Suppressed { finding, reason, by: _, place } in &mut self.suppressed {
            hide_in_finding(finding, &secrets, changes);
            text(reason);
            *place = secrets.hide(place, reason);
        }
        if let Some(changes) = &mut self.changes {
            changes.new.iter_mut().chain(&mut changes.gone).for_each(text);
            for one in &mut changes.changed {
                text(&mut one.before);
                text(&mut one.after);
            }
            changes.unknown.iter_mut().for_each(|why| *why = secrets.hide_in(why, true));
        }
        hide_in_images(&mut self.images, &secrets);
        hide_in_gated(&mut self.gated, &secrets);
        let name = &mut self.release;
        [&mut name.name, &mut name.chart, &mut name.namespace, &mut self.mirror].into_iter().for_each(text);
        self.assumed_keys.iter_mut().for_each(|one| text(&mut one.value));
        self.secrets = secrets;
    }
}

/// Masks secrets in a finding; its fix is turned into what it shows (`changes`: including text changes).
pub(crate) fn hide_in_finding(finding: &mut Finding, secrets: &Secrets, changes: bool) {
    // The subject of the finding; its notes may contain anything.
    let subject = finding.subject.as_ref().map(|subject| subject.reference.as_str()).unwrap_or_default();
    let told = format!("{}\n{subject}\n{}", finding.message, finding.advice().unwrap_or_default());
    for excerpt in &mut finding.excerpts {
        excerpt.place = secrets.hide(&excerpt.place, &told);
        excerpt.label = secrets.hide_in(&excerpt.label, false);
    }
    finding.message = secrets.hide_in(&finding.message, false);
    finding.notes.iter_mut().for_each(|note| *note = shortened(secrets.hide_in(note, true)));
    finding.help.iter_mut().for_each(|help| *help = secrets.hide_in(help, false));
    let proof = finding.fix.iter().flat_map(|fix| &fix.proof).map(|one| format!("{}\n{}\n", one.before, one.after));
    let told = proof.collect::<String>() + &told;
    finding.fix = finding.fix.take().and_then(|fix| hide_in_fix(fix, &told, secrets));
    if let Some(fix) = &mut finding.fix {
        let line = if changes { changed_line(fix, secrets) } else { None };
        fix.shown = Some(Box::new(Shown { line, ..Shown::of(fix, changes) }));
        (fix.edits, fix.patches) = (Vec::new(), Vec::new());
    }
    if let Some(subject) = &mut finding.subject {
        hide_in_name(&mut subject.object, secrets);
        let texts = [&mut subject.template, &mut subject.field, &mut subject.reference];
        texts.into_iter().chain(&mut subject.container).for_each(|text| *text = secrets.hide_in(text, false));
    }
}

/// A note without its middle if it is very long: helm's message quotes the whole text of a failed `tpl`. Called after secrets
/// were masked, because half of one would not be recognized.
fn shortened(note: String) -> String {
    /// The bytes that are kept at the beginning, and at the end, where the reason is.
    const KEPT: usize = 8 << 10;
    if note.len() <= 2 * KEPT {
        return note;
    }
    let (start, end) = (note.floor_char_boundary(KEPT), note.ceil_char_boundary(note.len() - KEPT));
    format!("{} … {}", &note[..start], &note[end..])
}

/// A fix with its secrets masked; `None` if it sets a secret.
fn hide_in_fix(mut fix: Fix, told: &str, secrets: &Secrets) -> Option<Fix> {
    fix.title = secrets.hide_in(&fix.title, false);
    for Proven { before, after } in &mut fix.proof {
        [before, after].into_iter().for_each(|text| *text = secrets.hide_in(text, false));
    }
    for Edit { target, path: _, place, action } in &mut fix.edits {
        if let FixTarget::Flag(part) = target {
            part.argument = shown_argument(&part.argument).into();
        }
        if let Some(place) = place {
            *place = secrets.hide(place, told);
        }
        if let ValueAction::Set(value) | ValueAction::Add(value) = action {
            let text = value.to_string();
            if secrets.hide_in(&text, false) != text {
                return None;
            }
        }
    }
    let is_harmless = |one: &OverlayValue| {
        let text = one.value.to_string();
        secrets.hide_in(&text, false) == text
    };
    if !fix.overlay.iter().all(is_harmless) {
        fix.overlay.clear();
    }
    if !fix.patches.iter_mut().all(|patch| hide_in_patch(patch, told, secrets)) {
        return None;
    }
    Some(fix)
}

/// Reduces the context of a patch until it contains no secret: a patch with a mask in it would not apply.
/// `false` if the changed lines themselves contain one.
fn hide_in_patch(patch: &mut Patch, told: &str, secrets: &Secrets) -> bool {
    let Place { file, start, end } = patch.place.clone();
    let old = String::from_utf8_lossy(&file.bytes()[start as usize..end as usize]);
    let told = format!("{told}\n{old}\n{}", patch.text);
    if secrets.hide_in(&patch.text, false) != patch.text {
        return false;
    }
    let is_shown = |line: u32| {
        let (Some(text), Some(start)) = (file.line(line), file.start_of_line(line)) else { return true };
        let place = Place { file: file.clone(), start, end: start };
        secrets.hide(&place, &told).file.line(line).as_ref() == Some(&text) && secrets.hide_in(&text, true) == text
    };
    loop {
        if patch.lines().all(is_shown) {
            return true;
        }
        let Some(fewer) = patch.around.checked_sub(1) else { return false };
        patch.around = fewer;
    }
}

fn hide_in_name(name: &mut ObjectName, secrets: &Secrets) {
    let texts = [&mut name.kind, &mut name.name, &mut name.namespace];
    texts.into_iter().for_each(|text| *text = secrets.hide_in(text, false));
}

/// Masks secrets in a list of gated images.
pub(crate) fn hide_in_gated(images: &mut [Gated], secrets: &Secrets) {
    for Gated { reference, template, place: _, switches, mirrored: _ } in images {
        let texts = [reference, template].into_iter().chain(switches);
        texts.for_each(|text| *text = secrets.hide_in(text, false));
    }
}

/// Masks secrets in a list of images.
pub(crate) fn hide_in_images(images: &mut [Image], secrets: &Secrets) {
    let text = |text: &mut String| *text = secrets.hide_in(text, false);
    for image in images {
        [&mut image.reference, &mut image.registry].into_iter().for_each(text);
        image.source.iter_mut().chain(&mut image.destination).for_each(text);
        for one in &mut image.uses {
            hide_in_name(&mut one.object, secrets);
            [&mut one.field, &mut one.template, &mut one.reason].into_iter().chain(&mut one.container).for_each(text);
            for origin in one.origins.iter_mut().chain(&mut one.decided_by) {
                [&mut origin.who, &mut origin.path, &mut origin.user_path]
                    .into_iter()
                    .chain(&mut origin.hides)
                    .for_each(text);
            }
        }
    }
}
