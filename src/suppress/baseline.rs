//! [`Baseline`]: the findings that existed when a team adopted the tool, as a JSON file in git.

use crate::error::Error;
use crate::report::{AcceptedBy, Fingerprint, Report, Suppressed};
use crate::rule_ids;
use crate::source::{File, Place};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The reason for which they are accepted.
pub(super) const REASON: &str = "it existed when the baseline was written";

/// The findings at one time, by fingerprint.
#[derive(Debug, Clone)]
pub(crate) struct Baseline {
    /// The file, for locations.
    file: Arc<File>,
    /// Each with its line; 1 if unknown.
    known: BTreeMap<Fingerprint, u32>,
}

impl Baseline {
    /// The findings of reports, for a file with this name; findings that something could not be checked are left out.
    pub(crate) fn of(reports: &[Report], name: &str) -> Self {
        let findings = reports.iter().flat_map(|report| {
            report.findings.iter().map(|finding| (finding.rule, Fingerprint::of(finding, &report.release)))
        });
        let known: BTreeSet<Fingerprint> =
            findings.filter(|(rule, _)| !rule_ids::UNSEEN.contains(rule)).map(|(_, fingerprint)| fingerprint).collect();
        // The first line is the header.
        let known = known.into_iter().zip(2..).collect();
        let made = Self { file: File::new(name, ""), known };
        Self { file: File::new(name, made.to_string()), ..made }
    }

    /// The number of findings.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Removes the findings that it lists from a report.
    pub(crate) fn accept(&self, report: &mut Report) {
        self.accept_as(report, &BTreeMap::new());
    }

    /// The same for a report whose secrets are masked, with the original fingerprints of findings, by index, that this changed.
    pub(crate) fn accept_as(&self, report: &mut Report, originals: &BTreeMap<usize, Fingerprint>) {
        let findings = std::mem::take(&mut report.findings);
        for (number, finding) in findings.into_iter().enumerate() {
            let original = originals.get(&number).cloned();
            let place = self.place(&original.unwrap_or_else(|| Fingerprint::of(&finding, &report.release)));
            match place.filter(|_| !finding.is_unseen()) {
                Some(place) => {
                    let reason = REASON.to_owned();
                    report.suppressed.push(Suppressed { finding, reason, by: AcceptedBy::Baseline, place });
                }
                None => report.findings.push(finding),
            }
        }
        report.suppressed.sort_by_cached_key(|one| one.finding.order_key());
    }

    /// The location of a finding, if it is listed.
    pub(crate) fn place(&self, fingerprint: &Fingerprint) -> Option<Place> {
        let line = *self.known.get(fingerprint)?;
        let start = self.file.start_of_line(line).unwrap_or_default();
        let width = self.file.line(line).map_or(0, |text| text.trim_end_matches([' ', ',']).len() as u32);
        let blank = self.file.line(line).map_or(0, |text| (text.len() - text.trim_start().len()) as u32);
        Some(Place { file: self.file.clone(), start: start + blank.min(width), end: start + width })
    }

    /// The findings that another baseline does not list, with their locations.
    pub(crate) fn without<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = (&'b Fingerprint, Place)> + 'b {
        let own = self.known.keys().filter(|fingerprint| !other.known.contains_key(fingerprint));
        own.filter_map(|fingerprint| Some((fingerprint, self.place(fingerprint)?)))
    }

    /// The findings that both baselines list.
    pub(crate) fn both(&self, other: &Self) -> Self {
        let known = self.known.iter().filter(|(fingerprint, _)| other.known.contains_key(fingerprint));
        Self { file: self.file.clone(), known: known.map(|(known, line)| (known.clone(), *line)).collect() }
    }

    /// The beginning of the file.
    pub(crate) fn start(&self) -> Place {
        Place { file: self.file.clone(), start: 0, end: 0 }
    }

    /// Parses the file.
    pub(crate) fn parse(file: &Arc<File>) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(file.bytes());
        let value: Value =
            serde_json::from_str(&text).map_err(|error| Error::input(format!("not a baseline: {error}")))?;
        if value["airtight-baseline"] != json!(1) {
            return Err(Error::input("not a baseline of version 1"));
        }
        let findings =
            value["findings"].as_array().ok_or_else(|| Error::input("not a baseline: it has no findings"))?;
        let known: Result<BTreeSet<Fingerprint>, Error> = findings.iter().map(fingerprint).collect();
        let mut known: BTreeMap<Fingerprint, u32> = known?.into_iter().map(|fingerprint| (fingerprint, 1)).collect();
        // Baselines are written with one finding a line.
        for (line, number) in text.lines().zip(1..) {
            let one: Option<Value> = serde_json::from_str(line.trim().trim_end_matches(',')).ok();
            if let Some(at) = one.and_then(|one| fingerprint(&one).ok()).and_then(|one| known.get_mut(&one)) {
                *at = number;
            }
        }
        Ok(Self { file: file.clone(), known })
    }
}

fn fingerprint(finding: &Value) -> Result<Fingerprint, Error> {
    let text = |name: &str| {
        let text = finding[name].as_str().map(str::to_owned);
        text.ok_or_else(|| Error::input(format!("not a baseline: a finding without {name:?}")))
    };
    Ok(Fingerprint {
        release: text("release")?,
        rule: text("rule")?,
        object: text("object")?,
        field: text("field")?,
        reference: text("reference")?,
    })
}

/// The text of the file, one finding a line, so that git shows additions and removals.
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
