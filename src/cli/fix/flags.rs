//! The flags of `--fix`, `--diff` and `--overlay`.

use crate::disk::Reach;
use crate::error::Error;
use crate::fix::Safety;
use std::path::PathBuf;

/// What to fix, and where to write it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(in crate::cli) struct FixFlags {
    /// Apply the safe fixes to your values files, and report what is left
    #[arg(long, conflicts_with_all = ["changed_since", "manifests"])]
    pub(in crate::cli) fix: bool,
    /// With --fix or --diff: also apply fixes that add keys, or change tags or digests
    #[arg(long)]
    pub(in crate::cli) unsafe_fixes: bool,
    /// Show what --fix would change as a diff, and write nothing; exit status 1 if there are changes
    #[arg(long, conflicts_with_all = ["changed_since", "manifests", "write_baseline"])]
    pub(in crate::cli) diff: bool,
    /// Write all fixes that values can make to an extra values file, to be passed last with -f; with --fix or --diff: those that your own
    /// files cannot take
    #[arg(long, value_name = "FILE", conflicts_with_all = ["changed_since", "manifests", "write_baseline"])]
    pub(in crate::cli) overlay: Option<PathBuf>,
}

impl FixFlags {
    /// Whether fixes are applied or shown.
    pub(in crate::cli) fn is_on(&self) -> bool {
        self.fix || self.diff
    }

    /// Rejects combinations that make no sense before the work begins.
    pub(in crate::cli) fn check(&self, charts: &[PathBuf], reach: &Reach) -> Result<(), Error> {
        let flag = if self.is_on() { "--fix" } else { "--overlay" };
        if (self.is_on() || self.overlay.is_some()) && charts.iter().any(|chart| chart.as_os_str() == "-") {
            return Err(Error::input(format!("{flag}: manifests have no values files to fix")));
        }
        let overlay = self.overlay.as_deref();
        overlay.map_or(Ok(()), |path| reach.check_output(path).map_err(|error| error.after("--overlay")))
    }

    pub(in crate::cli) fn allows(&self, safety: Safety) -> bool {
        safety == Safety::Safe || safety == Safety::Unsafe && self.unsafe_fixes
    }
}
