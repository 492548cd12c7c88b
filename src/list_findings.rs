//! Differences of lists as findings, in the words of people who keep these lists.

use crate::bundle::artifact::{Artifact, ArtifactKind, Need};
use crate::bundle::drift::{Drift, DriftKind, list_name};
use crate::bundle::forms::record;
use crate::finding::{Excerpt, Finding};
use crate::rule_ids;
use crate::rules::RULES;
use crate::settings::Settings;

/// The finding about a difference, if its rule is on.
pub(crate) fn finding(drift: &Drift, settings: &Settings) -> Option<Finding> {
    let artifact = &drift.artifact;
    let scheme = if artifact.kind == ArtifactKind::Chart { "oci://" } else { "" };
    let (shown, list) = (format!("{scheme}{}", artifact.pinned()), &drift.list);
    let is_there = list_name(&drift.place.0.file) == list;
    let belongs = if is_there { "it belongs after this line".to_owned() } else { format!("there is no {list}") };
    let (rule, message, label, help) = match &drift.kind {
        DriftKind::Missing => (
            rule_ids::UNLISTED_IMAGE,
            format!("{shown} is needed and not in {list}"),
            belongs,
            format!("add the line `{shown}`, and mirror it"),
        ),
        DriftKind::MissingUnderSwitch(settings) => (
            rule_ids::UNLISTED_OPTIONAL_IMAGE,
            format!("{shown} is not in {list}; it is needed with {}", settings.join(", ")),
            belongs,
            format!("add the line `{shown}`, so that the setting can be used later"),
        ),
        DriftKind::OtherVersion(found) => (
            rule_ids::OUTDATED_LIST_LINE,
            format!("{list} has {}, and {shown} is needed", found.pinned()),
            "this version is not needed".to_owned(),
            format!("replace it by `{shown}`, and mirror that"),
        ),
        DriftKind::OtherDigest(found) => (
            rule_ids::LIST_DIGEST_DIFFERS,
            format!("{list} has another digest of {}: {}", tagged(artifact), digest(found)),
            format!("needed is {}", digest(artifact)),
            "mirror the image again and replace the digest, or keep the digest that was mirrored".to_owned(),
        ),
        DriftKind::Unneeded => (
            rule_ids::UNNEEDED_LIST_LINE,
            format!("nothing needs {shown} of {list}, whatever is enabled"),
            "this line is not needed".to_owned(),
            "remove the line".to_owned(),
        ),
        DriftKind::WrongList(lists) => (
            rule_ids::MISPLACED_LIST_LINE,
            format!("{shown} does not belong into {list}, but into {}", lists.join(", ")),
            "this line is in the wrong list".to_owned(),
            "move the line".to_owned(),
        ),
        DriftKind::Twice(first) => (
            rule_ids::DUPLICATE_LIST_LINE,
            format!("{shown} is twice in {list}"),
            format!("it is at {} already", first.0),
            "remove one of the lines".to_owned(),
        ),
    };
    let help = if list == record::NAME { "write it again with the lists: airtight bundle".to_owned() } else { help };
    let mut excerpts = vec![Excerpt { place: drift.place.0.clone(), label }];
    if let DriftKind::Twice(first) = &drift.kind {
        excerpts.push(Excerpt { place: first.0.clone(), label: "the first".to_owned() });
    }
    let rule = RULES.iter().find(|known| known.id == rule).filter(|rule| settings.is_on(rule.id, rule.on))?;
    let severity = settings.severity(rule.id, rule.severity);
    (severity <= settings.least).then_some(Finding {
        rule: rule.id,
        severity,
        message,
        subject: None,
        excerpts,
        notes: notes(artifact),
        help: Some(help),
        fix: None,
    })
}

fn tagged(artifact: &Artifact) -> String {
    let tag = artifact.reference.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
    artifact.reference.name() + &tag
}

fn digest(artifact: &Artifact) -> &str {
    artifact.digest.as_deref().unwrap_or_default()
}

/// What needs the artifact, a note each, up to a limit.
fn notes(artifact: &Artifact) -> Vec<String> {
    const MOST: usize = 5;
    let note = |need: &Need| {
        let template = need.template.as_ref().map(|line| format!(", {line}")).unwrap_or_default();
        let settings = need.settings.join(", ");
        let with = if settings.is_empty() { String::new() } else { format!(", with {settings}") };
        let release = need.release.as_ref().map(|release| format!("{release}: ")).unwrap_or_default();
        format!("needed by {release}{}{template}{with}", need.chart)
    };
    let more = artifact.needed_by.len().saturating_sub(MOST);
    let notes = artifact.needed_by.iter().take(MOST).map(note);
    notes.chain((more > 0).then(|| format!("and by {more} more"))).collect()
}
