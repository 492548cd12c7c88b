//! [`Baseline`]: the findings that were there on the day a team began, as a JSON file that git keeps.

use super::UNSEEN;
use crate::report::{Fingerprint, Report, Suppressed};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Why they are accepted.
pub(super) const REASON: &str = "it was there when the baseline was written";

/// The findings of one day, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeSet<Fingerprint>,
}

impl Baseline {
    /// The findings of reports; those that say that something was not looked at are left out.
    pub fn of(reports: &[Report]) -> Self {
        let findings = reports.iter().flat_map(|report| {
            report.findings.iter().map(|finding| (finding.rule, Fingerprint::of(finding, &report.release)))
        });
        let findings = findings.filter(|(rule, _)| !UNSEEN.contains(rule));
        Self { known: findings.map(|(_, fingerprint)| fingerprint).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Takes the findings that are among these out of a report, where they are counted.
    pub fn accept(&self, report: &mut Report) {
        let findings = std::mem::take(&mut report.findings);
        for finding in findings {
            if !UNSEEN.contains(&finding.rule) && self.holds(&Fingerprint::of(&finding, &report.release)) {
                let reason = REASON.to_owned();
                report.suppressed.push(Suppressed { finding, reason, place: None });
            } else {
                report.findings.push(finding);
            }
        }
    }

    /// Whether a finding is one of them.
    pub fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.known.contains(fingerprint)
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("not a baseline: {error}"))?;
        if value["airtight-baseline"] != json!(1) {
            return Err("not a baseline of version 1".to_owned());
        }
        let findings = value["findings"].as_array().ok_or("not a baseline: it has no findings")?;
        let text = |finding: &Value, name: &str| {
            let text = finding[name].as_str().map(str::to_owned);
            text.ok_or_else(|| format!("not a baseline: a finding without {name:?}"))
        };
        let fingerprint = |finding: &Value| {
            Ok(Fingerprint {
                release: text(finding, "release")?,
                rule: text(finding, "rule")?,
                object: text(finding, "object")?,
                field: text(finding, "field")?,
                reference: text(finding, "reference")?,
            })
        };
        Ok(Self { known: findings.iter().map(fingerprint).collect::<Result<_, String>>()? })
    }
}

/// The file's text, a finding a line so that git shows which came and went.
impl std::fmt::Display for Baseline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{\"airtight-baseline\": 1, \"findings\": [")?;
        for (number, known) in self.known.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let finding = json!({
                "release": known.release,
                "rule": known.rule,
                "object": known.object,
                "field": known.field,
                "reference": known.reference,
            });
            write!(f, "{comma}\n  {finding}")?;
        }
        f.write_str("\n]}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let one = Fingerprint {
            release: "shop/prod".into(),
            rule: "hardcoded-image".into(),
            object: "Pod \"a\"".into(),
            field: "spec.containers[api].image".into(),
            reference: "quay.io/a:1".into(),
        };
        let two = Fingerprint { rule: "mutable-tag".into(), ..one.clone() };
        let baseline = Baseline { known: [one, two].into() };
        assert_eq!(Baseline::parse(&baseline.to_string()), Ok(baseline));
        assert!(Baseline::parse("{}").is_err());
    }
}
