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
    /// A limit of [`Limits`](crate::Limits) was exceeded. The text names it: `--limit template-steps`.
    Limit,
    /// A file or folder cannot be read or written: it does not exist, is no regular file, or must not be read.
    File,
    /// The system cannot create another thread.
    Resources,
    /// A chart could not be fetched from its registry or repository.
    Fetch,
    /// A cluster could not be read.
    Cluster,
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

    /// The folder, the archive or the files are not a chart.
    pub(crate) fn chart(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Chart, text)
    }

    /// The user's input cannot be used.
    pub(crate) fn input(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, text)
    }

    /// The chart rejects the values or the cluster.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, text)
    }

    /// A rendered document is not a manifest.
    pub(crate) fn manifest(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Manifest, text)
    }

    /// A limit was exceeded, which the text names.
    pub(crate) fn limit(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, text)
    }

    /// A file or folder cannot be read or written.
    pub(crate) fn file(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::File, text)
    }

    /// A chart could not be fetched.
    #[cfg(feature = "registry")]
    pub(crate) fn fetch(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Fetch, text)
    }

    /// The same error with another text, which usually contains this one: `failed to parse a.yaml: …`.
    pub(crate) fn reworded(self, text: impl FnOnce(&str) -> String) -> Self {
        Self { text: text(&self.text), ..self }
    }

    /// The same error after what was being done: `--limit: …`.
    pub(crate) fn after(self, what: impl fmt::Display) -> Self {
        self.reworded(|text| format!("{what}: {text}"))
    }

    /// The text alone.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn at(self, location: Option<Location>) -> Self {
        Self { location, ..self }
    }

    /// The same error about a file: its location, if it has one, is in that file.
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        if let Some(location) = &mut self.location {
            file.clone_into(&mut location.file);
        }
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What `helm template` prints after `Error: `, possibly several lines.
    pub fn helm_text(&self) -> &str {
        &self.text
    }

    /// For an error in a template, the innermost position; for a file that is not YAML, or a Chart.yaml that is none, the position in
    /// it, if that is known.
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

impl Location {
    /// The position of a byte in a text.
    pub(crate) fn of_byte(file: &str, text: &[u8], at: u32) -> Self {
        let before = text.get(..at as usize).unwrap_or(text);
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u32;
        let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count() as u32;
        Self { file: file.to_owned(), line, column }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
