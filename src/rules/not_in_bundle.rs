//! An image that is in none of the lists of what was mirrored. Checked with `--bundle FOLDER`.
//!
//! ## Why it matters in an air gap
//! The reference points at the mirror, and the mirror does not have it: the pod stays in `ImagePullBackOff`. Most often a
//! version was raised on one side only.
//!
//! ## What to do
//! Mirror the image and add it to the lists, or use a version that was mirrored; the finding names those.
//!
//! The folder holds any of `artifacts.txt`, `images.txt`, `images-core.txt`, `images-<addon>.txt`, `charts.txt`: one
//! reference a line, its source or where it lies on the mirror, and behind it, if at all, its digest or its destination.
//! Tags are compared letter by letter, digests where both sides have one. A reference with a variable in it
//! (`acme/api:$(TAG)`) cannot be looked up, which is a finding as well.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.5
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --bundle testdata/bundle
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --bundle testdata/bundle
//! ```

use super::{Context, Rule};
use crate::analysis::Judged;
use crate::bundle::Verdict;
use crate::finding::{Finding, Severity};
use crate::images::deciders::decider;
use crate::images::{Part, Shape, Tier};
use crate::reference::Reference;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static RULE: Rule = Rule {
    id: "not-in-bundle",
    summary: "an image is in none of the lists of what was mirrored",
    severity: Severity::Error,
    on: true,
    source: include_str!("not_in_bundle.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    let mut findings = Vec::new();
    for (judged, verdict, others) in verdicts(ctx) {
        let (Verdict::Missing(versions), Ok(reference)) = (verdict, &judged.image.reference) else { continue };
        let decider = decider(&judged.image, Part::Tag, &ctx.analysis.origins);
        let message = format!("{} is not in the bundle", reference.as_written());
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the version", message);
        finding.notes.extend(more(others));
        finding.help = Some(match versions.as_slice() {
            [] => "mirror it and add it to the lists: no version of it is there".to_owned(),
            versions => {
                format!("mirror it and add it to the lists, or use a version that is there: {}", versions.join(", "))
            }
        });
        findings.push(finding);
    }
    findings.extend(not_comparable(ctx));
    ctx.findings.extend(findings);
}

/// Images of which nobody knows the version, so that nobody knows whether it is in the bundle.
fn not_comparable(ctx: &Context<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for judged in ctx.analysis.images.iter().filter(|judged| judged.image.tier != Tier::Possible) {
        let (Some(_), Err(why)) = (&judged.image.open, &judged.image.reference) else { continue };
        if ctx.settings.bundle.is_none() || !seen.insert(judged.image.text.as_str()) {
            continue;
        }
        let message = format!("{} cannot be looked up in the bundle: {why}", judged.image.text);
        let mut finding = ctx.finding_at(&RULE, judged, &judged.decider, "this is the image", message);
        finding.help = Some("find out what the variable stands for, and whether that is in the lists".to_owned());
        findings.push(finding);
    }
    findings
}

/// What the bundle says of each distinct reference: its first use, and how many more there are.
pub(super) fn verdicts<'a>(ctx: &Context<'a>) -> Vec<(&'a Judged, Verdict, usize)> {
    let Some(bundle) = &ctx.settings.bundle else { return Vec::new() };
    let bundle = bundle.by_name(&ctx.settings.mirror, ctx.settings.layout);
    let mut found: Vec<(&'a Judged, Verdict, usize)> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for judged in &ctx.analysis.images {
        let Ok(reference) = &judged.image.reference else { continue };
        if judged.image.tier == Tier::Possible {
            continue;
        }
        match seen.get(reference.as_written()) {
            Some(&index) => found[index].2 += 1,
            None => {
                seen.insert(reference.as_written().to_owned(), found.len());
                let verdict = bundle.verdict(reference, judged.source.as_ref());
                found.push((judged, completed(judged, verdict), 0));
            }
        }
    }
    found
}

/// Outside of pods a reference without a version is completed by whoever reads it: any version that is listed will do.
fn completed(judged: &Judged, verdict: Verdict) -> Verdict {
    let is_pod = matches!(judged.image.shape, Shape::Container | Shape::Volume);
    let has_version = |reference: &Reference| reference.tag.is_some() || reference.digest.is_some();
    let is_open = !is_pod && judged.image.reference.as_ref().is_ok_and(|reference| !has_version(reference));
    match verdict {
        Verdict::Missing(versions) if is_open && !versions.is_empty() => Verdict::Listed,
        verdict => verdict,
    }
}

/// A note on further uses of the same reference.
pub(super) fn more(others: usize) -> Option<String> {
    match others {
        0 => None,
        1 => Some("one more place uses it".to_owned()),
        others => Some(format!("{others} more places use it")),
    }
}
