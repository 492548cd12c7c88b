//! Helm's wording of a render's failure.

use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::template::error::{Error, ErrorSite, Failure};

/// The text that helm prints after `Error: `.
///
/// Source: helm 4 `pkg/engine/engine.go`, `cleanupParseError` and `reformatExecErrorMsg`; helm 3 prints Go's line.
pub(crate) fn helm_text(error: &Error, helm: HelmVersion) -> String {
    match error {
        Error::Parse { file, line, message } => {
            // Helm quirk: it keeps only the text after the last ": " of the message.
            let tail = message.rsplit(": ").next().unwrap_or(message);
            format!("parse error at ({file}:{line}): {tail}")
        }
        Error::Plain(text) | Error::Limit(text) => text.clone(),
        Error::Exec { site, .. } => {
            if let Some(message) = user_message(error) {
                return match site {
                    Some(site) => format!("execution error at ({}): {message}", place(site)),
                    None => format!("execution error: {message}"),
                };
            }
            match helm {
                HelmVersion::V4 => levels(error).unwrap_or_else(|| error.to_string()),
                HelmVersion::V3 => error.to_string(),
            }
        }
    }
}

/// The message of `fail` or `required`, however deep it was raised.
fn user_message(error: &Error) -> Option<&str> {
    let Error::Exec { cause: Some(cause), .. } = error else { return None };
    match &**cause {
        Failure::User(message) => Some(message),
        Failure::Template { error, .. } => user_message(error),
        Failure::Text(_) | Failure::Limit(_) => None,
    }
}

/// Helm 4's lines, a group for each template on the way; `None` if an error on the way is not a template's, in which case helm
/// prints Go's text.
fn levels(error: &Error) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        next = None;
        let group = match error {
            Error::Plain(text) | Error::Limit(text) => text.clone(),
            Error::Parse { .. } | Error::Exec { site: None, .. } => return None,
            Error::Exec { site: Some(site), message, cause } => {
                let mut message = message.clone();
                match cause.as_deref() {
                    None => {}
                    Some(Failure::Limit(text)) if text.is_empty() => {}
                    Some(Failure::Template { context, error }) if context.is_empty() => {
                        message.push(':');
                        next = Some(error);
                    }
                    Some(_) => return None,
                }
                let template = go_quote(site.template.as_bytes());
                format!("{}\n  executing {template} at <{}>:\n    {message}", place(site), site.context)
            }
        };
        if lines.last() != Some(&group) {
            lines.push(group);
        }
    }
    Some(lines.join("\n").trim().to_owned())
}

fn place(site: &ErrorSite) -> String {
    format!("{}:{}:{}", site.file, site.line, site.column)
}
