//! [`BlobSource`]: where the bytes of blobs come from, a registry or something else.

use super::error::Error;
use super::manifest::Descriptor;
use bytes::Bytes;

/// Where blobs are read.
pub(crate) trait BlobSource {
    /// A blob that is being read.
    type Chunks<'s>: Chunks
    where
        Self: 's;

    /// Begins to read a blob.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    async fn open<'s>(&'s self, blob: &'s Descriptor) -> Result<Self::Chunks<'s>, Error>;
}

/// The bytes of a blob, in order.
pub(crate) trait Chunks {
    /// The next bytes; `None` at the end. The last ones are given away only if the digest and the size are right.
    ///
    /// # Errors
    /// The blob is not what its digest or its size says, or cannot be read.
    async fn next(&mut self) -> Result<Option<Bytes>, Error>;
}
