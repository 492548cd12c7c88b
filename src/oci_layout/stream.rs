//! [`Stream`]: a blob of a layout, verified before its last bytes are given away.

use super::storage::{Storage, unreadable};
use crate::registry::{Chunks, Descriptor, Error, Hasher, Kind};
use bytes::Bytes;
use std::io::{self, Read};
use std::rc::Rc;

/// The bytes that are read at a time.
const PIECE: u64 = 128 << 10;

/// A blob that is being read.
pub(crate) struct Stream<'r> {
    reader: Option<Box<dyn Read + Send>>,
    hasher: Option<Hasher>,
    blob: Descriptor,
    at: u64,
    /// What is read, for messages.
    subject: String,
    /// What says more if it is damaged.
    storage: Rc<Storage<'r>>,
}

/// Runs work with files beside the runtime's only thread, so that a slow disk does not stop connections.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::new(Kind::Disk, "the work with a file was interrupted"))
}

impl<'r> Stream<'r> {
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        blob: Descriptor,
        subject: String,
        storage: Rc<Storage<'r>>,
    ) -> Self {
        Self { reader: Some(reader), hasher: Some(blob.digest.hasher()), blob, at: 0, subject, storage }
    }

    fn damaged(&self, why: &str) -> Error {
        let text = format!("{} {why}; it is{}", self.subject, self.storage.explain(&self.blob.digest));
        Error::new(Kind::WrongDigest, text)
    }
}

impl Chunks for Stream<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let left = self.blob.size - self.at;
        let piece = match self.reader.take() {
            Some(mut reader) if left > 0 => {
                let most = usize::try_from(left.min(PIECE)).unwrap_or(0);
                let (reader, read) = aside(move || {
                    let mut piece = vec![0; most];
                    let read = fill(&mut reader, &mut piece).map(|length| {
                        piece.truncate(length);
                        piece
                    });
                    (reader, read)
                })
                .await?;
                self.reader = Some(reader);
                read.map_err(|error| Error::new(Kind::Disk, format!("{}: {}", self.subject, unreadable(&error))))?
            }
            _ => Vec::new(),
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        self.at += piece.len() as u64;
        if piece.is_empty() && left > 0 {
            return Err(self.damaged(&format!("ends after {} of {} bytes", self.at, self.blob.size)));
        }
        if self.at == self.blob.size
            && let Some(hasher) = self.hasher.take()
        {
            let found = hasher.finish();
            if found != self.blob.digest {
                return Err(self.damaged(&format!("has the digest {found}")));
            }
        }
        Ok((!piece.is_empty()).then(|| Bytes::from(piece)))
    }
}

/// Reads until a buffer is full or the stream ends.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}
