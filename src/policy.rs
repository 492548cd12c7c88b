//! [`PolicyChange`]: a change of a branch to what is checked or accepted, and its finding `policy-changed`.

use crate::finding::{Excerpt, Finding, Severity};
use crate::rule_ids;
use crate::rules::{RULES, Rule};
use crate::settings::Settings;
use crate::source::Place;

/// A change of a branch to what is checked or accepted.
#[derive(Debug, Clone)]
pub(crate) struct PolicyChange {
    /// Its effect on the check.
    pub weight: Weight,
    /// What changed, as a fact.
    pub message: String,
    /// The old location, in the old file.
    pub before: Option<Place>,
    /// The new location, or where it is missing.
    pub after: Option<Place>,
    /// Whether it is missing there.
    pub is_gone: bool,
    /// Additional facts.
    pub notes: Vec<String>,
    /// The flag that accepts it.
    pub accepted_by: &'static str,
}

/// The effect of a change on the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Less is checked, or more is accepted.
    Looser,
    /// Something else is rendered or checked, and the effect is not known.
    Other,
    /// More is checked, or the change is only reported.
    Stricter,
}

impl PolicyChange {
    /// A change without notes.
    pub(crate) fn new(weight: Weight, message: String, before: Option<Place>, after: Option<Place>) -> Self {
        Self { weight, message, before, after, is_gone: false, notes: Vec::new(), accepted_by: "--config-from head" }
    }

    /// The same, for something that was removed.
    pub(crate) fn gone(self) -> Self {
        Self { is_gone: true, ..self }
    }

    /// The finding, unless the rule is off. `since` names the base; if the branch's own configuration decides, changes are only
    /// reported as hints.
    pub(crate) fn finding(&self, settings: &Settings, since: &str, is_told_only: bool) -> Option<Finding> {
        let rule = RULES.iter().find(|known: &&&Rule| known.id == rule_ids::POLICY_CHANGED)?;
        if !settings.is_on(rule.id, rule.on) {
            return None;
        }
        let severity = match self.weight {
            _ if is_told_only => Severity::Hint,
            Weight::Looser => settings.severity(rule.id, Severity::Error),
            // Never more severe than what is certainly looser.
            Weight::Other => settings.severity(rule.id, Severity::Warning),
            Weight::Stricter => Severity::Hint,
        };
        if severity > settings.least {
            return None;
        }
        let place = |place: &Option<Place>, label: String| place.clone().map(|place| Excerpt { place, label });
        let after = match self.before {
            _ if self.is_gone => "no longer in this branch".to_owned(),
            Some(_) => "in this branch".to_owned(),
            None => format!("in this branch, and not in {since}"),
        };
        let excerpts = place(&self.after, after).into_iter().chain(place(&self.before, format!("in {since}")));
        let help = match self.weight {
            Weight::Other => format!("to accept it, run with {}", self.accepted_by),
            _ => {
                format!(
                    "the check follows {since} until this is merged; to accept it now, run with {}",
                    self.accepted_by
                )
            }
        };
        Some(Finding {
            rule: rule.id,
            severity,
            message: self.message.clone(),
            subject: None,
            excerpts: excerpts.collect(),
            notes: self.notes.clone(),
            help: (severity != Severity::Hint).then_some(help),
            fix: None,
        })
    }
}
