//! An image that none of the lists of mirrored images contains. Checked with `--bundle FOLDER`.
//!
//! ## Why it matters in an air gap
//! The reference points at the mirror, but the mirror does not have the image: the pod stays in `ImagePullBackOff`. Most
//! often a version was raised on one side only.
//!
//! ## What to do
//! Mirror the image and add it to the lists, or use a version that was mirrored; the finding lists those versions.
//!
//! The folder contains any of `artifacts.txt`, `images.txt`, `images-core.txt`, `images-<addon>.txt` and `charts.txt`, with
//! one reference a line: its source or its path on the mirror, optionally followed by its digest or its destination; or the
//! lists of other tools, such as Hauler's manifest (docs/bundle.md).
//! Tags must match exactly; digests are compared if both sides have one. A reference that contains a variable
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

use super::{Rule, RuleContext};
use crate::analysis::Judged;
use crate::bundle::Verdict;
use crate::finding::{Finding, Severity};
use crate::images::deciders::decider;
use crate::images::{ReferencePart, Shape, Tier};
use crate::reference::Reference;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static RULE: Rule = Rule {
    id: "not-in-bundle",
    summary: "none of the lists of mirrored images contains an image",
    severity: Severity::Error,
    on: true,
    source: include_str!("not_in_bundle.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let mut findings = Vec::new();
    for (judged, verdict, others) in verdicts(ctx) {
        let (Verdict::Missing(versions), Ok(reference)) = (verdict, &judged.image.reference) else { continue };
        let decider = decider(&judged.image, ReferencePart::Tag, &ctx.analysis.origins);
        let message = format!("{} is not in the bundle", reference.as_written());
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the version", message);
        finding.notes.extend(more(others));
        finding.help = Some(match versions.as_slice() {
            [] => "mirror it and add it to the lists: they contain no version of it".to_owned(),
            versions => {
                format!("mirror it and add it to the lists, or use a mirrored version: {}", versions.join(", "))
            }
        });
        findings.push(finding);
    }
    findings.extend(not_comparable(ctx));
    ctx.findings.extend(findings);
}

/// Images whose version is not known, so that nobody knows whether they are in the bundle.
fn not_comparable(ctx: &RuleContext<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for judged in ctx.analysis.images.iter().filter(|judged| judged.image.tier != Tier::Possible) {
        let (Some(_), Err(why)) = (&judged.image.open, &judged.image.reference) else { continue };
        if ctx.settings.bundle.is_none() || !seen.insert(judged.image.text.as_str()) {
            continue;
        }
        let message = format!("{} cannot be looked up in the bundle: {why}", judged.image.text);
        let mut finding = ctx.finding_at(&RULE, judged, &judged.decider, "this is the image", message);
        finding.help = Some("find out the value of the variable, and whether the lists contain that image".to_owned());
        findings.push(finding);
    }
    findings
}

/// The verdict of the bundle on each distinct reference: its first use, and the number of further uses.
pub(super) fn verdicts<'a>(ctx: &RuleContext<'a>) -> Vec<(&'a Judged, Verdict, usize)> {
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

/// Outside pods, the reader of a reference without a version completes it: any listed version will do.
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
        1 => Some("1 more place uses it".to_owned()),
        others => Some(format!("{others} more places use it")),
    }
}
