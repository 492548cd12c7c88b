//! An image that the mirror itself does not have. Checked with `--mirror-check`.
//!
//! ## Why it matters in an air gap
//! The reference points at the mirror, and everything about it is right, but nobody copied the image: the pod stays in
//! `ImagePullBackOff`. A list says what somebody meant to copy; only the registry knows what arrived, and what was deleted since.
//!
//! ## What to do
//! Run the command in the finding, which copies the image, or use a version that the mirror has.
//!
//! For each distinct reference the mirror is asked once, whatever number of releases has it: for its tag, or for its digest, which is what
//! is pulled whatever the tag beside it. That a digest is there but its tag is missing, or another image has it, is a hint: some
//! registries delete what no tag names. A reference that contains a variable (`acme/api:$(TAG)`) cannot be looked up, which is a
//! finding as well. References that are not pulled from the mirror are findings of other rules, and nobody is asked for them. Whether all
//! blobs below a manifest are there is checked by `airtight mirror check`.
//!
//! ```bad
//! # templates/workflow.yaml
//! apiVersion: argoproj.io/v1alpha1
//! kind: Workflow
//! metadata: {name: api}
//! spec:
//!   templates:
//!     - name: api
//!       container:
//!         image: {{ .Values.global.imageRegistry }}/acme/api:{{ "{{workflow.parameters.tag}}" }}
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --mirror-check
//! ```
//! ```good
//! # templates/workflow.yaml
//! apiVersion: argoproj.io/v1alpha1
//! kind: Workflow
//! metadata: {name: api}
//! spec:
//!   templates:
//!     - name: api
//!       container:
//!         image: {{ .Values.global.imageRegistry }}/acme/api:{{ "{{workflow.parameters.tag}}" }}
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! ```

use super::not_in_bundle::more;
use super::{Rule, RuleContext};
use crate::analysis::Judged;
use crate::analysis::on_mirror::is_pulled_from_it;
use crate::finding::{Finding, Severity};
use crate::holdings::Answer;
use crate::images::ReferencePart;
use crate::images::deciders::decider;
use crate::reference::{Layout, Reference};
use crate::rule_ids;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static RULE: Rule = Rule {
    id: rule_ids::NOT_ON_MIRROR,
    summary: "the mirror does not have an image",
    severity: Severity::Error,
    on: true,
    source: include_str!("not_on_mirror.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    if ctx.on_mirror.is_none() {
        return;
    }
    let mut findings: Vec<Finding> =
        answers(ctx).into_iter().filter_map(|(judged, answer, others)| found(ctx, judged, answer, others)).collect();
    findings.extend(not_comparable(ctx));
    ctx.findings.extend(findings);
}

/// The answer for each distinct reference: its first use, and the number of further uses.
pub(super) fn answers<'a>(ctx: &RuleContext<'a>) -> Vec<(&'a Judged, &'a Answer, usize)> {
    let Some(on_mirror) = ctx.on_mirror else { return Vec::new() };
    let mut found: Vec<(&'a Judged, &'a Answer, usize)> = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in ctx.analysis.images.iter().filter(|judged| is_pulled_from_it(judged, ctx.settings)) {
        let Some(answer) = on_mirror.answer(judged) else { continue };
        match seen.get(judged.image.text.as_str()) {
            Some(&at) => found[at].2 += 1,
            None => {
                seen.insert(judged.image.text.as_str(), found.len());
                found.push((judged, answer, 0));
            }
        }
    }
    found
}

fn found(ctx: &RuleContext<'_>, judged: &Judged, answer: &Answer, others: usize) -> Option<Finding> {
    let reference = judged.image.reference.as_ref().ok()?;
    let written = reference.as_written();
    let (part, label) = match reference.digest {
        Some(_) => (ReferencePart::Digest, "this decides the digest"),
        None => (ReferencePart::Tag, "this decides the version"),
    };
    let decider = decider(&judged.image, part, &ctx.analysis.origins);
    let at = |message: String| ctx.finding_at(&RULE, judged, &decider, label, message);
    let finding = match answer {
        Answer::There | Answer::NotKnown(_) => return None,
        Answer::ThereWithoutTag(tagged) => {
            let tag = reference.tag.as_deref().unwrap_or_default();
            let what = match tagged {
                Some(_) => "is on the mirror, but its tag there is another image's",
                None => "is on the mirror, but without its tag",
            };
            let mut finding = at(format!("{written} {what}"));
            finding.severity = ctx.settings.severity(RULE.id, Severity::Hint);
            finding.notes.extend(tagged.as_ref().map(|digest| format!("on the mirror, the tag {tag} is {digest}")));
            finding.notes.push("registries that delete what no tag names may delete it".to_owned());
            finding
        }
        Answer::Missing { tagged, others } => {
            let mut finding = at(format!("{written} is not on the mirror"));
            if let (Some(tagged), Some(tag)) = (tagged, &reference.tag) {
                finding.notes.push(format!("on the mirror, the tag {tag} is {tagged}"));
            }
            finding.notes.extend(others.as_ref().map(|others| format!("the mirror has {others}")));
            finding.help = Some(how_to_copy(ctx, judged, reference));
            finding
        }
        Answer::Damaged(why) => {
            let mut finding = at(format!("the mirror does not send {written} as it is"));
            finding.notes.push(why.clone());
            finding.help = Some("whoever pulls it refuses it: repair the registry, or copy the image again".to_owned());
            finding
        }
    };
    let mut finding = finding;
    finding.notes.extend(more(others));
    Some(finding)
}

/// The command that brings an image to where it is pulled from.
fn how_to_copy(ctx: &RuleContext<'_>, judged: &Judged, reference: &Reference) -> String {
    let settings = ctx.settings;
    let target = settings.mirror.places().replace(", ", ",");
    let target = if target.contains('*') { format!("'{target}'") } else { target };
    let target = format!("{target}{}", settings.mirror_check.as_ref().map_or("", |check| check.flags));
    let Some(source) = &judged.source else {
        let written = reference.as_written();
        return format!(
            "find out the SOURCE that it is a copy of, and run: echo SOURCE {written} | airtight mirror {target} -"
        );
    };
    let source = match (&source.digest, &reference.digest) {
        (None, Some(digest)) => format!("{source}@{digest}"),
        _ => source.to_string(),
    };
    let is_usual = |layout| {
        let place =
            Reference::parse(&source).ok().and_then(|source| settings.layout.destination(&settings.mirror, &source));
        settings.layout == layout && place.is_some_and(|place| is_same(&place, reference))
    };
    match is_usual(Layout::Path) {
        true => format!("run: echo {source} | airtight mirror {target} -"),
        // A line may name the place.
        false => format!("run: echo {source} {} | airtight mirror {target} -", reference.as_written()),
    }
}

/// Whether a place on the mirror is that of a reference.
fn is_same(place: &str, reference: &Reference) -> bool {
    Reference::parse(place).is_ok_and(|place| {
        (place.registry, place.repository, place.tag)
            == (reference.registry.clone(), reference.repository.clone(), reference.tag.clone())
    })
}

/// Images whose version is not known, so that nobody knows whether the mirror has them.
fn not_comparable(ctx: &RuleContext<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for judged in ctx.analysis.images.iter().filter(|judged| is_pulled_from_it(judged, ctx.settings)) {
        let (Some(_), Err(why)) = (&judged.image.open, &judged.image.reference) else { continue };
        if !seen.insert(judged.image.text.as_str()) {
            continue;
        }
        let message = format!("{} cannot be looked up on the mirror: {why}", judged.image.text);
        let mut finding = ctx.finding_at(&RULE, judged, &judged.decider, "this is the image", message);
        finding.help = Some("find out the value of the variable, and whether the mirror has that image".to_owned());
        findings.push(finding);
    }
    findings
}
