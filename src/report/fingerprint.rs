//! [`Fingerprint`]: the part of a finding that stays the same when lines move.

use super::ReleaseName;
use crate::finding::Finding;
use crate::secrets::redacted;
use serde::{Deserialize, Serialize};

/// The part of a finding that stays the same when lines move: the rule, and its subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    /// The release, `shop/prod`.
    pub release: String,
    /// The rule's id.
    pub rule: String,
    /// The object; for a finding without one, the message.
    pub object: String,
    /// The field, with the container's name in place of its index: `spec.containers[api].image`.
    pub field: String,
    /// The reference.
    pub reference: String,
}

impl Fingerprint {
    /// The fingerprint of a finding in a release.
    pub(crate) fn of(finding: &Finding, release: &ReleaseName) -> Self {
        let (release, rule) = (release.full_name(), finding.rule.to_owned());
        match &finding.subject {
            Some(subject) => {
                let field = match (&subject.container, subject.field.rfind('['), subject.field.rfind(']')) {
                    // A container that is inserted before others does not change their identity.
                    (Some(container), Some(open), Some(close)) if open < close && !container.is_empty() => {
                        format!("{}[{container}]{}", &subject.field[..open], &subject.field[close + 1..])
                    }
                    _ => subject.field.clone(),
                };
                // It is written to files that are kept.
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
