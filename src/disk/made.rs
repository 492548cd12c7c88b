//! Files that are written for the user, at paths that [`Reach::check_output`](super::Reach::check_output) let pass: [`NewFile`] appears
//! under its name when it is whole, and [`grow`] opens one that is written piece by piece.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file that is not there under its name until it is whole and on the disk.
///
/// Its name in the meantime follows from that name, so that what an interrupted run leaves is replaced by the next one.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    part: PathBuf,
    to: PathBuf,
    is_whole: bool,
}

impl NewFile {
    /// Begins a file in an existing folder.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn begin(to: &Path) -> io::Result<Self> {
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let part = to.with_file_name(format!(".airtight-{name}"));
        remove(&part)?;
        let file = File::options().write(true).create_new(true).open(&part)?;
        Ok(Self { file, part, to: to.to_path_buf(), is_whole: false })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives the file its name, once its bytes are on the disk. What had this name before, a link too, is replaced.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.sync_data()?;
        fs::rename(&self.part, &self.to)?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_whole {
            let _ = remove(&self.part);
        }
    }
}

/// Opens a file that grows, or creates it; what it has after a number of bytes is cut off.
///
/// # Errors
/// The system's, or it is not a regular file.
pub(crate) fn grow(path: &Path, from: u64) -> io::Result<File> {
    use std::io::Seek as _;
    let is_there = match path.symlink_metadata() {
        Ok(about) if about.is_file() => true,
        Ok(_) => return Err(io::Error::other("it is not a regular file")),
        Err(_) => false,
    };
    let mut file = File::options().write(true).create_new(!is_there).open(path)?;
    file.set_len(from)?;
    file.seek(io::SeekFrom::Start(from))?;
    Ok(file)
}

/// Removes a file, if it is there.
///
/// # Errors
/// The system's.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Creates a folder and those above it, if they are not there. What is there and is no folder, such as a link, is an error.
///
/// # Errors
/// The system's.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A file without a name in a folder; it is gone when it is closed.
///
/// # Errors
/// The system's.
pub(crate) fn scratch(folder: &Path) -> io::Result<File> {
    tempfile::tempfile_in(folder)
}

/// Opens a file of this run to read it again.
///
/// # Errors
/// The system's.
pub(crate) fn written(path: &Path) -> io::Result<File> {
    File::open(path)
}
