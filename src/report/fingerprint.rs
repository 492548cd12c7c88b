//! [`Fingerprint`]: what stays of a finding when lines move.

use super::ReleaseName;
use crate::finding::Finding;
use crate::secrets::redacted;

/// What stays of a finding when lines move: the rule, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// The release, `shop/prod`.
    pub release: String,
    /// The rule's id.
    pub rule: String,
    /// The object; of a finding that is about none, what the finding says.
    pub object: String,
    /// The field, with a container's name for its number: `spec.containers[api].image`.
    pub field: String,
    /// The reference.
    pub reference: String,
}

impl Fingerprint {
    /// The fingerprint of a finding in a release.
    pub fn of(finding: &Finding, release: &ReleaseName) -> Self {
        let (release, rule) = (release.full_name(), finding.rule.to_owned());
        match &finding.subject {
            Some(subject) => {
                let field = match (&subject.container, subject.field.rfind('['), subject.field.rfind(']')) {
                    // A container that is put before others does not make them others.
                    (Some(container), Some(open), Some(close)) if open < close && !container.is_empty() => {
                        format!("{}[{container}]{}", &subject.field[..open], &subject.field[close + 1..])
                    }
                    _ => subject.field.clone(),
                };
                // It is written into files that are kept.
                let (object, reference) = (subject.object.to_string(), redacted(&subject.reference).into_owned());
                Self { release, rule, object, field, reference }
            }
            None => {
                let file = finding.excerpts.first().map(|excerpt| excerpt.place.file.name()).unwrap_or_default();
                Self {
                    release,
                    rule,
                    object: redacted(&finding.message).into_owned(),
                    field: file.to_owned(),
                    reference: String::new(),
                }
            }
        }
    }
}
