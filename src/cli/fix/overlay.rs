//! `--overlay FILE`: fixes as an extra values file: all of them, or, with `--fix`, what the user's own files cannot take.

use super::rounds::{Fixing, identities, is_of_file, new_finding};
use crate::cli::edits::key;
use crate::cli::{Problem, Streams, diff, output};
use crate::disk::{By, look};
use crate::error::Error;
use crate::fix::{Edit, FixTarget, Safety, ValueAction, overlay, overlay_text};
use crate::report::Report;
use crate::source::File;
use std::path::Path;

impl Fixing<'_> {
    /// Writes what the user's own files cannot take as a values file; returns whether there is anything to write.
    pub(super) fn overlay(&mut self, reports: &[Report], streams: &mut Streams<'_>) -> Result<bool, Problem> {
        let Some(path) = self.args.fixes.overlay.clone() else { return Ok(false) };
        let mut edits: Vec<Edit> = Vec::new();
        let fixes = reports.iter().flat_map(|report| &report.findings).filter_map(|finding| finding.fix.as_ref());
        // A fix with a patch has no effect without it.
        for fix in fixes.filter(|fix| fix.patches.is_empty()) {
            let is_refused = fix.edits.iter().any(|edit| self.refused.contains_key(&key(edit)));
            if fix.edits.iter().all(is_of_file) && fix.safety != Safety::Manual && !is_refused {
                continue;
            }
            let moved = fix.edits.iter().map(|edit| Edit { target: FixTarget::Overlay, ..edit.clone() });
            let moved: Vec<Edit> = moved.filter(|edit| edit.action != ValueAction::Remove).collect();
            if moved.len() == fix.edits.len() && overlay(&[edits.as_slice(), &moved].concat()).is_ok() {
                edits.extend(moved);
            }
        }
        // A value that the tool set for a chart without values must be in the file as well, once there are values.
        if !edits.is_empty() {
            let assumed = reports.iter().filter(|report| !report.is_told).flat_map(|report| &report.assumed_keys);
            edits.extend(assumed.map(|one| Edit {
                target: FixTarget::Overlay,
                path: one.key.clone(),
                place: None,
                action: ValueAction::Add(one.value.as_str().into()),
            }));
        }
        let text = overlay(&edits).map_err(|why| Error::input(why.to_string()))?;
        self.write_overlay(&path, &text, reports, streams)
    }

    /// Writes all fixes that values can make as a values file.
    pub(super) fn whole_overlay(
        &mut self,
        path: &Path,
        reports: &[Report],
        streams: &mut Streams<'_>,
    ) -> Result<(), Problem> {
        let text = reports.iter().find_map(Report::overlay).map(|values| overlay_text(&values)).unwrap_or_default();
        self.write_overlay(path, &text, reports, streams).map(|_| ())
    }

    /// Writes a values file if the release has no new finding with it; returns whether there is anything to write.
    fn write_overlay(
        &mut self,
        path: &Path,
        text: &str,
        reports: &[Report],
        streams: &mut Streams<'_>,
    ) -> Result<bool, Problem> {
        let name = path.to_string_lossy().into_owned();
        if text.is_empty() {
            let _ = writeln!(streams.err, "nothing to write to {name}: no fix can be made by an extra values file");
            return Ok(false);
        }
        let text = format!("# Written by airtight lint --overlay: pass it last, with -f.\n{text}");
        let known = match self.reach.read(By::User, path) {
            Ok(known) if known == text.as_bytes() => return Ok(false),
            Ok(known) => Some(File::new(name.as_str(), known)),
            Err(_) if !look::is_there(path) => None,
            Err(error) => return Err(error.after("--overlay").into()),
        };
        if known.is_some() {
            let what = "exists already, with different content";
            return Err(Error::file(format!("--overlay: {name} {what}: remove it, or use another name")).into());
        }
        // Check the release as it will be installed.
        self.store.put_text(&name, Ok(text.clone().into_bytes()));
        let mut jobs = self.jobs.clone();
        jobs.iter_mut().for_each(|job| job.flags.values.push(format!("\"{name}\"")));
        let trial = self.run_jobs(&jobs)?;
        let (left, kept) = (identities(reports), identities(&trial.reports));
        if let Some(why) = new_finding(&trial, &left) {
            let _ = writeln!(streams.err, "{name} is not written: {why}");
            return Ok(false);
        }
        let gone = left.difference(&kept).count();
        let s = if gone == 1 { "" } else { "s" };
        if self.args.fixes.diff {
            diff::write(&name, None, &File::new(name.as_str(), text), reports, streams.out)?;
            let _ = writeln!(streams.err, "would write {name}: passing -f {name} last fixes {gone} finding{s}");
            return Ok(true);
        }
        output::write_file(path, text.as_bytes())
            .map_err(|error| Error::file(format!("cannot write {name}: {error}")))?;
        let _ = writeln!(streams.err, "wrote {name}: passing -f {name} last fixes {gone} finding{s}");
        Ok(true)
    }
}
