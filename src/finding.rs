//! [`Finding`]: a problem of a release that its owner should fix, and its location.

use crate::fix::{Fix, Safety};
use crate::images::{Class, Tier};
use crate::names::names;
use crate::objects::ObjectName;
use crate::rule_ids::{RuleId, UNSEEN};
use crate::source::Place;
use serde::{Deserialize, Serialize};

/// The basic cost of a finding in steps.
const STEPS_OF_A_FINDING: u64 = 1_400;

/// The bytes of text that cost one step.
const BYTES_OF_A_STEP: usize = 4;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It breaks the install inside the gap, or nothing is proven.
    Error,
    /// It will break the install later.
    Warning,
    /// For information.
    Hint,
}

names!(Severity { Error: "error", Warning: "warning", Hint: "hint" });

/// One finding of one rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// The rule's id.
    #[serde(deserialize_with = "crate::rule_ids::known")]
    pub rule: RuleId,
    /// The severity.
    pub severity: Severity,
    /// What is wrong, as a fact, without a full stop.
    pub message: String,
    /// The object and field that it is about, if any.
    pub subject: Option<Subject>,
    /// The excerpts, the location to edit first.
    pub excerpts: Vec<Excerpt>,
    /// Additional facts.
    pub notes: Vec<String>,
    /// What to do, as a sentence.
    pub help: Option<String>,
    /// What to do, as edits that were tried.
    pub fix: Option<Fix>,
}

/// The location in the rendered manifests that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    /// The object.
    pub object: ObjectName,
    /// The full name of the template that made it.
    pub template: String,
    /// Path of the field.
    pub field: String,
    /// The name of the container, if it is one.
    pub container: Option<String>,
    /// The reference as rendered.
    pub reference: String,
    /// How certain it is that this is an image.
    pub tier: Tier,
    /// Whether the image comes from the mirror, and why not.
    pub class: Class,
}

/// A location in a source, and its role in the finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Excerpt {
    /// The location.
    pub place: Place,
    /// Its role, as a label.
    pub label: String,
}

impl Finding {
    /// Whether it says that something was not checked.
    pub(crate) fn is_unseen(&self) -> bool {
        UNSEEN.contains(&self.rule)
    }

    /// What to do, in one line: the fix with its safety, or the help.
    pub(crate) fn advice(&self) -> Option<String> {
        let Some(fix) = &self.fix else { return self.help.clone() };
        Some(match fix.safety {
            Safety::Manual => fix.title.clone(),
            safety => format!("{} [{}]", fix.title, safety.name()),
        })
    }

    /// Its cost in steps of [`Work`](crate::work::Work): working it out, masking secrets in it, and writing it in a format.
    pub(crate) fn steps(&self) -> u64 {
        let subject = self.subject.as_ref().map_or(0, |subject| subject.field.len() + subject.reference.len());
        let notes: usize = self.notes.iter().map(String::len).sum();
        let labels: usize = self.excerpts.iter().map(|excerpt| excerpt.label.len()).sum();
        let fix = self.fix.as_ref().map_or(0, |fix| 64 * (fix.proof.len() + fix.edits.len()));
        let bytes = self.message.len() + self.help.as_ref().map_or(0, String::len) + subject + notes + labels + fix;
        STEPS_OF_A_FINDING + (bytes / BYTES_OF_A_STEP) as u64
    }

    /// The order in a report: by template, location to edit, object and rule.
    pub(crate) fn order_key(&self) -> impl Ord + use<> {
        let subject = self.subject.as_ref();
        let place = self.excerpts.first().map(|excerpt| (excerpt.place.file.name().to_owned(), excerpt.place.start));
        (
            subject.map(|subject| subject.template.clone()),
            subject.map(|subject| (subject.object.kind.clone(), subject.object.name.clone(), subject.field.clone())),
            place,
            self.rule,
            self.message.clone(),
        )
    }
}
