//! The exit status of commands that report findings: the flags that decide it, and the table of `--help`.

use super::{Outcome, Problem, Streams};
use crate::finding::Severity;
use crate::report::totals::Totals;
use clap::ValueEnum;

/// A line of the table.
pub(crate) struct Row {
    status: u8,
    /// When the status is this.
    when: &'static str,
    /// A case in `testdata/cli/` that has it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold each line to its case"))]
    case: &'static str,
}

const fn row(status: u8, when: &'static str, case: &'static str) -> Row {
    Row { status, when, case }
}

/// The table.
pub(crate) const ROWS: &[Row] = &[
    row(0, "no finding is as severe as --fail-on says (by default a warning)", "exit-a-hint-does-not-fail"),
    row(0, "there are findings, with --exit-zero or --fail-on never", "exit-zero-in-spite-of-findings"),
    row(
        0,
        "with --format blob, --exit-zero or --fail-on never leave what was not checked to airtight merge",
        "exit-zero-leaves-a-shard-to-the-merge",
    ),
    row(1, "a finding is as severe as --fail-on says", "exit-an-error"),
    row(1, "--diff shows changes", "exit-a-diff-shows-changes"),
    row(
        1,
        "something was not checked (render-failed, nothing-rendered, unparsable-manifest), whatever --fail-on says",
        "exit-not-checked-as-a-warning",
    ),
    row(2, "something was not checked, with --exit-zero or --fail-on never", "exit-zero-needs-all-to-be-checked"),
    row(
        2,
        "a flag, airtight.yaml, a chart or a values file is wrong, or the mirror could not be asked",
        "exit-a-flag-is-wrong",
    ),
    row(2, "a part of a run is missing (airtight merge)", "merge-nothing"),
    row(2, "a report cannot be written", "exit-a-report-cannot-be-written"),
];

/// The table as text, for `--help`.
pub(crate) fn table() -> String {
    let lines: Vec<String> = ROWS.iter().map(|row| format!("  {}  {}", row.status, row.when)).collect();
    format!("Exit status:\n{}", lines.join("\n"))
}

/// Which findings make the exit status 1.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Exit status")]
pub(crate) struct ExitFlags {
    /// Exit with status 1 if a finding is at least this severe
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,
    /// Exit with status 0 even if there are findings, as with --fail-on never; with 2 if something was not checked, which --format
    /// blob leaves to airtight merge
    #[arg(long, conflicts_with = "fail_on")]
    exit_zero: bool,
}

/// The least severe finding that fails a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// An error
    Error,
    /// An error or a warning
    #[default]
    Warning,
    /// Any finding
    Hint,
    /// No finding
    Never,
}

impl ExitFlags {
    /// The least severity that fails the run; `None` if none does.
    fn least(&self) -> Option<Severity> {
        match self.fail_on {
            _ if self.exit_zero => None,
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Hint => Some(Severity::Hint),
            FailOn::Never => None,
        }
    }

    /// The outcome of a run with these findings. What was not checked is never clean.
    pub(super) fn of(&self, totals: &Totals, streams: &mut Streams<'_>) -> Outcome {
        match self.least() {
            Some(least) if totals.findings_from(least) + totals.unseen > 0 => Outcome::Findings,
            None if totals.unseen > 0 => {
                let _ = writeln!(streams.err, "Error: not everything could be checked, so the exit status is not 0");
                Outcome::Failed
            }
            _ => Outcome::Clean,
        }
    }

    /// The outcome of a run with these findings, of which `outcome` is known already. What the mirror did not say is never clean.
    pub(super) fn settle(
        &self,
        totals: &Totals,
        outcome: Outcome,
        streams: &mut Streams<'_>,
    ) -> Result<Outcome, Problem> {
        if let Some(held) = totals.held().filter(|held| held.not_known > 0) {
            let images = if held.not_known == 1 { "1 image".to_owned() } else { format!("{} images", held.not_known) };
            let _ = writeln!(streams.err, "Error: it is not known whether the mirror has {images}");
            return Ok(Outcome::Failed);
        }
        let found = self.of(totals, streams);
        Ok(if found == Outcome::Clean || outcome == Outcome::Failed { outcome } else { found })
    }

    /// Whether findings never fail the run.
    pub(super) fn is_zero(&self) -> bool {
        self.least().is_none()
    }

    /// The outcome of a run that shows changes.
    pub(super) fn of_changes(&self, outcome: Outcome) -> Outcome {
        if outcome == Outcome::Findings && self.least().is_none() { Outcome::Clean } else { outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::ROWS;
    use crate::golden::{read, root};

    #[test]
    fn each_line_of_the_table_has_a_case() {
        for row in ROWS {
            let case = read(&root().join(format!("testdata/cli/{}.toml", row.case)));
            assert!(case.contains(&format!("\nstatus = {}\n", row.status)), "{} ends otherwise", row.case);
        }
    }
}
