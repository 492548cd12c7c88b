//! [`Lock`]: that one process at a time writes something.

use super::made;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A lock on what is written to a path: a file beside it, `.airtight-bundle.tar.lock`, which the system unlocks when the process ends
/// in whatever way.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It is locked, or the file system knows no locks.
    Locked(Lock),
    /// Another process has it.
    Taken,
}

impl Lock {
    /// Locks what is written to a path.
    ///
    /// # Errors
    /// The system's, or there is something else in place of the file.
    pub(crate) fn attempt(on: &Path) -> io::Result<Attempt> {
        let name = on.file_name().unwrap_or_default().to_string_lossy();
        let path = on.with_file_name(format!(".airtight-{name}.lock"));
        loop {
            let is_there = match path.symlink_metadata() {
                Ok(about) if about.is_file() => true,
                Ok(_) => return Err(io::Error::other(format!("{} is not a regular file", path.display()))),
                Err(_) => false,
            };
            let file = match File::options().write(true).create_new(!is_there).open(&path) {
                Ok(file) => file,
                // Another process made or removed it at this moment.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound)
                        && on.parent().is_none_or(is_folder) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Taken),
                // Not all file systems know locks.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            // Its holder may have removed it after it was opened here.
            if is_same(&file, &path) {
                return Ok(Attempt::Locked(Self { file, path }));
            }
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.is_dir()
}

/// Whether a path still leads to an open file.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |about: &std::fs::Metadata| (about.dev(), about.ino());
    matches!((file.metadata(), path.symlink_metadata()), (Ok(one), Ok(other)) if id(&one) == id(&other))
}

/// Elsewhere it is never removed, so it is the same.
#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> bool {
    true
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It is removed while it is locked, so that nobody else has it.
        if cfg!(unix) {
            let _ = made::remove(&self.path);
        }
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, Lock};

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bundle.tar");
        let Ok(Attempt::Locked(lock)) = Lock::attempt(&path) else { panic!("it is free") };
        assert!(matches!(Lock::attempt(&path), Ok(Attempt::Taken)));
        assert!(matches!(Lock::attempt(&folder.path().join("other")), Ok(Attempt::Locked(_))));
        drop(lock);
        assert!(matches!(Lock::attempt(&path), Ok(Attempt::Locked(_))));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
        assert!(Lock::attempt(&folder.path().join("none/bundle")).is_err(), "there is no folder for it");
    }

    /// Many threads, each of which counts up a number in a file that nobody else may touch meanwhile.
    #[test]
    fn nobody_has_it_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        std::fs::write(&path, "0").expect("a file");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _lock = loop {
                            match Lock::attempt(&path).expect("a lock") {
                                Attempt::Locked(lock) => break lock,
                                Attempt::Taken => std::thread::yield_now(),
                            }
                        };
                        let number: u32 = std::fs::read_to_string(&path).expect("a file").parse().expect("a number");
                        std::fs::write(&path, (number + 1).to_string()).expect("a file");
                    }
                });
            }
        });
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "400");
    }
}
