//! A tag or version without quotes that YAML reads as a number: `3.10` becomes `3.1`.
//!
//! ## Why it matters in an air gap
//! The reference names a different image from the one that was written: `3.10` prints as `3.1`, `1_000` as `1000`, `0777` as
//! `511`, `1e3` as `1000`, `20240101` as `2.0240101e+07`, `on` as `true`. The mirrored version is the one that somebody
//! wrote; the pulled version is a different one, or does not exist.
//!
//! ## What to do
//! Put the value in quotes. A number that prints as it is written, such as `3`, is not a finding.
//!
//! For a default of a chart the finding is a hint: the version that it prints may be the intended one.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: mirror.internal/acme/api:{{ .Values.tag }}
//! # values.yaml
//! tag: 3.10
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: mirror.internal/acme/api:{{ .Values.tag }}
//! # values.yaml
//! tag: "3.10"
//! ```

use super::{Rule, RuleContext};
use crate::analysis::ReprintedNumber;
use crate::finding::Severity;
use crate::fix::{Edit, Fix, FixTarget, Proven, Safety, ValueAction};
use crate::provenance::{Decider, DeciderKind, decider_of, printed};
use crate::rule_ids;
use crate::trace::Layer;
use serde_json::Value;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::NUMBER_AS_TAG,
    summary: "a tag without quotes was read as a number, and prints as a different tag",
    severity: Severity::Warning,
    on: true,
    source: include_str!("number_as_tag.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    for number in &ctx.analysis.numbers {
        let judged = &ctx.analysis.images[number.images[0]];
        let decider = decider_of(number.origin, 0, &ctx.analysis.origins);
        let reference = &judged.image.text;
        let message = format!("`{}` is read as the number {}: {reference}", number.written, number.read);
        let message = match number.read.as_str() {
            read @ ("true" | "false") => format!("`{}` is read as the boolean {read}: {reference}", number.written),
            _ => message,
        };
        let mut finding = ctx.finding_at(&RULE, judged, &decider, "written without quotes", message);
        // The action that printed the number, which need not be the one of the registry.
        let at = printed(&judged.image.manifest, number.printed.clone());
        if let (Some(place), [_, shown]) = (at, finding.excerpts.as_mut_slice()) {
            shown.place = place;
        }
        if !decider.source.is_user() {
            finding.severity = ctx.settings.severity(RULE.id, Severity::Hint);
        }
        finding.notes.extend(number.quoted.iter().map(|quoted| format!("with quotes the reference is {quoted}")));
        if let others @ 1.. = number.images.len() - 1 {
            finding.notes.push(format!("{others} more {} it", if others == 1 { "image uses" } else { "images use" }));
        }
        finding.help = Some(help(number, &decider));
        finding.fix = fix(ctx, number, &decider);
        ctx.findings.push(finding);
    }
}

fn help(number: &ReprintedNumber, decider: &Decider) -> String {
    let quoted = format!("\"{}\"", number.written);
    match (&decider.source, &number.quoted) {
        (DeciderKind::User(Layer::File(_)), _) => format!("put it in quotes: {quoted}"),
        (DeciderKind::User(_), _) => format!("pass it as a string: --set-string {}={}", decider.path, number.written),
        (DeciderKind::ChartDefault(chart), Some(_)) => {
            format!("if {} is intended, set `{}` to {quoted}", number.written, decider.path.of_user(chart))
        }
        _ => format!("put it in quotes there: {quoted}"),
    }
}

/// The value in quotes, if it is in a values file of the user's and a trial succeeded.
fn fix(ctx: &RuleContext<'_>, number: &ReprintedNumber, decider: &Decider) -> Option<Fix> {
    let DeciderKind::User(Layer::File(file)) = decider.source else { return None };
    let after = number.quoted.clone()?;
    let judged = &ctx.analysis.images[number.images[0]];
    Some(Fix {
        title: format!("put `{}` in quotes: \"{}\"", decider.path, number.written),
        // It changes the tag.
        safety: Safety::Unsafe,
        edits: vec![Edit {
            target: FixTarget::File { number: file, file: number.place.file.clone() },
            path: ctx.analysis.origins.path(number.origin),
            place: Some(number.place.clone()),
            action: ValueAction::Set(Value::String(number.written.clone())),
        }],
        patches: Vec::new(),
        proof: vec![Proven { before: judged.image.text.as_str().to_owned(), after }],
        overlay: Vec::new(),
        shown: None,
    })
}
