//! [`Error`]: why a registry did not do what it was asked.

use super::digest::Digest;
use std::fmt;

/// Why a request to a registry failed.
///
/// The text names the host, the repository and what to do next; it contains no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    kind: Kind,
    text: String,
    /// The blobs that a registry misses when it refuses a manifest.
    blobs: Vec<Digest>,
}

/// The kind of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The registry has no such repository, manifest or blob.
    NotFound,
    /// The registry wants a credential, or rejects the one it got.
    Unauthorized,
    /// The credential is not allowed to do this.
    Forbidden,
    /// The certificate of the host is not trusted, or the TLS connection failed.
    Certificate,
    /// No address is known for the host.
    NoSuchHost,
    /// No connection, or it breaks.
    Unreachable,
    /// The host is silent.
    Timeout,
    /// The host asks to wait longer than allowed.
    TooManyRequests,
    /// The host says that it cannot answer (5xx).
    Unavailable,
    /// The content is not what its digest or its size says.
    WrongDigest,
    /// Something is larger than a limit.
    Limit,
    /// The destination has no space left.
    NoSpace,
    /// The registry does not know a blob or a manifest that a manifest needs.
    BlobUnknown,
    /// A redirect, a token server or an upload location that is not followed.
    Untrusted,
    /// The registry rejects the request for another reason.
    Rejected,
    /// The answer is not one of the protocol.
    Protocol,
    /// A file or a flag of the user cannot be used.
    Input,
    /// A file or a folder cannot be read or written.
    Disk,
}

impl Kind {
    /// The name in reports for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Certificate => "certificate",
            Self::NoSuchHost => "no-such-host",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::TooManyRequests => "too-many-requests",
            Self::Unavailable => "unavailable",
            Self::WrongDigest => "wrong-digest",
            Self::Limit => "limit",
            Self::NoSpace => "no-space",
            Self::BlobUnknown => "blob-unknown",
            Self::Untrusted => "untrusted",
            Self::Rejected => "rejected",
            Self::Protocol => "protocol",
            Self::Input => "input",
            Self::Disk => "disk",
        }
    }
}

impl Error {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), blobs: Vec::new() }
    }

    pub(super) fn missing(self, blobs: Vec<Digest>) -> Self {
        Self { blobs, ..self }
    }

    /// The kind.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The blobs that the registry named when it refused a manifest; often none.
    pub(crate) fn blobs(&self) -> &[Digest] {
        &self.blobs
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// A failed attempt, and whether another one may succeed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: Error,
    pub(super) again: Again,
}

/// Whether and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The answer will be the same.
    Never,
    /// After a moment that grows with each failure.
    Soon,
    /// The host is busy; it asks to wait for this many seconds, or does not say how long.
    Busy(Option<u64>),
}

impl Fault {
    pub(super) fn soon(error: Error) -> Self {
        Self { error, again: Again::Soon }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { error, again: Again::Never }
    }
}
