//! [`ContentDigest`]: what content is equal, by SHA-256.

use sha2::{Digest as _, Sha256};
use std::fmt::{self, Debug};

/// The digest of the content of something.
///
/// Shape: `sha256:daf67794…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The digest of bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// In hexadecimal digits.
    pub(crate) fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// A digest in the making: each part has its length before it, so that no two lists of parts are the same bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct ContentHasher(Sha256);

impl ContentHasher {
    /// For content of a kind, whose other kinds have other digests.
    pub(crate) fn of_kind(kind: &str) -> Self {
        Self(Sha256::new_with_prefix(kind))
    }

    /// Adds bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds everything that is in a value.
    pub(crate) fn value(&mut self, value: &dyn Debug) {
        self.bytes(format!("{value:?}").as_bytes());
    }

    /// The digest.
    pub(crate) fn finish(self) -> ContentDigest {
        ContentDigest(self.0.finalize().into())
    }
}
