//! [`Placing`]: where in the open files a finding, or the reason why a release is not checked, is shown.

use super::group::{Problems, Remark};
use super::workspace::Workspace;
use crate::cli::jobs::Job;
use crate::disk::{By, look};
use crate::error::{Error, ErrorKind, Location};
use crate::finding::{Finding, Severity};
use crate::lsp::Open;
use crate::lsp::found::{ProblemLevel, Related};
use crate::report::Report;
use crate::report::location::{brought_by, place_name};
use crate::rule_ids::{RENDER_FAILED, UNREAD_OVERRIDE, UNUSED_SUPPRESSION};
use crate::secrets::redacted;
use crate::source::{File, Place};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The places of one workspace.
pub(super) struct Placing<'w> {
    pub(super) workspace: &'w Workspace,
    open: &'w Open,
    /// Where airtight.yaml sets values with flags.
    settings: Vec<Place>,
    /// The real paths of files by the paths under which they were read.
    real: RefCell<HashMap<PathBuf, PathBuf>>,
    /// Whether files, by these paths, may be edited: values files, and others.
    pub(super) own: RefCell<HashMap<(PathBuf, bool), bool>>,
}

/// A remark that is no finding.
pub(super) fn remark(level: ProblemLevel, message: String) -> Remark {
    Remark {
        level,
        rule: None,
        message: redacted(&message).into_owned(),
        details: Vec::new(),
        related: Vec::new(),
        fix: None,
        suppression: None,
        is_unneeded: false,
        release: None,
    }
}

impl<'w> Placing<'w> {
    pub(super) fn new(workspace: &'w Workspace, open: &'w Open) -> Self {
        Self {
            workspace,
            open,
            settings: workspace.config.settings(),
            real: RefCell::default(),
            own: RefCell::default(),
        }
    }

    /// The real path of a file that an editor can open; `None` for a file in an archive, or a flag.
    pub(super) fn path_of(&self, file: &File) -> Option<PathBuf> {
        let named = match file.path() {
            Some(path) => PathBuf::from(path),
            // A values file elsewhere on the disk.
            None => Some(PathBuf::from(file.name())).filter(|path| path.is_absolute())?,
        };
        let mut known = self.real.borrow_mut();
        let real = known.entry(named).or_insert_with_key(|path| look::real(path).unwrap_or_else(|_| path.clone()));
        Some(real.clone())
    }

    /// Where a place is edited: a flag and an archive in airtight.yaml, or where a chart names its dependencies.
    fn edited_at(&self, place: &Place, job: &Job, report: &Report) -> Option<(PathBuf, Place)> {
        if place.file.is_flag() {
            let release = job.place.as_ref()?;
            let at = self.setting(place.file.bytes(), release).unwrap_or_else(|| release.clone());
            return Some((self.workspace.path.clone(), at));
        }
        if let Some(path) = self.path_of(&place.file) {
            return Some((path, place.clone()));
        }
        let brought = brought_by(&place.file, &report.archives)?;
        Some((self.path_of(&brought.file)?, brought.clone()))
    }

    /// Where airtight.yaml sets values with a flag that has this argument, nearest to a release.
    fn setting(&self, argument: &[u8], release: &Place) -> Option<Place> {
        let is_it = |place: &Place| {
            let text = place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default();
            let bare = [b"\"", b"'"].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
            bare.unwrap_or(text) == argument
        };
        let settings = self.settings.iter().filter(|place| is_it(place));
        settings.min_by_key(|place| place.start.abs_diff(release.start)).cloned()
    }

    /// Adds a finding, with the places of whole files and as it is shown.
    pub(super) fn finding(
        &self,
        number: usize,
        (whole, shown): (&Finding, &Finding),
        report: &Report,
        problems: &mut Problems,
    ) {
        let job = &self.workspace.jobs[number];
        let mut places: Vec<(usize, PathBuf, Place)> = Vec::new();
        for (index, excerpt) in whole.excerpts.iter().enumerate() {
            places.extend(self.edited_at(&excerpt.place, job, report).map(|(path, place)| (index, path, place)));
        }
        if whole.excerpts.is_empty() {
            places.extend(job.place.iter().map(|place| (0, self.workspace.path.clone(), place.clone())));
        }
        let chosen = places.iter().position(|(_, path, _)| self.open.files.contains_key(path));
        let mut details = Vec::new();
        let mut related = Vec::new();
        for (index, excerpt) in shown.excerpts.iter().enumerate() {
            let is_chosen = chosen.and_then(|chosen| places.get(chosen)).is_some_and(|(of, ..)| *of == index);
            match whole.excerpts.get(index).and_then(|one| Some((self.path_of(&one.place.file)?, one.place.clone()))) {
                Some(_) if is_chosen => {}
                Some((path, place)) => related.push(Related { path, place, label: excerpt.label.clone() }),
                None => details.push(format!("note: {}: {}", place_name(&excerpt.place), excerpt.label)),
            }
        }
        details.extend(shown.notes.iter().map(|note| format!("note: {}", note.trim_end())));
        details.extend(shown.advice().map(|help| format!("help: {help}")));
        let remark = Remark {
            level: match whole.severity {
                Severity::Error => ProblemLevel::Error,
                Severity::Warning => ProblemLevel::Warning,
                Severity::Hint => ProblemLevel::Information,
            },
            rule: Some(whole.rule),
            message: shown.message.clone(),
            details,
            related,
            fix: None,
            suppression: None,
            is_unneeded: [UNREAD_OVERRIDE, UNUSED_SUPPRESSION].contains(&whole.rule),
            release: Some(job.full_name()),
        };
        let at = chosen.and_then(|chosen| places.get(chosen));
        if whole.is_unseen() && (at.is_none() || whole.rule == RENDER_FAILED) {
            // What is wrong is elsewhere, but nothing is proven of these files either.
            let label = |index: usize| shown.excerpts.get(index).map(|one| one.label.clone()).unwrap_or_default();
            let cause = at.map(|(index, path, place)| Related {
                path: path.clone(),
                place: place.clone(),
                label: label(*index),
            });
            self.elsewhere(number, cause, &remark, problems);
        }
        match at {
            Some((index, path, place)) => {
                let suppression = self.suppression(number, whole, (*index, path));
                let fix = self.fix(number, whole, shown);
                problems.add(path, place, Remark { suppression, fix, ..remark });
            }
            None if whole.is_unseen() => {}
            None => {
                // It is resolved in an open file, though nothing there is wrong yet.
                let fix = self.fix(number, whole, shown);
                let edited = fix.iter().flat_map(|(fix, _)| &fix.edits).map(|(path, _)| path);
                if let Some(path) = edited.clone().find(|path| self.open.files.contains_key(*path)).cloned() {
                    problems.add(&path, &start_of(&path), Remark { fix, ..remark });
                }
            }
        }
    }

    /// Adds why a release has no report.
    pub(super) fn error(&self, number: usize, error: &Error, problems: &mut Problems) {
        let name = self.workspace.jobs[number].full_name();
        let told =
            |message: &str| Remark { release: Some(name.clone()), ..remark(ProblemLevel::Error, message.to_owned()) };
        let located = error.location().and_then(|location| {
            let path = self.located(number, location)?;
            let text = self.open.files.get(&path)?;
            Some((path, point(text, location, error.kind())))
        });
        let place = error.location().map(|location| format!("\nnote: at {location}")).unwrap_or_default();
        let cause = located.as_ref().map(|(path, place)| Related {
            path: path.clone(),
            place: place.clone(),
            label: "the error is here".to_owned(),
        });
        self.elsewhere(number, cause, &told(&format!("{error}{place}")), problems);
        if let Some((path, place)) = &located {
            problems.add(path, place, told(error.helm_text()));
        }
    }

    /// Adds that the chart of a release is not here.
    pub(super) fn unfetched(&self, number: usize, problems: &mut Problems) {
        let job = &self.workspace.jobs[number];
        let text = format!(
            "{}\nhelp: `airtight lint --release {}` fetches it, and then it is in the cache",
            unfetched(job),
            job.full_name()
        );
        if let Some(place) = job.chart_place.as_ref().filter(|_| self.open.files.contains_key(&self.workspace.path)) {
            problems.add(&self.workspace.path, place, remark(ProblemLevel::Information, text.clone()));
        }
        for path in self.open.files.keys().filter(|path| self.workspace.inputs[number].hold(path)) {
            problems.add(path, &start_of(path), remark(ProblemLevel::Hint, text.clone()));
        }
    }

    /// Adds a remark to the open files of a release, at their beginning, and to the release in airtight.yaml; except for the file with the
    /// cause, if that is open, and then without alarm.
    fn elsewhere(&self, number: usize, cause: Option<Related>, remark: &Remark, problems: &mut Problems) {
        let again = || Remark {
            level: if cause.is_some() { ProblemLevel::Information } else { remark.level },
            rule: remark.rule,
            message: remark.message.clone(),
            details: remark.details.clone(),
            related: cause.iter().chain(&remark.related).cloned().collect(),
            fix: None,
            suppression: None,
            is_unneeded: false,
            release: remark.release.clone(),
        };
        for path in self.open.files.keys().filter(|path| cause.as_ref().is_none_or(|cause| cause.path != **path)) {
            if *path == self.workspace.path {
                let place = self.workspace.jobs[number].place.clone();
                problems.add(path, &place.unwrap_or_else(|| start_of(path)), again());
            } else if self.workspace.inputs[number].hold(path) {
                problems.add(path, &start_of(path), again());
            }
        }
    }

    /// The real path of the file that an error names: a values file as it was given, or a path in the chart.
    fn located(&self, number: usize, location: &Location) -> Option<PathBuf> {
        let job = &self.workspace.jobs[number];
        let named = Path::new(&location.file);
        if job.flags.value_files().contains(&location.file) {
            return look::real(named).ok();
        }
        let chart = job.chart.local()?;
        let inside = location.file.split_once('/').map(|(_, inside)| chart.join(inside));
        let there = [Some(named.to_path_buf()), inside].into_iter().flatten().find(|path| look::is_file(path))?;
        self.workspace.reach().check(By::Repository, &there).ok()?;
        look::real(&there).ok().filter(|real| self.workspace.inputs[number].hold(real))
    }
}

/// Why a release with a chart from a registry is not checked.
pub(super) fn unfetched(job: &Job) -> String {
    format!("{} is not checked: {} is not in the cache, and an editor fetches nothing", job.full_name(), job.chart)
}

/// The first byte of a file.
pub(super) fn start_of(path: &Path) -> Place {
    let file: Arc<File> = File::new(path.to_string_lossy(), Vec::new());
    Place { file, start: 0, end: 0 }
}

/// The byte that an error names; columns of templates count bytes, others characters.
fn point(text: &Arc<[u8]>, location: &Location, kind: ErrorKind) -> Place {
    let file = File::new(location.file.as_str(), text.to_vec());
    let line = file.line_bytes(location.line).unwrap_or_default();
    let column = location.column.saturating_sub(1) as usize;
    let inside = match kind {
        ErrorKind::Template => column.min(line.len()),
        _ => {
            let line = String::from_utf8_lossy(line);
            line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
        }
    };
    let start = file.start_of_line(location.line).unwrap_or(text.len() as u32) + inside as u32;
    Place { file, start, end: start }
}
