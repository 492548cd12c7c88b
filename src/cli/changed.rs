//! `--changed-since REV`: which releases a branch touches, and how they were before it.
//!
//! The repository is asked through the `git` command. What a release was is what the merge base of REV and HEAD holds of
//! its chart and values files; files that are the same are read where they lie.

use super::config::shown;
use super::disk::Disk;
use super::jobs::Job;
use crate::config::Config;
use crate::source::File;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What changed since a commit.
#[derive(Debug)]
pub struct Base {
    /// The commit: the merge base.
    commit: String,
    /// The repository's folder.
    top: PathBuf,
    /// The working folder in it, `sub/folder/` or empty.
    prefix: String,
    /// Paths from the repository's folder on.
    changed: BTreeSet<String>,
}

/// A release as it was.
#[derive(Debug)]
pub enum Before {
    /// It was not there.
    Absent,
    /// It cannot be told how it was, and why.
    Unknown(String),
    /// It was this.
    Was(Box<Job>),
}

/// Whether `HEAD` is meant and there is none yet: before the first commit everything is new.
pub fn is_before_first_commit(revision: &str) -> bool {
    revision == "HEAD"
        && text(&["rev-parse", "--git-dir"]).is_ok()
        && text(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_err()
        && text(&["rev-list", "--all", "--max-count=1"]).is_ok_and(|commits| commits.trim().is_empty())
}

impl Base {
    /// Asks git what changed since the merge base of a revision: committed, staged, or not even that.
    pub fn since(revision: &str) -> Result<Self, String> {
        let about = text(&["rev-parse", "--show-toplevel", "--show-prefix"])?;
        let (top, prefix) = about.trim_end().split_once('\n').unwrap_or((about.trim_end(), ""));
        let named = format!("{revision}^{{commit}}");
        let commit = text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &named])
            .map_err(|_| format!("--changed-since: git knows no commit {revision:?} here; was it fetched?"))?;
        let commit = text(&["merge-base", commit.trim(), "HEAD"]).map_err(|_| {
            format!("--changed-since: {revision} and HEAD have no commit in common here; fetch more of the history")
        })?;
        let commit = commit.trim().to_owned();
        // Paths that a user's settings would leave out or write otherwise are told all the same.
        let changed = text(&[
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=none",
            &commit,
            "--",
        ])?;
        let untracked = text(&["ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", ":/"])?;
        let paths = changed.split('\0').chain(untracked.split('\0'));
        let changed = paths.filter(|path| !path.is_empty()).map(str::to_owned).collect();
        Ok(Self { commit, top: PathBuf::from(top), prefix: prefix.to_owned(), changed })
    }

    /// A path as git writes it; `None` outside of the repository.
    fn in_repository(&self, path: &Path) -> Option<String> {
        let path = shown(path);
        let whole = match path.strip_prefix('/') {
            Some(_) => shown(Path::new(&path).strip_prefix(&self.top).ok()?),
            None => format!("{}{path}", self.prefix),
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }

    /// Whether something at a path, below it or around it changed; a link is followed.
    pub fn touches(&self, path: &Path) -> bool {
        let real = std::fs::canonicalize(path).ok();
        [self.in_repository(path), real.and_then(|real| self.in_repository(&real))].into_iter().flatten().any(|path| {
            let below = format!("{path}/");
            self.changed.contains(&path)
                || path.is_empty() && !self.changed.is_empty()
                || self.changed.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below))
                || path.match_indices('/').any(|(at, _)| self.changed.contains(&path[..at]))
        })
    }

    /// The configuration as it was; `None` where it is the same. It had no releases where it was not there.
    pub fn config(&self, now: &Config, folder: &str) -> Result<Option<Config>, String> {
        let Some(file) = now.file.as_ref().filter(|file| self.touches(Path::new(file.name()))) else { return Ok(None) };
        let path = self.in_repository(Path::new(file.name())).unwrap_or_default();
        match self.blobs(&[path])?.remove(0) {
            None => Ok(Some(Config::default())),
            Some(text) => Config::parse(&File::new(file.name(), text), folder).map(Some),
        }
    }

    /// A file as it was; `None` where it was not there. One that is longer than the limit is an error.
    pub fn file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String> {
        let inside = self.in_repository(path);
        let inside = inside.ok_or_else(|| format!("{} leads out of the repository", shown(path)))?;
        match self.blobs(&[inside])?.pop().flatten() {
            Some(text) if text.len() > limit => Err(format!("{} has more than {limit} bytes", shown(path))),
            found => Ok(found),
        }
    }

    /// The names of what was in a folder, in order; none where it was not there.
    pub fn names_in(&self, folder: &Path) -> Result<Vec<String>, String> {
        let inside = self.in_repository(folder);
        let inside = inside.ok_or_else(|| format!("{} leads out of the repository", shown(folder)))?;
        let tree = format!("{}:{inside}", self.commit);
        let Ok(list) = text(&["ls-tree", "-z", "--name-only", "--end-of-options", &tree]) else {
            return Ok(Vec::new());
        };
        Ok(list.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// Whether a release's chart or values files changed.
    pub fn touches_files(&self, job: &Job) -> bool {
        // Dependencies in other folders are found only when the chart is loaded.
        job.flags.dependency_update
            || self.touches(&job.chart)
            || job.flags.value_files().iter().any(|path| self.touches(Path::new(path)))
            || self.touches_set_files(job)
    }

    fn touches_set_files(&self, job: &Job) -> bool {
        let paths = job.flags.set_file.iter().flat_map(|argument| argument.split(','));
        paths.filter_map(|part| part.split_once('=')).any(|(_, path)| self.touches(Path::new(path)))
    }

    /// A disk on which the releases are as they were, unless the lists of what was mirrored changed; charts that changed are written into `folder`. A release that
    /// cannot be had back becomes [`Before::Unknown`].
    pub fn disk(&self, jobs: &mut [Before], same_lists: bool, folder: &Path) -> Result<Disk, String> {
        let mut disk = Disk::new(None);
        let (mut files, mut charts) = (BTreeSet::new(), BTreeSet::new());
        for before in jobs {
            let Before::Was(job) = before else { continue };
            let why = match () {
                () if !same_lists => "the lists of what was mirrored changed",
                () if self.touches_set_files(job) => "a file that --set-file names changed",
                () if job.flags.dependency_update => "its dependencies lie in other folders",
                () if job.flags.reads_stdin() => "its values came from stdin",
                () => "",
            };
            if !why.is_empty() {
                *before = Before::Unknown(why.to_owned());
                continue;
            }
            files.extend(job.flags.value_files().into_iter().filter(|path| self.touches(Path::new(path))));
            if self.touches(&job.chart) {
                charts.insert(job.chart.clone());
            }
        }
        let paths: Vec<String> =
            files.iter().map(|path| self.in_repository(Path::new(path)).unwrap_or_default()).collect();
        for (path, text) in files.into_iter().zip(self.blobs(&paths)?) {
            // One that was not there is not read from where it is now.
            match text {
                Some(text) => disk.texts.insert(path, text),
                None => disk.texts.insert(path, Vec::new()),
            };
        }
        for (number, chart) in charts.into_iter().enumerate() {
            let to = folder.join(number.to_string());
            self.restore(&chart, &to)?;
            disk.moved.insert(chart, to);
        }
        Ok(disk)
    }

    /// Writes a chart as it was: a folder of files, or one file.
    fn restore(&self, chart: &Path, to: &Path) -> Result<(), String> {
        let root = self.in_repository(chart).unwrap_or_default();
        let mut ask = vec!["ls-tree", "-r", "-z", "--full-tree", "--name-only", &self.commit];
        // The chart may be the repository.
        if !root.is_empty() {
            ask.extend(["--", &root]);
        }
        let list = text(&ask)?;
        let paths: Vec<String> = list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        let blobs = self.blobs(&paths)?;
        for (path, blob) in paths.iter().zip(blobs) {
            let Some(blob) = blob else { continue };
            let inside = path.strip_prefix(&root).unwrap_or(path).trim_start_matches('/');
            let target = if inside.is_empty() { to.to_path_buf() } else { to.join(inside) };
            let fail = |error: std::io::Error| format!("cannot write {}: {error}", target.display());
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent).map_err(fail)?;
            }
            std::fs::write(&target, blob).map_err(fail)?;
        }
        Ok(())
    }

    /// The contents of files as they were, by their paths in the repository; `None` for those that were not there.
    fn blobs(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, String> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(odd) = paths.iter().find(|path| path.contains('\n')) {
            return Err(format!("--changed-since: {odd:?} has a line break in its name"));
        }
        let mut git = Command::new("git");
        git.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let fail = |error: std::io::Error| format!("cannot run git cat-file: {error}");
        let mut child = git.spawn().map_err(fail)?;
        let asked: String = paths.iter().map(|path| format!("{}:{path}\n", self.commit)).collect();
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut answer = Vec::new();
        std::thread::scope(|scope| {
            // git answers while it is asked.
            let writer = scope.spawn(move || input.map(|mut input| input.write_all(asked.as_bytes())));
            let read = output.map(|mut output| output.read_to_end(&mut answer));
            let _ = writer.join();
            read.transpose()
        })
        .map_err(fail)?;
        child.wait().map_err(fail)?;
        let mut answer = answer.as_slice();
        paths.iter().map(|path| blob(&mut answer, path)).collect()
    }
}

/// The answer to one question: `ID blob SIZE`, then the bytes; or `… missing`.
fn blob(answer: &mut &[u8], path: &str) -> Result<Option<Vec<u8>>, String> {
    let broken = || format!("git cat-file does not tell about {path}");
    let end = memchr::memchr(b'\n', answer).ok_or_else(broken)?;
    let (head, rest) = answer.split_at(end);
    let head = String::from_utf8_lossy(head).into_owned();
    *answer = &rest[1..];
    if head.ends_with(" missing") {
        return Ok(None);
    }
    let size: usize = head.rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or_else(broken)?;
    if answer.len() <= size {
        return Err(broken());
    }
    let (bytes, rest) = answer.split_at(size);
    *answer = &rest[1..];
    Ok(head.contains(" blob ").then(|| bytes.to_vec()))
}

/// What git says.
fn text(args: &[&str]) -> Result<String, String> {
    let out = Command::new("git").args(args).stdin(Stdio::null()).output();
    let out = out.map_err(|error| format!("--changed-since: cannot run git: {error}"))?;
    if !out.status.success() {
        let why = String::from_utf8_lossy(&out.stderr).trim().to_owned();
        return Err(format!("--changed-since: git {}: {why}", args.first().unwrap_or(&"")));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
