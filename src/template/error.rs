//! Errors of templates: [`Failure`] has no location, [`Error`] does.

use std::fmt;

/// Why a function, a method or a step of evaluation failed. It has no location: the engine adds that.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// An error or panic of the function: `error calling NAME: TEXT`.
    Text(String),
    /// `fail` and `required`: the message is shown to the user unchanged.
    User(String),
    /// The failure of a template that the function executed (`include`, `tpl`), with the function's own text.
    Template {
        /// Text before the inner error, `error during tpl function execution for "…"`; empty for `include`.
        context: String,
        /// The inner error.
        error: Box<Error>,
    },
    /// One of our own [`Limits`](crate::limits::Limits) was exceeded, where helm would exhaust the machine. Empty if the message of
    /// the [`Error`] is complete.
    Limit(String),
}

impl Failure {
    /// The failure of a limit: `what` is its name and value, for messages.
    pub(crate) fn limit(what: impl Into<String>) -> Self {
        Self::Limit(what.into())
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Where execution failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorSite {
    /// Name of the template file that the failing node was parsed from: `app/templates/x.yaml`.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// 0-based bytes, as Go counts.
    pub column: u32,
    /// Name of the template that was executing; the file's own or a `define`'s.
    pub template: String,
    /// The failing node, as Go prints it.
    pub context: String,
}

/// The failure of a template, with every location on the way to it, outermost first.
#[derive(Debug, Clone)]
pub(crate) enum Error {
    /// A template does not parse. The message is Go's, after the location.
    Parse {
        /// Name of the template file.
        file: String,
        /// 1-based line at which the parser gave up.
        line: u32,
        /// Go's message.
        message: String,
    },
    /// Execution failed at a site.
    Exec {
        /// The location; `None` if no node was reached.
        site: Option<Box<ErrorSite>>,
        /// Go's text before the cause: `error calling include`, or the whole message if there is no cause.
        message: String,
        /// The failure of the function.
        cause: Option<Box<Failure>>,
    },
    /// An error without its own location: the template does not exist.
    Plain(String),
    /// One of our own [`Limits`](crate::limits::Limits) was exceeded outside all templates.
    Limit(String),
}

/// The error on one line, as in Go.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse { file, line, message } => write!(f, "template: {file}:{line}: {message}"),
            Self::Plain(text) | Self::Limit(text) => f.write_str(text),
            Self::Exec { site, message, cause } => {
                f.write_str("template: ")?;
                if let Some(site) = site {
                    let ErrorSite { file, line, column, template, context } = &**site;
                    // Go prints the name with %q.
                    write!(f, "{file}:{line}:{column}: executing {template:?} at <{context}>: ")?;
                }
                f.write_str(message)?;
                match cause.as_deref() {
                    None => Ok(()),
                    Some(Failure::Limit(text)) if text.is_empty() => Ok(()),
                    Some(cause) => write!(f, ": {cause}"),
                }
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::User(text) | Self::Limit(text) => f.write_str(text),
            Self::Template { context, error } if context.is_empty() => write!(f, "{error}"),
            Self::Template { context, error } => write!(f, "{context}: {error}"),
        }
    }
}
