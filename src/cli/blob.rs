//! [`BlobFile`]: where `lint --format blob` writes, and what identifies its run.

use super::output::{cannot_write, new_file};
use crate::disk::look;
use crate::error::Error;
use crate::fleet::blob::{Head, Writer};
use crate::fleet::record::Record;
use crate::suppress::Known;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A blob that is being written, shared by threads.
pub(super) struct BlobFile {
    writer: Writer<BufWriter<Target>>,
    path: Option<PathBuf>,
}

/// Where the bytes go.
enum Target {
    /// To a file that appears under its name when it is whole. In the meantime it has a name of its own: two processes may run the
    /// same part, and the last one wins.
    New(NamedTempFile),
    /// To a temporary file, for what is not replaced: stdout, a pipe, a device.
    Scratch(File),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::New(file) => file.write(bytes),
            Self::Scratch(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A blob with its last line.
pub(super) struct WholeBlob {
    target: Target,
    path: Option<PathBuf>,
}

impl BlobFile {
    /// Begins a blob in a file, or for stdout.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn begin(path: Option<&Path>, head: &Head) -> Result<Self, Error> {
        let is_new = path.filter(|path| !look::is_there(path) || look::kind(path).is_some_and(|kind| kind.is_file()));
        let target = match is_new {
            Some(path) => new_file(path).map(Target::New),
            None => tempfile::tempfile().map(Target::Scratch),
        };
        let begun = target.and_then(|target| Writer::begin(BufWriter::new(target), head));
        let writer = begun.map_err(|error| cannot_write(path, &error))?;
        Ok(Self { writer, path: path.map(Path::to_path_buf) })
    }

    /// Writes the result of the release with this number, in its turn.
    ///
    /// # Errors
    /// It cannot be turned into JSON.
    pub(super) fn add(&self, turn: usize, number: usize, record: Record) -> Result<Record, Error> {
        self.writer.add(turn, number, record)
    }

    /// Writes the last line.
    ///
    /// # Errors
    /// Something could not be written.
    pub(super) fn end(self, suppressions: Known) -> Result<WholeBlob, Error> {
        let Self { writer, path } = self;
        let whole =
            writer.finish(suppressions).and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error));
        let target = whole.map_err(|error| cannot_write(path.as_deref(), &error))?;
        Ok(WholeBlob { target, path })
    }
}

impl WholeBlob {
    /// Gives the file its name, or copies the blob to where it goes.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn publish(self, out: &mut dyn Write) -> Result<(), Error> {
        let Self { target, path } = self;
        let published = match (target, &path) {
            (Target::New(file), Some(path)) => {
                let synced = file.as_file().sync_data();
                synced.and_then(|()| file.persist(path).map(drop).map_err(|error| error.error))
            }
            (Target::New(_), None) => Ok(()),
            (Target::Scratch(file), Some(path)) => File::create(path).and_then(|mut to| copied(file, &mut to)),
            (Target::Scratch(file), None) => copied(file, out),
        };
        published.map_err(|error| cannot_write(path.as_deref(), &error))
    }
}

fn copied(mut from: File, to: &mut dyn Write) -> io::Result<()> {
    from.rewind()?;
    io::copy(&mut from, to)?;
    to.flush()
}
