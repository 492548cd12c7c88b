//! [`Error`]: why a text is not YAML that helm reads, in go-yaml's words.

use std::fmt;

/// Why a text is not YAML that helm reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The line that go-yaml names, where it names one: often that before the culprit, as its lines count from 0.
    pub line: Option<u32>,
    /// go-yaml's words, without `yaml: line N: `; or those of the JSON bridge, when `bridge` is set.
    pub message: String,
    /// The error is not go-yaml's but that of turning the tree into JSON (`json: unsupported value: NaN`), or of a
    /// limit of ours.
    pub bridge: bool,
    /// The text is more than a limit of ours allows; nothing is known of what is wrong with it.
    pub limit: bool,
}

impl Error {
    pub(super) fn limit(message: String) -> Self {
        Self { line: None, message, bridge: true, limit: true }
    }

    /// A document that takes more room than there is.
    pub(super) fn too_large(bytes: usize) -> Self {
        Self::limit(format!("document takes more than {bytes} bytes in memory (--limit memory-bytes)"))
    }

    pub(super) fn without_line(message: String) -> Self {
        Self { line: None, message, bridge: false, limit: false }
    }
}

/// As go-yaml words it behind `error converting YAML to JSON: `: `yaml: line 3: did not find expected key`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bridge, self.line) {
            (true, _) => f.write_str(&self.message),
            (false, None) => write!(f, "yaml: {}", self.message),
            (false, Some(line)) => write!(f, "yaml: line {line}: {}", self.message),
        }
    }
}
