//! An image that bypasses the mirror because a value of the user's says so.
//!
//! ## Why it matters in an air gap
//! The chart would send this image to the mirror, but a value in a `-f` file or a `--set` flag names another registry
//! and takes precedence. The pod stays in `ImagePullBackOff`.
//!
//! ## What to do
//! Remove the setting, or point it at the mirror. The finding shows its line or flag, and the value that it hides.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.registry | default .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! registry: ""
//! # --set registry=quay.io,global.imageRegistry=mirror.internal
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.registry | default .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! registry: ""
//! ```

use super::{Rule, RuleContext, subject};
use crate::analysis::{Judged, WithoutOverride};
use crate::finding::{Excerpt, Finding, Severity};
use crate::images::Class;
use crate::images::deciders::printed_at;
use crate::provenance::layer_name;
use crate::provenance::{Decider, DeciderKind};
use crate::trace::Layer;
use std::collections::BTreeSet;

pub(super) static RULE: Rule = Rule {
    id: "override-bypasses-mirror",
    summary: "a value set by the user sends an image past the mirror",
    severity: Severity::Error,
    on: true,
    source: include_str!("override_bypasses_mirror.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    rewrite_taken_away(ctx);
    let mut told: BTreeSet<Vec<String>> = BTreeSet::new();
    for (number, judged) in ctx.analysis.images.iter().enumerate() {
        let (decider, mirror) = (&judged.decider, &ctx.settings.mirror);
        if judged.class.resolves() || judged.class == Class::NotRewritten || !decider.source.is_user() {
            continue;
        }
        if !judged.culprits.is_empty() && judged.image.reference.is_ok() {
            let places = judged.culprits.iter().filter_map(|one| one.place.as_ref()).map(ToString::to_string);
            if told.insert(places.collect()) {
                switched(ctx, number, judged);
            }
            continue;
        }
        let mut finding = ctx.image_finding(&RULE, judged, &label(decider));
        ctx.help(&mut finding, judged, format!("point `{}` at {mirror}", decider.path));
        match &judged.without_override {
            WithoutOverride::Mirror(_) if judged.fix.is_some() => {
                finding.notes.push(format!("without it the image comes from {mirror}"));
            }
            WithoutOverride::Elsewhere(text) => finding.notes.push(format!("without it the image is {text}")),
            _ => {}
        }
        ctx.findings.push(finding);
    }
}

/// The label for the location of a user's setting.
fn label(decider: &Decider) -> String {
    match &decider.source {
        DeciderKind::User(Layer::Flag(part)) => format!("set by {}", part.flag),
        _ => "set here".to_owned(),
    }
}

/// Settings that print nothing themselves but still decide references: one finding for all of them.
fn switched(ctx: &mut RuleContext<'_>, first: usize, judged: &Judged) {
    let same = |other: &Judged| other.culprits == judged.culprits;
    let images: Vec<usize> =
        (first..ctx.analysis.images.len()).filter(|&number| same(&ctx.analysis.images[number])).collect();
    let paths: Vec<String> = judged.culprits.iter().map(|one| one.path.to_string()).collect();
    let (paths, mirror) = (paths.join("` and `"), &ctx.settings.mirror);
    let message = format!("`{paths}` keeps images from {mirror}: {} past it", ctx.go(&images));
    let mut excerpts: Vec<Excerpt> = judged
        .culprits
        .iter()
        .filter_map(|one| Some(Excerpt { place: one.place.clone()?, label: label(one) }))
        .collect();
    let printed = printed_at(&judged.image);
    excerpts.extend(printed.map(|place| Excerpt { place, label: format!("printed here: {}", judged.image) }));
    let mut finding = Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message,
        subject: Some(subject(judged)),
        excerpts,
        notes: ctx.references(&images),
        help: None,
        fix: None,
    };
    ctx.help(&mut finding, judged, format!("without `{paths}` the images would follow `{}`", ctx.key()));
    ctx.findings.push(finding);
}

/// A setting that takes the rewrite away from images that would follow it.
fn rewrite_taken_away(ctx: &mut RuleContext<'_>) {
    for unset in &ctx.analysis.unset {
        let Some((decider, said)) = &unset.by else { continue };
        let mut notes = ctx.references(&unset.images);
        notes.extend(ctx.not_enough(unset));
        for (layer, place) in &decider.hides {
            notes.push(format!("it hides {} at {place}", layer_name(layer)));
        }
        let is_said =
            if said.len() > 60 || decider.path != unset.key { "is unset".to_owned() } else { format!("is {said}") };
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("`{}` {is_said}: {} past {}", unset.key, ctx.go(&unset.images), ctx.settings.mirror),
            subject: None,
            excerpts: decider.place.clone().map(|place| Excerpt { place, label: label(decider) }).into_iter().collect(),
            notes,
            help: Some(match &unset.fix {
                Some(fix) => fix.title.clone(),
                None => format!("`{}` must be `{}`", unset.key, unset.value),
            }),
            fix: unset.fix.clone(),
        });
    }
}
