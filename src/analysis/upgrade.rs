//! [`OtherEvent`]: an install is also analysed as an upgrade, and an upgrade as an install, if templates ask which of the two it
//! is.

use super::Analysis;
use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::images::Search;
use crate::release::{InputChange, ReleaseInputs};
use crate::render::Release;
use crate::render::manifest::{Manifests, manifests};
use crate::settings::Settings;
use memchr::memmem;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The fields of `.Release` that distinguish an upgrade from an install.
const ASKS: &[&[u8]] = &[b"IsUpgrade", b"IsInstall", b"Revision"];

/// A release on the other event.
#[derive(Debug)]
pub(crate) enum OtherEvent {
    /// No template asks, or the images are the same.
    Same,
    /// It has an image that this event does not have.
    Differs(Box<ReleaseInputs>),
    /// It does not render, so that its images are not known.
    Failed,
}

/// Whether a release has other images on an upgrade than on an install, or vice versa.
pub(crate) fn other_event(
    prepared: &ReleaseInputs,
    analysis: &Analysis,
    settings: &Settings,
    compiler: &mut Compiler,
) -> OtherEvent {
    let asks = |text: &[u8]| ASKS.iter().any(|word| memmem::find(text, word).is_some());
    let by_values = prepared.user.files.iter().any(|file| asks(file.bytes()));
    if analysis.failure.is_some() || !(by_values || is_asked(&prepared.chart, &asks)) {
        return OtherEvent::Same;
    }
    let is_upgrade = !prepared.release.is_upgrade;
    // The first upgrade makes the second revision.
    let revision = if is_upgrade { 2 } else { 1 };
    let release = Release { is_upgrade, revision, ..prepared.release.clone() };
    let other = ReleaseInputs { release, ..prepared.clone() };
    let set = |one: &super::Assumed| InputChange::Default(one.key.clone(), one.value.clone());
    let changes: Vec<InputChange> = analysis.assumed_keys.iter().map(set).collect();
    let outcome = other.render_again(compiler, &changes, &analysis.rendered);
    let Ok(outcome) = outcome else { return OtherEvent::Failed };
    let mut rendered = outcome.rendered;
    rendered.keep_different(&analysis.rendered);
    let Ok(Manifests { ordinary, hooks, .. }) = manifests(&rendered, prepared.env.helm, &prepared.limits) else {
        return OtherEvent::Failed;
    };
    let installed: BTreeSet<&str> = analysis.images.iter().map(|judged| judged.image.text.as_str()).collect();
    let all: Vec<_> = ordinary.into_iter().chain(hooks).map(Arc::new).collect();
    let found = Search::counted(&all, settings.hints(), &prepared.limits, &prepared.work);
    match found.uses.iter().any(|image| !installed.contains(image.text.as_str())) {
        true => OtherEvent::Differs(Box::new(other)),
        false => OtherEvent::Same,
    }
}

/// Whether the text of a chart, or of a subchart, asks which event it is.
fn is_asked(chart: &Chart, asks: &dyn Fn(&[u8]) -> bool) -> bool {
    let values = chart.values.iter().map(|values| &values.file);
    let mut files = chart.templates.iter().chain(&chart.files).map(|file| &file.file).chain(values);
    files.any(|file| asks(file.bytes())) || chart.subcharts.iter().any(|inside| is_asked(inside, asks))
}
