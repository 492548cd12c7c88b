//! `airtight lint --fix`: the fixes of findings are made in the user's values files, and what is left is told.
//!
//! A fix is kept only if no release of the run has a new finding with it. Nothing is written before all is settled.

pub(super) mod flags;
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
use std::sync::Arc;

/// How many findings went away, by file.
type Fixed = BTreeMap<String, usize>;

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
