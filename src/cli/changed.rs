//! `--changed-since REV`: which releases a branch touches, and what they were before it.
//!
//! The old state of a release is its chart and values files in the merge base of REV and HEAD; files that did not change
//! are read from the disk. If a path leads through links, a change of any of them touches the release.

use super::git::{ChangedFiles, GitRepository, Snapshot, steps};
use super::jobs::Job;
use crate::disk::shown;
use crate::disk::{Reach, look};
use crate::error::Error;
use crate::store::Store;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What changed since a commit.
#[derive(Debug)]
pub(crate) struct Base {
    /// The working folder, with links resolved.
    here: PathBuf,
    repository: GitRepository,
    /// The merge base.
    snapshot: Snapshot,
    changes: ChangedFiles,
    /// Results by path: many releases share a chart.
    touched: RefCell<BTreeMap<PathBuf, bool>>,
}

/// The state of a release before the branch.
#[derive(Debug)]
pub(crate) enum StateBefore {
    /// It did not exist.
    Absent,
    /// The old state is not known, and why.
    Unknown(String),
    /// The old state.
    Was(Box<Job>),
}

/// Whether `HEAD` is named but does not exist yet: before the first commit everything is new.
pub(crate) fn is_before_first_commit(revision: &str) -> bool {
    revision == "HEAD"
        && here()
            .and_then(|here| GitRepository::around(&here))
            .is_ok_and(|repository| repository.commit("HEAD").is_none() && repository.is_empty())
}

impl Base {
    /// Asks git what changed since the merge base of a revision, including staged and uncommitted changes.
    pub(crate) fn since(revision: &str) -> Result<Self, Error> {
        let here = here()?;
        let repository = GitRepository::around(&here)?;
        let commit = repository.commit(revision).ok_or_else(|| {
            Error::input(format!("--changed-since: this repository has no commit {revision:?}; was it fetched?"))
        })?;
        let commit = repository.merge_base(&commit, revision)?;
        let changes = repository.changes(&commit)?;
        let snapshot = repository.snapshot(&commit)?;
        Ok(Self { here, repository, snapshot, changes, touched: RefCell::default() })
    }

    /// Whether a revision is the commit that is checked out.
    ///
    /// # Errors
    /// There is no repository, or no such commit.
    pub(crate) fn is_head(revision: &str) -> Result<bool, Error> {
        let repository = GitRepository::around(&here()?)?;
        let commit = repository
            .commit(revision)
            .ok_or_else(|| Error::input(format!("this repository has no commit {revision:?}; was it fetched?")))?;
        Ok(repository.commit("HEAD") == Some(commit))
    }

    /// Checks that the files of releases, and the configuration, are on the disk as they are staged: what is committed is checked, and not
    /// what is beside it.
    ///
    /// # Errors
    /// One differs, or is not in the index.
    pub(crate) fn check_staged<'p>(&self, paths: impl IntoIterator<Item = &'p Path>) -> Result<(), Error> {
        let unstaged = self.repository.unstaged()?;
        for path in paths {
            let steps = steps(&self.here, path);
            if steps.iter().filter_map(|step| self.repository.inside(step)).any(|step| unstaged.touch(&step)) {
                return Err(Error::input(format!(
                    "{} is not as it is staged, so what is committed cannot be checked: stage it with git add, or put the \
                     difference aside with git stash --keep-index --include-untracked",
                    shown(path)
                )));
            }
        }
        Ok(())
    }

    /// A path as git writes it, relative to the repository; links and `..` are kept. `None` outside the repository.
    fn in_repository(&self, path: &Path) -> Option<Vec<u8>> {
        let path = self.here.join(path);
        self.repository.inside(&path).or_else(|| self.repository.inside(&look::real(&path).ok()?))
    }

    /// Whether something at a path, below it or above it changed. Links on the way and below it are followed one by one.
    pub(crate) fn touches(&self, path: &Path) -> bool {
        if let Some(&known) = self.touched.borrow().get(path) {
            return known;
        }
        let found = self.touches_some(path, &mut BTreeSet::new());
        self.touched.borrow_mut().insert(path.to_path_buf(), found);
        found
    }

    fn touches_some(&self, path: &Path, seen: &mut BTreeSet<Vec<u8>>) -> bool {
        steps(&self.here, path).iter().filter_map(|step| self.repository.inside(step)).any(|step| {
            self.changes.touch(&step)
                || seen.insert(step.clone())
                    && self
                        .changes
                        .links_below(&step)
                        .any(|link| self.touches_some(&self.repository.on_disk(link), seen))
        })
    }

    /// The old content of a file; `None` if it did not exist. A file longer than the limit is an error.
    pub(crate) fn file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        self.snapshot.file(&self.old_path(path)?, limit as u64)
    }

    /// The names in a folder's old state, sorted; empty if it did not exist.
    pub(crate) fn names_in(&self, folder: &Path) -> Result<Vec<String>, Error> {
        self.snapshot.names(&self.old_path(folder)?)
    }

    /// Whether a release's chart or values files changed.
    pub(crate) fn touches_files(&self, job: &Job) -> bool {
        // Dependencies in other folders are only known once the chart is loaded.
        job.flags.completes()
            || job.chart.local().is_some_and(|path| self.touches(path))
            || job.flags.value_files().iter().any(|path| self.touches(Path::new(path)))
            || self.touches_set_files(job)
    }

    fn touches_set_files(&self, job: &Job) -> bool {
        job.flags.set_files().iter().any(|path| self.touches(Path::new(path)))
    }

    /// A store that shows the old state of the releases. A release whose old state is not available becomes
    /// [`StateBefore::Unknown`]; so do all if the lists of mirrored images changed.
    pub(crate) fn store(&self, jobs: &mut [StateBefore], same_lists: bool, reach: &Arc<Reach>) -> Store {
        let mut store = Store::new(None, reach.clone());
        for before in jobs {
            let StateBefore::Was(job) = before else { continue };
            let why = match () {
                () if !same_lists => "the lists of mirrored images changed",
                () if job.flags.completes() => "its dependencies are in other folders",
                () if job.flags.reads_stdin() => "its values came from stdin",
                () => "",
            };
            if !why.is_empty() {
                *before = StateBefore::Unknown(why.to_owned());
                continue;
            }
            // A wrong flag is reported when the release is rendered.
            let limits = job.flags.limits().unwrap_or_default();
            for path in job.flags.value_files() {
                if self.touches(Path::new(&path)) && !store.has_text(&path) {
                    // A chart that did not exist must not be read from where it is now.
                    let text = self.file(Path::new(&path), limits.yaml_bytes).map(Option::unwrap_or_default);
                    store.put_text(&path, text);
                }
            }
            for path in job.flags.set_files() {
                if self.touches(Path::new(&path)) && !store.has_text(&path) {
                    let missing = || Error::file(format!("open {path}: no such file or directory"));
                    let text = self.file(Path::new(&path), reach.file_bytes() as usize);
                    store.put_text(&path, text.and_then(|text| text.ok_or_else(missing)));
                }
            }
            let local = job.chart.local().filter(|path| self.touches(path) && !store.has_chart(&job.chart));
            if let Some(path) = local {
                let chart = self.old_path(path).and_then(|path| self.snapshot.chart(&path, &limits));
                store.put_chart(&job.chart, chart);
            }
        }
        store
    }

    fn old_path(&self, path: &Path) -> Result<Vec<u8>, Error> {
        self.in_repository(path).ok_or_else(|| Error::input(format!("{} leads out of the repository", shown(path))))
    }
}

fn here() -> Result<PathBuf, Error> {
    look::working_folder().map_err(|error| Error::file(format!("the working folder does not exist: {error}")))
}
