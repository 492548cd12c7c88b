//! `airtight lint --fix`: the fixes of findings are made in the user's values files, and what is left is told.
//!
//! A fix is kept only if no release of the run has a new finding with it. Nothing is written before all is settled.

mod overlay;
mod rounds;

use super::edits::Edits;
use super::lint::{Args, disk_of};
use super::{Outcome, Problem, Streams, diff};
use crate::config::Config;
use crate::disk::Reach;
use crate::fix::Safety;
use crate::report::Report;
use rounds::Fixing;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is fixed, and where to.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixFlags {
    /// Make the safe fixes in your values files, and report what is left
    #[arg(long, conflicts_with_all = ["changed_since", "manifests"])]
    fix: bool,
    /// With --fix or --diff: also the fixes that add keys, or change tags or digests
    #[arg(long)]
    unsafe_fixes: bool,
    /// Show what --fix would change as a diff, and write nothing; exit status 1 if there is something
    #[arg(long, conflicts_with_all = ["changed_since", "manifests", "write_baseline"])]
    pub(super) diff: bool,
    /// With --fix or --diff: write what cannot be fixed in your own files as a values file, to be given last with -f
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
}

/// How many findings went away, by file.
type Fixed = BTreeMap<String, usize>;

impl FixFlags {
    /// Whether something is fixed, or would be.
    pub(super) fn is_on(&self) -> bool {
        self.fix || self.diff
    }

    /// Tells what makes no sense before the work begins.
    pub(super) fn check(&self, chart: Option<&Path>, reach: &Reach) -> Result<(), String> {
        if self.overlay.is_some() && !self.is_on() {
            return Err("--overlay: give --fix or --diff with it".to_owned());
        }
        if self.is_on() && chart.is_some_and(|chart| chart.as_os_str() == "-") {
            return Err("--fix: manifests have no values files that could be fixed".to_owned());
        }
        let overlay = self.overlay.as_deref();
        overlay.map_or(Ok(()), |path| reach.check_output(path).map_err(|error| format!("--overlay: {error}")))
    }

    fn allows(&self, safety: Safety) -> bool {
        safety == Safety::Safe || safety == Safety::Unsafe && self.unsafe_fixes
    }
}

impl Args {
    /// Makes the fixes, and gives what is left.
    pub(super) fn fixed(
        &self,
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Report>, Problem> {
        let jobs = self.jobs(config, reach)?;
        if self.fixes.overlay.is_some() && jobs.len() > 1 {
            return Err("--overlay is for one release: name it with --release".to_owned().into());
        }
        let disk = disk_of(&jobs, config, reach, streams)?;
        let before = self.checked(&jobs, &disk, config, reach, streams, outcome)?;
        if *outcome == Outcome::Failed {
            let _ = writeln!(streams.err, "nothing is fixed: not all releases could be checked");
            return Ok(before);
        }
        let edits = Edits::new(&jobs, &disk, reach);
        let mut fixing = Fixing { args: self, config, reach, jobs, disk, edits, refused: BTreeMap::new() };
        let (fixed, after) = fixing.all(&before)?;
        let changed: Vec<_> = fixing.edits.changed().map(|(old, new)| (old.clone(), new.clone())).collect();
        if self.fixes.diff {
            for (old, new) in &changed {
                diff::write(old.shown(), Some(old), new, &before, streams.out)?;
            }
        }
        let mut reports = after.unwrap_or(before);
        // Where that cannot be written, nothing is.
        let is_overlaid = fixing.overlay(&reports, streams)?;
        if !self.fixes.diff {
            fixing.edits.write(reach)?;
        }
        self.tell(&fixed, &fixing.refused, &reports, streams);
        if self.fixes.diff {
            *outcome = if changed.is_empty() && !is_overlaid { Outcome::Clean } else { Outcome::Findings };
            reports.clear();
        }
        Ok(reports)
    }

    /// What was fixed, what was not, and what more there is.
    fn tell(&self, fixed: &Fixed, refused: &BTreeMap<String, String>, reports: &[Report], streams: &mut Streams<'_>) {
        let verb = if self.fixes.diff { "would fix" } else { "fixed" };
        for (file, count) in fixed {
            let s = if *count == 1 { "" } else { "s" };
            let _ = writeln!(streams.err, "{verb} {count} finding{s} in {file}");
        }
        if fixed.is_empty() {
            let _ = writeln!(streams.err, "nothing to fix");
        }
        for why in refused.values().collect::<BTreeSet<_>>() {
            let _ = writeln!(streams.err, "not fixed: {why}");
        }
        let fixes = reports.iter().flat_map(|report| &report.findings).filter_map(|finding| finding.fix.as_ref());
        let more = fixes.filter(|fix| fix.safety == Safety::Unsafe).count();
        if more > 0 && !self.fixes.unsafe_fixes {
            let _ = writeln!(streams.err, "{more} more with --unsafe-fixes");
        }
    }
}
