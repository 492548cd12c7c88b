//! `airtight lint --fix`: applies the fixes of findings to the user's values files, and reports what is left.
//!
//! A fix is kept only if no release of the run gets a new finding. Nothing is written until all fixes are decided.

pub(super) mod flags;
mod overlay;
mod rounds;

use super::edits::Edits;
use super::jobs::Job;
use super::lint::Args;
use super::{Outcome, Problem, Streams, diff};
use crate::config::Config;
use crate::disk::Reach;
use crate::error::Error;
use crate::fix::Safety;
use crate::report::Report;
use rounds::Fixing;
#[cfg(feature = "lsp")]
pub(super) use rounds::{identities, new_in};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The number of fixed findings, by file.
type Fixed = BTreeMap<String, usize>;

impl Args {
    /// Applies the fixes, and returns what is left; with `--overlay` alone, writes all that values can make to its file instead.
    pub(super) fn fixed(
        &self,
        config: &Config,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Report>, Problem> {
        let jobs = self.jobs_to_fix(config, reach)?;
        let store = self.store(&jobs, config, reach, streams)?;
        let before = self.checked(&jobs, &store, config, reach, streams, outcome)?;
        if *outcome == Outcome::Failed {
            if !self.fixes.is_on() {
                return Ok(before);
            }
            let _ = writeln!(streams.err, "nothing was fixed: not all releases could be checked");
            return Ok(before);
        }
        let edits = Edits::new(&jobs, &store, reach);
        let mut fixing = Fixing { args: self, config, reach, jobs, store, edits, refused: BTreeMap::new() };
        if let Some(path) = self.fixes.overlay.as_deref().filter(|_| !self.fixes.is_on()) {
            fixing.whole_overlay(path, &before, streams)?;
            return Ok(before);
        }
        let (fixed, after) = fixing.all(&before)?;
        let changed: Vec<_> = fixing.edits.changed().map(|(old, new)| (old.clone(), new.clone())).collect();
        if self.fixes.diff {
            for (old, new) in &changed {
                diff::write(old.shown(), Some(old), new, &before, streams.out)?;
            }
        }
        let mut reports = after.unwrap_or(before);
        // If the overlay cannot be written, nothing is.
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

    /// The releases whose values are changed: one, if there is an overlay.
    fn jobs_to_fix(&self, config: &Config, reach: &Reach) -> Result<Vec<Job>, Error> {
        let jobs = self.jobs(config, reach)?;
        if self.fixes.overlay.is_some() && jobs.len() > 1 {
            return Err(Error::input("--overlay works on one release: name it with --release"));
        }
        Ok(jobs)
    }

    /// Reports what was fixed, what was not, and how many unsafe fixes remain.
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
