//! [`Record`]: the result of the check of one release, as it is kept and passed on between processes.

use crate::report::{Fingerprint, Report};
use crate::suppress::{Checked, Ledger, Noted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The result of the check of one release, without secrets.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The release, `shop/prod`.
    pub(crate) release: String,
    /// Helm's log lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) log: Vec<String>,
    /// Why there is no report, for stderr.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// The report, without the findings about suppressions, which need all releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<Report>,
    /// The fingerprints of findings, by index, that masking secrets changed: a baseline has the original ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) fingerprints: BTreeMap<usize, Fingerprint>,
}

/// What a record has beside the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordForm {
    /// The text changes of fixes.
    pub(crate) changes: bool,
    /// The original fingerprints, because it outlives the process.
    pub(crate) is_kept: bool,
}

impl Record {
    /// The record of a release that could not be checked.
    pub(crate) fn failed(release: String, log: Vec<String>, error: String) -> Self {
        Self { release, log, error: Some(error), report: None, fingerprints: BTreeMap::new() }
    }

    /// The record of a checked release, and what it says about suppressions.
    pub(crate) fn of(
        release: String,
        log: Vec<String>,
        mut one: Checked,
        ledger: &Ledger<'_>,
        form: RecordForm,
    ) -> (Self, Noted) {
        let mut noted = ledger.accept(&mut one);
        let Checked { mut report, .. } = one;
        noted.hide_secrets(&report.secrets);
        let original = if form.is_kept { fingerprints(&report) } else { Vec::new() };
        report.hide_secrets(form.changes);
        let masked = if form.is_kept { fingerprints(&report) } else { Vec::new() };
        let differ = original.into_iter().zip(masked).enumerate().filter(|(_, (original, masked))| original != masked);
        let fingerprints = differ.map(|(number, (original, _))| (number, original)).collect();
        (Self { release, log, error: None, report: Some(report), fingerprints }, noted)
    }
}

fn fingerprints(report: &Report) -> Vec<Fingerprint> {
    report.findings.iter().map(|finding| Fingerprint::of(finding, &report.release)).collect()
}
