//! `airtight lint --fix`: the fixes of findings are made in the user's values files, and what is left is told.
//!
//! A fix is kept only if no release of the run has a new finding with it. Nothing is written before all is settled.

use super::diff;
use super::disk::Disk;
use super::edits::{Edits, key};
use super::jobs::{self, Job};
use super::lint::{Args, disk_of};
use super::progress::Progress;
use super::{Outcome, Problem, Streams};
use crate::config::Config;
use crate::disk::Reach;
use crate::finding::{Finding, Severity};
use crate::fix::{Action, Edit, Fix, Safety, Target, overlay, path_keys};
use crate::report::Report;
use crate::report::location::{ValuesPaths, identity};
use crate::source::File;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fix may bring to light what another fixes: so many times.
const ROUNDS: usize = 10;

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

/// What came of a run over all releases.
struct Round {
    reports: Vec<Report>,
    /// Why some have none.
    errors: Vec<String>,
}

/// A fix with the finding that it is for.
struct Wanted {
    finding: String,
    release: usize,
    fix: Fix,
}

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

/// One run over the releases, again and again.
struct Fixing<'a> {
    args: &'a Args,
    config: &'a Config,
    reach: &'a Arc<Reach>,
    jobs: Vec<Job>,
    disk: Disk,
    edits: Edits,
    /// Edits that are not made, and why.
    refused: BTreeMap<String, String>,
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
        let progress = self.progress(jobs.len());
        let mut checked = self.settle(jobs::run(&jobs, &disk, &progress), &jobs, streams, outcome);
        let baseline = self.baseline(reach)?;
        self.suppressor(&config.suppressions, baseline.as_ref())?.apply(&mut checked);
        let before: Vec<Report> = checked.into_iter().map(|one| one.report).collect();
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

impl Fixing<'_> {
    /// Fixes until nothing is fixed any more. Gives how many findings went away by file, and the reports of what
    /// is left where something was fixed.
    fn all(&mut self, before: &[Report]) -> Result<(Fixed, Option<Vec<Report>>), String> {
        let known = identities(before);
        // The finding, and the file that it was fixed in.
        let mut fixed: BTreeMap<String, String> = BTreeMap::new();
        let mut reports = None;
        for _ in 0..ROUNDS {
            let wanted = self.wanted(reports.as_deref().unwrap_or(before));
            let state = self.edits.state();
            let mut made = BTreeSet::new();
            let mut applied = Vec::new();
            for one in wanted {
                if self.apply(&one, &mut made) {
                    applied.push(one);
                }
            }
            if applied.is_empty() {
                break;
            }
            let mut round = self.run()?;
            let is_vain = applied.iter().any(|one| stays(&round, one).is_some());
            if is_vain || new_finding(&round, &known).is_some() {
                // One of them, or some together: one after the other.
                self.edits.restore(state);
                made.clear();
                let mut kept = Vec::new();
                for one in applied {
                    let state = self.edits.state();
                    let made_before = made.clone();
                    if !self.apply(&one, &mut made) {
                        continue;
                    }
                    // It came with another one.
                    if made == made_before {
                        kept.push(one);
                        continue;
                    }
                    round = self.run()?;
                    match new_finding(&round, &known).or_else(|| stays(&round, &one)) {
                        None => kept.push(one),
                        Some(why) => {
                            self.edits.restore(state);
                            made = made_before;
                            self.refuse(&one.fix, &why);
                        }
                    }
                }
                applied = kept;
                round = self.run()?;
            }
            for one in applied {
                fixed.insert(one.finding, file_of(&one.fix));
            }
            reports = Some(round.reports);
        }
        let Some(reports) = reports else {
            return Ok((Fixed::new(), None));
        };
        let left = identities(&reports);
        let mut files = Fixed::new();
        for file in fixed.into_iter().filter(|(finding, _)| !left.contains(finding)).map(|(_, file)| file) {
            *files.entry(file).or_default() += 1;
        }
        Ok((files, Some(reports)))
    }

    /// The fixes to make.
    fn wanted(&self, reports: &[Report]) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (release, report) in reports.iter().enumerate() {
            for finding in &report.findings {
                let fix = finding.fix.as_ref().filter(|fix| self.args.fixes.allows(fix.safety));
                let Some(fix) = fix.filter(|fix| fix.edits.iter().all(is_of_file)) else { continue };
                if fix.edits.iter().any(|edit| self.refused.contains_key(&key(edit))) {
                    continue;
                }
                wanted.push(Wanted { finding: name_of(finding, report), release, fix: fix.clone() });
            }
        }
        wanted
    }

    fn apply(&mut self, one: &Wanted, made: &mut BTreeSet<String>) -> bool {
        let Some(job) = self.jobs.get(one.release) else { return false };
        let (helm, limits) = (job.flags.env().helm, job.flags.limits().unwrap_or_default());
        match self.edits.apply(&one.fix, made, helm, &limits) {
            Ok(()) => true,
            Err(why) => {
                one.fix.edits.iter().for_each(|edit| {
                    self.refused.insert(key(edit), why.clone());
                });
                false
            }
        }
    }

    fn refuse(&mut self, fix: &Fix, why: &str) {
        for edit in &fix.edits {
            let why = format!("{}: {why}", fix.title);
            self.refused.insert(key(edit), why);
        }
    }

    /// Checks all releases with the edits made so far.
    fn run(&mut self) -> Result<Round, String> {
        self.edits.show(&mut self.disk);
        let jobs = std::mem::take(&mut self.jobs);
        let round = self.run_jobs(&jobs);
        self.jobs = jobs;
        round
    }

    fn run_jobs(&self, jobs: &[Job]) -> Result<Round, String> {
        let (mut checked, mut errors) = (Vec::new(), Vec::new());
        for done in jobs::run(jobs, &self.disk, &Progress::hidden()) {
            match done.checked {
                Ok(one) => checked.push(one),
                Err(why) => errors.push(why),
            }
        }
        let baseline = self.args.baseline(self.reach)?;
        self.args.suppressor(&self.config.suppressions, baseline.as_ref())?.apply(&mut checked);
        Ok(Round { reports: checked.into_iter().map(|one| one.report).collect(), errors })
    }

    /// Writes what the user's own files do not take, as a values file; whether there is something to write.
    fn overlay(&mut self, reports: &[Report], streams: &mut Streams<'_>) -> Result<bool, Problem> {
        let Some(path) = self.args.fixes.overlay.clone() else { return Ok(false) };
        let name = path.to_string_lossy().into_owned();
        let mut edits: Vec<Edit> = Vec::new();
        for fix in reports.iter().flat_map(|report| &report.findings).filter_map(|finding| finding.fix.as_ref()) {
            let is_refused = fix.edits.iter().any(|edit| self.refused.contains_key(&key(edit)));
            if fix.edits.iter().all(is_of_file) && fix.safety != Safety::Manual && !is_refused {
                continue;
            }
            let moved = fix.edits.iter().map(|edit| Edit { target: Target::Overlay, ..edit.clone() });
            let moved: Vec<Edit> = moved.filter(|edit| edit.action != Action::Remove).collect();
            if moved.len() == fix.edits.len() && overlay(&[edits.as_slice(), &moved].concat()).is_ok() {
                edits.extend(moved);
            }
        }
        // What the tool set to judge a chart without values has to be set as well, once there are values.
        if !edits.is_empty() {
            let assumed = reports.iter().filter(|report| !report.is_told).flat_map(|report| &report.assumed_keys);
            edits.extend(assumed.map(|one| Edit {
                target: Target::Overlay,
                path: path_keys(&one.key),
                place: None,
                action: Action::Add(one.value.as_str().into()),
            }));
        }
        let text = overlay(&edits).map_err(|why| why.to_string())?;
        if text.is_empty() {
            let _ = writeln!(streams.err, "nothing for {name}: no fix is one that a further values file can make");
            return Ok(false);
        }
        let text = format!("# Written by airtight lint --overlay: give it last, with -f.\n{text}");
        let known = match self.reach.read(crate::disk::By::User, &path) {
            Ok(known) if known == text.as_bytes() => return Ok(false),
            Ok(known) => Some(File::new(name.as_str(), known)),
            Err(_) if path.symlink_metadata().is_err() => None,
            Err(why) => return Err(format!("--overlay: {why}").into()),
        };
        if known.is_some() {
            let what = "is there already, with something else in it";
            return Err(format!("--overlay: {name} {what}: remove it, or give another name").into());
        }
        // As it will be installed.
        self.disk.texts.insert(name.clone(), Ok(text.clone().into_bytes()));
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
            let _ = writeln!(streams.err, "would write {name}: with -f {name} given last, {gone} finding{s} less");
            return Ok(true);
        }
        super::output::write_file(&path, text.as_bytes()).map_err(|error| format!("cannot write {name}: {error}"))?;
        let _ = writeln!(streams.err, "wrote {name}: with -f {name} given last, {gone} finding{s} less");
        Ok(true)
    }
}

fn is_of_file(edit: &Edit) -> bool {
    matches!(edit.target, Target::File { .. })
}

/// The files of a fix, as people see them.
fn file_of(fix: &Fix) -> String {
    let files = fix.edits.iter().filter_map(|edit| match &edit.target {
        Target::File { file, .. } => Some(file.shown()),
        _ => None,
    });
    let files: BTreeSet<&str> = files.collect();
    files.into_iter().collect::<Vec<_>>().join(", ")
}

/// What a finding is known by before and after a fix: an image by its place, since its reference is what changes.
fn name_of(finding: &Finding, report: &Report) -> String {
    match &finding.subject {
        Some(subject) => {
            let release = report.release.full_name();
            format!("{release} {} {} {} {}", finding.rule, subject.template, subject.object, subject.field)
        }
        // It is about no image.
        None => identity(finding, report, &ValuesPaths::default()),
    }
}

fn identities(reports: &[Report]) -> BTreeSet<String> {
    reports.iter().flat_map(|report| report.findings.iter().map(|finding| name_of(finding, report))).collect()
}

/// That a finding is still there with its fix: what is there to fix is told anew, and would be fixed again and again.
fn stays(round: &Round, one: &Wanted) -> Option<String> {
    identities(&round.reports).contains(&one.finding).then(|| "the finding stays".to_owned())
}

/// What is worse than it was.
fn new_finding(round: &Round, known: &BTreeSet<String>) -> Option<String> {
    if let Some(error) = round.errors.first() {
        return Some(error.clone());
    }
    round.reports.iter().find_map(|report| {
        let mut findings = report.findings.iter().filter(|finding| finding.severity != Severity::Hint);
        let new = findings.find(|finding| !known.contains(&name_of(finding, report)))?;
        let name = report.release.full_name();
        Some(format!("{name} would have a new finding, {}: {}", new.rule, new.message))
    })
}
