//! [`Workspace`]: an airtight.yaml, its releases, and which files belong to them.

use super::Checker;
use crate::chart_reference::ChartReference;
use crate::cli::config::{folder, nearest};
use crate::cli::fetch::{self, FetchFlags};
use crate::cli::jobs::{Job, TargetSettings};
use crate::config::{Config, ListedRelease};
use crate::disk::{By, Reach, Unsaved, look, seen, shown};
use crate::error::Error;
use crate::lsp::Open;
use crate::source::{File, Place};
use crate::store::Store;
use crate::store::own_files::Own;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// An airtight.yaml with its releases, as they are with the texts in the editor.
pub(super) struct Workspace {
    /// The real path of the configuration.
    pub(super) path: PathBuf,
    /// The configuration.
    pub(super) config: Config,
    /// Its releases.
    pub(super) jobs: Vec<Job>,
    /// What each release is made of.
    pub(super) inputs: Vec<ReleaseFiles>,
    /// What they read.
    pub(super) store: Store,
}

/// The files of a release, by real path.
#[derive(Debug)]
pub(super) struct ReleaseFiles {
    /// Its values files, and the files of `set_file`.
    pub(super) values: BTreeSet<PathBuf>,
    /// The folder of its chart, or the archive.
    pub(super) chart: Option<PathBuf>,
}

/// Why the releases of an airtight.yaml are not known: what is wrong in it, or with what it names.
pub(super) type Wrong = Vec<(Place, String)>;

/// The configurations that may list releases of the open files: those of their folders, and those of the folders of the editor. A link is
/// not followed, because its paths are relative to where it is.
pub(super) fn configurations(checker: &Checker, open: &Open) -> BTreeSet<PathBuf> {
    if let Some(path) = &checker.args.config {
        return BTreeSet::from([path.clone()]);
    }
    let folders: BTreeSet<&Path> =
        open.folders.iter().map(PathBuf::as_path).chain(open.files.keys().filter_map(|file| file.parent())).collect();
    folders.into_iter().filter_map(nearest).collect()
}

/// The real path of a configuration, under which an editor holds it.
pub(super) fn document(path: &Path) -> PathBuf {
    look::real(path).unwrap_or_else(|_| path.to_path_buf())
}

impl Workspace {
    /// Reads a configuration and lists its releases.
    ///
    /// # Errors
    /// What is wrong in it, or in the lists of the bundle.
    pub(super) fn read(checker: &Checker, path: &Path, open: &Open) -> Result<Self, Wrong> {
        let name = from_here(path);
        let nothing = || Place { file: File::on_disk(shown(&name), seen(&name), Vec::new()), start: 0, end: 0 };
        let whole = |error: Error| vec![(nothing(), error.into_text())];
        let mut reach = checker.release.reach().map_err(whole)?;
        reach.set_unsaved(open.files.iter().map(|(path, text)| (path.clone(), text.clone())).collect::<Unsaved>());
        let parent = name.parent().filter(|parent| !parent.as_os_str().is_empty());
        reach.set_configuration(parent.unwrap_or(Path::new("."))).map_err(whole)?;
        let by = if checker.args.config.is_some() { By::User } else { By::Repository };
        let file = File::on_disk(shown(&name), seen(&name), reach.read(by, &name).map_err(whole)?);
        let config = Config::read(&file, &folder(&name))
            .map_err(|wrong| wrong.problems.into_iter().map(|one| (one.place, one.message)).collect::<Wrong>())?;
        let begin = |error: Error| vec![(Place { file: file.clone(), start: 0, end: 0 }, error.into_text())];
        let mut flags = checker.release.clone();
        flags.stop_clock();
        let reach = Arc::new(reach);
        let releases: Vec<&ListedRelease> = config.releases.iter().collect();
        let settings = &mut TargetSettings::new(&checker.args.settings, &config, &reach);
        let jobs = Job::listed(&releases, &flags, settings).map_err(begin)?;
        let inputs = jobs.iter().map(ReleaseFiles::of).collect();
        let mut store = Store::new(None, reach);
        store.own = Own::with(Some(&name));
        Ok(Self { path: document(path), config, jobs, inputs, store })
    }

    /// What its releases may read.
    pub(super) fn reach(&self) -> &Reach {
        self.store.reach()
    }

    /// The indexes of the releases that a file belongs to.
    pub(super) fn releases_of<'w>(&'w self, path: &'w Path) -> impl Iterator<Item = usize> + 'w {
        let belongs = move |(number, inputs): (usize, &ReleaseFiles)| inputs.hold(path).then_some(number);
        self.inputs.iter().enumerate().filter_map(belongs)
    }

    /// Puts charts from registries into the store, as far as they were fetched before; returns the releases of others.
    pub(super) fn take_fetched(&mut self, checker: &Checker, numbers: &BTreeSet<usize>) -> BTreeSet<usize> {
        let charts: Vec<(usize, ChartReference)> = numbers
            .iter()
            .filter_map(|&number| Some((number, self.jobs.get(number)?.chart.clone())))
            .filter(|(_, chart)| chart.remote().is_some())
            .collect();
        let limits = checker.release.limits().unwrap_or_default();
        let flags = FetchFlags::of_cache(checker.args.cache_dir.clone());
        let archives = match flags.archives(charts.iter().map(|(_, chart)| chart), &limits, &mut std::io::sink()) {
            Ok(archives) => archives,
            // No cache can be read.
            Err(_) => return charts.into_iter().map(|(number, _)| number).collect(),
        };
        let is_there =
            |chart: &ChartReference| chart.remote().is_some_and(|chart| matches!(archives.get(chart), Some(Ok(_))));
        let missing = charts.iter().filter(|(_, chart)| !is_there(chart)).map(|(number, _)| *number).collect();
        fetch::put(archives, &mut self.store);
        missing
    }
}

impl ReleaseFiles {
    fn of(job: &Job) -> Self {
        let real = |path: &Path| look::real(path).ok();
        let set = job.flags.set_files();
        let values = job.flags.value_files().into_iter().chain(set);
        Self {
            values: values.filter_map(|name| real(Path::new(&name))).collect(),
            chart: job.chart.local().and_then(real),
        }
    }

    /// Whether a file is one of them.
    pub(super) fn hold(&self, path: &Path) -> bool {
        self.values.contains(path) || self.chart.as_ref().is_some_and(|chart| path.starts_with(chart))
    }
}

/// A real path as seen from the working folder, as `airtight lint` would name it there: `../deploy/airtight.yaml`.
fn from_here(path: &Path) -> PathBuf {
    let Ok(here) = look::working_folder() else { return path.to_path_buf() };
    let is_root = |part: &Component<'_>| matches!(part, Component::Prefix(_) | Component::RootDir);
    let same = here.components().zip(path.components()).take_while(|(a, b)| a == b);
    let (mut common, mut below_root) = (0, false);
    for (part, _) in same {
        common += 1;
        below_root |= !is_root(&part);
    }
    if !below_root && !path.starts_with(&here) {
        return path.to_path_buf();
    }
    let up = here.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::{from_here, look};
    use crate::golden::working_folder;
    use std::path::{Path, PathBuf};

    #[test]
    fn a_configuration_is_named_as_in_the_working_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = look::real(folder.path()).expect("it is there");
        std::fs::create_dir_all(top.join("a/b")).expect("folders can be made");
        let _guard = working_folder(&top.join("a/b"));
        let shown = |path: &str| from_here(&top.join(path));
        assert_eq!(shown("a/b/airtight.yaml"), Path::new("airtight.yaml"));
        assert_eq!(shown("a/b/c/airtight.yaml"), Path::new("c/airtight.yaml"));
        assert_eq!(shown("a/airtight.yaml"), Path::new("../airtight.yaml"));
        assert_eq!(shown("d/airtight.yaml"), Path::new("../../d/airtight.yaml"));
        let elsewhere = PathBuf::from(if cfg!(windows) { "Z:\\airtight.yaml" } else { "/airtight.yaml" });
        assert_eq!(from_here(&elsewhere), elsewhere);
    }
}
