//! [`Git`]: the `git` command, with everything disabled that a repository could make it run.
//!
//! Only plumbing commands are used, and only for what they know without reading the content of files in the working
//! folder: attributes, filters, external diffs and text conversions are never consulted. Other programs that a
//! repository's configuration could name are overridden here.

use crate::disk::look;
use crate::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Settings that take precedence over those of every file, including included ones.
const SETTINGS: [&str; 7] = [
    // A program that reports changed files. Empty means `false` in new versions, and no program in old ones.
    "core.fsmonitor=",
    // A cache of untracked folders.
    "core.untrackedCache=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.pager=cat",
    "protocol.allow=never",
    // Files of a commit that look like a repository are not one.
    "safe.bareRepository=explicit",
];

/// Variables that are set for git; all other variables of git except [`KEPT`] are removed.
const VARIABLES: [(&str, &str); 8] = [
    // Missing objects are not fetched. Old versions do not know this variable; the next one stops them: it takes precedence
    // over all settings, and no transport has this name.
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // The history is what was committed, without replacements.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_GRAFT_FILE", "/dev/null"),
    // Nothing is written, not even a refreshed index.
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("LC_ALL", "C"),
];

/// The location of the user's own configuration: it says which foreign repositories are safe.
const KEPT: [&str; 3] = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];

/// The longest answer, in bytes.
const ANSWER_BYTES: u64 = 512 << 20;

/// The most bytes of git's error output that are kept.
const COMPLAINT_BYTES: u64 = 4 << 10;

const PROGRAM: &str = if cfg!(windows) { "git.exe" } else { "git" };

/// The command, and the folder in which it runs.
#[derive(Debug, Clone)]
pub(super) struct Git {
    program: PathBuf,
    /// `PATH` for the programs that git itself starts.
    path: OsString,
    folder: PathBuf,
}

impl Git {
    /// Finds the command through `PATH`, outside a folder: a program in the repository is never run.
    pub(super) fn find(outside_of: &Path) -> Result<Self, Error> {
        Self::find_in(&std::env::var_os("PATH").unwrap_or_default(), outside_of)
    }

    fn find_in(path: &OsStr, outside_of: &Path) -> Result<Self, Error> {
        // Windows has many spellings of one folder.
        let outside = look::real(outside_of).unwrap_or_else(|_| outside_of.to_path_buf());
        let is_inside =
            |path: &Path| outside.parent().is_some() && look::real(path).is_ok_and(|real| real.starts_with(&outside));
        let (folders, left_out): (Vec<PathBuf>, Vec<PathBuf>) =
            std::env::split_paths(path).partition(|folder| folder.is_absolute() && !is_inside(folder));
        let program =
            folders.iter().map(|folder| folder.join(PROGRAM)).find(|path| is_program(path) && !is_inside(path));
        let Some(program) = program else {
            let planted = left_out.iter().map(|folder| folder.join(PROGRAM)).find(|path| is_program(path));
            return Err(Error::file(match planted {
                Some(path) => format!(
                    "--changed-since: the only git in PATH is {}, which could be a file of the repository; \
                     put the folder of another git into PATH",
                    path.display()
                ),
                None => "--changed-since: no git in PATH; install git".to_owned(),
            }));
        };
        let path = std::env::join_paths(folders).unwrap_or_default();
        Ok(Self { program, path, folder: outside_of.to_path_buf() })
    }

    /// The same command in another folder.
    pub(super) fn in_folder(&self, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), ..self.clone() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for name in std::env::vars_os().map(|(name, _)| name).filter(|name| is_removed(name)) {
            command.env_remove(name);
        }
        command.env("PATH", &self.path).envs(VARIABLES).current_dir(&self.folder);
        command.arg("--no-pager").args(SETTINGS.iter().flat_map(|setting| ["-c", setting])).args(args);
        command
    }

    /// The output of git.
    ///
    /// Errors: git's own error, or the answer is too long.
    pub(super) fn ask(&self, args: &[&str]) -> Result<Vec<u8>, Error> {
        let name = args.first().unwrap_or(&"");
        let fail = |error: std::io::Error| Error::file(format!("--changed-since: cannot run git {name}: {error}"));
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(fail)?;
        let (out, complaint) = (child.stdout.take(), child.stderr.take());
        let (answer, complaint) = std::thread::scope(|scope| {
            let complaint = scope.spawn(move || {
                let mut text = Vec::new();
                if let Some(mut complaint) = complaint {
                    let _ = complaint.by_ref().take(COMPLAINT_BYTES).read_to_end(&mut text);
                    let _ = std::io::copy(&mut complaint, &mut std::io::sink());
                }
                text
            });
            let mut answer = Vec::new();
            let read = out.map(|out| out.take(ANSWER_BYTES + 1).read_to_end(&mut answer)).transpose();
            if read.is_err() || answer.len() as u64 > ANSWER_BYTES {
                let _ = child.kill();
            }
            (read.map(|_| answer), complaint.join().unwrap_or_default())
        });
        let status = child.wait().map_err(fail)?;
        let answer = answer.map_err(fail)?;
        if answer.len() as u64 > ANSWER_BYTES {
            return Err(Error::file(format!(
                "--changed-since: the output of git {name} is longer than {ANSWER_BYTES} bytes"
            )));
        }
        if !status.success() {
            let why = String::from_utf8_lossy(&complaint).trim().to_owned();
            return Err(Error::file(format!("--changed-since: git {name}: {why}")));
        }
        Ok(answer)
    }

    /// Starts a command that answers many requests.
    pub(super) fn start(&self, args: &[&str]) -> Result<Child, Error> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(|error| Error::file(format!("cannot run git {}: {error}", args.first().unwrap_or(&""))))
    }
}

/// Whether a variable of the environment could make git do something else.
fn is_removed(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    name.starts_with("GIT_") && !KEPT.contains(&name.as_str())
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Sends a request to a command that waits for more.
pub(super) fn send(child: &mut Child, question: &str) -> Result<(), Error> {
    let sent = child.stdin.as_mut().map(|input| input.write_all(question.as_bytes()).and_then(|()| input.flush()));
    match sent {
        Some(Ok(())) => Ok(()),
        _ => Err(Error::file("git accepts no more requests")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "plants a program")]

    use super::{Git, PROGRAM, is_removed};
    use std::path::{Path, PathBuf};

    /// Makes a program in a folder, which it makes as well.
    fn plant(folder: &Path) -> PathBuf {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        let program = folder.join(PROGRAM);
        std::fs::write(&program, "#!/bin/sh\n").expect("a file can be written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        program
    }

    #[test]
    fn a_git_that_the_repository_brings_along_is_not_run() {
        let scratch = tempfile::tempdir().expect("a folder");
        let scratch = scratch.path().canonicalize().expect("it is there");
        let repository = scratch.join("repository");
        plant(&repository.join("bin"));
        let installed = plant(&scratch.join("usr/bin"));
        let list = |folders: &[&Path]| std::env::join_paths(folders).expect("a list");
        let (planted, usr) = (repository.join("bin"), scratch.join("usr/bin"));
        let beside = planted.join("../../repository/bin");
        let path = list(&[Path::new(""), Path::new("."), Path::new("bin"), &repository, &planted, &beside, &usr]);
        let git = Git::find_in(&path, &repository).expect("one is there");
        assert_eq!((git.program, git.path), (installed, list(&[&usr])));
        let none = Git::find_in(&list(&[Path::new("."), &planted]), &repository).expect_err("none is there");
        assert!(none.helm_text().contains("could be a file of the repository"), "{none}");
        let none = Git::find_in(&list(&[&scratch]), &repository).expect_err("none is there");
        assert!(none.helm_text().contains("no git in PATH"), "{none}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_git_of_the_repository_is_not_run() {
        let scratch = tempfile::tempdir().expect("a folder");
        let scratch = scratch.path().canonicalize().expect("it is there");
        let (repository, usr) = (scratch.join("repository"), scratch.join("usr"));
        let planted = plant(&repository);
        std::fs::create_dir(&usr).expect("a folder can be made");
        std::os::unix::fs::symlink(planted, usr.join(PROGRAM)).expect("a link can be made");
        Git::find_in(usr.as_os_str(), &repository).expect_err("none is there");
    }

    #[test]
    fn variables_that_change_what_git_does_are_removed() {
        let names = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_CONFIG_COUNT", "git_ssh", "GIT_EXEC_PATH"];
        for name in names {
            assert!(is_removed(name.as_ref()), "{name}");
        }
        for name in ["PATH", "HOME", "GITHUB_TOKEN", "GIT_CONFIG_GLOBAL"] {
            assert!(!is_removed(name.as_ref()), "{name}");
        }
    }
}
