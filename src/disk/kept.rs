//! Files that a cache keeps in a folder: they appear whole, under their final name, so that any number of processes can use the folder
//! at once. Nobody but the user can read them. What was not used for the longest time goes first.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that is kept.
pub(crate) struct Kept {
    pub(crate) path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// The files of a folder.
pub(crate) fn files(folder: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let kept = |entry: std::fs::DirEntry| {
        let about = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Kept { path: entry.path(), bytes: about.len(), used: about.modified().ok()? })
    };
    entries.filter_map(kept).collect()
}

/// The folders in a folder.
fn nested(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

/// Removes files of a folder and of the folders in it, those that were not used for the longest time first, until there are few enough.
pub(crate) fn shrink(folder: &Path, bytes: u64, count: usize) {
    let mut all = files(folder);
    for nested in nested(folder) {
        all.extend(files(&nested));
    }
    all.sort_by(|one, other| one.used.cmp(&other.used).then_with(|| one.path.cmp(&other.path)));
    let mut left = (all.iter().map(|file| file.bytes).sum::<u64>(), all.len());
    for file in &all {
        if left.0 <= bytes && left.1 <= count {
            return;
        }
        // Another process may have removed it.
        let _ = std::fs::remove_file(&file.path);
        left = (left.0 - file.bytes, left.1 - 1);
    }
}

/// Notes that a file was used. The time is seen by nobody; it decides only what is removed first.
pub(crate) fn touch(path: &Path) {
    let used = std::fs::OpenOptions::new().append(true).open(path);
    let _ = used.and_then(|file| file.set_modified(SystemTime::now()));
}

/// Writes a file that appears whole or not at all, and that only the user can read.
pub(crate) fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // The file of the crate is readable by the user alone.
    let made = tempfile::Builder::new().prefix(".airtight-").tempfile_in(folder);
    let mut file = made.map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(text)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
