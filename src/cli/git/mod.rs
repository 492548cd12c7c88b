//! [`GitRepository`]: the questions that are asked of git.
//!
//! A repository is untrusted: nothing that its configuration or its content names is run, nothing is fetched, and
//! nothing is written. The content of a commit is read from its objects into memory.
#![expect(
    clippy::disallowed_methods,
    reason = "git's own files, and whether others changed; the only program that is started"
)]

mod changes;
mod command;
mod objects;
mod snapshot;
mod steps;

use crate::error::Error;
pub(crate) use changes::ChangedFiles;
use command::Git;
pub(crate) use objects::Id;
use objects::Objects;
pub(crate) use snapshot::Snapshot;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
pub(crate) use steps::steps;

/// A repository with a working folder.
#[derive(Debug)]
pub(crate) struct GitRepository {
    git: Git,
    /// The working folder.
    top: PathBuf,
    /// The file of the index.
    index: PathBuf,
    /// The file that lists the commits at which a shallow history ends.
    shallow: Option<PathBuf>,
}

/// The longest list of the commits at which a shallow history ends, in bytes.
const SHALLOW_BYTES: u64 = 64 << 20;

impl GitRepository {
    /// The repository that contains a folder, whose path has no links.
    pub(crate) fn around(here: &Path) -> Result<Self, Error> {
        let mut found = None;
        for folder in here.ancestors() {
            if folder.join(".git").symlink_metadata().is_ok() {
                found = Some(folder);
                break;
            }
            // git would take it for a repository and follow its configuration, and anybody can commit such a folder.
            let is_there = |name: &str| folder.join(name).symlink_metadata().is_ok();
            if ["HEAD", "objects", "refs"].into_iter().all(is_there) {
                let name = folder.file_name().unwrap_or_default();
                return Err(Error::file(format!(
                    "--changed-since: {name:?} is a bare repository; run it in a working folder"
                )));
            }
        }
        let top = found.ok_or_else(|| Error::file("--changed-since: this folder is not in a git repository"))?;
        // A repository inside another one was written by strangers as well.
        let outermost = here.ancestors().filter(|folder| folder.join(".git").symlink_metadata().is_ok()).last();
        Self::at(&Git::find(outermost.unwrap_or(top))?, top.to_path_buf())
    }

    /// The repository whose working folder is this one.
    fn at(git: &Git, top: PathBuf) -> Result<Self, Error> {
        let git = git.in_folder(&top);
        let answer = git.ask(&[
            "rev-parse",
            "--is-inside-work-tree",
            "--show-prefix",
            "--is-shallow-repository",
            "--git-path",
            "index",
            "--git-path",
            "shallow",
        ])?;
        let answer = String::from_utf8(answer)
            .map_err(|_| Error::input(format!("{} has a path that is not UTF-8", top.display())))?;
        let lines: Vec<&str> = answer.lines().collect();
        let [is_inside, prefix, is_shallow, index, shallow] = lines[..] else {
            return Err(Error::file(format!(
                "--changed-since: unexpected output of git for {}: {answer:?}",
                top.display()
            )));
        };
        if is_inside != "true" || !prefix.is_empty() {
            return Err(Error::input(
                "--changed-since: the settings of the repository say that its working folder is another one, or \
                 none: check git config core.worktree and core.bare",
            ));
        }
        let shallow = (is_shallow == "true").then(|| top.join(shallow));
        Ok(Self { git, index: top.join(index), shallow, top })
    }

    /// A path relative to the working folder, as git writes it; `None` if it is elsewhere.
    pub(crate) fn inside(&self, path: &Path) -> Option<Vec<u8>> {
        path.strip_prefix(&self.top).ok().map(changes::bytes)
    }

    /// The location of a path of git on the disk.
    pub(crate) fn on_disk(&self, path: &[u8]) -> PathBuf {
        self.top.join(changes::to_path(path))
    }

    /// The commit that a revision names.
    pub(crate) fn commit(&self, revision: &str) -> Option<Id> {
        let named = format!("{revision}^{{commit}}");
        let found = self.git.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &named]);
        found.ok().and_then(|text| Id::parse(&text))
    }

    /// Whether there is no commit at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.git.ask(&["rev-list", "--all", "--max-count=1"]).is_ok_and(|commits| commits.is_empty())
    }

    /// The merge base of a commit, which is named in messages by a revision, and HEAD.
    ///
    /// Errors: there is none, or the local history is not enough to find it.
    pub(crate) fn merge_base(&self, commit: &Id, revision: &str) -> Result<Id, Error> {
        let advice = match self.shallow {
            Some(_) => "this clone is shallow: run git fetch --unshallow",
            None => "fetch more of the history",
        };
        let bases = self.git.ask(&["merge-base", "--all", commit.text(), "HEAD"]).unwrap_or_default();
        let bases: Vec<Id> = bases.split(|&byte| byte == b'\n').filter_map(Id::parse).collect();
        let Some(base) = bases.first() else {
            return Err(Error::file(format!(
                "--changed-since: {revision} and HEAD have no common commit in this clone; {advice}"
            )));
        };
        if let Some(cut) = &self.shallow
            && base != commit
            && self.is_cut(cut, commit, &bases)?
        {
            return Err(Error::file(format!(
                "--changed-since: {revision} and HEAD may have a later common commit that is not in this clone; {advice}"
            )));
        }
        Ok(base.clone())
    }

    /// Whether the history between the merge bases and a commit or HEAD was cut off somewhere.
    #[expect(clippy::disallowed_methods, reason = "a file of git's own, read to a bound and never shown")]
    fn is_cut(&self, shallow: &Path, commit: &Id, bases: &[Id]) -> Result<bool, Error> {
        let fail = |error: std::io::Error| Error::file(format!("cannot read {}: {error}", shallow.display()));
        let mut text = Vec::new();
        std::fs::File::open(shallow).map_err(fail)?.take(SHALLOW_BYTES).read_to_end(&mut text).map_err(fail)?;
        let ends: BTreeSet<Id> = text.split(|&byte| byte == b'\n').filter_map(Id::parse).collect();
        let mut ask = vec!["rev-list", commit.text(), "HEAD", "--not"];
        ask.extend(bases.iter().map(Id::text));
        let between = self.git.ask(&ask)?;
        Ok(between.split(|&byte| byte == b'\n').filter_map(Id::parse).any(|commit| ends.contains(&commit)))
    }

    /// What a commit holds.
    pub(crate) fn snapshot(&self, commit: &Id) -> Result<Snapshot, Error> {
        Snapshot::of(Objects::new(self.git.clone()), commit)
    }
}
