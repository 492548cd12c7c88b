//! [`Finding`]: something about a release that its owner should change, and where.

use crate::fix::{Fix, Safety};
use crate::images::{Class, ObjectName, Tier};
use crate::source::Place;

/// Steps of a finding, whatever it says.
const STEPS_OF_A_FINDING: u64 = 1_400;

/// Bytes of what it says that are a step.
const BYTES_OF_A_STEP: usize = 4;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It breaks the install behind the gap, or nothing is proven.
    Error,
    /// It will break it some day.
    Warning,
    /// Worth a look.
    Hint,
}

impl Severity {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// One finding of one rule.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, as a fact, without a full stop.
    pub message: String,
    /// Which object and place in it, where it is about one.
    pub subject: Option<Subject>,
    /// Where to look, the place to edit first.
    pub excerpts: Vec<Excerpt>,
    /// Facts that belong to it.
    pub notes: Vec<String>,
    /// What to do, in words.
    pub help: Option<String>,
    /// What to do, as edits that were tried.
    pub fix: Option<Fix>,
}

/// The place in the rendered manifests that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The object.
    pub object: ObjectName,
    /// Full name of the template that made it.
    pub template: String,
    /// Path of the field.
    pub field: String,
    /// Name of the container, where it is one.
    pub container: Option<String>,
    /// The reference as it was rendered.
    pub reference: String,
    /// How sure it is that this is an image.
    pub tier: Tier,
    /// What became of the rewrite.
    pub class: Class,
}

/// A place in a source, and what it has to do with the finding.
#[derive(Debug, Clone)]
pub struct Excerpt {
    /// Where.
    pub place: Place,
    /// What stands there, in words.
    pub label: String,
}

impl Finding {
    /// What to do, in one line: what was tried, with who may apply it, or else words.
    pub fn advice(&self) -> Option<String> {
        let Some(fix) = &self.fix else { return self.help.clone() };
        Some(match fix.safety {
            Safety::Manual => fix.title.clone(),
            safety => format!("{} [{}]", fix.title, safety.name()),
        })
    }

    /// What it takes to tell it, in steps of [`Work`](crate::work::Work): to work it out, to clear it of secrets, and to
    /// write it in a format.
    pub fn steps(&self) -> u64 {
        let subject = self.subject.as_ref().map_or(0, |subject| subject.field.len() + subject.reference.len());
        let notes: usize = self.notes.iter().map(String::len).sum();
        let labels: usize = self.excerpts.iter().map(|excerpt| excerpt.label.len()).sum();
        let fix = self.fix.as_ref().map_or(0, |fix| 64 * (fix.proof.len() + fix.edits.len()));
        let bytes = self.message.len() + self.help.as_ref().map_or(0, String::len) + subject + notes + labels + fix;
        STEPS_OF_A_FINDING + (bytes / BYTES_OF_A_STEP) as u64
    }

    /// The order of a report: by the template, the place to edit, the object and the rule.
    pub fn order_key(&self) -> impl Ord + use<> {
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
