//! [`Reach`]: what a run may read.

use super::open::{self, Fault, Opened, forbidden, repository, system_folder};
use super::resolve::{Resolved, absolute, real, resolve};
use super::unsaved::Unsaved;
use crate::error::Error;
use crate::go::system_error;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Who named a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum By {
    /// The user, on the command line.
    User,
    /// A file of the repository: its configuration, a chart, a link.
    Repository,
}

/// A folder that paths and links must not leave.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// Its real path.
    pub(super) folder: PathBuf,
    /// Its name for messages: `the repository`.
    pub(super) what: &'static str,
}

impl Bound {
    /// The repository that contains a real folder.
    fn repository(folder: &Path) -> Option<Self> {
        Some(Self { folder: repository(folder)?.to_path_buf(), what: "the repository" })
    }
}

/// What a run may read; shared by threads.
#[derive(Debug)]
pub(crate) struct Reach {
    /// The bound of the paths in the configuration.
    pub(super) root: Option<Bound>,
    /// The real paths that are allowed in addition.
    allowed: Vec<PathBuf>,
    /// The largest size of one file, in bytes.
    file_bytes: u64,
    /// The content of pipes of the shell, which can be read only once but may be needed again.
    handed: Mutex<BTreeMap<PathBuf, Arc<Vec<u8>>>>,
    /// The text of files that an editor holds.
    pub(super) unsaved: Unsaved,
}

impl Reach {
    /// What may be read without a configuration. `allowed` are the paths of `--allow-outside`, `file_bytes` is the largest size
    /// of one file.
    ///
    /// # Errors
    /// One of `allowed` does not exist.
    pub(crate) fn new(allowed: &[PathBuf], file_bytes: u64) -> Result<Self, Error> {
        let real = |path: &PathBuf| match resolve(path) {
            Ok(resolved) => Ok(resolved.path),
            Err(error) => Err(Error::file(format!("--allow-outside {}: {error}", path.display()))),
        };
        let allowed: Vec<PathBuf> = allowed.iter().map(real).collect::<Result<_, _>>()?;
        Ok(Self { allowed, ..Self::of_user(file_bytes) })
    }

    /// What may be read without `--allow-outside` and without a configuration.
    pub(crate) fn of_user(file_bytes: u64) -> Self {
        Self { root: None, allowed: Vec::new(), file_bytes, handed: Mutex::default(), unsaved: Unsaved::default() }
    }

    /// Sets the bound of the configuration: the repository that contains its folder, or the folder itself.
    pub(crate) fn set_configuration(&mut self, folder: &Path) -> Result<(), Error> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = resolve(here)?.path;
        let alone = |folder| Bound { folder, what: "the folder of airtight.yaml" };
        self.root = Some(Bound::repository(&folder).unwrap_or_else(|| alone(folder)));
        Ok(())
    }

    /// Sets the text of files that an editor holds.
    pub(crate) fn set_unsaved(&mut self, unsaved: Unsaved) {
        self.unsaved = unsaved;
    }

    /// The largest size of one file, in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// In Go's words if Go has such an error: `open x.yaml: no such file or directory`.
    pub(crate) fn read(&self, by: By, path: &Path) -> Result<Vec<u8>, Error> {
        if by == By::User && is_handed(path) {
            // A second reader waits and gets the same content.
            let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(content) = handed.get(path) {
                return Ok(content.to_vec());
            }
            let content = self.open(by, path)?.read(path, self.file_bytes)?;
            handed.insert(path.to_path_buf(), Arc::new(content.clone()));
            return Ok(content);
        }
        self.open(by, path)?.read(path, self.file_bytes)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn open(&self, by: By, path: &Path) -> Result<Opened, Error> {
        if by == By::User && is_handed(path) {
            return open::open_handed(path).map_err(|error| in_words_of_go(path, Fault::System(error)));
        }
        let real = self.find(by, path)?;
        let opened = open::open(&real, None).map_err(|fault| in_words_of_go(path, fault))?;
        Ok(opened.with(self.unsaved.of(&real)))
    }

    /// Checks that a chart may refer to a folder outside itself, such as `file://../common`: only in its own repository, like
    /// the paths of a configuration.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn check_beside(&self, by: By, chart: &Path, path: &Path) -> Result<(), Error> {
        let folder = self.find(by, chart)?;
        let root = self.root.as_ref().filter(|root| by == By::Repository || folder.starts_with(&root.folder));
        let bound = match root.cloned().or_else(|| Bound::repository(&folder)) {
            Some(bound) => bound,
            None => Bound { folder, what: "the chart" },
        };
        self.inside(&bound, path).map(|_| ())
    }

    /// Checks that a path may be read.
    ///
    /// # Errors
    /// See [`Reach::read`].
    pub(crate) fn check(&self, by: By, path: &Path) -> Result<(), Error> {
        self.find(by, path).map(|_| ())
    }

    /// Checks that a file may be written at a path that the user typed: anywhere, except through a link of a repository that
    /// leads out of it or into `.git`.
    ///
    /// # Errors
    /// Names the link.
    pub(crate) fn check_output(&self, path: &Path) -> Result<(), Error> {
        // A file that does not exist is created in an existing folder.
        let there = path.ancestors().find(|path| path.symlink_metadata().is_ok());
        let Some(there) = there else { return Ok(()) };
        match resolve(there) {
            Ok(resolved) => self.check_links(there, &resolved),
            Err(_) => {
                // A broken link, whose target would be created.
                let folder = absolute(there)?.parent().and_then(|folder| real(folder).ok());
                match folder.and_then(|folder| self.holder(&folder)) {
                    Some(bound) => Err(Error::file(format!("{} is a broken link in {}", there.display(), bound.what))),
                    None => Ok(()),
                }
            }
        }
    }

    /// The bound for the links in a real folder; `None` if only the user decides.
    fn holder(&self, folder: &Path) -> Option<Bound> {
        let of_configuration = || self.root.clone().filter(|root| folder.starts_with(&root.folder));
        Bound::repository(folder).or_else(of_configuration)
    }

    /// Reads a file within a bound, by its real path before the last links; `shown` is for messages.
    pub(super) fn read_inside(&self, bound: &Bound, place: &Path, shown: &Path) -> Result<Vec<u8>, Error> {
        let real = self.find_inside(bound, place, shown)?;
        let opened = open::open(&real, None).map_err(|fault| in_words_of_go(shown, fault))?;
        opened.with(self.unsaved.of(&real)).read(shown, self.file_bytes)
    }

    /// The real path of a file within a bound, if it may be read.
    pub(super) fn find_inside(&self, bound: &Bound, place: &Path, shown: &Path) -> Result<PathBuf, Error> {
        let resolved = resolved(place).map_err(|error| {
            error.reworded(|text| text.replacen(&*place.to_string_lossy(), &shown.to_string_lossy(), 1))
        })?;
        self.check_place(shown, &resolved)?;
        self.check_bound(bound, shown, &resolved)?;
        Ok(resolved.path)
    }

    /// The real path of a named path, if it may be read.
    pub(super) fn find(&self, by: By, path: &Path) -> Result<PathBuf, Error> {
        match (by, &self.root) {
            (By::Repository, Some(root)) => self.inside(root, path),
            _ => {
                let resolved = resolved(path)?;
                self.check_place(path, &resolved)?;
                self.check_links(path, &resolved)?;
                Ok(resolved.path)
            }
        }
    }

    /// The real path of a file that is in a bound, or allowed.
    fn inside(&self, bound: &Bound, path: &Path) -> Result<PathBuf, Error> {
        let resolved = resolved(path)?;
        self.check_place(path, &resolved)?;
        self.check_bound(bound, path, &resolved)?;
        Ok(resolved.path)
    }

    /// Links of a repository must not leave it, even on a path that the user typed.
    fn check_links(&self, path: &Path, resolved: &Resolved) -> Result<(), Error> {
        for link in &resolved.links {
            let Some(folder) = link.parent() else { continue };
            if let Some(bound) = self.holder(folder) {
                self.check_bound(&bound, path, resolved)?;
                self.check_place(path, resolved)?;
            }
        }
        Ok(())
    }

    /// Nothing is read in `/proc`, `/sys`, `/dev` and `.git`.
    pub(super) fn check_place(&self, path: &Path, resolved: &Resolved) -> Result<(), Error> {
        let Some(place) = forbidden(&resolved.path) else { return Ok(()) };
        let (shown, target) = (path.display(), resolved.path.display());
        Err(Error::file(match resolved.links.last() {
            None => format!("{shown}: nothing in {place} is read or written"),
            Some(_) if path.is_symlink() => {
                format!("{shown} is a link to {target}: nothing in {place} is read or written")
            }
            Some(_) => format!("{shown} leads to {target}: nothing in {place} is read or written"),
        }))
    }

    /// Checks that a path that leaves a bound is allowed.
    pub(super) fn check_bound(&self, bound: &Bound, path: &Path, resolved: &Resolved) -> Result<(), Error> {
        let target = &resolved.path;
        if target.starts_with(&bound.folder) || self.allowed.iter().any(|allowed| target.starts_with(allowed)) {
            return Ok(());
        }
        let (shown, what, target) = (path.display(), bound.what, target.display());
        let way_out = format!("to allow it: --allow-outside {}", quoted(&resolved.path));
        // The last link inside the bound is the one that leaves it.
        Err(Error::file(match resolved.links.iter().rfind(|link| link.starts_with(&bound.folder)) {
            None => format!("{shown} is outside {what} ({}); {way_out}", bound.folder.display()),
            Some(link) if is_at(path, link) => {
                format!("{shown} is a link that leads out of {what}, to {target}; {way_out}")
            }
            Some(link) => {
                let link = seen(link);
                format!("{shown}: {} is a link that leads out of {what}, to {target}; {way_out}", link.display())
            }
        }))
    }
}

/// Resolves the links of a path; the error is worded as Go's for a file that cannot be opened.
fn resolved(path: &Path) -> Result<Resolved, Error> {
    // Forbidden whether it exists or not.
    if let Some(place) = system_folder(path) {
        return Err(Error::file(format!("{}: nothing in {place} is read or written", path.display())));
    }
    resolve(path).map_err(|error| {
        error.reworded(|text| {
            let why = text.rsplit_once(": ").map_or(text, |(_, why)| why);
            let why = if why == "too many links" { "too many levels of symbolic links" } else { why };
            format!("open {}: {why}", path.display())
        })
    })
}

pub(super) fn in_words_of_go(path: &Path, fault: Fault) -> Error {
    let path = path.display();
    Error::file(match fault {
        Fault::System(error) => format!("open {path}: {}", system_error(&error)),
        Fault::Folder => format!("read {path}: is a directory"),
        Fault::Odd(what) => format!("{path} is a {what}; only regular files are read, and stdin as -"),
    })
}

/// Whether a path is one that a shell passes for an open stream: `<(helm get values shop)`.
fn is_handed(path: &Path) -> bool {
    let Some(text) = path.to_str() else { return false };
    let number = text.strip_prefix("/dev/fd/").or_else(|| text.strip_prefix("/proc/self/fd/"));
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    cfg!(unix) && (text == "/dev/stdin" || number.is_some_and(is_number))
}

/// Whether a path, as named, is that of a link.
fn is_at(path: &Path, link: &Path) -> bool {
    let Ok(path) = absolute(path) else { return false };
    let folder = path.parent().and_then(|folder| real(folder).ok());
    folder.as_deref() == link.parent() && path.file_name() == link.file_name()
}

/// A real path relative to the working folder, if it is inside.
fn seen(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path)
}

/// A path quoted for a shell.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%:,=".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// `-f <(helm get values shop)`: a stream of the shell can be read only once, but is used several times.
    #[cfg(unix)]
    #[test]
    fn a_pipe_of_the_shell_is_read_once() {
        use std::os::fd::AsRawFd as _;
        let (reader, mut writer) = std::io::pipe().expect("a pipe can be made");
        writer.write_all(b"a: 1\n").expect("it holds so much");
        drop(writer);
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        let mut reach = Reach::of_user(5);
        assert_eq!(reach.read(By::User, &path).as_deref(), Ok(&b"a: 1\n"[..]));
        assert_eq!(reach.read(By::User, &path).as_deref(), Ok(&b"a: 1\n"[..]));
        reach.set_configuration(&std::env::temp_dir()).expect("it is there");
        assert_eq!(
            reach.read(By::Repository, &path),
            Err(Error::file(format!("{}: nothing in /dev is read or written", path.display())))
        );
        let (reader, mut writer) = std::io::pipe().expect("a pipe can be made");
        writer.write_all(b"a: 12\n").expect("it holds so much");
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        let too_long = format!("{} has more than 5 bytes (--limit file-bytes)", path.display());
        assert_eq!(Reach::of_user(5).read(By::User, &path), Err(Error::limit(too_long)));
    }

    #[test]
    fn a_name_is_git_s_in_any_case_and_only_inside_of_a_repository() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let top = folder.path().canonicalize().expect("it is there");
        for inside in [".git/HEAD", "wt/.git/worktree/.git/HEAD", ".GIT/x", "sub/.git"] {
            let path = top.join(inside);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
            std::fs::write(path, "x").expect("a file can be written");
        }
        for (inside, wanted) in [
            ("values.yaml", None),
            (".git/config", Some("a .git folder")),
            (".GIT/x", Some("a .git folder")),
            ("sub/.git", Some("a .git folder")),
            (".gitignore", None),
            // A working tree below a folder of this name.
            ("wt/.git/worktree/values.yaml", None),
            ("wt/.git/worktree/.git/HEAD", Some("a .git folder")),
        ] {
            assert_eq!(forbidden(&top.join(inside)), wanted, "{inside}");
        }
        assert_eq!(forbidden(Path::new("/dev/shm/values.yaml")), None);
        assert_eq!(forbidden(Path::new("/sys/class/net")), Some("/sys"));
    }
}
