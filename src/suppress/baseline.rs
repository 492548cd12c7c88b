//! [`Baseline`]: the findings that were there on the day a team began, as a JSON file that git keeps.

use super::UNSEEN;
use crate::report::{By, Fingerprint, Report, Suppressed};
use crate::source::{File, Place};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why they are accepted.
pub(super) const REASON: &str = "it was there when the baseline was written";

/// The findings of one day, by fingerprint.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The file, as far as places in it are concerned.
    file: Arc<File>,
    /// Each with the line on which it stands; 1 where that is not known.
    known: BTreeMap<Fingerprint, u32>,
}

impl Baseline {
    /// The findings of reports, for a file of this name; those that say that something was not looked at are left out.
    pub fn of(reports: &[Report], name: &str) -> Self {
        let findings = reports.iter().flat_map(|report| {
            report.findings.iter().map(|finding| (finding.rule, Fingerprint::of(finding, &report.release)))
        });
        let known: BTreeSet<Fingerprint> =
            findings.filter(|(rule, _)| !UNSEEN.contains(rule)).map(|(_, fingerprint)| fingerprint).collect();
        // The first line is the head.
        let known = known.into_iter().zip(2..).collect();
        let made = Self { file: File::new(name, ""), known };
        Self { file: File::new(name, made.to_string()), ..made }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Takes the findings that are among these out of a report, where they are listed.
    pub fn accept(&self, report: &mut Report) {
        let findings = std::mem::take(&mut report.findings);
        for finding in findings {
            let place = self.place(&Fingerprint::of(&finding, &report.release));
            match place.filter(|_| !UNSEEN.contains(&finding.rule)) {
                Some(place) => {
                    let reason = REASON.to_owned();
                    report.suppressed.push(Suppressed { finding, reason, by: By::Baseline, place });
                }
                None => report.findings.push(finding),
            }
        }
    }

    /// Where a finding stands, if it is one of them.
    pub fn place(&self, fingerprint: &Fingerprint) -> Option<Place> {
        let line = *self.known.get(fingerprint)?;
        let start = self.file.start_of_line(line).unwrap_or_default();
        let width = self.file.line(line).map_or(0, |text| text.trim_end_matches([' ', ',']).len() as u32);
        let blank = self.file.line(line).map_or(0, |text| (text.len() - text.trim_start().len()) as u32);
        Some(Place { file: self.file.clone(), start: start + blank.min(width), end: start + width })
    }

    /// The findings that another one does not hold, with their places.
    pub fn without<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = (&'b Fingerprint, Place)> + 'b {
        let own = self.known.keys().filter(|fingerprint| !other.known.contains_key(fingerprint));
        own.filter_map(|fingerprint| Some((fingerprint, self.place(fingerprint)?)))
    }

    /// Those findings that another one holds too.
    pub fn both(&self, other: &Self) -> Self {
        let known = self.known.iter().filter(|(fingerprint, _)| other.known.contains_key(fingerprint));
        Self { file: self.file.clone(), known: known.map(|(known, line)| (known.clone(), *line)).collect() }
    }

    /// Where the file begins.
    pub fn start(&self) -> Place {
        Place { file: self.file.clone(), start: 0, end: 0 }
    }

    /// Reads the file.
    pub fn parse(file: &Arc<File>) -> Result<Self, String> {
        let text = String::from_utf8_lossy(file.bytes());
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("not a baseline: {error}"))?;
        if value["airtight-baseline"] != json!(1) {
            return Err("not a baseline of version 1".to_owned());
        }
        let findings = value["findings"].as_array().ok_or("not a baseline: it has no findings")?;
        let known: Result<BTreeSet<Fingerprint>, String> = findings.iter().map(fingerprint).collect();
        let mut known: BTreeMap<Fingerprint, u32> = known?.into_iter().map(|fingerprint| (fingerprint, 1)).collect();
        // As it was written each stands on a line of its own.
        for (line, number) in text.lines().zip(1..) {
            let one = serde_json::from_str(line.trim().trim_end_matches(',')).map_err(|error| error.to_string());
            if let Some(at) = one.and_then(|one| fingerprint(&one)).ok().and_then(|one| known.get_mut(&one)) {
                *at = number;
            }
        }
        Ok(Self { file: file.clone(), known })
    }
}

fn fingerprint(finding: &Value) -> Result<Fingerprint, String> {
    let text = |name: &str| {
        let text = finding[name].as_str().map(str::to_owned);
        text.ok_or_else(|| format!("not a baseline: a finding without {name:?}"))
    };
    Ok(Fingerprint {
        release: text("release")?,
        rule: text("rule")?,
        object: text("object")?,
        field: text("field")?,
        reference: text("reference")?,
    })
}

/// The file's text, a finding a line so that git shows which came and went.
impl std::fmt::Display for Baseline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{\"airtight-baseline\": 1, \"findings\": [")?;
        for (number, known) in self.known.keys().enumerate() {
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
        let baseline =
            Baseline { file: File::new("baseline.json", ""), known: [(one.clone(), 2), (two.clone(), 3)].into() };
        let read = Baseline::parse(&File::new("baseline.json", baseline.to_string())).expect("it is a baseline");
        assert_eq!(read.known, baseline.known);
        assert_eq!(read.place(&two).map(|place| place.to_string()).as_deref(), Some("baseline.json:3:3"));
        assert_eq!(baseline.without(&read).count(), 0);
        assert!(Baseline::parse(&File::new("baseline.json", "{}")).is_err());
    }
}
