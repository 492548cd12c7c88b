//! [`Error`]: why a text is not YAML that helm can read, in go-yaml's words.

use crate::error::ErrorKind;
use std::fmt;

/// Why a text is not YAML that helm can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    /// The line in go-yaml's message, if any: often the one before the error, because its lines count from 0.
    pub(crate) line: Option<u32>,
    /// go-yaml's message without `yaml: line N: `; or that of the JSON bridge, if `bridge` is set.
    pub(crate) message: String,
    /// The error is not go-yaml's but one of the conversion to JSON (`json: unsupported value: NaN`), or of one of our limits.
    pub(crate) bridge: bool,
    /// The text exceeds one of our limits; whether it is valid is not known.
    pub(crate) limit: bool,
    /// Where it is, in bytes from the start of the text, if that is known.
    pub(crate) at: Option<u32>,
}

impl Error {
    pub(super) fn limit(message: String) -> Self {
        Self { line: None, message, bridge: true, limit: true, at: None }
    }

    /// A document that does not fit in memory.
    pub(super) fn too_large(bytes: usize) -> Self {
        Self::limit(format!("document takes more than {bytes} bytes in memory (--limit memory-bytes)"))
    }

    /// The kind for the user: `otherwise`, unless a limit was exceeded.
    pub(crate) fn kind(&self, otherwise: ErrorKind) -> ErrorKind {
        if self.limit { ErrorKind::Limit } else { otherwise }
    }

    /// The same error with a text of helm before it.
    pub(super) fn after(self, what: &str) -> Self {
        Self { message: format!("{what}: {self}"), line: None, bridge: true, limit: self.limit, at: self.at }
    }

    /// An error of the conversion to JSON, or of what is read from it.
    pub(super) fn of_bridge(message: String) -> Self {
        Self { line: None, message, bridge: true, limit: false, at: None }
    }

    pub(super) fn without_line(message: String) -> Self {
        Self { line: None, message, bridge: false, limit: false, at: None }
    }

    /// The same error at a byte of the text.
    pub(super) fn at(self, at: u32) -> Self {
        Self { at: Some(at), ..self }
    }
}

/// In go-yaml's words, after `error converting YAML to JSON: `: `yaml: line 3: did not find expected key`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bridge, self.line) {
            (true, _) => f.write_str(&self.message),
            (false, None) => write!(f, "yaml: {}", self.message),
            (false, Some(line)) => write!(f, "yaml: line {line}: {}", self.message),
        }
    }
}
