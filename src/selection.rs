//! [`Selection`]: which rules are checked, in the words of `--select`, `--extend-select` and `--ignore`.

use crate::finding::Severity;
use crate::rule_ids;
use crate::rules::RULES;
use crate::settings::Level;
use std::collections::BTreeMap;

/// The word for all rules.
pub(crate) const ALL: &str = "all";

/// Rules that stay on whatever is selected, because a report without them would look clean: those that say that something was
/// not checked, and that a branch changes its own check.
const STAYS: &[&str] = &[
    rule_ids::MIRROR_NOT_CHECKED,
    rule_ids::NOTHING_RENDERED,
    rule_ids::POLICY_CHANGED,
    rule_ids::RENDER_FAILED,
    rule_ids::UNPARSABLE_MANIFEST,
];

/// Which rules are checked, by their ids or [`ALL`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Exactly these, whatever was selected before; only `ignore` turns off those that always stay on.
    pub select: Option<Vec<String>>,
    /// These too.
    pub extend: Vec<String>,
    /// Not these.
    pub ignore: Vec<String>,
}

impl Selection {
    /// Whether a rule is named by one of the lists.
    pub(crate) fn names(list: &[String], rule: &str) -> bool {
        list.iter().any(|name| name == rule || name == ALL)
    }

    /// Whether `select` or `extend` names a rule.
    pub(crate) fn selects(&self, rule: &str) -> bool {
        Self::names(self.select.as_deref().unwrap_or_default(), rule) || Self::names(&self.extend, rule)
    }

    /// Changes the levels of rules. A rule that is turned on has the severity of `severities`, or else its default.
    pub(crate) fn apply(&self, levels: &mut BTreeMap<String, Level>, severities: &BTreeMap<String, Severity>) {
        for rule in RULES {
            let on = || severities.get(rule.id).map_or(Level::On, |severity| Level::As(*severity));
            let level = if Self::names(&self.ignore, rule.id) {
                Level::Off
            } else if self.selects(rule.id) {
                on()
            } else if self.select.is_some() && !STAYS.contains(&rule.id) {
                Level::Off
            } else {
                continue;
            };
            levels.insert(rule.id.to_owned(), level);
        }
    }
}
