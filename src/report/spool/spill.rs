//! [`Spill`]: bytes that are put away and read back, in memory if they are few.

use crate::error::Error;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

/// The most bytes kept in memory; more go to a temporary file.
const IN_MEMORY: usize = 4 << 20;

/// Bytes that are put away: in memory, or in an unnamed temporary file that disappears with the process. If no such file
/// can be created, they stay in memory.
#[derive(Debug, Default)]
pub(super) struct Spill(Mutex<Place>);

/// A range of these bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u64,
    length: usize,
}

#[derive(Debug, Default)]
struct Place {
    memory: Vec<u8>,
    /// Once there is a file, it contains what was in memory.
    file: Option<File>,
    length: u64,
    has_no_file: bool,
}

impl Spill {
    /// Appends bytes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn add(&self, bytes: &[u8]) -> Result<Span, Error> {
        let place = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place
            .add(bytes)
            .map_err(|error| Error::file(format!("cannot keep a report in the folder for temporary files: {error}")))
    }

    /// Reads bytes back.
    pub(super) fn get(&self, span: Span) -> io::Result<Vec<u8>> {
        let place = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; span.length];
        match &mut place.file {
            Some(file) => {
                file.seek(SeekFrom::Start(span.start))?;
                file.read_exact(&mut bytes)?;
            }
            None => {
                let start = usize::try_from(span.start).unwrap_or(usize::MAX);
                let kept = place.memory.get(start..).and_then(|rest| rest.get(..span.length));
                bytes.copy_from_slice(kept.ok_or(io::ErrorKind::UnexpectedEof)?);
            }
        }
        Ok(bytes)
    }
}

impl Place {
    fn add(&mut self, bytes: &[u8]) -> io::Result<Span> {
        let span = Span { start: self.length, length: bytes.len() };
        if self.file.is_none() && !self.has_no_file && self.memory.len() + bytes.len() > IN_MEMORY {
            match tempfile::tempfile() {
                Ok(mut file) => {
                    file.write_all(&self.memory)?;
                    self.file = Some(file);
                    self.memory = Vec::new();
                }
                Err(_) => self.has_no_file = true,
            }
        }
        match &mut self.file {
            Some(file) => {
                file.seek(SeekFrom::Start(span.start))?;
                file.write_all(bytes)?;
            }
            None => self.memory.extend_from_slice(bytes),
        }
        self.length += bytes.len() as u64;
        Ok(span)
    }
}

#[cfg(test)]
mod tests {
    use super::{IN_MEMORY, Spill};

    #[test]
    fn what_is_put_away_is_had_back() {
        let spill = Spill::default();
        let long = vec![b'x'; IN_MEMORY];
        let spans = [&b"first"[..], &b""[..], &long[..], &b"last"[..]].map(|bytes| (bytes, spill.add(bytes)));
        for (bytes, span) in spans.into_iter().rev() {
            assert!(spill.get(span.expect("it can be written")).expect("it can be read") == bytes);
        }
        assert!(spill.0.lock().expect("it is whole").memory.is_empty(), "all of it is in the file");
    }
}
