//! What can go wrong in a template: [`Failure`] knows no place, [`Error`] does.

use std::fmt;

/// Why a function, a method or a step of evaluation failed. It knows no place: the engine adds that.
#[derive(Debug, Clone)]
pub enum Failure {
    /// An error or panic of the function: `error calling NAME: TEXT`.
    Text(String),
    /// `fail` and `required`: the message is for the user as it stands.
    User(String),
    /// The failure of a template that the function executed (`include`, `tpl`), with what the function says about it.
    Template {
        /// Text before the inner error, `error during tpl function execution for "…"`; empty for `include`.
        context: String,
        /// The inner error.
        error: Box<Error>,
    },
    /// One of our own [`Limits`](crate::limits::Limits) was reached, where helm would burn. Empty where the message of the
    /// [`Error`] says it all.
    Limit(String),
}

impl Failure {
    /// The failure of a bound: `what` is the name of the limit and its value in words.
    pub fn limit(what: impl Into<String>) -> Self {
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

/// Where execution stood when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Name of the template file that the failing node was parsed from: `app/templates/x.yaml`.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// 0-based bytes, as Go counts.
    pub column: u32,
    /// Name of the template that was executing; the file's own or a `define`'s.
    pub template: String,
    /// The failing node as Go prints it.
    pub context: String,
}

/// The failure of a template, with every place on the way to it, outermost first.
#[derive(Debug, Clone)]
pub enum Error {
    /// A template does not parse. The message is Go's, after the place.
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
        /// Where; `None` when no node was reached yet.
        site: Option<Box<Site>>,
        /// Go's text before the cause: `error calling include`, or the whole message when there is no cause.
        message: String,
        /// What the failing function reported.
        cause: Option<Box<Failure>>,
    },
    /// An error without a place of its own: no such template.
    Plain(String),
    /// One of our own [`Limits`](crate::limits::Limits) was reached outside of all templates.
    Limit(String),
}

/// Go's own single line.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse { file, line, message } => write!(f, "template: {file}:{line}: {message}"),
            Self::Plain(text) | Self::Limit(text) => f.write_str(text),
            Self::Exec { site, message, cause } => {
                f.write_str("template: ")?;
                if let Some(site) = site {
                    let Site { file, line, column, template, context } = &**site;
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
