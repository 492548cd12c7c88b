//! Opens regular files only, and reads at most a limit.

use super::walk::is_git;
use crate::error::Error;
use crate::go::system_error;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, Prefix};
use std::sync::Arc;

/// An open file with its metadata.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The file.
    pub file: File,
    /// Its metadata.
    pub about: Metadata,
    /// The text that counts in place of the file's.
    unsaved: Option<Arc<[u8]>>,
}

impl Opened {
    /// The same file with the text that an editor holds, if there is one.
    pub(super) fn with(self, unsaved: Option<Arc<[u8]>>) -> Self {
        Self { unsaved, ..self }
    }

    /// Reads all of it; `shown` is for messages.
    pub(super) fn read(self, shown: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        let content = self.read_at_most(shown, limit.saturating_add(1))?;
        if content.len() as u64 > limit { Err(too_long(&shown.display().to_string(), limit)) } else { Ok(content) }
    }

    /// Reads at most a number of bytes and cuts the rest.
    pub(crate) fn read_at_most(self, shown: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        if let Some(text) = self.unsaved {
            let end = usize::try_from(limit).map_or(text.len(), |limit| limit.min(text.len()));
            return Ok(text[..end].to_vec());
        }
        let expected = self.about.len().saturating_add(1).min(limit).min(1 << 30);
        let mut content = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
        self.file
            .take(limit)
            .read_to_end(&mut content)
            .map_err(|error| Error::file(format!("read {}: {}", shown.display(), system_error(&error))))?;
        Ok(content)
    }
}

/// Reads a stream to its end, up to a limit.
///
/// # Errors
/// `stdin has more than 10 bytes (--limit file-bytes)`.
pub(crate) fn read_all(stream: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let read = stream.take(limit.saturating_add(1)).read_to_end(&mut content);
    read.map_err(|error| Error::file(format!("cannot read {name}: {error}")))?;
    if content.len() as u64 > limit { Err(too_long(name, limit)) } else { Ok(content) }
}

fn too_long(name: &str, limit: u64) -> Error {
    Error::limit(format!("{name} has more than {limit} bytes (--limit file-bytes)"))
}

/// Why something cannot be opened.
#[derive(Debug)]
pub(super) enum Fault {
    /// An error of the system.
    System(io::Error),
    /// It is a folder.
    Folder,
    /// It is a pipe, a socket or a device, which may be endless, block, or have side effects.
    Odd(&'static str),
}

/// Opens a file by its real path. `kind` is its type from the folder, if known.
///
/// A device or a pipe is not even opened, because that may have effects or block; and if the file has become a link or a
/// pipe in the meantime, it is neither followed nor waited for.
pub(super) fn open(real: &Path, kind: Option<FileType>) -> Result<Opened, Fault> {
    let kind = match kind {
        Some(kind) => kind,
        None => fs::symlink_metadata(real).map_err(Fault::System)?.file_type(),
    };
    check(kind)?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    }
    let file = options.open(real).map_err(Fault::System)?;
    let about = file.metadata().map_err(Fault::System)?;
    check(about.file_type())?;
    Ok(Opened { file, about, unsaved: None })
}

/// Opens a stream that was passed to the program: stdin, or a pipe of the shell.
pub(super) fn open_handed(path: &Path) -> io::Result<Opened> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    Ok(Opened { file, about, unsaved: None })
}

fn check(kind: FileType) -> Result<(), Fault> {
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(Fault::Folder);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Err(Fault::Odd("pipe"));
        }
        if kind.is_socket() {
            return Err(Fault::Odd("socket"));
        }
    }
    Err(Fault::Odd(if kind.is_symlink() { "link" } else { "device" }))
}

/// The system folder that contains a path, in which nothing is a regular file.
pub(super) fn system_folder(path: &Path) -> Option<&'static str> {
    // Shared memory that is often used as a temporary folder.
    const ORDINARY: &str = "/dev/shm";
    let folder = ["/proc", "/sys", "/dev"].into_iter().find(|folder| path.starts_with(folder));
    folder.filter(|_| !path.starts_with(ORDINARY))
}

/// The folder that makes a real path forbidden: `/proc`, `a .git folder`.
pub(super) fn forbidden(real: &Path) -> Option<&'static str> {
    if let Some(folder) = system_folder(real) {
        return Some(folder);
    }
    // `NUL` and `COM1`, in whichever folder they are named.
    if let Some(Component::Prefix(prefix)) = real.components().next()
        && matches!(prefix.kind(), Prefix::DeviceNS(_))
    {
        return Some(r"\\.\");
    }
    // A working tree may be below a folder of this name.
    let repository = repository(real.parent()?);
    let inside = repository.and_then(|folder| real.strip_prefix(folder).ok()).unwrap_or(real);
    inside.iter().any(is_git).then_some("a .git folder")
}

/// The root of the repository that contains a real folder.
pub(super) fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
}
