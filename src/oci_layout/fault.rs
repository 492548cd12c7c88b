//! Errors of the disk as errors of a run.

use crate::error::Error as FileError;
use crate::go::system_error;
use crate::registry::{Error, Kind};
use std::fmt::Display;
use std::io;

/// A file that cannot be written or read.
pub(super) fn of_system(what: impl Display, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let text = format!("{what}: {}; free space, or use another disk, and run again", system_error(error));
            Error::new(Kind::NoSpace, text)
        }
        io::ErrorKind::FileTooLarge => {
            let text = format!(
                "{what}: {}; the file system does not take a file of this size: --chunk-size splits an archive",
                system_error(error)
            );
            Error::new(Kind::Disk, text)
        }
        _ => Error::new(Kind::Disk, format!("{what}: {}", system_error(error))),
    }
}

/// A file that may not be read, or is not there.
pub(super) fn of_file(error: &FileError) -> Error {
    let text = error.to_string();
    // Nothing may be outside of a layout.
    let text = text.split("; to allow it: ").next().unwrap_or_default();
    Error::new(Kind::Disk, text)
}
