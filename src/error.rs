//! [`Error`]: the error type of the library.

use std::fmt;

/// Why a chart could not be loaded, rendered or checked.
///
/// The text is what helm prints after `Error: `, if helm has such an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: String,
    location: Option<Location>,
}

/// The kind of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The folder, the archive or the files are not a chart that helm loads.
    Chart,
    /// The caller's input cannot be used: values that are not YAML, an argument of `--set`, a release name, a mirror.
    Input,
    /// The chart rejects the values or the cluster: its schema, its dependencies, its `kubeVersion`.
    Refused,
    /// A template does not parse, or its execution failed.
    Template,
    /// A rendered document is not a manifest.
    Manifest,
    /// A limit of [`Limits`](crate::Limits) was exceeded while templates were executed.
    Limit,
    /// The system cannot create another thread.
    Resources,
}

/// A position in a file: `templates/deployment.yaml:14:12`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Location {
    /// The file's name: a values file as it was given, or a path in the chart, `shop/templates/deployment.yaml`. The argument of
    /// a flag has the name of the flag.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1. For an [`Error`] in a template, in bytes, as in Go.
    pub column: u32,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), location: None }
    }

    pub(crate) fn at(self, location: Option<Location>) -> Self {
        Self { location, ..self }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What `helm template` prints after `Error: `, possibly several lines.
    pub fn helm_text(&self) -> &str {
        &self.text
    }

    /// For an error in a template, the innermost position.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
