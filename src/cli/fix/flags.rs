//! What `--fix`, `--diff` and `--overlay` ask for.

use crate::disk::Reach;
use crate::fix::Safety;
use std::path::{Path, PathBuf};

/// What is fixed, and where to.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(in crate::cli) struct FixFlags {
    /// Make the safe fixes in your values files, and report what is left
    #[arg(long, conflicts_with_all = ["changed_since", "manifests"])]
    pub(in crate::cli) fix: bool,
    /// With --fix or --diff: also the fixes that add keys, or change tags or digests
    #[arg(long)]
    pub(in crate::cli) unsafe_fixes: bool,
    /// Show what --fix would change as a diff, and write nothing; exit status 1 if there is something
    #[arg(long, conflicts_with_all = ["changed_since", "manifests", "write_baseline"])]
    pub(in crate::cli) diff: bool,
    /// With --fix or --diff: write what cannot be fixed in your own files as a values file, to be given last with -f
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) overlay: Option<PathBuf>,
}

impl FixFlags {
    /// Whether something is fixed, or would be.
    pub(in crate::cli) fn is_on(&self) -> bool {
        self.fix || self.diff
    }

    /// Tells what makes no sense before the work begins.
    pub(in crate::cli) fn check(&self, chart: Option<&Path>, reach: &Reach) -> Result<(), String> {
        if self.overlay.is_some() && !self.is_on() {
            return Err("--overlay: give --fix or --diff with it".to_owned());
        }
        if self.is_on() && chart.is_some_and(|chart| chart.as_os_str() == "-") {
            return Err("--fix: manifests have no values files that could be fixed".to_owned());
        }
        let overlay = self.overlay.as_deref();
        overlay.map_or(Ok(()), |path| reach.check_output(path).map_err(|error| format!("--overlay: {error}")))
    }

    pub(in crate::cli) fn allows(&self, safety: Safety) -> bool {
        safety == Safety::Safe || safety == Safety::Unsafe && self.unsafe_fixes
    }
}
